"""docs/dependencies.md tells of every dependency, and no package brings a copyleft licence unnoticed."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
CHOSEN = {"text-unidecode"}  # offered under the Artistic License too: we take that one
LESSER = {"psycopg", "psycopg-binary", "psycopg-pool"}


def named(requirement: str) -> str:
    return re.split(r"[\[<>=~ ]", requirement)[0].lower()


def direct() -> set[str]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    return {named(requirement) for requirement in wanted}


def locked(lock: str) -> set[str]:
    lines = (PROJECT / lock).read_text().splitlines()
    return {named(line) for line in lines if re.match(r"[a-z0-9]", line, re.IGNORECASE)}


def licence(package: str) -> str:
    """What the package's own metadata says; the text of old `License` fields is cut to its first line."""
    told = metadata.metadata(package)
    classifiers = [line for line in told.get_all("Classifier") or [] if line.startswith("License ::")]
    first_line = (told.get("License") or "").splitlines()[:1]
    return " ".join([told.get("License-Expression") or "", *classifiers, *first_line])


def test_every_direct_dependency_has_its_line_and_no_other() -> None:
    text = (PROJECT / "docs" / "dependencies.md").read_text()
    rows = set(re.findall(r"^\| ([a-z0-9-]+) \|", text, re.MULTILINE)) - {"package", "---"}
    assert rows == direct()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_no_package_is_under_gpl_or_agpl(lock: str) -> None:
    installed = {dist.metadata["Name"].lower().replace("_", "-") for dist in metadata.distributions()}
    found = {}
    for package in sorted(locked(lock) & installed):
        text = licence(package)
        if re.search(r"\bA?GPL|Affero|General Public", text) and package not in LESSER | CHOSEN:
            found[package] = text
    assert found == {}


def test_every_test_that_the_threat_model_names_exists() -> None:
    named_tests = set(re.findall(r"tests/[\w/]+\.py", (PROJECT / "SECURITY.md").read_text()))
    assert len(named_tests) > 15
    assert [path for path in sorted(named_tests) if not (PROJECT / path).exists()] == []


def test_the_development_lock_pins_what_the_product_s_lock_pins() -> None:
    def pins(lock: str) -> set[str]:
        return set(
            re.findall(r"^([a-z0-9._-]+==\S+)", (PROJECT / lock).read_text(), re.MULTILINE | re.IGNORECASE)
        )

    assert pins("requirements.lock") <= pins("requirements-dev.lock")
