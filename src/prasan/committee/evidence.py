"""What a decision rested on, frozen as canonical JSON with its SHA-256: the same facts always give the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from prasan.committee.models import AgendaItem, Committee, Resolution
from prasan.fabric import decisions


def canonical(value: Any) -> str:
    """JSON with sorted names, no blanks, letters as they are."""
    return json.dumps(value, cls=DjangoJSONEncoder, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """SHA-256 of the text in UTF-8, as 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def freeze(item: AgendaItem, committee: Committee) -> tuple[str, str]:
    """The item's texts, papers, declarations, the rules in force and the subject's own snapshot; and the hash."""
    matter = item.matter
    text = canonical({
        "item": {name: getattr(item, name) for name in ("title", "background", "facts", "law", "question")},
        "papers": list(item.papers.order_by("id").values("title", "kind", "size", "sha256")),
        "recused": list(item.declarations.order_by("id").values_list("member_id", flat=True)),
        "rules": committee.ruling.as_json(),
        "subject": _subject(matter.kind, matter.reference) if matter is not None and matter.kind else None,
    })  # fmt: skip
    return text, digest(text)


def _subject(kind: str, reference: str) -> dict[str, Any]:
    return {"kind": kind, "reference": reference, "facts": decisions.kind(kind).snapshot(reference)}


def is_whole(resolution: Resolution) -> bool:
    """Whether the frozen evidence is still what was hashed."""
    return digest(resolution.snapshot) == resolution.snapshot_hash


def shown(resolution: Resolution) -> list[tuple[str, str]]:
    """The frozen evidence as (name, value) lines for reading; nested names joined by ›."""
    return list(_lines("", json.loads(resolution.snapshot)))


def _lines(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _lines(f"{name} › {key}" if name else key, part)
    elif isinstance(value, list):
        for number, part in enumerate(value, start=1):
            yield from _lines(f"{name} {number}", part)
    elif value not in (None, ""):
        yield name, str(value)
