"""Which migrations of ours a database has, and which of them this code does not know."""

from __future__ import annotations

from collections.abc import Iterable

from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

Key = tuple[str, ...]


def applied() -> list[Key]:
    """(module, name) of each migration of ours that the database has."""
    ours = _modules()
    return sorted(key for key in MigrationLoader(connection).applied_migrations if key[0] in ours)


def unknown(keys: Iterable[Key]) -> list[Key]:
    """Those that this code does not have: a newer Prasan made them."""
    known = MigrationLoader(None).disk_migrations or {}
    ours = _modules()
    return sorted(key for key in keys if key[0] in ours and key not in known)


def pending() -> int:
    """How many migrations the database still lacks."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _modules() -> set[str]:
    return {app.label for app in apps.get_app_configs() if app.name.startswith("prasan.")}
