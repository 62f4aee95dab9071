"""What a price is for: Thai and English unit words as one code each, dozens and years as so many of a base unit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from prasan.fabric.redaction import THAI_DIGITS
from prasan.portfolio.workbooks import values

# Code → its words. What counts single things is one unit, whichever classifier an office likes.
WORDS: Mapping[str, str] = {
    "piece": "เครื่อง ตัว อัน ชิ้น หน่วย ดวง จอ กล้อง ใบ แผ่น เล่ม ลูก หลัง คัน ea each pc pcs piece pieces unit units",
    "set": "ชุด เซต เซ็ต set sets",
    "system": "ระบบ system systems",
    "licence": "ลิขสิทธิ์ สิทธิ สิทธิ์ สิทธิการใช้งาน ไลเซนส์ license licenses licence licences",
    "user": "ผู้ใช้ ผู้ใช้งาน บัญชี user users account accounts",
    "point": "จุด point points",
    "place": "แห่ง สถานที่ site sites",
    "metre": "เมตร ม m meter metre",
    "month": "เดือน ด month months",
    "day": "วัน day days",
    "hour": "ชั่วโมง ชม hour hours",
    "person": "คน ราย person persons",
    "person_month": "คนเดือน คน-เดือน manmonth man-month personmonth person-month",
    "person_day": "คนวัน คน-วัน manday man-day personday person-day",
    "course": "หลักสูตร รุ่น course",
    "page": "หน้า page pages",
}
# Word → how many of which code.
MULTIPLES: Mapping[str, tuple[int, str]] = {
    "โหล": (12, "piece"), "dozen": (12, "piece"), "คู่": (2, "piece"), "pair": (2, "piece"), "กุรุส": (144, "piece"),
    "ปี": (12, "month"), "year": (12, "month"), "years": (12, "month"), "ไตรมาส": (3, "month"),
    "คนปี": (12, "person_month"), "คน-ปี": (12, "person_month"),
    "กิโลเมตร": (1000, "metre"), "กม": (1000, "metre"), "km": (1000, "metre"),
}  # fmt: skip
# A price for all of it says nothing of the price of one.
LUMP_WORDS = "งาน เหมา เหมารวม เหมาจ่าย โครงการ รายการ ล็อต lot job lump lumpsum project กิจกรรม ครั้ง"
LUMPS = frozenset(LUMP_WORDS.split())
CODES = {word: code for code, words in WORDS.items() for word in words.split()}
BAHT = re.compile(r"^(?:ราคา|บาท|baht|thb|฿)+(?:ต่อ|ละ|/|per)?|^(?:ต่อ|ละ)(?=[ก-ฮเแโใไ])")
SPLIT = re.compile(r"\s*(?:/|ต่อ|per)\s*")
COUNTED = re.compile(r"(\d[\d,]*)\s*([^\d\s()]+)")
PRICE = re.compile(r"^[^\d]*?([\d,.]+)(.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Unit:
    """So many (`factor`) of one thing (`code`): a dozen is 12 × piece, a machine a year 12 × piece.month."""

    code: str
    factor: int = 1

    def price_of_one(self, price: Decimal) -> Decimal:
        """Baht for one of `code`, when `price` is paid for one of this unit."""
        return (price / self.factor).quantize(Decimal("0.01"))


def is_lump(text: str) -> bool:
    """Whether the words name all of it at once, so that nothing can be compared."""
    return bool(_parts(text)) and any(part.replace(" ", "") in LUMPS for part in _parts(text))


def read_unit(text: str) -> Unit | None:
    """What `text` counts (บาท/เครื่อง · โหล · กล่อง 12 ชิ้น · user/ปี); None for no unit and for a lump sum.

    A word that nobody has told us is a unit of its own: it compares with itself.
    """
    parts = _parts(text)
    if not parts or is_lump(text):
        return None
    codes, factor = [], 1
    for part in parts:
        unit = _read_part(part)
        codes.append(unit.code)
        factor *= unit.factor
    return Unit(".".join(codes), factor)


def _parts(text: str) -> list[str]:
    if values.is_empty(text):
        return []
    folded = values.text_of(text).translate(THAI_DIGITS).casefold().replace("–", "-")
    bare = re.sub(r"(?<=[ก-๙])ละ$", "", BAHT.sub("", folded.strip()).strip(" ."))
    return [part.strip(" .()") for part in SPLIT.split(bare) if part.strip(" .()")]


def _read_part(part: str) -> Unit:
    word = part.replace(" ", "").replace(".", "")
    if word in CODES:
        return Unit(CODES[word])
    if word in MULTIPLES:
        factor, code = MULTIPLES[word]
        return Unit(code, factor)
    counted = COUNTED.search(part)
    if counted and (number := int(counted[1].replace(",", ""))) > 0:
        unit = _read_part(counted[2])
        return Unit(unit.code, unit.factor * number)
    return Unit(re.sub(r"[^\w\u0e00-\u0e7f]+", "", word)[:60] or "other")


def read_price(text: str) -> tuple[Decimal | None, str]:
    """Baht and what stands behind them: “๒๕,๐๐๐ บาท/เครื่อง” → (25000, “บาท/เครื่อง”); None for no number.

    Raises values.Unreadable for an amount that can't be.
    """
    plain = values.text_of(text).translate(THAI_DIGITS)
    slash = SPLIT.search(plain)
    amount = values.money(plain[: slash.start()] if slash else plain)
    return amount, plain[slash.start() :].strip() if slash else ""
