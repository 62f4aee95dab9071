"""What a first start shows: each module registers what it adds, and whom one can sign in as, in its own demo.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.module_loading import autodiscover_modules

Load = Callable[[], None]
_loads: list[tuple[int, str, Load]] = []
_accounts: list[Callable[[], list[Account]]] = []


@dataclass(frozen=True)
class Account:
    """Somebody of the demonstration who can sign in; `role` in words."""

    role: str
    sign_in: str
    password: str


def register(order: int, name: str, load: Load) -> None:
    """Add `load` under a name people see while it runs; lower orders run first.

    It runs at every start of a demonstration, so it is quick when its rows are there already.
    """
    _loads.append((order, name, load))


def register_accounts(listing: Callable[[], list[Account]]) -> None:
    """Add accounts that `prasan up` prints."""
    _accounts.append(listing)


def loads() -> list[tuple[str, Load]]:
    """All of them, in order."""
    autodiscover_modules("demo")
    return [(name, load) for _, name, load in sorted(_loads, key=lambda item: item[:2])]


def accounts() -> list[Account]:
    """Whom one can sign in as."""
    autodiscover_modules("demo")
    return [account for listing in _accounts for account in listing()]
