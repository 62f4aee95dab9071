"""The page kit: every component in a real browser, the switches, the map, the build."""

from __future__ import annotations

import datetime
import json
import math
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import pytest
import time_machine
from django import forms
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import resolve
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import expect

from prasan.fabric import assets, navigation, style_guide
from prasan.fabric.templatetags import kit
from tests.browser import OpenPage, axe_findings, sideways_overflow

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page
    from pytest_django.fixtures import Settings

browser = pytest.mark.browser


class QuietHandler(WSGIRequestHandler):
    """Serves without writing a line for each request."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


@pytest.fixture(autouse=True)
def _a_city_that_needs_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigation, "_city_name", lambda: "กรุงเทพมหานคร")


@pytest.fixture
def kit_url(settings: Settings) -> Iterator[str]:
    """The address of the style guide on a server of its own; it needs no database."""
    settings.DEBUG = True
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler)
    server.daemon_threads = True
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/kit/"
    server.shutdown()
    server.server_close()
    thread.join()


def render(source: str, language: str = "th", **context: object) -> str:
    """A template's text in one language."""
    with translation.override(language):
        return Template("{% load kit %}" + source).render(Context(context))


# ---- in the browser ----


@browser
@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_every_component_is_accessible_and_fits_the_window(
    open_page: OpenPage, kit_url: str, width: int, theme: Literal["light", "dark"], language: str
) -> None:
    page = open_page(width=width, theme=theme, language=language)
    page.goto(kit_url)
    assert sideways_overflow(page) == 0
    assert axe_findings(page) == []


@browser
def test_what_can_be_touched_on_a_phone_is_44_pixels_high(open_page: OpenPage, kit_url: str) -> None:
    page = open_page(width=390)
    page.goto(kit_url)
    small = page.evaluate("""
        [...document.querySelectorAll("button, .button, select, .choice, .tabs a, .control, .field input[type=email]")]
          .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 43.5)
          .map((element) => element.outerHTML)
    """)
    assert small == []


@browser
def test_text_keeps_room_for_thai_marks(open_page: OpenPage, kit_url: str) -> None:
    page = open_page()
    page.goto(kit_url)
    tight = page.evaluate("""
        [...document.querySelectorAll("p, li, td, h1, h2, h3, label, .button, .brand span, .language button")]
          .filter((element) => {
            const style = getComputedStyle(element);
            const ratio = parseFloat(style.lineHeight) / parseFloat(style.fontSize);
            return ratio < 1.59 || style.letterSpacing !== "normal";
          })
          .map((element) => element.outerHTML.slice(0, 120))
    """)
    assert tight == []
    assert page.evaluate("document.fonts.check('16px \"IBM Plex Sans Thai Looped\"', 'ก')")


@browser
def test_the_first_tab_stop_skips_to_the_content(open_page: OpenPage, kit_url: str) -> None:
    page = open_page()
    page.goto(kit_url)
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    page.evaluate(
        "document.body.prepend(Object.assign(document.createElement('a'), {id: 'top', tabIndex: -1}))"
    )
    page.focus("#top")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@browser
def test_the_theme_switch_changes_at_once_and_is_remembered(open_page: OpenPage, kit_url: str) -> None:
    page = open_page(theme="light")
    page.goto(kit_url)
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(background)
    page.click("button[name=theme][value=dark]")
    assert page.evaluate(background) != light
    page.reload()
    assert page.evaluate(background) != light
    assert page.get_attribute("button[name=theme][value=dark]", "aria-pressed") == "true"


@browser
def test_the_language_switch_works_without_javascript_and_stays_on_the_page(
    open_page: OpenPage, kit_url: str
) -> None:
    page = open_page(language="th", java_script_enabled=False)
    page.goto(kit_url + "?page=2")
    assert page.get_attribute("html", "lang") == "th"
    page.click("button[name=language][value=en]")
    assert page.get_attribute("html", "lang") == "en"
    assert page.url == kit_url + "?page=2"


@browser
def test_the_menu_of_a_phone_opens_without_javascript(
    open_page: OpenPage, kit_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(navigation, "_items", {})
    navigation.register(navigation.NavigationItem(url_name="kit", label="ตัวอย่าง"))
    page = open_page(width=320, java_script_enabled=False)
    page.goto(kit_url)
    link = page.locator(".site-nav-list a")
    assert not link.is_visible()
    page.click("button[popovertarget=site-nav]:not([popovertargetaction])")
    assert link.is_visible()
    assert link.get_attribute("aria-current") == "page"


@browser
def test_a_second_press_sends_nothing_twice(open_page: OpenPage, kit_url: str) -> None:
    page = open_page()
    page.goto(kit_url)
    sent = page.evaluate("""() => {
        let sent = 0;
        const form = document.querySelector("#forms form");
        form.noValidate = true;
        document.addEventListener("submit", (event) => {
            if (!event.defaultPrevented) sent += 1;
            event.preventDefault();
        });
        form.requestSubmit(); form.requestSubmit();
        return sent;
    }""")
    assert sent == 1


@browser
def test_a_dialog_opens_takes_the_focus_and_gives_it_back(open_page: OpenPage, kit_url: str) -> None:
    page = open_page()
    page.goto(kit_url)
    opener = page.locator("[data-dialog]")
    opener.click()
    assert page.locator("#sample-dialog").is_visible()
    assert axe_findings(page) == []
    page.keyboard.press("Escape")
    assert not page.locator("#sample-dialog").is_visible()
    assert opener.evaluate("element => element === document.activeElement")


@browser
def test_errors_are_listed_first_and_lead_to_their_fields(open_page: OpenPage, kit_url: str) -> None:
    page = open_page()
    page.goto(kit_url)
    assert page.evaluate("document.activeElement.matches('[data-error-summary]')")
    page.click("[data-error-summary] a[href='#wrong_email']")
    assert page.evaluate("document.activeElement.id") == "wrong_email"
    described = page.get_attribute("#wrong_email", "aria-describedby")
    assert described
    assert "somchai@example.com" in page.inner_text(f"#{described.split()[-1]}")


# ---- maps ----


def ready_map(page: Page, kind: str) -> Locator:
    """The style guide's map of one kind, drawn."""
    page.locator(f"[data-map={kind}]").scroll_into_view_if_needed()
    page.wait_for_selector(f"[data-map={kind}][data-ready]", timeout=30_000)
    return page.locator(f"[data-map={kind}] .map-frame")


def place_of_a_report(width: float, height: float) -> tuple[float, float]:
    """Where in a window of this size, at zoom 13 over the sample city, a sample report is drawn (web Mercator)."""
    world = 2**13
    column = (100.475 + 180) / 360 * world
    row = (1 - math.asinh(math.tan(math.radians(13.75))) / math.pi) / 2 * world
    places = [
        (
            width / 2 + 512 * (int(column) + x / 4096 - column),
            height / 2 + 512 * (int(row) + 1 - y / 4096 - row),
        )
        for x, y in style_guide.TILE_SPOTS
    ]
    return next((x, y) for x, y in places if 40 < x < width - 90 and 40 < y < height - 40)


@browser
def test_the_map_opens_a_report_with_a_link(open_page: OpenPage, kit_url: str) -> None:
    page = open_page(width=1280)
    page.goto(kit_url)
    frame = ready_map(page, "view")
    page.wait_for_timeout(1000)
    box = frame.bounding_box()
    assert box
    x, y = place_of_a_report(box["width"], box["height"])
    frame.click(position={"x": x, "y": y})
    link = page.locator(".maplibregl-popup a")
    link.wait_for()
    assert link.get_attribute("href") == "/kit/?code=K7MP2XQ4"
    assert "ถนน" in page.inner_text(".maplibregl-popup")
    assert axe_findings(page) == []


@browser
def test_the_map_follows_the_filters_beside_it(open_page: OpenPage, kit_url: str) -> None:
    page = open_page()
    page.goto(kit_url)
    ready_map(page, "view")
    with page.expect_response(
        lambda response: "/kit/tiles/" in response.url and "?status=waiting" in response.url
    ):
        page.check("[data-map-filters] input")


@browser
def test_a_point_is_picked_with_the_keyboard(open_page: OpenPage, kit_url: str) -> None:
    page = open_page(width=390)
    page.goto(kit_url)
    ready_map(page, "pick")
    page.focus("[data-map=pick] canvas")
    page.keyboard.press("Enter")
    assert float(page.input_value("[name=longitude]")) == pytest.approx(100.475, abs=0.01)
    assert float(page.input_value("[name=latitude]")) == pytest.approx(13.75, abs=0.01)
    assert page.inner_text("[data-map=pick] [data-map-says]") == "ปักหมุดแล้ว"


@browser
def test_the_phones_position_is_used_also_without_a_map(open_page: OpenPage, kit_url: str) -> None:
    page = open_page(
        width=390,
        geolocation={"longitude": 100.5018, "latitude": 13.7563, "accuracy": 12},
        permissions=["geolocation"],
    )
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(kit_url)
    page.locator("[data-map=pick]").scroll_into_view_if_needed()
    page.wait_for_selector("[data-map=pick][data-unavailable]")
    assert page.locator("[data-map=pick] .map-instead-reason").is_visible()
    page.click("[data-map-locate]")
    expect(page.locator("[name=longitude]")).to_have_value("100.501800")
    assert page.input_value("[name=latitude]") == "13.756300"
    assert "12" in page.inner_text("[data-map=pick] [data-map-says]")


@browser
def test_a_map_that_cannot_be_drawn_offers_the_list(open_page: OpenPage, kit_url: str) -> None:
    page = open_page()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(kit_url)
    page.locator("[data-map=view]").scroll_into_view_if_needed()
    page.wait_for_selector("[data-map=view][data-unavailable]")
    assert page.locator("[data-map=view] .map-instead a").is_visible()


# ---- pages without a browser ----


def test_the_style_guide_is_only_for_those_who_build_pages() -> None:
    assert Client().get("/kit/", headers={"host": "localhost"}).status_code == 404


@pytest.mark.parametrize(
    ("target", "expected"),
    [("/reports/?page=2", "/reports/?page=2"), ("https://evil.example/", "/"), ("//evil.example", "/")],
)
def test_choosing_colours_without_javascript_returns_to_our_own_pages_only(
    target: str, expected: str
) -> None:
    answer = Client().post("/theme/", {"theme": "dark", "next": target}, headers={"host": "localhost"})
    assert answer.headers["Location"] == expected
    assert answer.cookies[kit.THEME_COOKIE].value == "dark"


def test_an_unknown_theme_is_not_kept() -> None:
    answer = Client().post("/theme/", {"theme": "<b>"}, headers={"host": "localhost"})
    assert kit.THEME_COOKIE not in answer.cookies


@pytest.mark.parametrize("name", ["400.html", "500.html", "maintenance.html"])
@pytest.mark.parametrize(("language", "words"), [("th", "ประสาน"), ("en", "Prasan")])
def test_pages_for_bad_times_need_no_request(name: str, language: str, words: str) -> None:
    from django.template.loader import get_template

    with translation.override(language):
        assert words in get_template(name).render()


@pytest.mark.parametrize("name", ["403.html", "403_csrf.html", "404.html"])
def test_pages_for_wrong_turns_show_the_way_home(name: str) -> None:
    from django.template.loader import get_template

    text = get_template(name).render({}, request_of("/nowhere"))
    assert 'href="/"' in text
    assert "<h1>" in text


def request_of(path: str, **cookies: str) -> HttpRequest:
    """A request by nobody in particular."""
    from django.contrib.auth.models import AnonymousUser

    request = RequestFactory().get(path)
    request.user = AnonymousUser()
    request.COOKIES.update(cookies)
    return request


def test_navigation_shows_each_reader_what_is_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigation, "_items", {})
    item = navigation.NavigationItem
    navigation.register(item(url_name="theme", label="second", order=20))
    navigation.register(item(url_name="kit", label="first", order=10))
    navigation.register(item(url_name="set_language", label="members", audience=navigation.signed_in))
    links = navigation.links(request_of("/kit/icons"), "main")
    assert [(link.label, link.current) for link in links] == [("first", "true"), ("second", "")]


def test_a_section_is_one_link_to_its_first_place_and_its_pages_show_all_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(navigation, "_items", {})
    monkeypatch.setattr(navigation, "_sections", {})
    item = navigation.NavigationItem
    navigation.register_section(navigation.Section(code="reports", label="Reports", order=5))
    navigation.register(item(url_name="reports:list", label="list", section="reports", order=20))
    navigation.register(item(url_name="reports:map", label="map", section="reports", order=10))
    navigation.register(
        item(url_name="reports:desk", label="desk", section="reports", audience=navigation.signed_in)
    )
    navigation.register(item(url_name="home", label="home", order=1))
    inside, outside = request_of("/reports/"), request_of("/about/")
    inside.resolver_match, outside.resolver_match = resolve("/reports/"), resolve("/about/")
    links = navigation.links(inside, "main")
    assert [(link.label, link.url, link.current) for link in links] == [
        ("home", "/", ""),
        ("Reports", "/map/", "true"),
    ]
    assert [(link.label, link.current) for link in navigation.section_links(inside)] == [
        ("map", ""),
        ("list", "page"),
    ]
    assert navigation.section_links(outside) == []


# ---- words, numbers, parts ----


MOMENT = datetime.datetime(2026, 3, 24, 7, 5, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("language", "style", "expected"),
    [
        ("th", "short", "24 มี.ค. 2569"),
        ("th", "long", "24 มีนาคม 2569"),
        ("th", "time", "24 มี.ค. 2569 14:05 น."),
        ("en", "short", "24 Mar 2026"),
        ("en", "time", "24 Mar 2026 14:05"),
    ],
)
def test_dates_are_of_bangkok_and_of_the_readers_era(language: str, style: str, expected: str) -> None:
    with translation.override(language):
        assert kit.thai_date(MOMENT, style).replace(kit.NO_BREAK, " ") == expected


def test_a_day_begins_at_midnight_in_bangkok() -> None:
    with translation.override("en"):
        late = datetime.datetime(2026, 12, 31, 17, 30, tzinfo=datetime.UTC)
        assert kit.thai_date(late).replace(kit.NO_BREAK, " ") == "1 Jan 2027"


@pytest.mark.parametrize(
    ("ahead", "thai", "english"),
    [
        (datetime.timedelta(seconds=-20), "เมื่อสักครู่", "just now"),
        (datetime.timedelta(minutes=-5), "5 นาทีที่แล้ว", "5 minutes ago"),
        (datetime.timedelta(days=-1), "1 วันที่แล้ว", "1 day ago"),
        (datetime.timedelta(hours=3), "อีก 3 ชั่วโมง", "in 3 hours"),
        (datetime.timedelta(days=-40), "12 ก.พ. 2569", "12 Feb 2026"),
    ],
)
def test_moments_are_told_in_words_while_they_are_near(
    ahead: datetime.timedelta, thai: str, english: str
) -> None:
    with time_machine.travel(MOMENT, tick=False):
        for language, expected in (("th", thai), ("en", english)):
            text = render("{{ moment|when }}", language, moment=MOMENT + ahead)
            assert f">{expected}</time>" in text.replace(kit.NO_BREAK, " ")
            assert 'title="' in text


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (1234567, None, "1,234,567"),
        (None, None, "–"),
        (0, None, "0"),
        (Decimal("2.50"), 1, "2.5"),
        (12.3456, 0, "12"),
    ],
)
def test_numbers_are_grouped_in_threes(
    value: float | Decimal | None, decimals: int | None, expected: str
) -> None:
    assert kit.thai_number(value, decimals) == expected


@given(st.text(max_size=200), st.text(max_size=50))
def test_no_text_escapes_from_a_component_into_the_page(text: str, attribute: str) -> None:
    bad = f"<script>{text}</script>\"'><img onerror=x>"
    parts = "{% badge bad %}{% button bad href=bad title=a %}{% icon 'lock' bad %}{% notice bad title=bad %}"
    parts += "{% stat bad bad %}{% breadcrumbs bad bad %}{% empty_state bad bad href=bad action=bad %}"
    html = render(parts, bad=bad, a=attribute + '"onclick="x')
    assert "<script" not in html
    assert "<img" not in html
    assert '"onclick="' not in html


def test_a_state_is_told_by_shape_and_word() -> None:
    shapes = {drawing for drawing, _tone in kit.STATES.values()}
    assert len(shapes) == len(kit.STATES)
    assert "finished" in render("{% status_badge 'เสร็จสิ้น' 'finished' %}")


def test_every_icon_that_a_component_uses_is_in_the_sprite() -> None:
    sprite = (assets.PACKAGE / "fabric" / "static_src" / "icons.svg").read_text()
    for name in [drawing for drawing, _tone in kit.STATES.values()] + list(kit.TONE_ICONS.values()):
        assert f'<symbol id="{name}"' in sprite


def test_a_field_tells_screen_readers_its_help_and_its_error() -> None:
    class Sample(forms.Form):
        name = forms.CharField(label="ชื่อ", help_text="ตามบัตร")

    html = render("{% field form.name %}", form=Sample({"name": ""}))
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert html.count("aria-describedby") == 1
    assert html.count("aria-invalid") == 1
    assert "กรุณากรอกข้อมูลช่องนี้" in html


def test_bars_are_a_table_with_widths_as_attributes() -> None:
    html = render(
        "{% bar_chart rows 'จำนวน' %}",
        rows=[{"label": "ถนน", "value": 30, "rest": 10}, {"label": "คลอง", "value": None}],
    )
    assert 'width="75.00"' in html
    assert "style=" not in html
    assert "–" in html


def test_the_pager_keeps_the_filters() -> None:
    request = RequestFactory().get("/reports/?status=waiting&cursor=old")
    html = Template("{% load kit %}{% pager 'new' %}").render(Context({"request": request}))
    assert "?status=waiting&amp;cursor=new" in html


# ---- colours ----


def tokens(name: str) -> dict[str, str]:
    """The colours of a style sheet of tokens."""
    source = (assets.PACKAGE / "fabric" / "static_src" / name).read_text()
    pairs = (
        line.strip().rstrip(";").split(": ") for line in source.splitlines() if line.strip().startswith("--")
    )
    return {pair[0][2:]: pair[1] for pair in pairs if pair[1].startswith("#")}


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("sheet", ["parts/tokens.css", "dark.css"])
def test_text_and_borders_have_enough_contrast_in_both_themes(sheet: str) -> None:
    colour = tokens(sheet)
    grounds = ["paper", "surface", "sunken"]
    text = [("ink", ground) for ground in grounds] + [("ink-soft", ground) for ground in grounds]
    text += [("brand", ground) for ground in grounds] + [("on-brand", "brand"), ("on-brand", "brand-strong")]
    text += [(tone, f"{tone}-soft") for tone in ("brand", "success", "info", "warning", "danger", "neutral")]
    text += [("danger", "surface"), ("danger", "paper"), ("on-danger", "danger"), ("on-marigold", "marigold")]
    weak = [
        (a, b, round(contrast(colour[a], colour[b]), 2))
        for a, b in text
        if contrast(colour[a], colour[b]) < 4.5
    ]
    lines = [(name, ground) for name in ("line-strong", "focus") for ground in grounds]
    weak += [
        (a, b, round(contrast(colour[a], colour[b]), 2))
        for a, b in lines
        if contrast(colour[a], colour[b]) < 3
    ]
    assert weak == []


def test_the_dark_theme_gives_every_colour_its_second_value() -> None:
    assert tokens("dark.css").keys() == tokens("parts/tokens.css").keys()


# ---- the build ----


def test_the_lock_names_no_address_and_pins_every_package() -> None:
    package = json.loads((assets.ROOT / "package.json").read_text())
    lock = json.loads((assets.ROOT / "package-lock.json").read_text())
    wanted = package["dependencies"] | package["devDependencies"]
    assert all(version[0].isdigit() for version in wanted.values())
    assert not [name for name, entry in lock["packages"].items() if "resolved" in entry]
    assert all("integrity" in entry for name, entry in lock["packages"].items() if name)


def test_building_again_starts_no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    assets.build()
    monkeypatch.setattr(assets, "_node", lambda *_: pytest.fail("Node was started though nothing changed"))
    assets.build()


def test_a_file_that_vanished_is_built_again() -> None:
    assets.build()
    style = assets.PACKAGE / "fabric" / "static" / "fabric" / "kit.css"
    before = style.read_bytes()
    style.unlink()
    assets.build()
    assert style.read_bytes() == before


def test_a_failing_build_says_what_esbuild_said() -> None:
    with pytest.raises(assets.AssetError, match=r"(?s)could not bundle.*nothing-here\.ts"):
        assets._node("esbuild could not bundle", "node_modules/esbuild/bin/esbuild", "nothing-here.ts")


@pytest.mark.slow
def test_the_typescript_of_every_module_has_sound_types() -> None:
    assets.check_types()


def test_no_template_carries_inline_styles_or_scripts() -> None:
    import re

    inline = re.compile(
        r"\sstyle=|\son[a-z]+=\"|<style|<script(?![^>]*(src=|type=\"application/json\"))|javascript:"
    )
    found = [
        f"{path.relative_to(assets.PACKAGE)}: {match.group()}"
        for path in assets.PACKAGE.glob("*/templates/**/*.html")
        for match in inline.finditer(path.read_text())
    ]
    assert found == []
