"""The Thai catalogues: complete, true to the English, and compiled without gettext's tools."""

from __future__ import annotations

import gettext
from pathlib import Path

import pytest

from prasan.fabric import messages

HEADER = messages.NEW_CATALOGUE + "\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A product of two small modules."""
    for name in ("one", "two"):
        (tmp_path / name / "templates" / name).mkdir(parents=True)
        (tmp_path / name / "__init__.py").touch()
        (tmp_path / name / messages.CATALOGUE).parent.mkdir(parents=True)
    return tmp_path


def write(package: Path, module: str, *, code: str = "", page: str = "", thai: str | None = None) -> None:
    """What one module says and how it is translated."""
    (package / module / "words.py").write_text(code)
    (package / module / "templates" / module / "page.html").write_text(page)
    if thai is not None:
        (package / module / messages.CATALOGUE).write_text(HEADER + thai)


def problems(package: Path) -> list[tuple[str, str]]:
    """Each finding as problem and text."""
    return [(finding.problem, finding.text) for finding in messages.check(package)]


def test_the_whole_product_speaks_thai() -> None:
    assert [str(finding) for finding in messages.check()] == []


def test_texts_of_code_and_templates_without_thai_are_found(package: Path) -> None:
    write(
        package,
        "one",
        code='from django.utils.translation import gettext_lazy as _\nA = _("From code")\n',
        page='{% load i18n %}{% translate "From a page" %}{% include "x" with a=_("From an argument") %}',
    )
    assert problems(package) == [
        ("no Thai for", "From a page"),
        ("no Thai for", "From an argument"),
        ("no Thai for", "From code"),
    ]


def test_plurals_and_contexts_are_told_apart(package: Path) -> None:
    page = (
        "{% load i18n %}{% blocktranslate count n=n %}{{ n }} day{% plural %}{{ n }} days{% endblocktranslate %}"
        '{% translate "Light" context "theme" %}{% translate "Light" %}'
    )
    thai = (
        'msgid "%(n)s day"\nmsgid_plural "%(n)s days"\nmsgstr[0] "%(n)s วัน"\n\n'
        'msgctxt "theme"\nmsgid "Light"\nmsgstr "สว่าง"\n'
    )
    write(package, "one", page=page, thai=thai)
    assert problems(package) == [("no Thai for", "Light")]


def test_a_text_translated_by_another_module_needs_no_second_translation(package: Path) -> None:
    write(package, "one", code='_("Close")', thai='msgid "Close"\nmsgstr "ปิด"\n')
    write(package, "two", code='_("Close")')
    assert problems(package) == []


def test_two_translations_of_one_text_are_a_fault(package: Path) -> None:
    write(package, "one", code='_("Close")', thai='msgid "Close"\nmsgstr "ปิด"\n')
    write(package, "two", code='_("Close")', thai='msgid "Close"\nmsgstr "ใกล้"\n')
    assert problems(package) == [("other Thai than in one, use pgettext for", "Close")]


def test_entries_nobody_uses_and_placeholders_that_differ_are_faults(package: Path) -> None:
    thai = 'msgid "%(n)s left"\nmsgstr "เหลือ %(m)s"\n\nmsgid "Old"\nmsgstr "เก่า"\n'
    write(package, "one", code='_("%(n)s left")', thai=thai)
    assert problems(package) == [
        ("placeholders differ in Thai", "%(n)s left"),
        ("translated but not used", "Old"),
    ]


def test_a_doubtful_entry_counts_as_missing(package: Path) -> None:
    write(package, "one", code='_("Close")', thai='#, fuzzy\nmsgid "Close"\nmsgstr "ใกล้"\n')
    assert problems(package) == [("no Thai for", "Close")]


def test_missing_entries_are_appended_and_the_rest_stays_as_written(package: Path) -> None:
    written = '# a word of the author\nmsgid "Close"\nmsgstr "ปิด"\n'
    write(package, "one", code='_("Close"), _("Open"), ngettext("%(n)s day", "%(n)s days", n)', thai=written)
    assert messages.add_missing(package) == {"one": 2}
    catalogue = (package / "one" / messages.CATALOGUE).read_text()
    assert catalogue.startswith(HEADER + written)
    assert 'msgid "Open"\nmsgstr ""' in catalogue
    assert messages.add_missing(package) == {}
    assert problems(package) == [("no Thai for", "Open"), ("no Thai for", "%(n)s days")]


def test_a_module_without_a_catalogue_gets_one(package: Path) -> None:
    write(package, "two", code='_("Open")')
    messages.add_missing(package)
    assert 'msgid "Open"' in (package / "two" / messages.CATALOGUE).read_text()


def test_compiled_catalogues_are_what_python_reads(package: Path) -> None:
    write(package, "one", code='_("Close")', thai='msgid "Close"\nmsgstr "ปิด"\n')
    (compiled,) = messages.compile_catalogues(package)
    with compiled.open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Close") == "ปิด"
    assert messages.compile_catalogues(package) == []
