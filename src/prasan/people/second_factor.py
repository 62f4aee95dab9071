"""The second factor of officers: a session counts as an officer's only once it has shown one.

What counts is this session's proof, not that the account has a factor: a session opened with a stolen password
before the officer set up a factor stays worthless afterwards.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from prasan.people.models import User

SESSION_KEY = "second_factor_of"


def is_missing(request: HttpRequest, user: User) -> bool:
    """Whether this session of an officer still has to show a second factor.

    Citizens need none, nor do demonstration accounts on a demonstration (they can't sign in elsewhere).
    """
    if not user.is_officer or (settings.DEMO and user.is_demo):
        return False
    return bool(request.session.get(SESSION_KEY) != user.pk)


def is_set_up(user: User) -> bool:
    """Whether the account has a second factor (an app or a passkey). One statement."""
    factors = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return bool(Authenticator.objects.filter(user=user, type__in=factors).exists())


def remember(request: HttpRequest, user: User, **_signal: Any) -> None:
    """Receiver of allauth's `authenticator_added` and `authenticator_used`."""
    request.session[SESSION_KEY] = user.pk
