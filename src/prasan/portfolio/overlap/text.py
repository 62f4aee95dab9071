"""Thai office prose made comparable: what says nothing of a project's function is taken out, then words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
BREAK = " | "  # where something was taken out, so that its neighbours don't become one phrase

# Spellings of one term that the segmenter would tear apart in different ways.
SPELLINGS = tuple(
    (re.compile(pattern), written)
    for pattern, written in (
        (r"[\u200b-\u200f\u2060\ufeff]", ""),
        (r"ํา", "ำ"),
        (r"เเ", "แ"),
        (r"pm\s*2[.,]5", "pm25"),
        (r"wi\s*-?\s*fi|วาย\s*-?\s*ฟาย|ไว\s*-?\s*ไฟ", "wifi"),
        (r"\b([eimt])\s*[-–]\s*([a-z]{3,})", r"\1\2"),
        (r"อี\s*-\s*(?=[ก-ฮเแโใไ])", "อี"),
        (r"c\.?c\.?t\.?v\.?", "cctv"),
        (r"เซิร์ฟเวอร์|เซิฟเวอร์", "server"),
        (r"แดช\s*บอร์ด", "dashboard"),
        (r"แอป\s*พลิ\s*เคชัน|แอพ\s*พลิ\s*เคชั่น|แอพพลิเคชัน|แอปพลิเคชั่น|แอพลิเคชั่น|แอปพลิเคชัน", "แอป"),
        (r"แอพ(?![ก-๙])", "แอป"),
        (r"วี?ดี?ดิ?ทัศน์ทางไกล|วิดีโอคอล|วีดีโอคอล|video\s*call", "วิดีโอคอล"),
        (r"วีดิโอ|วีดีโอ|วิดิโอ|video", "วิดีโอ"),
        (r"อิเล็คทรอนิกส์|อิเลคทรอนิกส์|อิเล็กทรอนิคส์", "อิเล็กทรอนิกส์"),
        (r"ดิจิตอล", "ดิจิทัล"),
        (r"กรุงเทพมหานคร|กรุงเทพฯ|กทม\.?(?![ก-๙])", BREAK),
    )
)
COUNTED = (
    "ระบบ|รายการ|เครื่อง|ชุด|งาน|โครงการ|หน่วย|คัน|ตัว|จุด|แห่ง|หลัง|คน|ราย|ลิขสิทธิ์|license|กล้อง|อาคาร"
    "|เขต|ปี|เดือน|วัน|ชั่วโมง|%|ล้านบาท|บาท"
)
BOILERPLATE = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:ตำบล|ต\.)\s?\S+\s+(?:อำเภอ|อ\.)\s?\S+(?:\s+(?:จังหวัด|จ\.)\s?\S+)?",
        r"แขวง\s?\S+\s+(?=เขต)",
        r"(?:ประจำ)?ปีงบประมาณ(?:\s*พ\.?ศ\.?)?\s*(?:25\d\d)?(?:\s*[-–]\s*25\d\d)?",
        r"พ\.?ศ\.?\s*25\d\d|\b25[5-9]\d\b",
        r"\(?\s*(?:ระยะ|เฟส|phase|ส่วน)\s*(?:ที่)?\s*\d+\s*\)?",
        r"ที่มีราคาต่อหน่วย(?:ต่ำ|ตำ)กว่า.{0,12}?ล้านบาท",
        rf"\(?(?:รวม|จำนวน|ไม่น้อยกว่า|อย่างน้อย|ทั้ง|กว่า|ภายใน|ประมาณ)*\s*[\d,.]+\s*(?:{COUNTED})\)?",
        r"ค่าใช้จ่ายในการ|ค่าใช้จ่าย|ค่าจ้างเหมา|ค่าจ้าง|เงินอุดหนุน|งบประมาณสำหรับ",
        r"โครงการ(?:ฯ)?|เพื่อ(?:รองรับ|เพิ่ม)ประสิทธิภาพ(?:ใน)?(?:การ)?|เพิ่มประสิทธิภาพ(?:ใน)?(?:การ)?",
        r"(?:อย่าง)?มีประสิทธิภาพ(?:ยิ่งขึ้น)?|ให้มีความทันสมัย|เพื่อให้(?:เกิด)?|สามารถ|ได้อย่าง",
    )
)
PHASE = re.compile(r"ระยะ\s*(?:ที่)?\s*(\d+)|เฟส\s*(\d+)|phase\s*(\d+)|ระยะต่อเนื่อง|ส่วนต่อขยาย|ปีที่\s*(\d+)")
CARRY_ON = re.compile(
    r"บำรุงรักษา|ดูแลรักษา|ต่ออายุ|ต่อยอด|ต่อเนื่อง|ขยาย|ปรับปรุง|ยกระดับ|เพิ่มเติม|ทดแทน|เพิ่มประสิทธิภาพ|เดิม|upgrade"
    r"|enhance|maint|replace|extend|renew|\bma\b",
    re.IGNORECASE,
)
BUYS = re.compile(
    r"^(?:โครงการ|ค่าใช้จ่ายในการ|งาน|การ|\s)*(?:จัดซื้อ|จัดหา|ซื้อ|เช่า|ค่าเช่า|ครุภัณฑ์|ชุดครุภัณฑ์|ชุดปฏิบัติการ|ชุดฝึก|ชุดทดลอง"
    r"|ชุดวิเคราะห์|ชุดเครื่อง|เครื่อง|กล้อง|วัสดุ|อุปกรณ์|หุ่น)"
)
BUILDS = re.compile(r"ระบบ|แพลตฟอร์ม|แอป|ซอฟต์แวร์|พัฒนา|platform|system|software", re.IGNORECASE)
# Thai letters with their marks, Latin letters with digits inside (3d, pm25, 5g).
WORD = re.compile(r"[a-z][a-z0-9+]*|[0-9]+[a-z]+|[ก-ฺเ-๎]+")
SENTENCE = re.compile(r"[\n\r;|•●]+|(?<=[ก-๙])[.](?=\s)|\(|\)|\s[-–]\s|\d+[.)]\s")


def plain(text: str) -> str:
    """Small letters, one spelling, Arabic digits; nothing taken out but the city's own name."""
    text = unicodedata.normalize("NFC", text).translate(THAI_DIGITS).lower()
    for pattern, written in SPELLINGS:
        text = pattern.sub(written, text)
    return text


def clean(text: str) -> str:
    """`plain` text without addresses, counts, years, openings and praise. Do this before making words."""
    text = plain(text)
    for pattern in BOILERPLATE:
        text = pattern.sub(BREAK, text)
    return text


def carries_on(nature: str, title: str) -> bool:
    """Whether a proposal says that it continues something: upkeep, extension, replacement, a later stage."""
    return CARRY_ON.search(f"{nature} {title}") is not None or PHASE.search(plain(title)) is not None


def buys(title: str) -> bool:
    """Whether a proposal asks for things by the piece, not for a system."""
    return BUYS.search(title) is not None and BUILDS.search(title) is None


class Segmenter:
    """newmm words over PyThaiNLP's dictionary and the lexicon's own words."""

    def __init__(self, extra: Sequence[str], folder: Path) -> None:
        import hashlib
        import importlib.util

        from nlpo3 import load_dict

        package = importlib.util.find_spec("pythainlp")
        if package is None or package.origin is None:
            raise RuntimeError("PyThaiNLP, whose dictionary is used, is not installed; run ./run")
        common = (Path(package.origin).parent / "corpus" / "words_th.txt").read_text(encoding="utf-8")
        digest = hashlib.sha256("\n".join(extra).encode()).hexdigest()[:12]
        self.name = f"prasan-overlap-{digest}"
        path = folder / f"{self.name}.txt"
        path.write_text(common + "\n" + "\n".join(extra) + "\n", encoding="utf-8")
        load_dict(str(path), self.name)
        path.unlink()

    def words(self, text: str) -> list[str]:
        """Words of a text that went through `clean` or `plain`."""
        from nlpo3 import segment

        found: list[str] = []
        for piece in WORD.findall(text):
            if piece[0] < "\u0e00":
                found.append(piece)
            else:
                found.extend(segment(piece, self.name, safe=len(piece) > 140, parallel=False))
        return found
