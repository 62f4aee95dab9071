"""How django-allauth fits this house: who may sign in how, and that nothing personal lies in its tables."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prasan.fabric.personal import decrypt, encrypt, lookup_hash
from prasan.people import actions, letters, second_factor
from prasan.people.models import User

FRESH_SECONDS = 300


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Passwords are for officers alone, and nobody signs up by themselves."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _("The e-mail address or the password is wrong."),
        "too_many_login_attempts": _("Too many attempts. Please wait five minutes and try again."),
        "incorrect_code": _("This code is wrong or has been used. Please type the newest one."),
        "incorrect_password": _("The password is wrong."),
        "enter_current_password": _("The current password is wrong."),
        "rate_limited": _("Too many attempts. Please wait a minute and try again."),
        "invalid_password_reset": _("This link is not valid any more."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        if isinstance(request.user, User) and second_factor.is_missing(request, request.user):
            return reverse("mfa_index")
        return reverse("me")

    def is_reauthentication_required(self, *, app: str, **rest: Any) -> bool:
        """Not again within five minutes of signing in, so that setting up the first factor is one walk."""
        records = get_authentication_records(self.request, self.request.user)
        if records and time.time() - records[-1]["at"] < FRESH_SECONDS:
            return False
        return bool(super().is_reauthentication_required(app=app, **rest))

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        letters.send_password_link(user)

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        letters.send_security_note(user, template_prefix.rpartition("/")[2])


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of second factors lie encrypted, and the last factor can't be taken off."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
        "cannot_delete_authenticator": _("This is your only second factor. Add another one first."),
    }

    def encrypt(self, text: str) -> str:
        return encrypt(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text.encode())

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        others = Authenticator.objects.filter(user=authenticator.user_id).exclude(pk=authenticator.pk)
        return bool(others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists())

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        entity: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        return entity | {"display_name": user.display_name}


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Outside sign-in: staff providers lead to an existing officer, citizens' providers to a citizen.

    allauth would keep the provider's answer in plain text. Here its account id becomes a keyed hash and the rest
    is dropped, before anything is looked up or stored.
    """

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def serialize_instance(self, instance: Any) -> Any:
        """A half-finished sign-in waits in the session with the number of its user, not with the user's fields."""
        return {"pk": instance.pk} if isinstance(instance, User) else super().serialize_instance(instance)

    def deserialize_instance(self, model: Any, data: Any) -> Any:
        return User.objects.get(pk=data["pk"]) if model is User else super().deserialize_instance(model, data)

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> Any:
        account = sociallogin.account
        account.uid = lookup_hash(f"{account.provider}:{account.uid}")
        account.extra_data = {}
        sociallogin.vouched_email = next((a.email for a in sociallogin.email_addresses if a.verified), "")
        sociallogin.given_name = str(data.get("name") or "")
        sociallogin.email_addresses = []
        return sociallogin.user

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        if sociallogin.state.get("process") != "login":
            raise ImmediateHttpResponse(_refused(request))
        if sociallogin.provider.app.settings["audience"] == "staff":
            sociallogin.user = _officer(request, sociallogin)
        elif not sociallogin.is_existing:
            _join_citizen(sociallogin)
        if not sociallogin.user.is_active:
            raise ImmediateHttpResponse(_refused(request))


def _officer(request: HttpRequest, sociallogin: SocialLogin) -> User:
    """The active officer with the e-mail that the staff provider vouches for; never made up, never given roles."""
    email = sociallogin.vouched_email.lower()
    officer = (
        User.objects.filter(kind=User.Kind.OFFICER, username=email, is_active=True).first() if email else None
    )
    if officer is None or officer.is_demo:
        raise ImmediateHttpResponse(_refused(request))
    return officer


def _join_citizen(sociallogin: SocialLogin) -> None:
    account = sociallogin.account
    sociallogin.user = actions.citizen_from_provider(
        email=sociallogin.vouched_email, name=sociallogin.given_name
    )
    sociallogin.account = SocialAccount.objects.create(
        user=sociallogin.user, provider=account.provider, uid=account.uid
    )


def _refused(request: HttpRequest) -> Any:
    return render(request, "people/provider_refused.html", status=403)
