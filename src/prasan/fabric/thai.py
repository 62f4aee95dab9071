"""Thai words for full-text search: PostgreSQL sees a Thai phrase as one word, so words are stored beside the text.

Words come from nlpo3's newmm (maximal matching over PyThaiNLP's dictionary). Query and text pass the same
function, so they meet whatever the segmenter decides.
"""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path

from prasan.fabric.redaction import THAI_DIGITS

DICTIONARY = "prasan"
# Thai letters with their vowel and tone marks (Python's \w drops those), Latin letters and digits.
WORD = re.compile(r"[0-9A-Za-zÀ-ɏ\u0e01-\u0e3a\u0e40-\u0e4e]+")
LONGEST = 4_000  # letters: enough to find a text by; one made to be ambiguous takes 0.1 ms a letter


@cache
def _load() -> str:
    from nlpo3 import load_dict

    package = importlib.util.find_spec("pythainlp")
    if package is None or package.origin is None:
        raise RuntimeError("PyThaiNLP, whose dictionary the search uses, is not installed; run ./run")
    load_dict(str(Path(package.origin).parent / "corpus" / "words_th.txt"), DICTIONARY)
    return DICTIONARY


def words(text: str) -> list[str]:
    """Lower-case words of a text's first 4,000 characters in order, Thai digits as Arabic ones."""
    from nlpo3 import segment

    plain = text[:LONGEST].translate(THAI_DIGITS).lower()
    # Piece by piece: given blanks in a text above 140 characters, nlpo3's safe mode tears words into letters.
    return [
        word for piece in WORD.findall(plain) for word in segment(piece, _load(), safe=True, parallel=False)
    ]


def search_text(text: str) -> str:
    """Words joined by blanks, ready for `to_tsvector('simple', …)` and `plainto_tsquery('simple', …)`."""
    return " ".join(words(text))
