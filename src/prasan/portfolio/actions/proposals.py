"""Every change of a proposal: written, submitted, withdrawn, joined, returned, sent to a board, decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from prasan.city.registers import registers
from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.codes import new_code, read_code
from prasan.fabric.decisions import Decision, Outcome
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound, Stale
from prasan.people.policies import holds
from prasan.portfolio import policies
from prasan.portfolio.content import Content, content_of, impossible, missing
from prasan.portfolio.models import (
    Metric,
    Proposal,
    ProposalCost,
    Relation,
    Step,
    System,
    SystemLink,
)
from prasan.portfolio.relations import Graph
from prasan.portfolio.workflow import ANALYST, OPEN, OUTCOMES, WORKFLOW, Move

LONGEST_NOTE = 10_000
Status = Proposal.Status
BESIDE = {
    "attach",
    "verdict",
}  # add something beside what is written: whoever has the form open loses nothing
DEAD = (Status.WITHDRAWN, Status.NOT_APPROVED)


# --- the frame of every change ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class Change:
    """A change under way: set fields on `proposal`; `extra` goes to the ledger beside what changed."""

    actor: Actor
    move: Move
    proposal: Proposal
    note: str
    then: Proposal.Status | None
    conditions: str = ""
    resolution: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


@contextmanager
def changing(
    action: str, *, actor: Actor, code: str, version: int | None = None, note: str = "", origin: str = ""
) -> Iterator[Change]:
    """Lock the proposal, refuse what the table refuses, and write everything when the block ends.

    `version` is the one the actor saw. Raises NotFound, Forbidden, Stale, Conflict or Invalid; then nothing is written.
    """
    move, note = WORKFLOW[action], _clean(note)
    if "note" in move.needs and not note:
        raise Invalid({"note": _("Please write why.")})
    with transaction.atomic():
        proposal = lock(actor, code)
        _permit(move, actor, proposal, version)
        change = Change(actor, move, proposal, note, move.then)
        before, total = proposal.status, proposal.total
        yield change
        _save(change, before, total, f"proposal.{action}", origin)


def lock(actor: Actor, code: str) -> Proposal:
    """The proposal, locked for this transaction. Raises NotFound, also for one that the actor may not read."""
    known = read_code(code) == code
    found = Proposal.objects.select_for_update().filter(code=code).first() if known else None
    if found is None or not policies.may_read_partnered(actor, found.agency_id, found.partners):
        raise NotFound(_("There is no proposal with this code, or none that you may read."))
    return found


def may_take(actor: Actor, move: Move, proposal: Proposal) -> bool:
    """Whether the actor has a role for the move: the agency's own people, or an analyst of the city."""
    agency_side = set(move.who) - set(ANALYST)
    if agency_side and holds(actor, agency_side, proposal.agency_id):
        return True
    return bool(set(move.who) & set(ANALYST)) and policies.may_screen(actor)


def _permit(move: Move, actor: Actor, proposal: Proposal, version: int | None) -> None:
    if not may_take(actor, move, proposal):
        raise Forbidden(_("Your role does not allow this step, or the proposal is another agency's."))
    if version is not None and version != proposal.version:
        raise Stale(
            _("Somebody else changed this proposal while you were writing. What you wrote is still here;"
              " look at the change, then send again.")
        )  # fmt: skip
    if proposal.status not in move.when:
        raise Conflict(
            _("“%(step)s” is not possible while the proposal is “%(status)s”.")
            % {"step": move.label, "status": proposal.get_status_display()}
        )


def _clean(note: str) -> str:
    note = note.replace("\x00", "").strip()  # PostgreSQL takes no NUL
    if len(note) > LONGEST_NOTE:
        raise Invalid({"note": _("At most %(most)d characters, please.") % {"most": LONGEST_NOTE}})
    return note


def _save(change: Change, before: str, total: Any, name: str, origin: str) -> None:
    proposal, now = change.proposal, timezone.now()
    if change.then is not None:
        proposal.status = change.then
        proposal.status_since = now
    if change.move.action not in BESIDE:
        proposal.version += 1
    proposal.updated_at = now
    proposal.save()
    if change.then is not None or change.note:
        add_step(change.actor, proposal, before, change.note, resolution=change.resolution, at=now)
    changes: dict[str, Any] = dict(change.extra)
    if before != proposal.status:
        changes["status"] = [before, proposal.status]
    if total != proposal.total:
        changes["total"] = [total, proposal.total]
    ledger_write(
        actor=change.actor, action=name, object_type="proposal", object_id=proposal.code,
        changes={"agency": proposal.agency_id} | changes, origin=origin,
    )  # fmt: skip


def add_step(
    actor: Actor,
    proposal: Proposal,
    before: str,
    note: str = "",
    *,
    resolution: str = "",
    at: datetime | None = None,
) -> Step:
    """One line of the proposal's way."""
    return Step.objects.create(
        proposal=proposal, at=at or timezone.now(), before=before, after=proposal.status, by_kind=actor.kind,
        by_id=actor.id, note=note, resolution=resolution,
    )  # fmt: skip


# --- written by the agency -------------------------------------------------------------------------------------------


def proposal_create(*, actor: Actor, agency: str, content: Content, origin: str = "") -> Proposal:
    """Keep a new draft of an agency; it may be incomplete, but hold nothing impossible.

    Raises Forbidden, Invalid.
    """
    if not registers().is_active(agency):
        raise Invalid({"agency": _("There is no agency “%(code)s”.") % {"code": agency}})
    if not policies.may_write_proposal(actor, agency):
        raise Forbidden(_("Only the agency's digital officers and supervisors write its proposals."))
    refuse_impossible(content)
    with transaction.atomic():
        proposal = Proposal.objects.create(
            code=_free_code(), agency_id=agency, **_columns(content, agency, None)
        )
        write_parts(proposal, content)
        proposal.refresh_from_db()
        add_step(actor, proposal, "")
        ledger_write(
            actor=actor, action="proposal.create", object_type="proposal", object_id=proposal.code,
            changes={"agency": agency, "status": proposal.status, "total": proposal.total, "tier": proposal.tier},
            origin=origin,
        )  # fmt: skip
    return proposal


def proposal_change(
    *, actor: Actor, code: str, content: Content, version: int | None = None, origin: str = ""
) -> Proposal:
    """Replace what a proposal says, as long as the agency has it. Raises as `changing` does."""
    refuse_impossible(content)
    with changing("change", actor=actor, code=code, version=version, origin=origin) as change:
        proposal = change.proposal
        tier = proposal.tier
        for name, value in _columns(content, proposal.agency_id, proposal).items():
            setattr(proposal, name, value)
        write_parts(proposal, content)
        if tier != proposal.tier:
            change.extra["tier"] = [tier, proposal.tier]
    return proposal


def proposal_submit(*, actor: Actor, code: str, version: int | None = None, origin: str = "") -> Proposal:
    """Hand a proposal in. Raises Invalid naming every field that its tier still needs."""
    with changing("submit", actor=actor, code=code, version=version, origin=origin) as change:
        content = content_of(change.proposal)
        faults = impossible(content) | missing(content)
        dead = Relation.objects.filter(
            proposal=change.proposal, kind=Relation.Kind.DEPENDS, other__status__in=DEAD
        ).select_related("other")
        for relation in dead:
            faults["relations"] = _("It needs %(code)s, which is “%(status)s”.") % {
                "code": relation.other.code, "status": relation.other.get_status_display(),
            }  # fmt: skip
        if faults:
            raise Invalid(faults)
        refuse_contradictions([change.proposal.code])
        change.proposal.submitted_at = timezone.now()
    return change.proposal


def proposal_withdraw(
    *, actor: Actor, code: str, note: str, version: int | None = None, origin: str = ""
) -> Proposal:
    """Take a proposal back, with a reason."""
    with changing("withdraw", actor=actor, code=code, version=version, note=note, origin=origin) as change:
        return change.proposal


def proposal_join(
    *,
    actor: Actor,
    code: str,
    other: str = "",
    system: str = "",
    note: str,
    version: int | None = None,
    origin: str = "",
) -> Proposal:
    """Withdraw this proposal and take part in another one, or use a system that the city has, instead.

    The agency becomes a partner of the other proposal and may read it. Raises Invalid when the other can't be joined.
    """
    if bool(other) == bool(system):
        raise Invalid({"other": _("Say which proposal or which system.")})
    with changing("join", actor=actor, code=code, version=version, note=note, origin=origin) as change:
        if system:
            _use_system(change, system)
        else:
            _join_proposal(change, other)
    return change.proposal


def _use_system(change: Change, code: str) -> None:
    found = System.objects.filter(code=code).first()
    if found is None:
        raise Invalid({"system": _("There is no system “%(code)s”.") % {"code": code}})
    SystemLink.objects.update_or_create(
        proposal=change.proposal, system=found, defaults={"kind": SystemLink.Kind.USES}
    )
    change.extra["system"] = found.code


def _join_proposal(change: Change, code: str) -> None:
    proposal = change.proposal
    known = read_code(code) == code and code != proposal.code
    target = Proposal.objects.select_for_update().filter(code=code).first() if known else None
    visible = target is not None and (target.status != Status.DRAFT or target.agency_id == proposal.agency_id)
    if target is None or not visible:
        raise Invalid({"other": _("There is no proposal “%(code)s” to join.") % {"code": code}})
    if target.status in (Status.WITHDRAWN, Status.NOT_APPROVED):
        raise Invalid(
            {"other": _("%(code)s can't be joined: it is “%(status)s”.")
             % {"code": code, "status": target.get_status_display()}}
        )  # fmt: skip
    proposal.joined = target
    change.extra["joined"] = target.code
    if proposal.agency_id in (target.agency_id, *target.partners):
        return
    target.partners = [*target.partners, proposal.agency_id]
    target.updated_at = timezone.now()
    target.save(update_fields=["partners", "updated_at"])
    joined = _("%(agency)s joins with %(code)s.") % {"agency": proposal.agency.name_th, "code": proposal.code}
    add_step(change.actor, target, target.status, joined)


# --- moved on by the city --------------------------------------------------------------------------------------------


def proposal_return(
    *, actor: Actor, code: str, note: str, version: int | None = None, origin: str = ""
) -> Proposal:
    """Give a proposal back to its agency, saying what is missing."""
    with changing("return", actor=actor, code=code, version=version, note=note, origin=origin) as change:
        return change.proposal


def proposal_send(
    *, actor: Actor, code: str, board: str, note: str = "", version: int | None = None, origin: str = ""
) -> Proposal:
    """Put a proposal before the `screening` board, or (with a reason) straight before the `main` committee."""
    if board not in {"screening", "main"}:
        raise Invalid({"board": _("Please choose one of these.")})
    with changing(
        f"send_{board}", actor=actor, code=code, version=version, note=note, origin=origin
    ) as change:
        return change.proposal


def proposal_decided(*, actor: Actor, code: str, decision: Decision, origin: str = "") -> Proposal:
    """Move a proposal as a board resolved. Call it in the transaction of the resolution; the board checked who may.

    Raises NotFound, or Conflict when it does not wait for a board any more (withdrawn meanwhile, for instance).
    """
    proposal = Proposal.objects.select_for_update().filter(code=code).first()
    if proposal is None:
        raise NotFound(_("There is no proposal with this code."))
    outcomes = OUTCOMES.get(Status(proposal.status))
    if outcomes is None:
        raise Conflict(
            _("%(code)s does not wait for a decision: it is “%(status)s”.")
            % {"code": code, "status": proposal.get_status_display()}
        )
    before = proposal.status
    move = Move("decided", (Status(before),), (), outcomes[Outcome(decision.outcome)], _("Decided"))
    proposal.conditions = decision.conditions
    change = Change(
        actor, move, proposal, _clean(decision.text), move.then, resolution=decision.number,
        extra={"outcome": str(decision.outcome), "resolution": decision.number, "snapshot": decision.snapshot_hash},
    )  # fmt: skip
    _save(change, before, proposal.total, "proposal.decided", origin)
    return proposal


# --- rows of a proposal ----------------------------------------------------------------------------------------------


def refuse_impossible(content: Content) -> None:
    """Raises Invalid for what can't be kept even in a draft."""
    faults = impossible(content)
    if faults:
        raise Invalid(faults)


def _free_code() -> str:
    while Proposal.objects.filter(code=(code := new_code())).exists():
        pass
    return code


def _columns(content: Content, agency: str, proposal: Proposal | None) -> dict[str, Any]:
    columns = content.columns()
    if content.own_number:
        same = Proposal.objects.filter(agency_id=agency, own_number=content.own_number)
        if proposal is not None:
            same = same.exclude(pk=proposal.pk)
        taken = same.first()
        if taken is not None:
            raise Invalid(
                {"own_number": _("Your agency has this number already: %(code)s.") % {"code": taken.code}}
            )
    return columns


def write_parts(proposal: Proposal, content: Content, *, relations: bool = True) -> None:
    """Replace costs, metrics, links and (unless told otherwise) relations; Invalid for codes that do not exist."""
    systems = _by_code(System.objects.filter(code__in=content.systems), content.systems, "systems")
    for rows in (proposal.costs, proposal.metrics, proposal.system_links):
        rows.all().delete()
    ProposalCost.objects.bulk_create(
        ProposalCost(proposal=proposal, fiscal_year=year, part=part, amount=amount)
        for (year, part), amount in content.costs.items()
        if amount
    )
    Metric.objects.bulk_create(
        Metric(
            proposal=proposal, name=one.name, unit=one.unit, baseline=one.baseline, target=one.target,
            due_on=one.due_on, indicator=one.indicator, areas=list(one.areas),
        )
        for one in content.metrics
    )  # fmt: skip
    SystemLink.objects.bulk_create(
        SystemLink(proposal=proposal, system=systems[code], kind=kind)
        for code, kind in content.systems.items()
    )
    if relations:
        _write_relations(proposal, content.relations)


def _write_relations(proposal: Proposal, relations: Mapping[str, str]) -> None:
    others = _by_code(
        Proposal.objects.filter(code__in=relations).exclude(pk=proposal.pk), relations, "relations"
    )
    proposal.relations.all().delete()
    Relation.objects.bulk_create(
        Relation(proposal=proposal, other=others[code], kind=kind) for code, kind in relations.items()
    )
    if relations:
        refuse_contradictions([proposal.code])


def _by_code(rows: Any, wanted: Mapping[str, str], name: str) -> dict[str, Any]:
    found = {row.code: row for row in rows} if wanted else {}
    lost = [code for code in wanted if code not in found]
    if lost:
        raise Invalid({name: _("There is none with the code “%(code)s”.") % {"code": lost[0]}})
    return found


def refuse_contradictions(codes: Sequence[str]) -> None:
    """Raises Invalid when what proposals need and rule out can't hold together because of one of these."""
    rows = Relation.objects.filter(proposal__status__in=OPEN).values_list(
        "proposal__code", "kind", "other__code"
    )
    graph = Graph(rows)
    for code in codes:
        circle = graph.circle(code)
        if circle:
            way = " → ".join(circle)
            raise Invalid(
                {"relations": _("These proposals need each other in a circle: %(way)s.") % {"way": way}}
            )
        clash = graph.contradiction(code)
        if clash:
            raise Invalid(
                {"relations": _("%(code)s would need both %(one)s and %(other)s, which rule each other out.")
                 % {"code": clash[0], "one": clash[1], "other": clash[2]}}
            )  # fmt: skip
