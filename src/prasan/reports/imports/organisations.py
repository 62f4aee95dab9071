"""Which agency of ours another system means by the names of its organisations."""

from __future__ import annotations

import re
from collections.abc import Iterable

from prasan.city.models import Agency

# From the city down to the desk that does the work: the most particular of the named ones has the report.
PARTICULAR = {
    "root": 0, "district_office": 1, "department": 2, "outside": 2, "health_centre": 3, "division": 3,
    "district_division": 3,
}  # fmt: skip
SHORTEST_BEGINNING = 8  # letters: shorter names begin too many others
BRACKETED = re.compile(r"\(([^)]*)\)")
CITY = ("กรุงเทพมหานคร", "กทม.")


class Organisations:
    """Names, short names and beginnings of names → agency code."""

    def __init__(self, agencies: Iterable[Agency]) -> None:
        self._kinds: dict[str, str] = {}
        self._names: dict[str, str] = {}
        for agency in agencies:
            self._kinds[agency.code] = agency.kind
            for name in (agency.name_th, agency.short_th, agency.name_en, agency.short_en):
                if name:
                    self._names.setdefault(_folded(name), agency.code)
        self._found: dict[str, str | None] = {}

    def find(self, names: Iterable[str]) -> str | None:
        """The most particular agency among `names` (the later of two equals), or None when only the city is named."""
        best, level = None, 0
        for name in names:
            if name not in self._found:
                self._found[name] = self._one(name)
            code = self._found[name]
            if code is not None and PARTICULAR[self._kinds[code]] >= max(level, 1):
                best, level = code, PARTICULAR[self._kinds[code]]
        return best

    def _one(self, name: str) -> str | None:
        whole, *brackets = [_folded(BRACKETED.sub("", name)), *map(_folded, BRACKETED.findall(name))]
        for candidate in (whole, *brackets):
            if candidate in self._names:
                return self._names[candidate]
        return self._beginning(whole)

    def _beginning(self, name: str) -> str | None:
        """The longest name that `name` begins with: การไฟฟ้านครหลวง of การไฟฟ้านครหลวง MEA."""
        for length in range(len(name) - 1, SHORTEST_BEGINNING - 1, -1):
            code = self._names.get(name[:length])
            if code is not None and self._kinds[code] in ("department", "outside"):
                return code
        return None


def _folded(name: str) -> str:
    folded = re.sub(r"[\s\u200b]+", "", name).casefold().replace("สำนักงานเขต", "เขต")
    for word in CITY:
        if folded != word:
            folded = folded.removesuffix(word)
    return folded
