"""Outside sign-in by OpenID Connect, against a provider that runs for the test."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.test import Client
from django.urls import reverse

from prasan.city.files import load_city
from prasan.people import providers
from prasan.people.checks import check_providers
from prasan.people.models import User
from tests.browser import OpenPage
from tests.people.conftest import ROOT
from tests.people.test_no_personal_data import places_of

pytestmark = pytest.mark.django_db
SUBJECT = "1100700123456"  # a provider may use the national id


class Provider(HTTPServer):
    """Discovery, token and user-info of an OpenID Connect provider; `claims` is who signs in."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.claims: dict[str, Any] = {}
        self.broken = False
        self.token_requests: list[dict[str, list[str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        if self.path.startswith("/.well-known/"):
            base = self.server.url
            self.answer({
                "issuer": base, "authorization_endpoint": f"{base}/authorize", "token_endpoint": f"{base}/token",
                "userinfo_endpoint": f"{base}/userinfo", "jwks_uri": f"{base}/jwks",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            })  # fmt: skip
        else:
            self.answer(self.server.claims)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.token_requests.append(parse_qs(body))
        if self.server.broken:
            self.send_error(500)
            return
        self.answer({"access_token": "t", "token_type": "Bearer"})

    def answer(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        pass


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def provider(settings: Any, tmp_path: Path) -> Iterator[Provider]:
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    rows = "\n".join(
        f"  - {{id: {name}, for: {audience}, name_th: {name}, name_en: {name}, server_url: '{server.url}', {more}}}"
        for name, audience, more in (
            ("staffid", "staff", "mail_domains: [bangkok.example]"),
            ("thaid", "citizens", "scope: [openid]"),
        )
    )
    (tmp_path / providers.FILE).write_text(f"providers:\n{rows}\n")
    environment = {f"PRASAN_OIDC_{name}_CLIENT_ID": "prasan" for name in ("STAFFID", "THAID")}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": providers.apps(tmp_path, environment)}
    }
    settings.SIGN_IN_ORIGINS = providers.origins(settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"])
    yield server
    server.shutdown()
    server.server_close()


def come_in(client: Client, door: str, **claims: Any) -> Any:
    """Press the provider's button, sign in there, come back."""
    provider: Provider = claims.pop("provider")
    provider.claims = {"sub": SUBJECT} | claims
    there = client.post(reverse("openid_connect_login", args=[door]), {"process": "login"})
    query = parse_qs(urlsplit(there["Location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    return client.get(
        reverse("openid_connect_callback", args=[door]), {"code": "c", "state": query["state"][0]}
    )


def test_buttons_are_offered_to_whom_they_are_for(client: Client, provider: Provider) -> None:
    citizens, staff = (
        client.get(reverse("sign_in")).content.decode(),
        client.get(reverse("account_login")).content.decode(),
    )
    assert "/oidc/thaid/login/" in citizens
    assert "/oidc/staffid/login/" not in citizens
    assert "/oidc/staffid/login/" in staff
    assert "/oidc/thaid/login/" not in staff


def test_an_officer_comes_in_by_the_work_address_and_still_shows_a_second_factor(
    client: Client, provider: Provider, officer: Callable[..., User]
) -> None:
    user = officer("admin", ROOT, email="chief@bangkok.example")
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    response = come_in(
        client, "staffid", provider=provider, email="Chief@Bangkok.example", email_verified=False
    )
    assert response["Location"] == reverse("mfa_authenticate")
    assert client.get(reverse("officers")).status_code == 302
    assert not SocialAccount.objects.exists()
    assert "code_verifier" in provider.token_requests[0]


def test_an_officer_without_a_second_factor_sets_one_up_first(
    client: Client, provider: Provider, officer: Callable[..., User]
) -> None:
    officer("admin", ROOT, email="chief@bangkok.example")
    response = come_in(client, "staffid", provider=provider, email="chief@bangkok.example")
    assert response["Location"] == reverse("mfa_index")


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "stranger@bangkok.example"},
        {"email": "chief@elsewhere.example"},
        {"email": "closed@bangkok.example"},
        {"email": "boss@demo.invalid", "email_verified": True},
        {},
    ],
)
def test_a_staff_provider_never_makes_an_officer(
    client: Client, provider: Provider, officer: Callable[..., User], settings: Any, claims: dict[str, Any]
) -> None:
    settings.DEMO = True
    officer("admin", ROOT, email="chief@bangkok.example")
    officer("admin", ROOT, email="chief@elsewhere.example")
    officer("admin", ROOT, email="closed@bangkok.example", is_active=False)
    officer("admin", ROOT, email="boss@demo.invalid")
    response = come_in(client, "staffid", provider=provider, **claims)
    assert response.status_code == 403
    assert "_auth_user_id" not in client.session
    assert User.objects.count() == 4


def test_a_citizens_provider_leads_to_a_citizen_whom_it_knows_again(
    client: Client, provider: Provider
) -> None:
    assert come_in(client, "thaid", provider=provider, name="มาลี ดีงาม")["Location"] == reverse("me")
    citizen = User.objects.get()
    assert (citizen.kind, citizen.name, citizen.email) == ("citizen", "มาลี ดีงาม", "")
    again = Client()
    come_in(again, "thaid", provider=provider, name="มาลี ดีงาม")
    assert again.session["_auth_user_id"] == str(citizen.pk)
    assert User.objects.count() == 1


def test_a_citizen_with_a_vouched_address_keeps_their_account(
    client: Client, provider: Provider, citizen: Callable[..., User]
) -> None:
    user = citizen("malee@example.com")
    come_in(client, "thaid", provider=provider, email="malee@example.com", email_verified=True)
    assert client.session["_auth_user_id"] == str(user.pk)


def test_an_address_nobody_vouches_for_takes_over_no_account(
    client: Client, provider: Provider, citizen: Callable[..., User]
) -> None:
    user = citizen("malee@example.com")
    come_in(client, "thaid", provider=provider, email="malee@example.com", email_verified=False)
    assert client.session["_auth_user_id"] != str(user.pk)
    assert User.objects.exclude(pk=user.pk).get().email == ""


def test_a_citizens_provider_is_no_way_to_an_officers_account(
    client: Client, provider: Provider, officer: Callable[..., User]
) -> None:
    user = officer("admin", ROOT, email="chief@bangkok.example")
    come_in(client, "thaid", provider=provider, email="chief@bangkok.example", email_verified=True)
    assert client.session["_auth_user_id"] != str(user.pk)
    assert client.get(reverse("officers")).status_code == 403


def test_nothing_the_provider_says_is_stored_in_plain_text(client: Client, provider: Provider) -> None:
    come_in(client, "thaid", provider=provider, name="มาลี ดีงามพร้อม", email="malee.d@example.com", email_verified=True,
            phone_number="0819876543", pid=SUBJECT)  # fmt: skip
    account = SocialAccount.objects.get()
    assert account.extra_data == {}
    assert len(account.uid) == 64
    assert not EmailAddress.objects.exists()
    assert not SocialToken.objects.exists()
    assert places_of((SUBJECT, "มาลี", "malee.d", "0819876543")) == set()


def test_an_erased_citizen_is_a_new_one_to_the_provider(client: Client, provider: Provider) -> None:
    come_in(client, "thaid", provider=provider)
    first = User.objects.get()
    client.post(reverse("me_erase"), {"sure": "yes"})
    come_in(client, "thaid", provider=provider)
    assert client.session["_auth_user_id"] != str(first.pk)


def test_an_account_cannot_be_joined_to_another(
    client: Client, provider: Provider, citizen: Callable[..., User]
) -> None:
    client.force_login(citizen())
    provider.claims = {"sub": SUBJECT}
    there = client.post(reverse("openid_connect_login", args=["thaid"]) + "?process=connect")
    state = parse_qs(urlsplit(there["Location"]).query)["state"][0]
    back = client.get(reverse("openid_connect_callback", args=["thaid"]), {"code": "c", "state": state})
    assert back.status_code == 403
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("query", [{}, {"code": "c"}, {"code": "c", "state": "forged"}])
def test_an_answer_that_nobody_asked_for_is_refused(
    client: Client, provider: Provider, query: dict[str, str]
) -> None:
    response = client.get(reverse("openid_connect_callback", args=["thaid"]), query)
    assert response.status_code == 401
    assert "_auth_user_id" not in client.session


def test_a_cancelled_and_a_failed_sign_in_say_so(client: Client, provider: Provider) -> None:
    there = client.post(reverse("openid_connect_login", args=["thaid"]))
    state = parse_qs(urlsplit(there["Location"]).query)["state"][0]
    back = client.get(
        reverse("openid_connect_callback", args=["thaid"]),
        {"error": "access_denied", "state": state},
        follow=True,
    )
    assert "ยกเลิกการเข้าสู่ระบบแล้ว" in back.content.decode()
    provider.broken = True
    response = come_in(client, "thaid", provider=provider)
    assert response.status_code == 401
    assert "บริการปลายทางไม่ตอบกลับตามปกติ" in response.content.decode()


def test_a_provider_without_a_client_id_is_not_offered(tmp_path: Path) -> None:
    row = "{id: x-y, for: staff, name_th: ก, name_en: A, server_url: https://a.example, mail_domains: [a.example]}"
    (tmp_path / providers.FILE).write_text(f"providers:\n  - {row}\n")
    assert providers.apps(tmp_path, {}) == []
    (app,) = providers.apps(
        tmp_path, {"PRASAN_OIDC_X_Y_CLIENT_ID": "c", "PRASAN_OIDC_X_Y_CLIENT_SECRET": "s"}
    )
    assert (app["client_id"], app["secret"]) == ("c", "s")
    assert app["settings"]["verified_email"] == ["a.example"]
    assert providers.origins([app]) == ["https://a.example"]


def test_faults_of_the_file_are_told_with_line_and_field(tmp_path: Path, settings: Any) -> None:
    (tmp_path / providers.FILE).write_text(
        "providers:\n"
        "  - id: Bad Id\n"
        "    for: everybody\n"
        "    name_th: ก\n"
        "    server_url: http://plain.example\n"
        "  - {id: staff, for: staff, name_th: ก, name_en: A, server_url: 'https://a.example'}\n"
        "  - {id: staff, for: citizens, name_th: ก, name_en: A, server_url: 'https://a.example'}\n"
        "  - just words\n"
    )
    faults = {
        (fault.line, fault.field) for fault in check_providers(tmp_path, load_city(settings.CITY_FOLDER))
    }
    assert faults == {
        (2, "name_en"), (2, "id"), (3, "for"), (5, "server_url"), (6, "mail_domains"), (7, "id"), (1, "providers"),
    }  # fmt: skip


def test_the_citys_own_file_has_no_fault(settings: Any) -> None:
    assert check_providers(settings.CITY_FOLDER, load_city(settings.CITY_FOLDER)) == []


@pytest.fixture
def served(provider: Provider) -> Iterator[str]:
    """A server that was started with the provider's settings, as a city's is."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler)
    server.daemon_threads = True
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_browser_follows_the_button_to_the_provider_and_comes_back(
    open_page: OpenPage, provider: Provider, served: str
) -> None:
    """The content security policy must name the provider: browsers check where a form's answer leads."""
    provider.claims = {"sub": SUBJECT, "name": "มาลี"}
    page = open_page(width=390)
    page.goto(served + reverse("sign_in"))
    page.click("role=button[name='thaid']")
    page.wait_for_url("**/authorize?**")
    state = parse_qs(urlsplit(page.url).query)["state"][0]
    page.goto(f"{served}{reverse('openid_connect_callback', args=['thaid'])}?code=c&state={state}")
    page.wait_for_url("**" + reverse("me"))
    assert page.locator("h1").inner_text() == "หน้าของฉัน"
