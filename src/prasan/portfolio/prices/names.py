"""Whether two purchases are of the same thing, by their names: words and, decisively, types and measures."""

from __future__ import annotations

import re
from collections.abc import Iterable

from prasan.fabric.thai import words
from prasan.portfolio.overlap.text import clean, plain

SAME_AT = 0.7  # likeness from which two names are taken for the same thing
LONGEST = 300
# A measure makes another thing of it: แบบที่ 1 is not แบบที่ 2, a switch of 24 ports none of 48.
MEASURES = (
    ("แบบ", re.compile(r"(?:แบบ|ชนิด|ประเภท|รุ่น|type|model)\s*(?:ที่)?\s*(\d+)")),
    ("ช่อง", re.compile(r"(\d+)\s*(?:ช่อง|พอร์ต|ports?|channels?)")),
    ("นิ้ว", re.compile(r"(\d+(?:\.\d+)?)\s*(?:นิ้ว|inch(?:es)?|\")")),
    ("va", re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*(k?va)\b")),
    ("btu", re.compile(r"(\d[\d,]*)\s*(?:บีทียู|btu)")),
    ("tb", re.compile(r"(\d+(?:\.\d+)?)\s*(tb|gb)\b")),
    ("แกน", re.compile(r"(\d+)\s*(?:แกน|cores?)\b")),
    ("u", re.compile(r"\b(\d+)\s*u\b")),
    ("ppm", re.compile(r"(\d+)\s*(?:หน้าต่อนาที|แผ่นต่อนาที|ppm)")),
)
TIMES = {"kva": 1000, "tb": 1000}
# Words that make another thing of it even where the other name says nothing: a notebook is no plain computer.
KINDS = (
    ("notebook", re.compile(r"โน้?ตบุ๊?[กค]|notebook|laptop|แล็ปท็อป")),
    ("tablet", re.compile(r"แท็?บเล็?ต|tablet")),
    ("all_in_one", re.compile(r"all\s*-?\s*in\s*-?\s*one|ออลอินวัน")),
    ("server", re.compile(r"แม่ข่าย|\bserver\b")),
    ("indoor", re.compile(r"ภายในอาคาร|\bindoor")),
    ("outdoor", re.compile(r"ภายนอกอาคาร|\boutdoor")),
    ("colour", re.compile(r"(?<=[\s(])สี(?![ก-๙])|colou?r")),
)
# Several names of one thing.
SYNONYMS = (
    (re.compile(r"(?:กล้อง\s*)?(?:โทรทัศน์)?วงจรปิด|กล้อง\s*cctv"), " cctv "),
    (re.compile(r"(?:เครื่อง)?สำรองไฟ(?:ฟ้า)?"), " ups "),
    (re.compile(r"อุปกรณ์กระจายสัญญาณ(?!ไร้สาย)(?:เครือข่าย)?"), " switch "),
    (re.compile(r"เครื่องพิมพ์|ปริ้?นเตอร์"), " printer "),
)
POOL = re.compile(r"รวม\s*\d[\d,]*\s*รายการ|จำนวน\s*\d[\d,]*\s*รายการ")  # several things in one line
REMARK = re.compile(r"\([^)]*กว่า[^)]*\)")  # what it must at least be: no part of its name
# Words that stand in most names and tell nothing apart.
COMMON_WORDS = (
    "เครื่อง สำหรับ งาน ขนาด แบบ ที่ ไม่ น้อย กว่า ไม่น้อยกว่า พร้อม ติดตั้ง จัดซื้อ ซื้อ จัดหา จัดจ้าง จ้าง เช่า และ หรือ "
    "ของ การ ชุด อุปกรณ์ รวม จำนวน ใน ต่อ ที่มี มี ชนิด ประเภท รุ่น ค่า พร้อมติดตั้ง ใช้ ใช้งาน โดย ได้ เพื่อ กับ ด้วย ราคา "
    "ช่อง นิ้ว พอร์ต บีทียู หน้า นาที the of for and with type port ports inch inches btu va kva tb gb u core cores"
)
COMMON = frozenset(COMMON_WORDS.split())


def tokens(name: str) -> list[str]:
    """What a name is compared by, each once: its telling words, and measures as ``ช่อง=24``. Kept with each row."""
    text = REMARK.sub(" ", plain(name[:LONGEST]))
    for pattern, word in SYNONYMS:
        text = pattern.sub(word, text)
    found = [f"kind={kind}" for kind, pattern in KINDS if pattern.search(text)]
    found += [f"{kind}={_value(match)}" for kind, pattern in MEASURES for match in pattern.finditer(text)]
    for _kind, pattern in (*MEASURES, *KINDS):
        text = pattern.sub(" ", text)
    telling = [
        word for word in words(clean(text)) if word not in COMMON and not word.isdigit() and len(word) > 1
    ]
    return sorted({*found, *telling})


def pool(name: str) -> str:
    """The words by which a line says that it is of several things at once (รวม 7 รายการ); empty for one thing."""
    found = POOL.search(plain(name[:LONGEST]))
    return found[0] if found else ""


def _value(match: re.Match[str]) -> str:
    number = float(match[1].replace(",", ""))
    if match.re.groups > 1:
        number *= TIMES.get(match[2], 1)
    return f"{number:g}"


def telling_words(of: Iterable[str]) -> list[str]:
    """The words among tokens: what candidates are sought by."""
    return [token for token in of if "=" not in token]


def likeness(one: Iterable[str], other: Iterable[str]) -> float:
    """0 to 1: the weight of common tokens in all of both (Dice); 0 where measure or kind differ."""
    left, right = frozenset(one), frozenset(other)
    if not left or not right or _clash(left, right):
        return 0.0
    shared = sum(map(_weight, left & right))
    return 2 * shared / (sum(map(_weight, left)) + sum(map(_weight, right)))


def _clash(left: frozenset[str], right: frozenset[str]) -> bool:
    mine, theirs = _measures(left), _measures(right)
    if mine.get("kind") != theirs.get("kind"):
        return True
    return any(mine[kind] != theirs[kind] for kind in mine.keys() & theirs.keys())


def _measures(of: frozenset[str]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for token in of:
        kind, equals, value = token.partition("=")
        if equals:
            found[kind] = found.get(kind, frozenset()) | {value}
    return found


def _weight(token: str) -> float:
    """Longer words tell more; a measure counts as a word of middle length."""
    return 4.0 if "=" in token else float(min(len(token), 10))
