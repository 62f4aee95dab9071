"""People's pages in a real browser: passkeys, phones, screen readers, and life without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse

from prasan.people.links import sign_in_token
from prasan.people.models import User
from tests.browser import OpenPage, axe_findings, sideways_overflow
from tests.factories import signed_in
from tests.people.conftest import OFFICE, PASSWORD, ROOT
from tests.people.test_pages import CITIZENS_PAGES, OFFICERS_PAGES, OPEN_PAGES

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def take_session(page: Page, url: str, user: User) -> None:
    cookie = signed_in(user).cookies["prasan_session"].value
    page.context.add_cookies([{"name": "prasan_session", "value": cookie, "url": url}])


def with_authenticator(page: Page) -> None:
    """A make-believe phone that keeps passkeys and always says yes (Chromium's WebAuthn domain)."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def give_password(page: Page, url: str, user: User) -> None:
    page.goto(url + reverse("account_login"))
    page.fill("[name=login]", user.username)
    page.fill("[name=password]", PASSWORD)
    page.click("main form >> role=button[name='เข้าสู่ระบบ']")


def test_an_officer_adds_a_passkey_and_signs_in_with_it_as_second_factor_and_alone(
    open_page: OpenPage, live_server: Any, officer: Callable[..., User]
) -> None:
    user = officer("admin", ROOT)
    page = open_page(width=390)
    with_authenticator(page)
    give_password(page, live_server.url, user)
    page.wait_for_url("**" + reverse("mfa_index"))
    page.click("text=เพิ่มพาสคีย์")
    page.check("[name=passwordless]")
    page.click("[data-passkey-start]")
    page.wait_for_url("**" + reverse("mfa_view_recovery_codes"))
    assert page.locator(".codes li").count() == 10
    assert Authenticator.objects.filter(user=user, type="webauthn").count() == 1

    page.context.clear_cookies(name="prasan_session")
    give_password(page, live_server.url, user)
    page.wait_for_url("**" + reverse("mfa_authenticate"))
    page.click("[data-passkey-start]")
    page.wait_for_url("**" + reverse("me"))

    page.context.clear_cookies(name="prasan_session")
    page.goto(live_server.url + reverse("account_login"))
    page.click("[data-passkey-start]")
    page.wait_for_url("**" + reverse("me"))
    page.goto(live_server.url + reverse("officers"))
    assert page.locator("h1").inner_text() == "เจ้าหน้าที่"


def test_a_passkey_that_does_not_come_is_told_in_words(
    open_page: OpenPage, live_server: Any, officer: Callable[..., User]
) -> None:
    page = open_page(width=390)
    page.goto(live_server.url + reverse("account_login"))
    page.evaluate("void (navigator.credentials.get = () => Promise.reject(new Error('closed')))")
    page.click("[data-passkey-start]")
    page.wait_for_selector("[data-passkey-error]:not([hidden])")
    assert "โปรดลองใหม่" in page.locator("[data-passkey-error]").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_is_accessible_and_fits_the_window(
    open_page: OpenPage,
    live_server: Any,
    officer: Callable[..., User],
    citizen: Callable[..., User],
    width: int,
    theme: Literal["light", "dark"],
) -> None:
    for number in range(3):
        officer(
            "officer", OFFICE, email=f"a.very.long.address.of.an.officer.{number}@districts.bangkok.example"
        )
    for names, user in (
        (OPEN_PAGES, None), (OFFICERS_PAGES, officer("admin", ROOT)), (CITIZENS_PAGES, citizen("m@example.com")),
    ):  # fmt: skip
        page = open_page(width=width, theme=theme)
        if user is not None:
            take_session(page, live_server.url, user)
        for name in names:
            page.goto(live_server.url + reverse(name))
            assert page.url.endswith(reverse(name))
            assert (name, sideways_overflow(page)) == (name, 0)
            assert (name, axe_findings(page)) == (name, [])


def test_a_citizen_needs_no_javascript(
    open_page: OpenPage, live_server: Any, citizen: Callable[..., User]
) -> None:
    user = citizen("malee@example.com")
    page = open_page(width=390, java_script_enabled=False)
    page.goto(f"{live_server.url}{reverse('sign_in_link')}?token={sign_in_token(user)}")
    page.click("main form >> role=button[name='เข้าสู่ระบบ']")
    page.wait_for_url("**" + reverse("me"))
    page.goto(live_server.url + reverse("me_settings"))
    page.fill("[name=name]", "มาลี ดีงาม")
    page.click("main form >> role=button[name='บันทึก'] >> nth=0")
    page.wait_for_url("**" + reverse("me_settings"))
    user.refresh_from_db()
    assert user.name == "มาลี ดีงาม"
    with page.expect_download() as download:
        page.goto(live_server.url + reverse("me"))
        page.click("text=ดาวน์โหลดข้อมูลของฉัน")
    assert download.value.suggested_filename.endswith(".zip")
    page.goto(live_server.url + reverse("me_erase"))
    page.check("[name=sure]")
    page.click("main form >> role=button[name='ลบบัญชีของฉัน']")
    page.wait_for_selector("text=ลบบัญชีของคุณแล้ว")
    user.refresh_from_db()
    assert user.erased_at is not None
