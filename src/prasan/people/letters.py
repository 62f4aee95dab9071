"""Letters about somebody's account. Links that let one in are made when a letter is written, so no row holds them."""

from __future__ import annotations

from django.utils import timezone

from prasan.fabric.notices import notice_queue
from prasan.people.models import User

SECURITY_EVENTS = frozenset({
    "password_changed", "password_reset", "totp_activated", "totp_deactivated", "webauthn_added", "webauthn_removed",
    "recovery_codes_generated",
})  # fmt: skip


def send_sign_in_link(citizen: User, next_path: str = "") -> None:
    """A link that signs a citizen in, good for 30 minutes from the moment the letter is written."""
    _queue(citizen, "sign_in", {"citizen": citizen.pk, "next": next_path})


def send_password_link(officer: User, *, welcome: bool = False) -> None:
    """A link with which an officer chooses a password; `welcome` for an account that is new."""
    _queue(officer, "welcome" if welcome else "password", {"officer": officer.pk})


def send_security_note(user: User, event: str) -> None:
    """Tell somebody that their account's protection changed, in case it was not them."""
    if event in SECURITY_EVENTS and user.email:
        _queue(user, "security", {"event": event})


def _queue(user: User, name: str, context: dict[str, object]) -> None:
    if user.is_demo:  # an address that can never exist
        return
    notice_queue(
        key=f"people.{name}:{user.pk}:{timezone.now().isoformat()}",
        address=user.email,
        language=user.language,
        template=f"people/letters/{name}",
        context=context,
    )
