"""What the operations of the reports API share beyond every module's: entity tags of a report as its reader sees it."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import get_language

from prasan.reports.models import Photo
from prasan.reports.queries.public import ReportView


def view_tag(view: ReportView) -> str:
    """The entity tag of a report as this reader sees it: its version, language, readers' rights and ready pictures."""
    ready = sum(photo.state == Photo.State.READY for photo in view.photos)
    rights = f"{view.is_inside:d}{view.is_reporter:d}"
    return f'"{view.report.version}-{get_language()}-{rights}-{ready}"'


def link_reader(response: HttpResponse) -> None:
    """The answer depends on the language and on who asks."""
    response["Vary"] = "Accept-Language, Authorization, Reporter-Token, Cookie"
