"""Two cities as data: Bangkok, and a little town that shares nothing with it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from prasan.city.files import CityFiles, load_city

PROJECT = Path(__file__).resolve().parents[2]
LITTLETOWN = Path(__file__).parent / "littletown"


@pytest.fixture(scope="session")
def bangkok() -> CityFiles:
    """Bangkok's own files."""
    return load_city(PROJECT / "cities" / "bangkok")


@pytest.fixture(scope="session")
def littletown() -> CityFiles:
    """The little town's own files."""
    return load_city(LITTLETOWN)


@pytest.fixture
def town_folder(tmp_path: Path) -> Path:
    """A copy of the little town that a test may spoil."""
    return shutil.copytree(LITTLETOWN, tmp_path / "town")
