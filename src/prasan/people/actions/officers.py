"""Officers and their roles."""

from __future__ import annotations

from datetime import date

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prasan.city.registers import registers
from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound
from prasan.people import letters, policies
from prasan.people.actors import valid_grants
from prasan.people.models import Role, RoleGrant, User

LONGEST_NAME = 200
LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3


@transaction.atomic
def officer_create(
    *, actor: Actor, email: str, name: str, agency: str, role: str, language: str = "th", origin: str = ""
) -> User:
    """A new officer with a first role; a letter lets them choose a password.

    The e-mail of a closed account opens it again, with this role alone. Raises Forbidden for who is no admin of
    the agency, Invalid naming the fields that can't be taken, Conflict when an open account has the e-mail.
    """
    email, name = email.strip().lower(), " ".join(name.split())
    _check_role(role, agency)
    _require_admin(actor, agency)
    _check_officer(email, name)
    officer = User.objects.select_for_update().filter(kind=User.Kind.OFFICER, username=email).first()
    if officer is not None and officer.is_active:
        raise Conflict(
            _("An officer with this e-mail address has an account already; give them a role there.")
        )
    action = "officer.create" if officer is None else "officer.reopen"
    officer = officer or User(kind=User.Kind.OFFICER, username=email)
    officer.email, officer.name, officer.language, officer.is_active = email, name, language, True
    officer.set_unusable_password()
    officer.save()
    ledger_write(actor=actor, action=action, object_type="officer", object_id=officer.pk, origin=origin)
    _grant(actor, officer, RoleGrant(agency_id=agency, role=role), origin)
    letters.send_password_link(officer, welcome=True)
    return officer


@transaction.atomic
def officer_deactivate(*, actor: Actor, officer_id: int, origin: str = "") -> User:
    """Close an account: its sessions end at once, its roles today.

    Raises Forbidden unless the actor is an admin of every agency for which the officer holds a role, or when it is
    their own account; Conflict for the city's last admin.
    """
    officer = _officer(officer_id)
    if actor.is_officer and actor.id == str(officer.pk):
        raise Forbidden(_("You can't close your own account; ask another administrator."))
    root_admins = _lock_root_admins()
    grants = list(RoleGrant.objects.select_for_update().filter(valid_grants(), user=officer).order_by("pk"))
    if not policies.may_manage_account(actor, {grant.agency_id for grant in grants}):
        raise Forbidden
    for grant in grants:
        _keep_a_root_admin(root_admins, grant)
    today = timezone.localdate()
    RoleGrant.objects.filter(pk__in=[grant.pk for grant in grants]).update(valid_to=today)
    officer.is_active = False
    officer.set_unusable_password()
    officer.save(update_fields=["is_active", "password"])
    ended = [f"{grant.role} {grant.agency_id}" for grant in grants]
    ledger_write(
        actor=actor, action="officer.deactivate", object_type="officer", object_id=officer.pk,
        changes={"is_active": [True, False], "roles": [ended, []]}, origin=origin,
    )  # fmt: skip
    return officer


@transaction.atomic
def second_factor_reset(*, actor: Actor, officer_id: int, origin: str = "") -> User:
    """Take an officer's second factors off (a lost phone), so that the next sign-in sets up a new one.

    Permission as for closing the account; the officer is told by letter.
    """
    officer = _officer(officer_id)
    agencies = set(RoleGrant.objects.filter(valid_grants(), user=officer).values_list("agency_id", flat=True))
    if not policies.may_manage_account(actor, agencies) or actor.id == str(officer.pk):
        raise Forbidden
    Authenticator.objects.filter(user=officer).delete()
    ledger_write(
        actor=actor,
        action="officer.second_factor_reset",
        object_type="officer",
        object_id=officer.pk,
        origin=origin,
    )
    letters.send_security_note(officer, "totp_deactivated")
    return officer


@transaction.atomic
def role_grant(
    *, actor: Actor, officer_id: int, agency: str, role: str, valid_to: date | None = None, origin: str = ""
) -> RoleGrant:
    """Give an officer a role for an agency and all below it, from today until the day before `valid_to`.

    Raises Forbidden for who is no admin of the agency (so nobody grants above their own reach), Invalid, NotFound.
    """
    _check_role(role, agency)
    _require_admin(actor, agency)
    if valid_to is not None and valid_to <= timezone.localdate():
        raise Invalid({"valid_to": _("Please choose a day after today.")})
    return _grant(
        actor, _officer(officer_id), RoleGrant(agency_id=agency, role=role, valid_to=valid_to), origin
    )


@transaction.atomic
def role_revoke(*, actor: Actor, grant_id: int, origin: str = "") -> RoleGrant:
    """End a role today. Raises Forbidden for who is no admin of its agency, Conflict for the city's last admin."""
    root_admins = _lock_root_admins()
    grant = RoleGrant.objects.select_for_update().filter(valid_grants(), pk=grant_id).first()
    if grant is None:
        raise NotFound
    _require_admin(actor, grant.agency_id)
    _keep_a_root_admin(root_admins, grant)
    grant.valid_to = timezone.localdate()
    grant.save(update_fields=["valid_to"])
    ledger_write(
        actor=actor, action="role.revoke", object_type="officer", object_id=grant.user_id,
        changes={"role": [grant.role, None], "agency": grant.agency_id}, origin=origin,
    )  # fmt: skip
    return grant


def _grant(actor: Actor, officer: User, wanted: RoleGrant, origin: str) -> RoleGrant:
    """Write the grant, or begin it anew where the officer had it before."""
    grant, _created = RoleGrant.objects.update_or_create(
        user=officer,
        agency_id=wanted.agency_id,
        role=wanted.role,
        defaults={"valid_from": timezone.localdate(), "valid_to": wanted.valid_to},
    )
    changes = {"role": [None, grant.role], "agency": grant.agency_id, "valid_to": grant.valid_to}
    ledger_write(
        actor=actor,
        action="role.grant",
        object_type="officer",
        object_id=officer.pk,
        changes=changes,
        origin=origin,
    )
    return grant


def _lock_root_admins() -> set[int]:
    """Grants of active administrators of the whole city, locked in one order so that two can't leave at once."""
    held = RoleGrant.objects.filter(valid_grants(), agency=policies.root_code(), role=Role.ADMIN)
    locked = held.select_for_update(of=("self",)).select_related("user").order_by("pk")
    return {grant.pk for grant in locked if grant.user.may_sign_in}


def _keep_a_root_admin(root_admins: set[int], leaving: RoleGrant) -> None:
    if root_admins == {leaving.pk}:
        raise Conflict(_("This is the city's last administrator. Make somebody else one first."))


def _officer(officer_id: int) -> User:
    officer = (
        User.objects.select_for_update().filter(pk=officer_id, kind=User.Kind.OFFICER, is_active=True).first()
    )
    if officer is None:
        raise NotFound(_("There is no officer with this account."))
    return officer


def _require_admin(actor: Actor, agency: str) -> None:
    if not policies.may_manage_officers(actor, agency):
        raise Forbidden(_("Only administrators of this agency, or of one above it, can do this."))


def _check_role(role: str, agency: str) -> None:
    errors = {}
    if role not in Role.values:
        errors["role"] = _("Please choose a role.")
    if agency not in registers().agencies:
        errors["agency"] = _("Please choose an agency.")
    if errors:
        raise Invalid(errors)


def _check_officer(email: str, name: str) -> None:
    errors = {}
    try:
        validate_email(email)
        MaxLengthValidator(LONGEST_EMAIL)(email)
    except ValidationError:
        errors["email"] = _("Please write a full e-mail address, for example name@bangkok.go.th.")
    if not 1 <= len(name) <= LONGEST_NAME:
        errors["name"] = _("Please write the officer's name (at most 200 characters).")
    if errors:
        raise Invalid(errors)
