"""What all tests share: the embedded PostgreSQL and Bangkok loaded once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

pytest_plugins = ["tests.browser"]

PROJECT = Path(__file__).resolve().parents[1]
SHARED = PROJECT.parent / "shared"

# Times say nothing on a busy machine; what a rule costs is measured in benchmarks.
hypothesis_settings.register_profile("prasan", deadline=None)
hypothesis_settings.load_profile("prasan")


def pytest_configure(config: pytest.Config) -> None:
    """Start the embedded server (in a folder of the tests' own) unless DATABASE_URL names another."""
    from prasan.fabric import paths

    (paths.var_folder() / "static").mkdir(parents=True, exist_ok=True)  # else every request warns
    if not os.environ.get("DATABASE_URL"):
        from prasan.fabric import postgres

        postgres.start()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    """Tests that commit empty every table afterwards; the ledger's trigger against that is off in their database."""
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("alter table fabric_ledgerentry disable trigger ledger_no_truncate")
        cursor.execute("alter table fabric_ledgerseal disable trigger seal_no_truncate")
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        load_bangkok()


@pytest.fixture(autouse=True)
def _bangkok_again(request: pytest.FixtureRequest) -> None:
    """Tests that commit find every table emptied by the one before; give them the city back."""
    marker = request.node.get_closest_marker("django_db")
    if "transactional_db" in request.fixturenames or (marker is not None and marker.kwargs.get("transaction")):
        request.getfixturevalue("transactional_db")
        load_bangkok()


@pytest.fixture(autouse=True)
def _in_thai() -> Iterator[None]:
    """A request leaves its language behind in the thread; each test begins with the city's."""
    from django.utils import translation

    yield
    translation.deactivate()


def load_bangkok() -> None:
    """Bangkok's registers into the test database, as `prasan city load` does."""
    from django.conf import settings

    from prasan.city.actions import city_load
    from prasan.city.models import Agency
    from prasan.city.registers import registers_reset
    from prasan.fabric.actors import Actor

    if not Agency.objects.exists():
        city_load(actor=Actor.system("tests"), folder=settings.CITY_FOLDER)
    registers_reset()


@pytest.fixture
def shared_data() -> Path:
    """Real data beside the checkout, for tests that judge by it."""
    folder = SHARED / "data"
    if not folder.exists():
        pytest.skip("needs ../shared/data beside the checkout, which is not here")
    return folder
