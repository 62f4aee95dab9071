"""Addresses of people: sign-in, the citizen's own page, officers' accounts.

Of django-allauth only the pages we dress are served: nobody signs up, changes an e-mail or connects accounts there.
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.socialaccount import views as social
from django.urls import include, path, re_path

from prasan.people.gates import own_account
from prasan.people.pages import me, officers, sign_in

citizens = [
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-in/sent/", sign_in.sign_in_sent, name="sign_in_sent"),
    path("sign-in/link/", sign_in.sign_in_link, name="sign_in_link"),
    path("me/", me.me, name="me"),
    path("me/settings/", me.settings_page, name="me_settings"),
    path("me/notices/", me.notices, name="me_notices"),
    path("me/consent/", me.consent, name="me_consent"),
    path("me/reads/", me.reads, name="me_reads"),
    path("me/export/", me.export, name="me_export"),
    path("me/erase/", me.erase, name="me_erase"),
    path("erased/<str:receipt>/", me.erased, name="erased"),
]

staff_sign_in = [
    path("sign-in/", account.login, name="account_login"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", own_account(account.reauthenticate), name="account_reauthenticate"),
    path("password/", own_account(account.password_change), name="account_change_password"),
    path("password/set/", own_account(account.password_set), name="account_set_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/sent/", account.password_reset_done, name="account_reset_password_done"),
    path(
        "password/reset/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("second-factor/", own_account(mfa.index), name="mfa_index"),
    path("second-factor/show/", mfa.authenticate, name="mfa_authenticate"),
    path("second-factor/again/", own_account(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("second-factor/app/", own_account(totp.activate_totp), name="mfa_activate_totp"),
    path("second-factor/app/remove/", own_account(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("second-factor/codes/", own_account(recovery.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "second-factor/codes/new/",
        own_account(recovery.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "second-factor/codes/download/",
        own_account(recovery.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("second-factor/passkeys/", own_account(webauthn.list_webauthn), name="mfa_list_webauthn"),
    path("second-factor/passkeys/add/", own_account(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path(
        "second-factor/passkeys/again/",
        own_account(webauthn.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path("second-factor/passkeys/sign-in/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path(
        "second-factor/passkeys/<int:pk>/remove/",
        own_account(webauthn.remove_webauthn),
        name="mfa_remove_webauthn",
    ),
    path(
        "second-factor/passkeys/<int:pk>/name/", own_account(webauthn.edit_webauthn), name="mfa_edit_webauthn"
    ),
]

administration = [
    path("officers/", officers.officers, name="officers"),
    path("officers/new/", officers.officer_new, name="officer_new"),
    path("officers/<int:officer_id>/", officers.officer, name="officer"),
    path("officers/<int:officer_id>/revoke/", officers.role_revoke, name="officer_role_revoke"),
    path("officers/<int:officer_id>/close/", officers.officer_close, name="officer_close"),
    path(
        "officers/<int:officer_id>/second-factor/",
        officers.second_factor_reset,
        name="officer_second_factor_reset",
    ),
    path("api-keys/", officers.api_keys, name="api_keys"),
    path("api-keys/new/", officers.api_key_new, name="api_key_new"),
    path("api-keys/revoke/", officers.api_key_revoke, name="api_key_revoke"),
]

urlpatterns = [
    *citizens,
    path("sign-out/", account.logout, name="account_logout"),
    path("staff/", include([*staff_sign_in, *administration])),
    path("sign-in/cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("sign-in/failed/", social.login_error, name="socialaccount_login_error"),
    path("", include("allauth.socialaccount.providers.openid_connect.urls")),
]
