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
    icon: str = ""
    method: Literal["get", "post"] = "get"


@dataclass(frozen=True)
class Link:
    """An item as one request shows it; ``current`` is ``page``, ``true`` (a page below it) or empty."""

    url: str
    label: str
    icon: str
    method: str
    current: str


_items: dict[tuple[str, str], NavigationItem] = {}
_city_name: Callable[[], str] | None = None


def register(item: NavigationItem) -> None:
    """Add an item, or replace the one with the same address and place."""
    _items[item.place, item.url_name] = item


def name_the_city(provider: Callable[[], str]) -> None:
    """Tell the header the city's name in the reader's language; called once, by the module that knows it."""
    global _city_name  # noqa: PLW0603
    _city_name = provider


def city_name() -> str:
    """The city's name in the active language, empty before a module has told it."""
    return _city_name() if _city_name else ""


def links(request: HttpRequest, place: Place) -> list[Link]:
    """What this reader sees at ``place``, in order."""
    user = getattr(request, "user", None)
    chosen = [
        item for item in _items.values() if item.place == place and (user is None or item.audience(user))
    ]
    return [
        _link(item, request.path) for item in sorted(chosen, key=lambda item: (item.order, item.url_name))
    ]


def _link(item: NavigationItem, path: str) -> Link:
    url = reverse(item.url_name)
    below = url != "/" and path.startswith(url)
    current = "page" if path == url else "true" if below else ""
    return Link(url=url, label=str(item.label), icon=item.icon, method=item.method, current=current)
