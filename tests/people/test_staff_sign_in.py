"""Officers sign in: password, second factor, recovery, and everything that must not work."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from prasan.fabric.models import LedgerEntry, Notice
from prasan.people.links import password_path
from prasan.people.models import User
from tests.people.conftest import PASSWORD, ROOT
from tests.people.test_pages import INLINE

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "another long enough phrase"


def code_of(secret: str) -> str:
    counters = list(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(secret, counters[len(counters) // 2]))


def give_app(user: User) -> str:
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def sign_in(client: Client, user: User, password: str = PASSWORD, **extra: Any) -> Any:
    return client.post(reverse("account_login"), {"login": user.username, "password": password, **extra})


def officers_page(client: Client) -> int:
    return int(client.get(reverse("officers")).status_code)


def test_an_officer_without_a_second_factor_is_led_to_set_one_up_before_anything_else(
    officer: Callable[..., User], client: Client
) -> None:
    user = officer("admin", ROOT)
    assert sign_in(client, user)["Location"] == reverse("mfa_index")
    for name in ("officers", "officer_new", "me", "me_settings", "api_keys"):
        response = client.get(reverse(name))
        assert (response.status_code, response["Location"]) == (302, reverse("mfa_index"))


@pytest.mark.django_db(transaction=True)
def test_setting_up_the_app_is_one_walk_and_opens_the_desk(
    officer: Callable[..., User], client: Client
) -> None:
    user = officer("admin", ROOT)
    sign_in(client, user)
    page = client.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200
    assert not INLINE.search(page.content.decode())
    secret = page.context["form"].secret
    done = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)}, follow=True)
    codes = done.context["unused_codes"]
    assert len(codes) == 10
    assert officers_page(client) == 200
    client.post(reverse("account_logout"))
    assert officers_page(client) == 302


def test_a_wrong_code_sets_nothing_up(officer: Callable[..., User], client: Client) -> None:
    user = officer("admin", ROOT)
    sign_in(client, user)
    client.get(reverse("mfa_activate_totp"))
    assert client.post(reverse("mfa_activate_totp"), {"code": "000000"}).status_code == 200
    assert not Authenticator.objects.filter(user=user).exists()
    assert officers_page(client) == 302


def test_password_and_code_open_the_desk_and_the_session_changes_its_key(
    officer: Callable[..., User], client: Client
) -> None:
    user = officer("admin", ROOT)
    secret = give_app(user)
    client.get(reverse("account_login"))
    response = sign_in(client, user)
    assert response["Location"] == reverse("mfa_authenticate")
    assert officers_page(client) == 302
    before = client.session.session_key
    response = client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert response["Location"] == reverse("me")
    assert client.session.session_key != before
    assert officers_page(client) == 200
    assert LedgerEntry.objects.filter(action="officer.sign_in", object_id=str(user.pk)).count() == 1


def test_a_code_works_once(officer: Callable[..., User]) -> None:
    user = officer("admin", ROOT)
    secret = give_app(user)
    first, second = Client(), Client()
    for client in (first, second):
        sign_in(client, user)
    code = code_of(secret)
    assert first.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
    assert second.post(reverse("mfa_authenticate"), {"code": code}).status_code == 200
    assert officers_page(second) == 302


def test_a_recovery_code_stands_in_for_the_app_once(officer: Callable[..., User]) -> None:
    user = officer("admin", ROOT)
    give_app(user)
    code = RecoveryCodes.activate(user).generate_codes()[0]
    first, second = Client(), Client()
    for client in (first, second):
        sign_in(client, user)
    assert first.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
    assert officers_page(first) == 200
    assert second.post(reverse("mfa_authenticate"), {"code": code}).status_code == 200


def test_secrets_of_second_factors_lie_encrypted(officer: Callable[..., User]) -> None:
    user = officer("admin", ROOT)
    secret = give_app(user)
    RecoveryCodes.activate(user)
    stored = {factor.type: factor.data for factor in Authenticator.objects.filter(user=user)}
    assert secret not in str(stored)
    assert get_adapter().decrypt(stored["totp"]["secret"]) == secret
    assert len(get_adapter().decrypt(stored["recovery_codes"]["seed"])) == 80


def test_a_session_from_before_the_second_factor_stays_worthless(officer: Callable[..., User]) -> None:
    """Somebody with a stolen password waits until the officer has set up the factor."""
    user = officer("admin", ROOT)
    thief = Client()
    sign_in(thief, user)
    give_app(user)
    RecoveryCodes.activate(user)
    assert officers_page(thief) == 302
    for name in ("mfa_index", "mfa_view_recovery_codes", "mfa_add_webauthn", "account_change_password"):
        sign_in_page = thief.get(reverse(name))["Location"]
        assert sign_in_page.startswith(reverse("account_login"))
    assert "_auth_user_id" not in thief.session


def test_the_last_second_factor_cannot_be_taken_off(officer: Callable[..., User], client: Client) -> None:
    user = officer("admin", ROOT)
    secret = give_app(user)
    sign_in(client, user)
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    response = client.post(reverse("mfa_deactivate_totp"))
    assert response.status_code == 200
    assert Authenticator.objects.filter(user=user, type="totp").exists()


@pytest.mark.parametrize("known", [True, False])
def test_the_answer_to_a_wrong_password_does_not_tell_whether_the_account_exists(
    officer: Callable[..., User], client: Client, known: bool
) -> None:
    user = officer("admin") if known else User(username="nobody@bangkok.example")
    response = sign_in(client, user, "not the password at all")
    assert response.context["form"].errors == {"__all__": ["อีเมลหรือรหัสผ่านไม่ถูกต้อง"]}


def test_five_wrong_passwords_close_the_account_for_five_minutes(
    officer: Callable[..., User], client: Client
) -> None:
    user = officer("admin", ROOT)
    with time_machine.travel("2026-11-22 10:00:00+07:00", tick=False) as clock:
        for _unused in range(5):
            sign_in(client, user, "not the password at all")
        assert "ลองหลายครั้งเกินไป" in sign_in(client, user).content.decode()
        clock.shift(301)
        assert sign_in(client, user).status_code == 302


def test_failed_attempts_are_counted_for_all_processes_together(
    officer: Callable[..., User], client: Client
) -> None:
    sign_in(client, officer("admin"), "not the password at all")
    from prasan.people.models import SharedValue

    assert SharedValue.objects.exists()
    assert all(len(key) == 64 for key in SharedValue.objects.values_list("key", flat=True))
    assert cache.__class__.__name__ != "LocMemCache"


def test_a_closed_account_cannot_sign_in(officer: Callable[..., User], client: Client) -> None:
    user = officer("admin", is_active=False)
    assert sign_in(client, user)["Location"] == reverse("account_inactive")
    assert "_auth_user_id" not in client.session


def test_a_citizen_cannot_sign_in_with_a_password(citizen: Callable[..., User], client: Client) -> None:
    user = citizen()
    user.set_password(PASSWORD)
    user.save()
    assert sign_in(client, user).status_code == 200
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("demo", [True, False])
def test_demonstration_accounts_sign_in_on_a_demonstration_only(
    officer: Callable[..., User], client: Client, settings: Any, demo: bool
) -> None:
    settings.DEMO = demo
    sign_in(client, officer("admin", ROOT, email="boss@demo.invalid"))
    assert officers_page(client) == (200 if demo else 302)


def test_nobody_signs_up_by_themselves(client: Client) -> None:
    for path in ("/accounts/signup/", "/staff/signup/", "/signup/", "/staff/email/"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/x", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(
    officer: Callable[..., User], client: Client, settings: Any, target: str
) -> None:
    settings.DEMO = True
    response = sign_in(client, officer("admin", ROOT, email="boss@demo.invalid"), next=target)
    assert response["Location"] == reverse("me")


@pytest.mark.parametrize("known", [True, False])
def test_a_forgotten_password_is_answered_the_same_and_written_to_officers_only(
    officer: Callable[..., User], client: Client, known: bool
) -> None:
    user = officer("admin") if known else User(username="nobody@bangkok.example")
    response = client.post(reverse("account_reset_password"), {"email": user.username})
    assert response["Location"] == reverse("account_reset_password_done")
    assert Notice.objects.filter(template="people/letters/password").count() == int(known)


def test_the_letter_holds_the_link_and_the_row_does_not(officer: Callable[..., User], client: Client) -> None:
    from prasan.fabric.notices.sending import render

    user = officer("admin")
    client.post(reverse("account_reset_password"), {"email": user.username.upper()})
    notice = Notice.objects.get()
    assert notice.context == {"officer": user.pk}
    text = render(notice).text
    path = re.search(r"https?://[^/]+(/\S+)", text)
    assert path
    page = client.get(path[1], follow=True)
    changed = client.post(
        page.context["action_url"], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}, follow=True
    )
    assert changed.status_code == 200
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)
    assert client.get(path[1], follow=True).context["token_fail"]
    assert (
        Notice.objects.filter(template="people/letters/security", context__event="password_reset").count()
        == 1
    )


def test_a_link_to_choose_a_password_ends_after_three_days(
    officer: Callable[..., User], client: Client
) -> None:
    user = officer("admin")
    with time_machine.travel("2026-11-22 10:00:00+07:00", tick=False) as clock:
        path = password_path(user)
        clock.shift(3 * 86_400 - 5)
        assert "form" in client.get(path, follow=True).context
        clock.shift(10)
        assert Client().get(path, follow=True).context["token_fail"]


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("short", "รหัสผ่านสั้นเกินไป ต้องมีอย่างน้อย 12 ตัวอักษร"),
        ("830573910482", "รหัสผ่านต้องไม่ใช่ตัวเลขทั้งหมด"),
        ("password1234", "เดาง่าย"),
        ("somchai.jaidee@bangkok", "คล้ายกับ"),
    ],
)
def test_weak_passwords_are_refused_with_a_reason_in_thai(
    officer: Callable[..., User], client: Client, password: str, sentence: str
) -> None:
    user = officer("admin", email="somchai.jaidee@bangkok.example")
    page = client.get(password_path(user), follow=True)
    response = client.post(page.context["action_url"], {"password1": password, "password2": password})
    assert sentence in response.content.decode()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_changing_the_password_ends_other_sessions_and_tells_the_officer(
    officer: Callable[..., User],
) -> None:
    user = officer("admin", ROOT)
    secret = give_app(user)
    here, there = Client(), Client()
    with time_machine.travel("2026-11-22 10:00:00+07:00", tick=False) as clock:
        for client in (here, there):
            sign_in(client, user)
            client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
            assert officers_page(client) == 200
            clock.shift(60)
        given = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
        here.post(reverse("account_change_password"), given)
        assert officers_page(here) == 200
        assert officers_page(there) == 302
    assert Notice.objects.filter(
        template="people/letters/security", context__event="password_changed"
    ).exists()


def test_no_letter_and_no_log_names_the_officer(
    officer: Callable[..., User], client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    user = officer("admin", email="somchai.jaidee@bangkok.example")
    with caplog.at_level("DEBUG"):
        sign_in(client, user, "wrong password here")
        sign_in(client, user)
    assert "somchai" not in caplog.text
