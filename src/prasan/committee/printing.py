"""Minutes as PDF, set by Typst from plain data: words of people are values, never code of the typesetter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from prasan.committee import fonts
from prasan.committee.minutes import Document, document, in_digits
from prasan.committee.models import Minutes
from prasan.fabric.boot import OperatorError
from prasan.fabric.problems import Problem


class NoTypeface(Problem):
    """The typeface was not installed with the page assets; the log says what to run."""

    status = 503
    code = "no-typeface"


LAYOUT = Path(__file__).with_name("minutes.typ")


def document_of(minutes: Minutes) -> Document:
    """The frozen document, or for a draft the document as it would be frozen now."""
    meeting = minutes.meeting
    if minutes.state == Minutes.State.DRAFT:
        drafted: Document = in_digits(document(meeting), thai=meeting.committee.ruling.thai_digits)
        return drafted
    frozen: Document = json.loads(minutes.content)
    return frozen


def pdf(content: dict[str, Any], *, draft: bool) -> bytes:
    """The minutes on A4. Raises NoTypeface."""
    import typst

    try:
        typefaces = fonts.folder()
    except OperatorError as error:
        raise NoTypeface(_("The minutes can't be printed on this server; read them on the page.")) from error
    given = {"document": json.dumps(content, ensure_ascii=False), "draft": "yes" if draft else ""}
    made = typst.compile(
        LAYOUT, font_paths=[typefaces], ignore_system_fonts=True, sys_inputs=given, format="pdf"
    )
    return bytes(made)
