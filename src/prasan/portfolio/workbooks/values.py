"""What a cell means: money, numbers, years and dates as Thai offices write them.

Each function takes what a cell holds (text, number, date, None) and gives the value, None for an empty cell, or raises
`Unreadable` with a sentence for the person who filled the sheet in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from prasan.fabric.redaction import THAI_DIGITS

BUDDHIST = 543
EMPTY = {"", "-", "--", "–", "—", "n/a", "na", "ไม่มี", "ไม่ระบุ", "."}
LARGEST = Decimal(10) ** 13  # ten trillion baht: more is a slip of the keyboard
CENT = Decimal("0.01")

# The longest come first, so that พันล้าน is not read as พัน.
UNITS: tuple[tuple[str, int], ...] = (
    ("พันล้าน", 1_000_000_000),
    ("ร้อยล้าน", 100_000_000),
    ("สิบล้าน", 10_000_000),
    ("ล้าน", 1_000_000),
    ("แสน", 100_000),
    ("หมื่น", 10_000),
    ("พัน", 1_000),
    ("billion", 1_000_000_000),
    ("million", 1_000_000),
    ("thousand", 1_000),
)
UNIT = re.compile(rf"({'|'.join(word for word, _factor in UNITS)})\s*(?:บาท|baht|thb)?", re.IGNORECASE)
BAHT = re.compile(r"(?:บาทถ้วน|บาท|baht|thb|฿)\.?", re.IGNORECASE)
PLAIN = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{2,3})+|\d+)?(?:\.\d*)?(?:[eE][+-]?\d{1,2})?")
YEAR = re.compile(r"(?<!\d)(2[4-6]\d\d|20\d\d|19\d\d)(?!\d)")
SHORT_YEAR = re.compile(r"(?:ปี|พ\.?ศ\.?|งบ)\s*(?:งบประมาณ)?\s*(\d\d)(?!\d)")

MONTHS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "มกราคม มค jan january", "กุมภาพันธ์ กพ feb february", "มีนาคม มีค mar march", "เมษายน เมย apr april",
            "พฤษภาคม พค may", "มิถุนายน มิย jun june", "กรกฎาคม กค jul july", "สิงหาคม สค aug august",
            "กันยายน กย sep sept september", "ตุลาคม ตค oct october", "พฤศจิกายน พย nov november",
            "ธันวาคม ธค dec december",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
NUMERIC_DATE = re.compile(r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})")
WORDED_DATE = re.compile(r"(?:(\d{1,2})\s*)?([ก-๙.]+|[a-z]+)\.?,?\s*(?:พ\.?ศ\.?|ค\.?ศ\.?)?\s*(\d{2,4})")


class Unreadable(ValueError):
    """The cell can't be read as what its column holds; the message is a sentence."""


def text_of(value: Any) -> str:
    """A cell as one line of clean text; numbers without a needless ``.0``, dates as ISO."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    # Files hold all kinds of blanks, and NUL, which PostgreSQL does not take.
    return " ".join(str(value).replace("\x00", "").replace("\u200b", "").split())


def long_text(value: Any) -> str:
    """A cell as text that may have several lines."""
    if not isinstance(value, str):
        return text_of(value)
    lines = (
        " ".join(line.split())
        for line in value.replace("\x00", "").replace("_x000D_", "").replace("\u200b", "").splitlines()
    )
    return "\n".join(line for line in lines if line)


def plain(text: str) -> str:
    """Text for comparing: small letters, Arabic digits, one way of writing ำ, without blanks and marks."""
    folded = (
        unicodedata.normalize("NFKC", text).translate(THAI_DIGITS).casefold().replace("\u0e4d\u0e32", "ำ")
    )
    return re.sub(r"[\s\u200b.,:;/|_\-–—()\[\]{}\"'“”‘’*?!•·]+", "", folded)


def is_empty(value: Any) -> bool:
    """Whether a cell says nothing: blank, a dash, “none”."""
    return value is None or (isinstance(value, str) and text_of(value).casefold() in EMPTY)


def unit_in(text: str) -> int | None:
    """The factor that a heading's words state (“ล้านบาท” 1,000,000; “บาท” 1), None where they state none."""
    folded = text.casefold()
    match = UNIT.search(folded)
    if match and (BAHT.search(folded) or "หน่วย" in folded or "unit" in folded):
        return dict(UNITS)[match[1]]
    return 1 if BAHT.search(folded) else None


def number(value: Any) -> Decimal | None:
    """A number as written (๑,๒๕๐ · 1,250.5 · (3) for −3), None for an empty cell."""
    if is_empty(value):
        return None
    if isinstance(value, bool | date):
        raise Unreadable(_("“%(text)s” is not a number.") % {"text": text_of(value)})
    if isinstance(value, int | float | Decimal):
        return _finite(Decimal(repr(value)) if isinstance(value, float) else Decimal(value), value)
    return _number_text(text_of(value))


def _number_text(text: str) -> Decimal:
    bare = re.sub(r"\s+", "", text.translate(THAI_DIGITS).replace("−", "-").replace("%", ""))
    negative = bare.startswith("(") and bare.endswith(")")
    bare = bare.strip("()") if negative else bare
    if not re.search(r"\d", bare) or not PLAIN.fullmatch(bare):
        raise Unreadable(_("“%(text)s” is not a number.") % {"text": text[:60]})
    found = Decimal(bare.replace(",", ""))
    return -found if negative else found


def money(value: Any, factor: int = 1) -> Decimal | None:
    """Baht to the satang; `factor` is the heading's unit, which a unit in the cell itself overrules.

    Raises Unreadable for what is no amount, for a negative one, and for one that can't be meant.
    """
    if isinstance(value, str) and not is_empty(value):
        bare = text_of(value).translate(THAI_DIGITS)
        unit = UNIT.search(bare)
        if unit:
            factor = dict(UNITS)[unit[1].casefold()]
            bare = bare.replace(unit[0], "")
        elif BAHT.search(bare):
            factor = 1
        found = _amount(BAHT.sub("", bare), value)
    else:
        found = number(value)
    if found is None:
        return None
    if found < 0:
        raise Unreadable(
            _("An amount of money can't be negative (%(text)s).") % {"text": text_of(value)[:60]}
        )
    amount = found * factor
    if amount > LARGEST:
        raise Unreadable(
            _("%(text)s is more money than can be meant; look at the unit.") % {"text": text_of(value)[:60]}
        )
    return amount.quantize(CENT)


def _amount(bare: str, value: Any) -> Decimal | None:
    """The number of an amount whose unit was taken off; a refusal quotes what was written."""
    try:
        return number(bare)
    except Unreadable:
        raise Unreadable(_("“%(text)s” is not an amount of money.") % {"text": text_of(value)[:60]}) from None


def whole(value: Any) -> int | None:
    """A whole number, None for an empty cell."""
    found = number(
        re.sub(r"[ก-์a-zA-Z]+\.?$", "", text_of(value)).strip() if isinstance(value, str) else value
    )
    if found is None:
        return None
    if found != found.to_integral_value() or abs(found) >= 2**31:
        raise Unreadable(_("“%(text)s” is not a whole number.") % {"text": text_of(value)[:60]})
    return int(found)


def year_in(text: str) -> int | None:
    """The fiscal year (พ.ศ.) that a text names: 2568, ๒๕๖๘, 2025, “ปี 68”; None where it names none or two."""
    bare = text.translate(THAI_DIGITS)
    years = {buddhist(int(found)) for found in YEAR.findall(bare)}
    years = years or {2500 + int(found) for found in SHORT_YEAR.findall(bare)}
    return years.pop() if len(years) == 1 else None


def buddhist(year: int) -> int:
    """A year as พ.ศ., whichever way it was given."""
    return year + BUDDHIST if year < 2300 else year


def year(value: Any) -> int | None:
    """A year (พ.ศ.), None for an empty cell."""
    if is_empty(value):
        return None
    if isinstance(value, date):
        return buddhist(value.year)
    bare = text_of(value).translate(THAI_DIGITS)
    found = year_in(bare) or (2500 + int(bare) if re.fullmatch(r"[5-9]\d", bare) else None)
    if found is None:
        raise Unreadable(_("“%(text)s” is not a year; write it like 2570.") % {"text": text_of(value)[:60]})
    return found


def day(value: Any) -> date | None:
    """A date in any of the usual ways (1 ต.ค. 2567 · 01/10/67 · 2024-10-01 · ตุลาคม 2567: its first day)."""
    if is_empty(value):
        return None
    if isinstance(value, date):
        found = value.date() if isinstance(value, datetime) else value
        # Somebody typed 1/10/2567 and Excel believed it.
        return _date(found.year, found.month, found.day, value)
    bare = text_of(value).translate(THAI_DIGITS).casefold()
    numeric = NUMERIC_DATE.fullmatch(bare)
    if numeric:
        first, month, last = (int(part) for part in numeric.groups())
        return _date(first, month, last, value) if first > 31 else _date(last, month, first, value)
    worded = WORDED_DATE.fullmatch(re.sub(r"^วันที่\s*", "", bare))
    month_number = MONTHS.get(worded[2].replace(".", "")) if worded else None
    if worded and month_number:
        return _date(int(worded[3]), month_number, int(worded[1] or 1), value)
    raise Unreadable(_no_date(value))


def thai_day(moment: date | None) -> str:
    """A date as forms and templates show it: 1/10/2570; empty for none."""
    return f"{moment.day}/{moment.month}/{moment.year + BUDDHIST}" if moment else ""


def _date(given_year: int, month: int, day_of_month: int, value: Any) -> date:
    full = given_year + 2500 if given_year < 100 else given_year
    try:
        return date(full - BUDDHIST if full >= 2300 else full, month, day_of_month)
    except ValueError:
        raise Unreadable(_no_date(value)) from None


def _no_date(value: Any) -> str:
    return _("“%(text)s” is not a date; write it like 1 ต.ค. 2570 or 2027-10-01.") % {
        "text": text_of(value)[:60]
    }


def _finite(found: Decimal, value: Any) -> Decimal:
    try:
        if found.is_finite():
            return found
    except InvalidOperation:
        pass
    raise Unreadable(_("“%(text)s” is not a number.") % {"text": text_of(value)[:60]})


def listed(value: Any) -> list[str]:
    """The parts of a cell that lists several things, separated by commas, semicolons or lines."""
    if is_empty(value):
        return []
    parts = re.split(r"[,;\n、]+", value if isinstance(value, str) else text_of(value))
    return list(
        dict.fromkeys(filter(None, (re.sub(r"^(?:[-•*]|\d+[.)])\s*", "", text_of(part)) for part in parts)))
    )


PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "line": lambda value: "" if is_empty(value) else text_of(value),
    "text": lambda value: "" if is_empty(value) else long_text(value),
    "number": number,
    "whole": whole,
    "year": year,
    "day": day,
    "list": listed,
}
