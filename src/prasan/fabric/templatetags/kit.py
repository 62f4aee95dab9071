"""The page kit's tags and filters; ``{% load kit %}``. docs/page-kit.md shows each in use."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from babel.dates import format_date as babel_date
from babel.dates import format_timedelta
from babel.numbers import format_decimal
from django import template
from django.conf import settings
from django.forms import CheckboxInput, CheckboxSelectMultiple, ClearableFileInput, RadioSelect
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from prasan.fabric import navigation

if TYPE_CHECKING:
    from decimal import Decimal

    from django.forms import BaseForm, BoundField

register = template.Library()

NO_BREAK = "\u00a0"
THEMES = ("auto", "light", "dark")
THEME_COOKIE = "prasan_theme"
DARK_MEDIA = {"auto": "screen and (prefers-color-scheme: dark)", "light": "not all", "dark": "screen"}

# Each state has its own drawing, so that it can be told without colour (WCAG 1.4.1).
STATES: dict[str, tuple[str, str]] = {
    "waiting": ("waiting", "warning"),
    "in_progress": ("in-progress", "info"),
    "forwarded": ("forward", "info"),
    "finished": ("finished", "success"),
    "irrelevant": ("irrelevant", "neutral"),
    "followed": ("eye", "brand"),
    "overdue": ("warning", "danger"),
    "soon": ("clock", "warning"),
    "private": ("lock", "neutral"),
}
MESSAGE_TONES = {"success": "success", "warning": "warning", "error": "danger"}
TONE_ICONS = {"info": "info", "success": "finished", "warning": "warning", "danger": "warning"}


# ---- page furniture ----


@register.simple_tag(takes_context=True)
def theme(context: template.Context) -> str:
    """The reader's theme from the cookie: ``auto``, ``light`` or ``dark``."""
    request = context.get("request")
    chosen = request.COOKIES.get(THEME_COOKIE, "auto") if request else "auto"
    return chosen if chosen in THEMES else "auto"


@register.filter
def dark_media(theme_name: str) -> str:
    """The media query under which dark.css applies."""
    return DARK_MEDIA[theme_name]


@register.simple_tag(takes_context=True)
def nav_links(context: template.Context, place: navigation.Place) -> list[navigation.Link]:
    """The navigation links of ``place`` for this reader; empty on pages without a request."""
    request = context.get("request")
    return navigation.links(request, place) if request else []


@register.simple_tag(takes_context=True)
def nav_section(context: template.Context) -> list[navigation.Link]:
    """The places of the section that this page belongs to."""
    request = context.get("request")
    return navigation.section_links(request) if request else []


@register.simple_tag
def city_name() -> str:
    """The city's name in the reader's language."""
    return navigation.city_name()


@register.simple_tag
def kit_texts() -> str:
    """What the kit's TypeScript says to people, as JSON for a ``data-`` attribute."""
    return json.dumps(
        {
            "close": _("Close"),
            "offline": _("There is no connection. Nothing was sent; please try again."),
            "failed": _("Something went wrong. Nothing was changed; please try again."),
        },
        ensure_ascii=False,
    )


@register.filter
def message_tone(tags: str) -> str:
    """Django's message level as a tone of the kit."""
    return next((tone for level, tone in MESSAGE_TONES.items() if level in tags.split()), "info")


@register.filter
def tone_icon(tone: str) -> str:
    """The icon that goes with a tone."""
    return TONE_ICONS.get(tone, "info")


# ---- small parts ----


@register.simple_tag
def icon(name: str, label: str = "", large: bool = False) -> SafeString:
    """A drawing of icons.svg; with ``label`` it is read aloud, without it is decoration."""
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    size = " icon-large" if large else ""
    return format_html(
        '<svg class="icon{}" {} focusable="false"><use href="{}#{}"/></svg>',
        size,
        role,
        static("fabric/icons.svg"),
        name,
    )


@register.simple_tag
def badge(label: str, tone: str = "neutral", icon_name: str = "") -> SafeString:
    """A short word on a coloured ground; ``tone``: neutral, brand, success, info, warning, danger."""
    return format_html(
        '<span class="badge badge-{}">{}{}</span>', tone, icon(icon_name) if icon_name else "", label
    )


@register.simple_tag
def status_badge(label: str, state: str) -> SafeString:
    """A state as shape and text; ``state`` is a key of `STATES`, others show a plain dot-less badge."""
    drawing, tone = STATES.get(state, ("", "neutral"))
    return badge(label, tone, drawing)


@register.simple_tag
def button(
    label: str,
    kind: str = "",
    *,
    href: str = "",
    icon_name: str = "",
    **attributes: Any,
) -> SafeString:
    """A button, or with ``href`` a link that looks like one.

    ``kind``: words of ``primary danger quiet small wide``. Other keyword arguments become attributes
    (``data_dialog="x"`` → ``data-dialog="x"``; ``True`` gives an attribute without value, ``False`` none).
    """
    if not href:
        attributes.setdefault("type", "submit")
    classes = " ".join(["button", *(f"button-{word}" for word in kind.split())])
    drawing = icon(icon_name) if icon_name else ""
    rest = _attributes(attributes)
    if href:
        return format_html('<a class="{}" href="{}"{}>{}{}</a>', classes, href, rest, drawing, label)
    return format_html('<button class="{}"{}>{}{}</button>', classes, rest, drawing, label)


def _attributes(attributes: Mapping[str, Any]) -> SafeString:
    parts = []
    for name, value in attributes.items():
        if value is True:
            parts.append(format_html(" {}", name.replace("_", "-")))
        elif value not in (False, None, ""):
            parts.append(format_html(' {}="{}"', name.replace("_", "-"), value))
    return mark_safe("".join(parts))  # noqa: S308


# ---- forms ----


@register.inclusion_tag("kit/field.html")
def field(bound: BoundField, help_text: str = "", short: bool = False, **attributes: Any) -> dict[str, Any]:
    """Label, help, error and control of one form field, wired for screen readers.

    ``help_text`` replaces the field's own; ``short`` narrows the control; other keyword arguments become
    attributes of the control (``autocomplete="email"``, ``inputmode="numeric"``).
    """
    widget = bound.field.widget
    grouped = isinstance(widget, RadioSelect | CheckboxSelectMultiple)
    help_text = help_text or str(bound.help_text)
    identifier = bound.auto_id or bound.html_name
    described = [f"{identifier}_helptext"] if help_text else []
    described += [f"{identifier}_error"] if bound.errors else []
    extra = {name.replace("_", "-"): value for name, value in attributes.items()}
    if described and not grouped:
        extra["aria-describedby"] = " ".join(described)
    if bound.errors and not grouped:
        extra["aria-invalid"] = "true"
    return {
        "bound": bound,
        "control": bound.as_widget(attrs=extra),
        "identifier": identifier,
        "described": " ".join(described),
        "help_text": help_text,
        "short": short,
        "kind": _field_kind(widget, grouped),
        "optional": not bound.field.required,
    }


def _field_kind(widget: Any, grouped: bool) -> str:
    if grouped:
        return "group"
    if isinstance(widget, CheckboxInput):
        return "check"
    return "file" if isinstance(widget, ClearableFileInput) else "line"


@register.inclusion_tag("kit/error_summary.html")
def error_summary(form: BaseForm) -> dict[str, Any]:
    """All errors of a form on top of the page, each a link to its field; nothing when there are none."""
    errors = [
        {
            "target": _target(form[name]) if name in form.fields else "",
            "label": form[name].label if name in form.fields else "",
            "text": text,
        }
        for name, texts in form.errors.items()
        for text in texts
    ]
    return {"errors": errors}


def _target(bound: BoundField) -> str:
    grouped = isinstance(bound.field.widget, RadioSelect | CheckboxSelectMultiple)
    return f"{bound.auto_id}_0" if grouped else str(bound.auto_id)


# ---- content ----


@register.inclusion_tag("kit/notice.html")
def notice(text: str, tone: str = "info", title: str = "", live: bool = False) -> dict[str, Any]:
    """A sentence that must be seen; ``live`` also reads it aloud when it appears."""
    return {
        "text": text,
        "tone": tone,
        "title": title,
        "live": live,
        "icon_name": TONE_ICONS.get(tone, "info"),
    }


@register.inclusion_tag("kit/breadcrumbs.html")
def breadcrumbs(*parts: str) -> dict[str, Any]:
    """``{% breadcrumbs "Reports" list_url code %}``: labels and addresses in turn, ending with this page."""
    pairs = [(parts[i], parts[i + 1] if i + 1 < len(parts) else "") for i in range(0, len(parts), 2)]
    return {"pairs": pairs}


@register.inclusion_tag("kit/tabs.html")
def tabs(items: Iterable[Mapping[str, Any]], label: str) -> dict[str, Any]:
    """Pages side by side: each item has ``label``, ``url``, ``current`` and perhaps ``count``."""
    return {"items": items, "label": label}


@register.inclusion_tag("kit/empty.html")
def empty_state(
    title: str, text: str = "", icon_name: str = "inbox", href: str = "", action: str = ""
) -> dict[str, Any]:
    """What a list shows when it is empty, with the next thing to do."""
    return {"title": title, "text": text, "icon_name": icon_name, "href": href, "action": action}


@register.inclusion_tag("kit/timeline.html")
def timeline(entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What happened, newest or oldest first as given.

    Each entry: ``title``, ``at`` (aware datetime); perhaps ``state`` (key of `STATES`) or ``icon`` and
    ``tone``, ``who``, ``text``, ``photos`` (as for ``{% photos %}``).
    """
    prepared = []
    for entry in entries:
        drawing, tone = STATES.get(str(entry.get("state", "")), ("", "neutral"))
        prepared.append(
            {**entry, "icon": entry.get("icon") or drawing or "info", "tone": entry.get("tone") or tone}
        )
    return {"entries": prepared}


@register.inclusion_tag("kit/photos.html")
def photos(items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Photos in a grid; each has ``src`` (thumbnail), ``alt``, perhaps ``href`` (large) and ``caption``."""
    return {"items": items}


@register.inclusion_tag("kit/stat.html")
def stat(label: str, value: Any, unit: str = "", note: str = "") -> dict[str, Any]:
    """One number with its name; ``None`` shows a dash."""
    shown = value if isinstance(value, str) else thai_number(value)
    return {"label": label, "value": shown, "unit": unit if value is not None else "", "note": note}


@register.inclusion_tag("kit/bars.html")
def bar_chart(rows: Iterable[Mapping[str, Any]], caption: str, unit: str = "") -> dict[str, Any]:
    """Bars as a table, readable without seeing them.

    Each row: ``label``, ``value`` (≥ 0 or None), perhaps ``rest`` (a second part in the same unit, such as
    reports still open), ``href``, ``text`` (shown instead of the value).
    """
    prepared = [dict(row) for row in rows]
    largest = max((float(row.get("value") or 0) + float(row.get("rest") or 0) for row in prepared), default=0)
    for row in prepared:
        row["width"] = _share(row.get("value"), largest)
        row["rest_width"] = _share(row.get("rest"), largest)
    return {"rows": prepared, "caption": caption, "unit": unit}


def _share(value: Any, largest: float) -> str:
    return f"{100 * float(value) / largest:.2f}" if value and largest else "0"


@register.inclusion_tag("kit/progress.html")
def progress(label: str, value: float | None = None, maximum: float = 100) -> dict[str, Any]:
    """How far a long task is; without ``value`` it only says that something goes on."""
    share = None if value is None or not maximum else round(100 * value / maximum)
    return {"label": label, "value": value, "maximum": maximum, "share": share}


@register.inclusion_tag("kit/pager.html", takes_context=True)
def pager(
    context: template.Context,
    following: str | None = None,
    preceding: str | None = None,
    text: str = "",
    parameter: str = "cursor",
) -> dict[str, Any]:
    """Links to the next and previous cursor page that keep the rest of the query string."""
    query = context["request"].GET
    return {
        "following": _with(query, parameter, following) if following else "",
        "preceding": _with(query, parameter, preceding) if preceding else "",
        "text": text,
    }


def _with(query: Any, parameter: str, value: str) -> str:
    changed = query.copy()
    changed[parameter] = value
    return "?" + str(changed.urlencode())


# ---- maps ----


@register.inclusion_tag("kit/map.html")
def map_view(
    label: str,
    *,
    tiles: str,
    outlines: str = "",
    detail: str = "",
    list_href: str = "",
    labels: Mapping[str, str] | None = None,
    tall: bool = False,
    **data: Any,
) -> dict[str, Any]:
    """A map of reports from vector tiles.

    ``tiles``: address with ``{z}/{x}/{y}``, layers ``cells`` (count) and ``reports`` (code, category,
    status, title). ``outlines``: address of a GeoJSON with ``name_th`` and ``name_en``. ``detail``: address
    of a report with ``CODE`` in it. ``labels``: category and status → word. ``tall`` fills the window.
    Others become ``data-`` attributes: ``bounds="w,s,e,n"``, ``center="lon,lat"`` with ``zoom``,
    ``filters="#form"``, ``marker="lon,lat"`` (a pin, and no filter).
    """
    shown = {"tiles": tiles, "outlines": outlines, "detail": detail, **data}
    if labels:
        shown["labels"] = json.dumps(labels, ensure_ascii=False)
    return _map("view", label, shown) | {"tall": tall, "list_href": list_href}


@register.inclusion_tag("kit/map.html")
def map_pick(label: str, *, longitude: str, latitude: str, outlines: str = "", **data: Any) -> dict[str, Any]:
    """A map on which to choose a point; ``longitude`` and ``latitude`` name inputs of the same form.

    Fires ``prasan:picked`` (longitude, latitude, by, accuracy); takes ``prasan:set-point`` from the page.
    """
    return _map("pick", label, {"longitude": longitude, "latitude": latitude, "outlines": outlines, **data})


def _map(kind: str, label: str, data: Mapping[str, Any]) -> dict[str, Any]:
    texts = {
        "locating": _("Looking for your position…"),
        "located": _(
            "Your position was found, exact to about {metres} metres. Move the pin if it is not right."
        ),
        "locateDenied": _("The phone did not allow its position to be used. Please mark the place by hand."),
        "locateFailed": _("Your position was not found. Please mark the place by hand."),
        "picked": _("The place is marked"),
        "open": _("Show the report"),
        "close": _("Close"),
    }
    shown = {"style-url": settings.BASEMAP_STYLE_URL, **data}
    return {
        "kind": kind,
        "label": label,
        "data": {name.replace("_", "-"): value for name, value in shown.items() if value != ""},
        "texts": json.dumps(texts, ensure_ascii=False),
    }


# ---- words and numbers ----


@register.filter
def thai_number(value: float | Decimal | str | None, decimals: int | None = None) -> str:
    """Digits in groups of three, as Thai offices write them; a dash for nothing."""
    if value is None or value == "":
        return "–"
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "" if decimals == 0 else ".###")
    return str(format_decimal(value, format=pattern, locale="en"))


@register.filter
def thai_date(value: datetime.date | None, style: str = "short") -> str:
    """A date in Bangkok; พ.ศ. on Thai pages, CE on English ones. ``style``: short, long, time (with hour)."""
    if value is None:
        return "–"
    local = timezone.localtime(value) if isinstance(value, datetime.datetime) else value
    thai = _is_thai()
    month = babel_date(local, "MMMM" if style == "long" else "MMM", locale="th" if thai else "en")
    text = f"{local.day}{NO_BREAK}{month}{NO_BREAK}{local.year + 543 if thai else local.year}"
    if style == "time" and isinstance(local, datetime.datetime):
        text += f" {local:%H:%M}" + (f"{NO_BREAK}น." if thai else "")
    return text


@register.filter
def when(value: datetime.datetime | None) -> SafeString | str:
    """How long ago (or ahead) in words, with the exact time in the title; a plain date after a week."""
    if value is None:
        return "–"
    distance = value - timezone.now()
    exact = thai_date(value, "time")
    shown = thai_date(value) if abs(distance) > datetime.timedelta(days=7) else _relative(distance)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', timezone.localtime(value).isoformat(), exact, shown
    )


def _relative(distance: datetime.timedelta) -> str:
    if abs(distance) < datetime.timedelta(minutes=1):
        return _("just now")
    locale = "th" if _is_thai() else "en"
    words = str(format_timedelta(abs(distance), locale=locale, threshold=1))
    return (
        _("in %(duration)s") % {"duration": words}
        if distance > datetime.timedelta(0)
        else _("%(duration)s ago") % {"duration": words}
    )


def _is_thai() -> bool:
    return (get_language() or "th").startswith("th")
