"""django-allauth's forms in our words: labels that say what is meant, no placeholders that repeat them."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.utils.translation import gettext_lazy as _

from prasan.people.forms import REQUIRED
from prasan.people.models import User

LABELS = {
    "password": _("Password"),
    "oldpassword": _("Current password"),
    "password1": _("New password"),
    "password2": _("New password (again)"),
    "code": _("Code"),
    "name": _("Name"),
    "passwordless": _("Sign in with this passkey alone, without the password"),
}


class Plain(forms.Form):
    """Puts our labels on; mixed into allauth's forms."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = LABELS.get(name, field.label)
            field.help_text = ""
            field.widget.attrs.pop("placeholder", None)
            field.error_messages.update(REQUIRED)


class StaffSignInForm(Plain, account.LoginForm):  # type: ignore[misc]
    """Work e-mail and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = _address()
        self.order_fields(["login", "password"])


class ResetPasswordForm(account.ResetPasswordForm):  # type: ignore[misc]
    """An officer who forgot the password; the answer is the same whether there is such an officer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = _address()

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        officers = User.objects.filter(kind=User.Kind.OFFICER, username=email, is_active=True)
        self.users = [officer for officer in officers if not officer.is_demo]
        return email


class ChangePasswordForm(Plain, account.ChangePasswordForm):  # type: ignore[misc]
    """The current password and, twice, a new one."""


class SetPasswordForm(Plain, account.SetPasswordForm):  # type: ignore[misc]
    """A password for an officer who came by an outside provider."""


class ResetPasswordKeyForm(Plain, account.ResetPasswordKeyForm):  # type: ignore[misc]
    """A new password, by the link of a letter."""


class ReauthenticateForm(Plain, account.ReauthenticateForm):  # type: ignore[misc]
    """The password once more."""


class ShowCodeForm(Plain, mfa.AuthenticateForm):  # type: ignore[misc]
    """The app's digits or a recovery code, when signing in."""


class ShowCodeAgainForm(Plain, mfa.ReauthenticateForm):  # type: ignore[misc]
    """The same once more, before something that protects the account."""


class SetUpAppForm(Plain, totp.ActivateTOTPForm):  # type: ignore[misc]
    """The first digits of a new app."""


class AddPasskeyForm(Plain, webauthn.AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey."""


class RenamePasskeyForm(Plain, webauthn.EditWebAuthnForm):  # type: ignore[misc]
    """A passkey's name."""


def _address() -> forms.EmailField:
    widget = forms.EmailInput(attrs={"autocomplete": "username"})
    return forms.EmailField(label=_("Work e-mail"), error_messages=REQUIRED, widget=widget)
