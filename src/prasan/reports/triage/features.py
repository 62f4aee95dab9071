"""Thai report text -> hashed character n-grams by position, many texts at a time.

No vocabulary is kept: an n-gram is its hash, so a model made from these features holds no text. Thai is
written without spaces and its vowel and tone signs are combining marks, which Python's ``\\W`` throws away;
character n-grams need neither word breaks nor that class.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prasan.fabric.redaction import THAI_DIGITS

LONGEST = 2000  # characters read of one text; reports beyond it repeat themselves or paste a document
URL_MASK, PHONE_MASK = "\ue001", "\ue002"  # private-use characters: no keyboard types them

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufe0e\ufe0f\ufeff\ud800-\udfff]")
_URL = re.compile(r"(?:https?://|www\.)[^\s\u0e00-\u0e7f]+")
_PHONE = re.compile(r"(?<!\d)(?:\+?66|0)[-. ]?\d(?:[-. ]?[\dx*]){6,8}(?![\dx*])")
_DIGIT = re.compile(r"\d")
_MARKS = re.compile("[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]{2,}")
_REPEATED = re.compile(r"(.)\1{2,}")
_SPACE = re.compile(r"\s+")
_NOT_LETTERS = re.compile(r"[^a-z\u0e01-\u0e4e]+")


def normalise(text: str) -> str:
    """One spelling for what looks the same: lower case, any digit as 9, one space, nothing thrice in a row.

    Telephone numbers and web addresses become one private-use character each, vowel and tone signs come in
    one order. Applying it twice changes nothing more.
    """
    text = _INVISIBLE.sub("", text[:LONGEST].translate(THAI_DIGITS).lower())
    text = unicodedata.normalize("NFC", text)
    text = _MARKS.sub(_in_order, text.replace("\u0e40\u0e40", "\u0e41"))
    text = text.replace("\u0e4d\u0e32", "\u0e33")
    if "http" in text or "www." in text:
        text = _URL.sub(URL_MASK, text)
    text = _DIGIT.sub("9", _PHONE.sub(PHONE_MASK, text))
    text = _SPACE.sub(" ", _REPEATED.sub(r"\1\1", text))
    return text[:LONGEST].strip()


def _in_order(marks: re.Match[str]) -> str:
    """Vowel signs before tone marks: both orders look alike on a page."""
    return "".join(sorted(marks.group(), key=lambda mark: "\u0e48" <= mark <= "\u0e4b"))


def copy_key(text: str) -> str:
    """Equal for texts that differ only in digits, spaces, letter case, punctuation or emoji."""
    return _NOT_LETTERS.sub("", normalise(text)) or text.strip()


@dataclass(frozen=True)
class Positions:
    """The n-grams of several texts, one line per character position.

    `buckets[position, k]` is the hash of the n-gram of `sizes[k]` characters that starts there, or -1 where
    the text is too short for it; the positions of text i are `starts[i]` to `starts[i + 1]`.
    """

    starts: NDArray[np.int64]
    buckets: NDArray[np.int32]


def positions(texts: Sequence[str], sizes: Sequence[int], bits: int) -> Positions:
    """Hashed n-grams of normalised `texts`; buckets are 0 .. 2**bits - 1. A space is set around each text."""
    joined = "".join(f" {text} " for text in texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = np.fromiter((len(text) + 2 for text in texts), np.int64, len(texts))
    starts = np.concatenate(([0], np.cumsum(lengths)))
    room = np.repeat(starts[1:], lengths) - np.arange(len(codes))
    buckets = np.full((len(codes), len(sizes)), -1, np.int32)
    rolling = np.zeros(len(codes), np.uint32)
    for size in range(1, min(max(sizes), len(codes)) + 1):
        rolling = rolling[: len(codes) - size + 1] * np.uint32(0x01000193) + codes[size - 1 :]
        if size in sizes:
            bucket = _mix(rolling + np.uint32(size * 0x9E3779B9 & 0xFFFFFFFF)) >> np.uint32(32 - bits)
            column = buckets[: len(rolling), sizes.index(size)]
            column[:] = np.where(room[: len(rolling)] >= size, bucket.astype(np.int32), -1)
    return Positions(starts, buckets)


def _mix(value: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """MurmurHash3's 32-bit finaliser (public domain): spreads near-equal sums over all bits."""
    value = (value ^ (value >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    value = (value ^ (value >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return value ^ (value >> np.uint32(16))
