"""The grounds of a likeness as sentences, Thai and English: the command runs without Django's translations."""

from __future__ import annotations

from collections.abc import Mapping

from prasan.portfolio.overlap.items import Reason

SENTENCES = {
    "function": ("หน้าที่เดียวกัน: {about}", "Same function: {about}"),
    "commodity": ("สิ่งที่จัดหาเหมือนกัน: {about}", "Same goods: {about}"),
    "data": ("เก็บข้อมูลเดียวกัน: {about}", "Same data: {about}"),
    "capability": ("ขีดความสามารถเดียวกัน: {about}", "Same capability: {about}"),
    "district": ("พื้นที่เดียวกัน: เขต{about}", "Same district: {about}"),
    "vendor": ("ผู้รับจ้างรายเดียวกัน: {about}", "Same vendor: {about}"),
    "wording": ("ถ้อยคำร่วมกัน: {about}", "Words in common: {about}"),
    "refers": ("อ้างถึง {about}", "Refers to {about}"),
    "agency": ("หน่วยงานเดียวกัน: {about}", "Same agency: {about}"),
    "stage": ("เป็นงานต่อเนื่องหรือระยะถัดไป", "Carries on, or is a later stage"),
    "upkeep": ("ต่างดูแลระบบของตนเอง", "Each keeps up its own system"),
    "nothing": ("ไม่พบหน้าที่ร่วมกัน", "No function in common was found"),
}


def sentence(reason: Reason, names: Mapping[str, str], language: str = "th") -> str:
    """One ground in Thai, or in English (`en`). `names` gives the names of concepts by their codes."""
    thai, english = SENTENCES[reason.ground]
    about = ", ".join(names.get(one, one) for one in reason.about)
    return (english if language == "en" else thai).format(about=about)
