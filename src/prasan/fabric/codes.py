"""Public codes: short, no look-alike characters, with a check character; never the primary key.

31 characters (digits and capitals without 0 1 I L O), a prime number of them, so that the weighted sum mod 31
finds every single wrong character and every swap of two neighbours (the ISBN-10 principle).
"""

from __future__ import annotations

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
VALUE = {character: value for value, character in enumerate(ALPHABET)}


def new_code(length: int = 8) -> str:
    """A random code of `length` characters, the last one its check: 31**(length-1) possible."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(length - 1))
    return body + check_character(body)


def check_character(body: str) -> str:
    """The character that makes the weighted sum of `body` plus itself divisible by 31."""
    total = sum(weight * VALUE[character] for weight, character in enumerate(reversed(body), start=2))
    return ALPHABET[-total % 31]


def read_code(text: str, length: int = 8) -> str | None:
    """The code a person typed (case, spaces and hyphens ignored), or None when it can't be one."""
    code = text.strip().upper().translate(str.maketrans("", "", "- "))
    if len(code) != length or any(character not in VALUE for character in code):
        return None
    return code if check_character(code[:-1]) == code[-1] else None
