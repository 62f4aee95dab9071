"""Personal data that people write into free text, masked before anything is public.

Masks Thai phone numbers, e-mail addresses, the 13-digit national id (with or without its hyphens), Thai
vehicle plates and LINE ids. Thai digits count as digits. It errs towards masking.
"""

from __future__ import annotations

import re

THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
DIGIT = "[0-9๐-๙]"
GAP = r"[\s.\-–]?"
THAI = "ก-ฮะ-์"
NO_LETTER_BEFORE = rf"(?<![{THAI}0-9๐-๙])"
PLATES = (
    rf"{NO_LETTER_BEFORE}{DIGIT}[ก-ฮ]{{2}}[\s\-]?{DIGIT}{{1,4}}",  # 1กก 1234, since 2012
    rf"{NO_LETTER_BEFORE}[ก-ฮ]{{2}}[\s\-]?{DIGIT}{{4}}",  # กก 1234; fewer digits would hit กม 5 or ซ 12
    rf"(?<=ทะเบียน)\s*(?:รถ)?\s*{DIGIT}?[ก-ฮ]{{1,3}}[\s\-]?{DIGIT}{{1,4}}",
)
PATTERNS = (
    # e-mail first, because one may contain a number or a plate
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[อีเมล]"),
    (re.compile(rf"(?<!{DIGIT}){DIGIT}(?:{GAP}{DIGIT}){{12}}(?!{DIGIT})"), "[เลขประจำตัว]"),
    (re.compile(rf"(?<!{DIGIT})(?:\+?66|[0๐]){GAP}{DIGIT}(?:{GAP}{DIGIT}){{7,8}}(?!{DIGIT})"), "[เบอร์โทร]"),
    (re.compile(rf"(?:{'|'.join(PLATES)})(?!{DIGIT})"), "[ทะเบียนรถ]"),
    (re.compile(r"(?i)\b(?:line|ไลน์)\s*(?:id|ไอดี)?\s*[:=]\s*@?[\w.\-]{3,}"), "[ไลน์]"),
)


def redact(text: str) -> str:
    """`text` with personal data replaced by a bracketed word that says what was there."""
    for pattern, word in PATTERNS:
        text = pattern.sub(word, text)
    return text
