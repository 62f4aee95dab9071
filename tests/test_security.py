"""What protects every page at once: policies in headers, no inline code, cookies, tokens, limits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from prasan.people.models import User
from prasan.reports import actions
from prasan.reports.models import Photo, Report
from prasan.reports.policies import reporter_token
from prasan.site.api import api
from tests import factories
from tests.conftest import PROJECT

pytestmark = pytest.mark.django_db

MOST_PAGES = 60
OF_A_KIND = 2  # addresses of one route
SEEN_AT_LEAST = {
    "nobody": {"home", "reports:list", "reports:report", "reports:map", "reports:numbers", "reports:help",
               "reports:new", "privacy", "about", "sign_in", "account_login"},
    "citizen": {"me", "me_settings", "me_reads"},
    "dispatcher": {"reports:desk", "reports:desk_report", "reports:desk_dispatch", "reports:desk_phone",
                   "reports:desk_step", "reports:desk_help"},
    "admin": {"officers", "officer", "officer_new", "api_keys", "api_key_new", "reports:desk_team"},
}  # fmt: skip


@dataclass
class Page(HTMLParser):
    """What matters of a page: code inside it, where its links lead, and the forms that change something."""

    inline: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    tokens: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.inline += [f"<{tag} {name}>" for name in given if name == "style" or name.startswith("on")]
        self.inline += [f"<{tag} {name}={value}>" for name, value in given.items() if is_code(value)]
        if tag == "style" or (tag == "script" and not given.get("src") and given.get("type") != "application/json"):
            self.inline.append(f"<{tag}>")
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in ("script", "img", "iframe") or given.get("rel") == "stylesheet":
            self.sources.append(given.get("src") or given.get("href") or "")
        if tag == "form" and given.get("method", "").lower() == "post":
            self.forms.append(given.get("action", ""))
        self.tokens += given.get("name") == "csrfmiddlewaretoken"


def is_code(value: str) -> bool:
    return value.strip().lower().startswith(("javascript:", "vbscript:", "data:text/html"))


def read(answer: Any) -> Page:
    page = Page()
    page.feed(answer.content.decode())
    return page


def visitor(who: str) -> Client:
    """A browser of nobody, a citizen, a dispatcher or an administrator of the whole city."""
    if who == "nobody":
        return Client()
    if who == "citizen":
        return factories.signed_in(User.objects.get(pk=factories.citizen().id))
    return factories.signed_in(factories.officer_user(who, "bma", name="สมชาย"))


def lively_city() -> Report:
    """A few reports in different states, so that pages have something to show."""
    report = factories.report(email="a@home.example", category="complaint")
    officer = factories.officer("dispatcher", "bma")
    actions.report_comment(actor=factories.citizen(), code=report.code, note="ด้วยครับ")
    actions.report_accept(actor=officer, code=report.code, note="รับเรื่องแล้ว")
    finished = factories.report(category="complaint")
    actions.report_finish(actor=officer, code=finished.code, note="เรียบร้อย")
    factories.report(category="")
    return report


def pages_of(client: Client, start: list[str]) -> Iterator[tuple[str, Any]]:
    """Pages that links lead to, some of every route: address and answer."""
    waiting, known, kinds, seen = list(start), set(start), Counter[str](), 0
    while waiting and seen < MOST_PAGES:
        address = waiting.pop(0)
        answer = client.get(address)
        if answer.status_code in (301, 302):
            found = [answer["Location"]]
        elif "text/html" in answer.get("Content-Type", ""):
            seen += 1
            yield address, answer
            found = read(answer).links
        else:
            continue
        for link in found:
            target = urlsplit(urljoin(address, link))
            whole = target.path + (f"?{target.query}" if target.query else "")
            if target.scheme or target.netloc not in ("", "testserver") or whole in known:
                continue
            known.add(whole)
            kind = resolve(target.path).view_name
            kinds[kind] += 1
            if kinds[kind] <= OF_A_KIND:
                waiting.append(whole)


@pytest.mark.slow
@pytest.mark.parametrize("who", SEEN_AT_LEAST)
def test_no_page_holds_code_or_may_be_framed_and_every_form_has_its_token(who: str) -> None:
    report, client = lively_city(), visitor(who)
    start = ["/", "/desk/", f"/r/{report.code}/?key={reporter_token(report.code)}", "/me/", "/me/reads/"]
    start += ["/staff/officers/", "/staff/api-keys/", "/sign-in/", "/staff/sign-in/", "/r/AAAAAAAA/", "/no-such-page/"]
    start += [f"/desk/{report.code}/{step}/" for step in ("finish", "forward", "split")] if who == "dispatcher" else []
    seen = set()
    for address, answer in pages_of(client, start):
        page = read(answer)
        assert page.inline == [], address
        assert len(page.forms) <= page.tokens, address
        assert all(source.startswith(("/", "data:image/", "blob:")) for source in page.sources if source), address
        assert_headers(answer)
        assert answer["X-Frame-Options"] == "DENY"
        if answer.status_code == 200:
            seen.add(answer.resolver_match.view_name)
    assert SEEN_AT_LEAST[who] <= seen, SEEN_AT_LEAST[who] - seen


def assert_headers(answer: Any) -> None:
    """A strict Content-Security-Policy, no framing, no guessing of types."""
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert policy["default-src"] in ("'self'", "'none'")
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "*" not in answer["Content-Security-Policy"]
    assert answer.get("X-Frame-Options", "DENY") == "DENY", "older browsers' word for frame-ancestors"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] in ("same-origin", "strict-origin-when-cross-origin")


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/reports", "/api/v1/openapi.json", "/api/v1/docs", "/api/v1/reports/nothing", "/reports/reports.csv",
        "/reports/reports.geojson", "/reports/feed.atom", "/tiles/10/797/472.mvt", "/map/districts.geojson",
        "/health/live", "/static/fabric/kit.js", "/no-such-page", "/%00",
    ],
)  # fmt: skip
def test_what_is_no_page_carries_the_same_headers(address: str) -> None:
    assert_headers(Client().get(address))


def test_a_page_that_breaks_carries_the_same_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_it(*_given: Any, **_named: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("prasan.reports.pages.public.queries.report_list", break_it)
    answer = Client(raise_request_exception=False).get("/reports/")
    assert answer.status_code == 500
    assert_headers(answer)
    assert read(answer).inline == []


def test_photos_are_files_that_nothing_executes(settings: Any, tmp_path: Any) -> None:
    from tests.reports import pictures

    photos = {"BACKEND": "prasan.fabric.files.LocalStorage", "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "photos": photos}
    client = Client()
    client.post("/report/photo/", {"photos": pictures.photo()})
    answer = client.get(f"/photos/{Photo.objects.get().key}/small/")
    assert answer["Content-Type"].startswith("image/")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Frame-Options"] == "DENY"


# --- forms ----------------------------------------------------------------------------------------------------


def patterns(within: Any = None, path: str = "/") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the product."""
    for one in (within or get_resolver()).url_patterns:
        here = path + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from patterns(one, here)
        else:
            yield here, one


def test_every_page_asks_for_the_token_of_its_forms() -> None:
    """Only the API, which knows no cookies, is exempt."""
    exempt = [path for path, one in patterns() if getattr(one.callback, "csrf_exempt", False)]
    assert exempt
    assert [path for path in exempt if not path.startswith("/api/v1/")] == []


FORMS = [
    ("nobody", "/report/"), ("nobody", "/report/photo/"), ("nobody", "/report/hints/"),
    ("nobody", "/r/{code}/comment/"), ("nobody", "/r/{code}/follow/"), ("nobody", "/unfollow/abc/"),
    ("nobody", "/sign-in/"), ("nobody", "/sign-in/link/"),
    ("nobody", "/staff/sign-in/"), ("nobody", "/theme/"), ("nobody", "/i18n/setlang/"), ("citizen", "/me/erase/"),
    ("citizen", "/me/settings/"), ("citizen", "/me/notices/"), ("citizen", "/me/consent/"), ("citizen", "/me/export/"),
    ("citizen", "/sign-out/"), ("dispatcher", "/desk/{code}/accept/"), ("dispatcher", "/desk/{code}/contact/"),
    ("dispatcher", "/desk/batch/"), ("dispatcher", "/desk/filters/"), ("dispatcher", "/desk/new/"),
    ("dispatcher", "/desk/dispatch/"), ("admin", "/staff/officers/new/"), ("admin", "/staff/api-keys/new/"),
    ("admin", "/staff/api-keys/revoke/"),
]  # fmt: skip


@pytest.mark.parametrize(("who", "path"), FORMS)
def test_a_form_without_its_token_is_refused(who: str, path: str) -> None:
    report = factories.report()
    client = visitor(who)
    client.handler.enforce_csrf_checks = True
    answer = client.post(path.format(code=report.code), {"version": report.version, "note": "x", "text": "x"})
    assert answer.status_code == 403
    assert Report.objects.get().version == report.version


# --- cookies --------------------------------------------------------------------------------------------------

NAMES = (
    "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "LANGUAGE_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY",
    "SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_SAMESITE", "SECURE_HSTS_SECONDS", "SECURE_SSL_REDIRECT", "DEBUG",
)  # fmt: skip


@cache
def behind_tls() -> dict[str, Any]:
    """The product's settings as they are when its public address begins with https."""
    code = f"""
import json
from prasan.fabric.boot import setup_django
setup_django()
from django.conf import settings
print(json.dumps({{name: getattr(settings, name) for name in {NAMES!r}}}))
"""
    environment = {
        **os.environ, "PRASAN_PUBLIC_URL": "https://city.example", "PYTHONPATH": str(PROJECT / "src"),
        "DJANGO_SETTINGS_MODULE": "prasan.site.settings",
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def officer_sign_in() -> Any:
    """The first step of an officer's sign-in, which begins a session."""
    officer = factories.officer_user()
    officer.set_password("a long enough one")
    officer.save()
    return Client().post(
        "/staff/sign-in/", {"login": officer.username, "password": "a long enough one"}, secure=True
    )  # fmt: skip


def test_behind_tls_every_cookie_is_for_tls_alone_and_the_sessions_is_hidden_from_scripts(settings: Any) -> None:
    for name, value in behind_tls().items():
        setattr(settings, name, value)
    client = visitor("citizen")
    answers = [
        client.get("/sign-in/", secure=True),
        client.get("/me/settings/", secure=True),
        client.post("/theme/", {"theme": "dark"}, secure=True),
        client.post("/i18n/setlang/", {"language": "en"}, secure=True),
        client.post("/sign-out/", secure=True),
        officer_sign_in(),
    ]
    cookies = [cookie for answer in answers for cookie in answer.cookies.values() if cookie.value]
    assert {"csrftoken", "prasan_language", "prasan_session"} <= {cookie.key for cookie in cookies}
    for cookie in cookies:
        assert cookie["secure"], cookie.key
        assert cookie["samesite"] in ("Lax", "Strict"), cookie.key
        assert cookie["httponly"] or cookie.key != "prasan_session"


def test_behind_tls_plain_requests_are_sent_to_tls_and_browsers_remember_it(settings: Any) -> None:
    for name in ("SECURE_HSTS_SECONDS", "SECURE_SSL_REDIRECT"):
        setattr(settings, name, behind_tls()[name])
    assert behind_tls()["DEBUG"] is False
    client = Client()
    assert client.get("/").status_code == 301
    assert client.get("/")["Location"].startswith("https://")
    assert int(client.get("/", secure=True)["Strict-Transport-Security"].split("=")[1].split(";")[0]) >= 31_536_000


# --- the API --------------------------------------------------------------------------------------------------

DOCUMENT = api.get_openapi_schema()
WRITES = [path for path, methods in DOCUMENT["paths"].items() if "post" in methods]


def test_every_write_needs_a_key_or_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prasan.fabric.rates.time.time", lambda: 1_000_000.0)
    report = factories.report()
    client = Client()
    for _ in range(30):
        client.post(f"/api/v1/reports/{report.code}/rate", '{"rating": 1}', content_type="application/json")
    for path in WRITES:
        body = api_body(path)
        answer = client.post(path.format(code=report.code), body, content_type="application/json")
        if path == "/api/v1/photos":
            from tests.reports import pictures

            answer = client.post(path, {"photo": pictures.photo()})
        assert answer.status_code in (401, 429), (path, answer.status_code, answer.content)
    assert Report.objects.count() == 1
    assert Report.objects.get().version == report.version


def api_body(path: str) -> str:
    """The documented example of an operation's body."""
    content = DOCUMENT["paths"][path]["post"]["requestBody"]["content"]
    if "application/json" not in content:
        return ""
    name = content["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    return json.dumps(DOCUMENT["components"]["schemas"][name]["example"])


def test_the_api_takes_no_cookies_for_a_key() -> None:
    report, client = factories.report(), visitor("dispatcher")
    assert client.post(
        f"/api/v1/reports/{report.code}/accept", "{}", content_type="application/json"
    ).status_code == 401  # fmt: skip
    assert "Access-Control-Allow-Origin" not in client.get("/api/v1/reports", headers={"Origin": "https://x.example"})
    assert Report.objects.get().version == report.version


def test_a_request_for_another_host_is_refused() -> None:
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1@evil.example"):
        assert Client(raise_request_exception=False).get("/", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_nothing_sends_a_reader_elsewhere(target: str) -> None:
    client = Client()
    answers = [
        client.post("/theme/", {"theme": "dark", "next": target}),
        client.post("/i18n/setlang/", {"language": "en", "next": target}),
        client.get("/find/", {"code": target}),
        client.get("/desk/", {"next": target}),
    ]
    for answer in answers:
        assert urlsplit(answer["Location"]).netloc == ""
        assert not answer["Location"].startswith(("//", "/\\", "javascript:"))
