"""Links that let somebody in: a citizen's one-time sign-in, an officer's choice of a password."""

from __future__ import annotations

import sesame.tokens
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from sesame.settings import MAX_AGE

from prasan.people.models import User

SCOPE = "citizen"


def sign_in_token(citizen: User) -> str:
    """A token for `citizen_of`; signing in makes it void, as does its age (SESAME_MAX_AGE)."""
    token: str = sesame.tokens.create_token(citizen, SCOPE)
    return token


def citizen_of(token: str) -> User | None:
    """The active citizen that the token was made for, or None when it is forged, used or too old."""
    citizen: User | None = sesame.tokens.parse_token(token, _find, SCOPE, MAX_AGE)
    return citizen


def password_path(officer: User) -> str:
    """Path of the page where the officer chooses a password (settings.PASSWORD_RESET_TIMEOUT)."""
    key = f"{user_pk_to_url_str(officer)}-{default_token_generator.make_token(officer)}"
    uid, _, token = key.partition("-")
    return reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})


def _find(pk: int) -> User | None:
    return User.objects.filter(pk=pk, kind=User.Kind.CITIZEN, is_active=True).first()


PASSWORD_DAYS = settings.PASSWORD_RESET_TIMEOUT // 86_400
