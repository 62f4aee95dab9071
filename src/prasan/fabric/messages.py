"""The product's words in Thai: compile the catalogues, and find what still lacks Thai.

Each module keeps ``locale/th/LC_MESSAGES/django.po``, written by hand; the source text is English. Babel
reads and compiles them, so no gettext tools are needed. Django joins all catalogues into one, therefore a
text translated by one module serves every other, and two modules may not translate the same differently.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract as babel_extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation import templatize

PACKAGE = Path(__file__).resolve().parents[1]
CATALOGUE = Path("locale/th/LC_MESSAGES/django.po")
TEMPLATES = {".html", ".txt", ".xml"}
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
NEW_CATALOGUE = """msgid ""
msgstr ""
"Language: th\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"""

Text = str | tuple[str, str]
Key = tuple[str, Text]
"""Context (empty for none) and English text, a pair where it has a plural."""


@dataclass
class Module:
    """One module's texts: what its code and templates say, and what its catalogue translates."""

    folder: Path
    used: dict[Key, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def name(self) -> str:
        """The module's name, as its folder is called."""
        return self.folder.name

    @cached_property
    def catalogue(self) -> dict[Key, Message]:
        """Every entry of the catalogue that is not marked fuzzy."""
        path = self.folder / CATALOGUE
        if not path.exists():
            return {}
        with path.open("rb") as file:
            entries = read_po(file, locale="th")
        return {_key(entry.context, entry.id): entry for entry in entries if entry.id and not entry.fuzzy}


@dataclass(frozen=True)
class Finding:
    """One thing to mend; ``places`` are file and line of the use."""

    module: str
    problem: str
    text: str
    places: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f"  ({', '.join(self.places[:3])})" if self.places else ""
        return f"{self.module}: {self.problem}: {self.text!r}{where}"


def compile_catalogues(package: Path = PACKAGE) -> list[Path]:
    """Write a ``.mo`` beside each catalogue that is newer than it; returns those written."""
    written = []
    for source in sorted(package.glob(f"*/{CATALOGUE}")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            entries = read_po(file, locale="th")
        compiled = io.BytesIO()
        write_mo(compiled, entries)
        target.write_bytes(compiled.getvalue())
        written.append(target)
    return written


def check(package: Path = PACKAGE) -> list[Finding]:
    """Texts without Thai, entries nobody uses, placeholders that differ, texts with two translations."""
    modules = read_modules(package)
    findings = [finding for module in modules for finding in _missing(module, modules)]
    findings += [finding for module in modules for finding in _catalogue_faults(module)]
    return findings + list(_conflicts(modules))


def add_missing(package: Path = PACKAGE) -> dict[str, int]:
    """Append an empty entry for each text without Thai to its module's catalogue; how many, by module."""
    modules = read_modules(package)
    added = {}
    for module in modules:
        keys = [key for key in _untranslated(module, modules) if key not in module.catalogue]
        if keys:
            _append(module.folder / CATALOGUE, keys)
            added[module.name] = len(keys)
    return added


def read_modules(package: Path = PACKAGE) -> list[Module]:
    """Every module with the texts of its Python files and templates."""
    folders = [path for path in sorted(package.iterdir()) if (path / "__init__.py").exists()]
    return [_read(folder) for folder in folders]


def _read(folder: Path) -> Module:
    module = Module(folder)
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".py" and "migrations" not in path.parts:
            source = path.read_text()
        elif path.suffix in TEMPLATES and "templates" in path.parts:
            source = templatize(path.read_text(), origin=str(path))
        else:
            continue
        for line, key in _texts(source):
            module.used[key].append(f"{path.relative_to(folder.parent)}:{line}")
    return module


def _texts(source: str) -> Iterator[tuple[int, Key]]:
    lines = io.BytesIO(source.encode())
    options = {"encoding": "utf-8"}
    for line, text, _comments, context in babel_extract("python", lines, keywords=KEYWORDS, options=options):
        if isinstance(text, tuple):
            yield line, (context or "", (str(text[0]), str(text[1])))
        elif text:
            yield line, (context or "", text)


def _key(context: str | None, identifier: object) -> Key:
    if isinstance(identifier, list | tuple):
        return context or "", (str(identifier[0]), str(identifier[1]))
    return context or "", str(identifier)


def _is_translated(entry: Message) -> bool:
    texts = entry.string if isinstance(entry.string, list | tuple) else (entry.string,)
    return all(texts)


def _untranslated(module: Module, modules: Iterable[Module]) -> list[Key]:
    done = {key for other in modules for key, entry in other.catalogue.items() if _is_translated(entry)}
    return [key for key in module.used if key not in done]


def _missing(module: Module, modules: Iterable[Module]) -> Iterator[Finding]:
    for key in _untranslated(module, modules):
        yield Finding(module.name, "no Thai for", _shown(key), tuple(module.used[key]))


def _catalogue_faults(module: Module) -> Iterator[Finding]:
    for key, entry in module.catalogue.items():
        if key not in module.used:
            yield Finding(module.name, "translated but not used", _shown(key))
        elif _is_translated(entry) and _placeholders(_shown(key)) != _placeholders(entry.string):
            yield Finding(module.name, "placeholders differ in Thai", _shown(key), tuple(module.used[key]))


def _conflicts(modules: Iterable[Module]) -> Iterator[Finding]:
    seen: dict[Key, tuple[str, object]] = {}
    for module in modules:
        for key, entry in module.catalogue.items():
            first, text = seen.setdefault(key, (module.name, entry.string))
            if _is_translated(entry) and text != entry.string:
                yield Finding(module.name, f"other Thai than in {first}, use pgettext for", _shown(key))


def _placeholders(text: object) -> set[str]:
    texts = text if isinstance(text, list | tuple) else (text,)
    return {found for one in texts for found in PLACEHOLDER.findall(str(one))}


def _shown(key: Key) -> str:
    text = key[1]
    return text[1] if isinstance(text, tuple) else text


def _append(path: Path, keys: Iterable[Key]) -> None:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(NEW_CATALOGUE)
    fresh = Catalog(locale="th")
    for context, text in keys:
        fresh.add(text, context=context or None)
    lines = io.BytesIO()
    write_po(lines, fresh, omit_header=True, width=110)
    with path.open("ab") as file:
        file.write(b"\n" + lines.getvalue().rstrip() + b"\n")
