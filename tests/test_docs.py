"""The documents stay true to the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import Model

DOCS = Path(__file__).resolve().parents[1] / "docs"
MODULES = ("fabric", "city", "people", "reports", "portfolio", "committee")
MODELS = [model for module in MODULES for model in apps.get_app_config(module).get_models()]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_model_has_its_page_and_every_field_its_line(model: type[Model]) -> None:
    page = DOCS / "models" / f"{model._meta.app_label}-{model.__name__.lower()}.md"
    told = set(re.findall(r"^\| `(\w+)` \| .+ \| .+ \|$", page.read_text(), flags=re.MULTILINE))
    assert told == {field.name for field in model._meta.concrete_fields}


def test_every_link_between_documents_leads_somewhere() -> None:
    project = DOCS.parent
    pages = [*DOCS.rglob("*.md"), *project.glob("*.md")]
    broken = []
    for page in pages:
        text = page.read_text()
        linked = re.findall(r"\]\(([\w./-]+\.(?:md|png))\)", text)
        broken += [f"{page.name}: {target}" for target in linked if not (page.parent / target).exists()]
        named = re.findall(r"(?<![\w/`.-])docs/[\w/-]+\.md", text)
        broken += [f"{page.name}: {target}" for target in named if not (project / target).exists()]
    assert not broken
