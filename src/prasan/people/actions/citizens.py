"""Citizens: signing in, what they say about themselves, what they agree to, who read their record, export, erasure."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Mapping
from tempfile import SpooledTemporaryFile

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.codes import new_code
from prasan.fabric.models import Notice
from prasan.fabric.notices.registry import channels
from prasan.fabric.personal import lookup_hash
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound
from prasan.fabric.rates import rate_check
from prasan.fabric.redaction import THAI_DIGITS
from prasan.people import consents, erasures, exports, letters, policies
from prasan.people.actions.officers import LONGEST_EMAIL, LONGEST_NAME
from prasan.people.links import citizen_of
from prasan.people.models import Consent, User
from prasan.people.reads import PURPOSES

LANGUAGES = ("th", "en")
NO_NOTICES = "none"
PHONE = re.compile(r"\+?[0-9]{9,15}")
NOT_AN_ADDRESS = _("Please write a full e-mail address, for example name@example.com.")
RECEIPT_LENGTH = 12

LINKS_PER_ADDRESS = (3, 15 * 60)
LINKS_PER_NETWORK = (20, 3600)
LINK_VOID = _("This link is older than 30 minutes or has been used. Please ask for a new one.")


def citizen_sign_in_link(
    *, email: str, network: str, language: str = "th", next_path: str = "", origin: str = ""
) -> None:
    """Send a letter with a one-time link; the same for known and unknown addresses, so it tells nobody who is known.

    `network` is where the request came from (fabric.rates.client_network). Raises Invalid for what is no e-mail
    address, TooMany after 3 letters to an address in a quarter of an hour or 20 from a network in an hour.
    """
    email = _clean_email(email)
    rate_check(f"people.sign_in:{network}", *LINKS_PER_NETWORK)
    rate_check(f"people.sign_in:{email}", *LINKS_PER_ADDRESS)
    with transaction.atomic():
        letters.send_sign_in_link(citizen_ensure(email=email, language=language, origin=origin), next_path)


@transaction.atomic
def citizen_ensure(*, email: str, language: str = "th", origin: str = "") -> User:
    """The citizen with this address, made when there is none yet; found by its keyed hash. Raises Invalid."""
    email = _clean_email(email)
    citizens = User.objects.filter(kind=User.Kind.CITIZEN, email_hash=lookup_hash(email))
    found = citizens.first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return _new_citizen(email, "", language, origin)
    except IntegrityError:  # the same address at the same moment
        return citizens.get()


@transaction.atomic
def citizen_from_provider(*, email: str, name: str, language: str = "th", origin: str = "") -> User:
    """The citizen whom an outside provider vouches for: by the e-mail it vouches for, else a new one."""
    if email:
        found = citizen_ensure(email=email, language=language, origin=origin)
        if not found.name and name:
            found.name = name[:LONGEST_NAME]
            found.save(update_fields=["name"])
        return found
    return _new_citizen("", name[:LONGEST_NAME], language, origin)


@transaction.atomic
def citizen_sign_in(*, token: str) -> User:
    """The citizen of a one-time link, which is used up by this. Raises Forbidden when it is forged, used or too old.

    The ledger row is written where every session begins (people.receivers).
    """
    citizen = citizen_of(token)
    if citizen is None or not _claim(citizen):
        raise Forbidden(LINK_VOID)
    return citizen


@transaction.atomic
def profile_update(
    *, actor: Actor, name: str, phone: str = "", language: str = "th", origin: str = ""
) -> User:
    """Change one's own name, phone and language. Raises Invalid naming fields."""
    user = _oneself(actor)
    name = " ".join(name.split())
    phone = re.sub(r"[\s().-]", "", phone.translate(THAI_DIGITS))
    errors = {}
    if len(name) > LONGEST_NAME:
        errors["name"] = _("At most 200 characters, please.")
    if phone and not PHONE.fullmatch(phone):
        errors["phone"] = _("Please write a telephone number of 9 to 15 digits, for example 081 234 5678.")
    if language not in LANGUAGES:
        errors["language"] = _("Please choose a language.")
    if errors:
        raise Invalid(errors)
    changed = [field for field, value in (("name", name), ("phone", phone)) if getattr(user, field) != value]
    changes = {"fields": changed, "language": [user.language, language]}
    user.name, user.phone, user.language = name, phone, language
    user.save(update_fields=["name", "phone", "language"])
    _log(actor, f"{user.kind}.profile", user, changes, origin)
    return user


@transaction.atomic
def notice_preferences_set(*, actor: Actor, wanted: Collection[str], origin: str = "") -> User:
    """By which channels one wants to hear of one's reports: channel names, `none` alone, or nothing for the default."""
    user = _oneself(actor)
    known = {channel.name for channel in channels()}
    chosen = sorted(set(wanted))
    if not (set(chosen) <= known or chosen == [NO_NOTICES]):
        raise Invalid({"channels": _("Please choose one of the ways listed.")})
    changes = {"channels": [user.notice_channels, chosen]}
    user.notice_channels = chosen
    user.save(update_fields=["notice_channels"])
    _log(actor, f"{user.kind}.notices", user, changes, origin)
    return user


@transaction.atomic
def consent_give(*, actor: Actor, purpose: str, origin: str = "") -> Consent:
    """Agree to a purpose in the words shown now (PDPA section 19). Agreeing to the same words twice changes nothing."""
    citizen = _citizen(actor)
    wording = consents.wording(purpose)
    if wording is None:
        raise NotFound
    current = (
        Consent.objects.select_for_update()
        .filter(citizen=citizen, purpose=purpose, withdrawn_at=None)
        .first()
    )
    if current is not None and current.text_version == wording.version:
        return current
    if current is not None:
        current.withdrawn_at = timezone.now()
        current.save(update_fields=["withdrawn_at"])
    given = Consent.objects.create(citizen=citizen, purpose=purpose, text_version=wording.version)
    _log(actor, "consent.give", citizen, {"purpose": purpose, "version": wording.version}, origin)
    return given


@transaction.atomic
def consent_withdraw(*, actor: Actor, purpose: str, origin: str = "") -> None:
    """Take an agreement back, as easily as it was given. Without one in force nothing happens."""
    citizen = _citizen(actor)
    ended = Consent.objects.filter(citizen=citizen, purpose=purpose, withdrawn_at=None).update(
        withdrawn_at=timezone.now()
    )
    if ended:
        _log(actor, "consent.withdraw", citizen, {"purpose": purpose}, origin)


def record_read(*, actor: Actor, citizen_id: int, purpose: str, thing: str, origin: str = "") -> None:
    """Note that an officer (or another system) saw a citizen's data, so that the citizen sees who did and why.

    `purpose` is one of `reads.PURPOSES`; `thing` is what was opened, `type:code` (for instance `report:ABCD2345`).
    One statement. Citizens' reads of their own data are not noted.
    """
    if actor.is_citizen and actor.id == str(citizen_id):
        return
    if actor.kind not in {"officer", "api_key", "system"}:
        raise Forbidden
    if purpose not in PURPOSES:
        raise ValueError(f"{purpose} is no purpose of prasan.people.reads")
    agencies = sorted({code for codes in actor.roles.values() for code in codes})
    ledger_write(
        actor=actor, action="citizen.read", object_type="citizen", object_id=citizen_id,
        changes={"purpose": purpose, "thing": thing, "agencies": agencies}, origin=origin,
    )  # fmt: skip


def citizen_export(*, actor: Actor, citizen_id: int, origin: str = "") -> SpooledTemporaryFile[bytes]:
    """Everything Prasan holds about a citizen: a ZIP with `data.json` and files (PDPA sections 30 and 31)."""
    _permit(actor, citizen_id)
    citizen = User.objects.filter(pk=citizen_id, kind=User.Kind.CITIZEN).first()
    if citizen is None:
        raise NotFound
    archive = exports.archive(citizen_id)
    _log(actor, "citizen.export", citizen, {}, origin)
    return archive


@transaction.atomic
def citizen_erase(*, actor: Actor, citizen_id: int, origin: str = "") -> str:
    """Erase a citizen's personal data everywhere (PDPA section 33); returns a receipt code.

    Every module that holds some registered an eraser (people.erasures). The row of the citizen stays as an empty
    number, because the ledger and anonymised reports point to it. All or nothing.
    """
    _permit(actor, citizen_id)
    citizen = User.objects.select_for_update().filter(pk=citizen_id, kind=User.Kind.CITIZEN).first()
    if citizen is None:
        raise NotFound
    if citizen.erased_at is not None:
        raise Conflict(_("This account has been erased already."))
    counts = erasures.run(citizen_id)
    _scrub(citizen)
    receipt = new_code(RECEIPT_LENGTH)
    _log(actor, "citizen.erase", citizen, counts, origin)
    ledger_write(
        actor=Actor.system("people"), action="erasure.receipt", object_type="erasure", object_id=receipt
    )
    return receipt


def _scrub(citizen: User) -> None:
    SocialAccount.objects.filter(user=citizen).delete()
    Authenticator.objects.filter(user=citizen).delete()
    Notice.objects.filter(key__startswith=f"people.sign_in:{citizen.pk}:").delete()
    citizen.username = f"erased-{secrets.token_hex(16)}"
    citizen.email = citizen.name = citizen.phone = ""
    citizen.notice_channels = []
    citizen.is_active = False
    citizen.erased_at = timezone.now()
    citizen.set_unusable_password()
    citizen.save()


def _new_citizen(email: str, name: str, language: str, origin: str) -> User:
    citizen = User(
        kind=User.Kind.CITIZEN, username=f"citizen-{secrets.token_hex(16)}", email=email, name=name,
        language=language if language in LANGUAGES else "th",
    )  # fmt: skip
    citizen.set_unusable_password()
    citizen.save()
    _log(Actor.system("sign-in"), "citizen.create", citizen, {}, origin)
    return citizen


def _claim(citizen: User) -> bool:
    """Mark the link as used; of two at once only one succeeds."""
    unused = User.objects.filter(pk=citizen.pk, is_active=True, last_login=citizen.last_login)
    citizen.last_login = timezone.now()
    return unused.update(last_login=citizen.last_login) == 1


def _clean_email(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
        MaxLengthValidator(LONGEST_EMAIL)(email)
    except ValidationError as error:
        raise Invalid({"email": NOT_AN_ADDRESS}) from error
    return email


def _permit(actor: Actor, citizen_id: int) -> None:
    if not policies.may_change_citizen(actor, citizen_id):
        raise Forbidden


def _oneself(actor: Actor) -> User:
    user = None
    if actor.kind in {"citizen", "officer"}:
        user = User.objects.select_for_update().filter(pk=int(actor.id), is_active=True).first()
    if user is None:
        raise Forbidden
    return user


def _citizen(actor: Actor) -> User:
    user = _oneself(actor)
    if not user.is_citizen:
        raise Forbidden
    return user


def _log(actor: Actor, action: str, user: User, changes: Mapping[str, object], origin: str) -> None:
    ledger_write(
        actor=actor,
        action=action,
        object_type=str(user.kind),
        object_id=user.pk,
        changes=changes,
        origin=origin,
    )
