"""What Prasan holds about a citizen, as one archive. Each module registers its part in `AppConfig.ready`."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

IN_MEMORY = 8_000_000  # bytes; larger archives are spooled to disk


@dataclass(frozen=True, slots=True)
class Part:
    """A module's share: JSON-able `data`, and `files` as (name, content) read one after the other."""

    data: Any
    files: Iterable[tuple[str, bytes]] = field(default_factory=tuple)


Function = Callable[[int], Part]
_parts: dict[str, Function] = {}


def register(name: str, function: Function) -> None:
    """Add a part: `function(citizen_id)`; its data is `data.json`'s `name`, its files lie in the folder `name`."""
    _parts[name] = function


def archive(citizen_id: int) -> SpooledTemporaryFile[bytes]:
    """A ZIP (UTF-8 JSON and files) of all parts, at its beginning."""
    spool: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 — the caller closes it
    data: dict[str, Any] = {"exported_at": timezone.now()}
    with zipfile.ZipFile(spool, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name in sorted(_parts):
            part = _parts[name](citizen_id)
            data[name] = part.data
            for file_name, content in part.files:
                bundle.writestr(f"{name}/{file_name}", content)
        bundle.writestr("data.json", json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1))
    spool.seek(0)
    return spool
