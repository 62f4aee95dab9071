"""The places a person can go from every page. Modules register theirs in ``AppConfig.ready``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from django.urls import reverse

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.functional import _StrPromise

Audience = Callable[[Any], bool]
"""Says of ``request.user`` whether an item is shown; a predicate from a module's policies, or one below."""

Place = Literal["main", "account", "footer"]


def everyone(user: Any) -> bool:
    """Anonymous visitors included."""
    return True


def signed_in(user: Any) -> bool:
    """Citizens and officers who have signed in."""
    return bool(user.is_authenticated)


def signed_out(user: Any) -> bool:
    """Who has not signed in."""
    return not user.is_authenticated


@dataclass(frozen=True, kw_only=True)
class NavigationItem:
    """One link; with ``method="post"`` a button in a form (signing out changes something)."""

    url_name: str
    label: str | _StrPromise
    audience: Audience = everyone
    order: int = 50
    place: Place = "main"
    section: str = ""
    icon: str = ""
    method: Literal["get", "post"] = "get"


@dataclass(frozen=True, kw_only=True)
class Section:
    """Several main places under one name: `code` is the URL namespace whose pages show them all."""

    code: str
    label: str | _StrPromise
    order: int = 50
    icon: str = ""


@dataclass(frozen=True)
class Link:
    """An item as one request shows it; ``current`` is ``page``, ``true`` (a page below it) or empty."""

    url: str
    label: str
    icon: str
    method: str
    current: str


_items: dict[tuple[str, str], NavigationItem] = {}
_sections: dict[str, Section] = {}
_city_name: Callable[[], str] | None = None


def register(item: NavigationItem) -> None:
    """Add an item, or replace the one with the same address and place."""
    _items[item.place, item.url_name] = item


def register_section(section: Section) -> None:
    """Add a section, or replace the one of the same code."""
    _sections[section.code] = section


def name_the_city(provider: Callable[[], str]) -> None:
    """Tell the header the city's name in the reader's language; called once, by the module that knows it."""
    global _city_name  # noqa: PLW0603
    _city_name = provider


def city_name() -> str:
    """The city's name in the active language, empty before a module has told it."""
    return _city_name() if _city_name else ""


def links(request: HttpRequest, place: Place) -> list[Link]:
    """What this reader sees at ``place``, in order; a section stands there as one link to its first place."""
    shown: list[tuple[int, str, Link]] = []
    for code, items in _by_section(_visible(request, place)).items():
        found = [_link(item, request.path) for item in items]
        section = _sections.get(code)
        if section is None:
            shown += [(item.order, item.url_name, link) for item, link in zip(items, found, strict=True)]
        else:
            current = "true" if _namespace(request) == code or any(link.current for link in found) else ""
            one = Link(
                url=found[0].url, label=str(section.label), icon=section.icon, method="get", current=current
            )
            shown.append((section.order, code, one))
    return [link for _order, _name, link in sorted(shown, key=lambda row: row[:2])]


def section_links(request: HttpRequest) -> list[Link]:
    """All places of the section that the page belongs to; none where the reader sees fewer than two."""
    code = _namespace(request)
    if code not in _sections:
        return []
    found = [_link(item, request.path) for item in _visible(request, "main") if item.section == code]
    return found if len(found) > 1 else []


def _visible(request: HttpRequest, place: Place) -> list[NavigationItem]:
    user = getattr(request, "user", None)
    chosen = (
        item for item in _items.values() if item.place == place and (user is None or item.audience(user))
    )
    return sorted(chosen, key=lambda item: (item.order, item.url_name))


def _by_section(items: list[NavigationItem]) -> dict[str, list[NavigationItem]]:
    found: dict[str, list[NavigationItem]] = {}
    for item in items:
        found.setdefault(item.section, []).append(item)
    return found


def _namespace(request: HttpRequest) -> str:
    match = getattr(request, "resolver_match", None)
    return match.namespace if match else ""


def _link(item: NavigationItem, path: str) -> Link:
    url = reverse(item.url_name)
    below = url != "/" and path.startswith(url)
    current = "page" if path == url else "true" if below else ""
    return Link(url=url, label=str(item.label), icon=item.icon, method=item.method, current=current)
