"""Committees, their rules and members."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from prasan.city.rows import CityFilesError
from prasan.committee import policies
from prasan.committee.actions.frame import needed, words
from prasan.committee.city_file import read_committees
from prasan.committee.models import Committee, Member
from prasan.committee.rules import Rules
from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound
from prasan.people.models import User

RESERVED = {"new", "workflow", "follow-ups", "papers"}  # addresses of pages
CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
TOLD = ("order_number", "order_date", "board", "rules", "publish", "active")


def committee_create(
    *, actor: Actor, code: str, name_th: str, name_en: str, origin: str = "", **given: Any
) -> Committee:
    """Make a committee; `given` as for `committee_change`. Raises Conflict when the code is taken."""
    _require_manager(actor)
    if code in RESERVED or not CODE.match(code):
        raise Invalid({"code": _("Please use small Latin letters, digits and hyphens.")})
    committee = Committee(code=code, **needed(name_th=name_th, name_en=name_en))
    _take(committee, given)
    with transaction.atomic():
        if Committee.objects.filter(code=code).exists():
            raise Conflict(_("There is a committee with this code already."))
        committee.save()
        _log(actor, "committee.create", committee, {name: getattr(committee, name) for name in TOLD}, origin)
    return committee


@transaction.atomic
def committee_change(*, actor: Actor, committee: str, origin: str = "", **given: Any) -> Committee:
    """Change names, order, powers, board, rules, what is published. Raises Invalid by field."""
    row = Committee.objects.select_for_update().filter(code=committee).first()
    if row is None:
        raise NotFound(_("There is no such committee."))
    _require_manager(actor)
    before = {name: getattr(row, name) for name in TOLD}
    _take(row, given)
    row.save()
    changes = {
        name: [before[name], getattr(row, name)] for name in TOLD if before[name] != getattr(row, name)
    }
    _log(actor, "committee.change", row, changes, origin)
    return row


def _take(committee: Committee, given: dict[str, Any]) -> None:
    known = {
        "name_th",
        "name_en",
        "order_number",
        "order_date",
        "powers",
        "board",
        "rules",
        "publish",
        "active",
    }
    if unknown := given.keys() - known:
        raise TypeError(f"a committee has no {', '.join(sorted(unknown))}")
    if "rules" in given:
        given["rules"] = Rules.of(given["rules"]).as_json()
    if given.get("board", "") not in Committee.Board.values:
        raise Invalid({"board": _("Please choose one of the boards.")})
    if given.get("publish", Committee.Publish.NOTHING) not in Committee.Publish.values:
        raise Invalid({"publish": _("Please choose what the public sees.")})
    for name, value in given.items():
        setattr(committee, name, words(text=value)["text"] if isinstance(value, str) else value)


def committees_load(*, actor: Actor, folder: Path, origin: str = "") -> list[Committee]:
    """Make the committees of the city's file that do not exist yet; gives those made. Raises CityFilesError."""
    rows, faults = read_committees(folder)
    if faults:
        raise CityFilesError(faults)
    known = set(Committee.objects.values_list("code", flat=True))
    made = []
    for row in rows:
        if row.code not in known:
            given = asdict(row)
            made.append(committee_create(actor=actor, origin=origin, **given))
    return made


@transaction.atomic
def member_add(
    *,
    actor: Actor,
    committee: str,
    name: str = "",
    account: str = "",
    position: str = "",
    email: str = "",
    role: str = Member.Role.MEMBER,
    votes: bool = True,
    substitute_allowed: bool = False,
    order: int = 50,
    term_from: date | None = None,
    term_to: date | None = None,
    origin: str = "",
) -> Member:
    """Appoint somebody: an officer by the address of the account, or anybody by name.

    Raises Invalid for an account that is none, Conflict for a second chair or the same account twice.
    """
    row = _found(actor, committee)
    user = _user(account)
    texts = needed(name=name or (user.display_name if user else "")) | words(position=position)
    begins = term_from or timezone.localdate()
    if term_to is not None and term_to < begins:
        raise Invalid({"term_to": _("The term ends before it begins.")})
    if role not in Member.Role.values:
        raise Invalid({"role": _("Please choose one of the parts.")})
    try:
        with transaction.atomic():
            member = Member.objects.create(
                committee=row, user=user, **texts, email=email.strip(), role=role, votes=votes, order=order,
                substitute_allowed=substitute_allowed, term_from=begins, term_to=term_to,
            )  # fmt: skip
    except IntegrityError as error:
        raise Conflict(_("The committee has a chair already, or this account sits in it already.")) from error
    told = {"member": member.pk, "user": user.pk if user else None, "role": role, "votes": votes}
    _log(actor, "committee.member_add", row, told, origin)
    return member


@transaction.atomic
def member_end(*, actor: Actor, committee: str, member: int, last_day: date, origin: str = "") -> Member:
    """The term ends on this day."""
    row = _found(actor, committee)
    found = Member.objects.select_for_update().filter(committee=row, pk=member).first()
    if found is None:
        raise NotFound(_("This committee has no such member."))
    if last_day < found.term_from:
        raise Invalid({"last_day": _("The term ends before it begins.")})
    changes = {"member": member, "term_to": [found.term_to, last_day]}
    found.term_to = last_day
    found.save(update_fields=["term_to"])
    _log(actor, "committee.member_end", row, changes, origin)
    return found


def _found(actor: Actor, code: str) -> Committee:
    committee = Committee.objects.filter(code=code).first()
    if committee is None:
        raise NotFound(_("There is no such committee."))
    _require_manager(actor)
    return committee


def _user(account: str) -> User | None:
    if not account.strip():
        return None
    user = User.objects.filter(
        username=account.strip().lower(), kind=User.Kind.OFFICER, is_active=True
    ).first()
    if user is None:
        raise Invalid({"account": _("There is no officer with this address.")})
    return user


def _require_manager(actor: Actor) -> None:
    if not policies.may_manage_committees(actor):
        raise Forbidden(_("Only the city's committee secretaries and administrators change committees."))


def _log(actor: Actor, action: str, committee: Committee, changes: dict[str, Any], origin: str) -> None:
    ledger_write(
        actor=actor,
        action=action,
        object_type="committee",
        object_id=committee.code,
        changes=changes,
        origin=origin,
    )
