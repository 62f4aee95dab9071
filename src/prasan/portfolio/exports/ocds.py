"""The Open Contracting Data Standard 1.1: a decided project as a release of the planning stage.

https://standard.open-contracting.org/1.1/ — only fields of the core schema, so that it is valid without extensions. The
amount is the whole budget over all years: the years one by one are in the Fiscal Data Package.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from prasan.city.registers import registers
from prasan.portfolio.models import Milestone
from prasan.portfolio.queries.public import PublicProject

VERSION = "1.1"


def ocid(code: str) -> str:
    """The project's Open Contracting ID: the prefix that the city registered, and the project's code."""
    return f"{settings.OCID_PREFIX}-{code}"


def release(project: PublicProject) -> dict[str, Any]:
    """One project as a release; its id changes with its content."""
    proposal = project.proposal
    moment = proposal.updated_at
    buyer = organisation(proposal.agency_id)
    return {
        "ocid": ocid(proposal.code),
        "id": f"{proposal.code}-planning-{moment.astimezone():%Y%m%dT%H%M%S}",
        "date": iso(moment),
        "tag": ["planning"],
        "initiationType": "tender",
        "language": "th",
        "parties": [buyer | {"roles": ["buyer"]}],
        "buyer": buyer,
        "planning": _planning(project),
    }


def _planning(project: PublicProject) -> dict[str, Any]:
    proposal = project.proposal
    planning: dict[str, Any] = {
        "rationale": proposal.objective or proposal.title,
        "budget": {
            "id": proposal.code,
            "description": proposal.title,
            "amount": {"amount": number(project.budget), "currency": "THB"},
            "project": proposal.title,
            "projectID": proposal.code,
            "uri": project_url(proposal.code),
        },
    }
    if project.milestones:
        planning["milestones"] = [_milestone(one) for one in project.milestones]
    return planning


def _milestone(one: Milestone) -> dict[str, Any]:
    told = {
        "id": str(one.pk),
        "title": one.name,
        "type": "delivery",
        "dueDate": midnight(one.planned_on),
        "status": "met" if one.done_on else "scheduled",
    }
    return told | ({"dateMet": midnight(one.done_on)} if one.done_on else {})


def record_package(project: PublicProject) -> dict[str, Any]:
    """One project as a record package: its release and the compiled one."""
    told = release(project)
    compiled = told | {"tag": ["compiled"]}
    record = {"ocid": told["ocid"], "releases": [told], "compiledRelease": compiled}
    uri = settings.PUBLIC_URL + reverse("portfolio:public_record", args=[project.proposal.code])
    return package(uri, told["date"]) | {"records": [record]}


def package(uri: str, published: str) -> dict[str, Any]:
    """What stands around the releases or records of a package."""
    return {
        "uri": uri,
        "version": VERSION,
        "publishedDate": published,
        "publisher": {"name": registers().root.name_th, "uri": settings.PUBLIC_URL},
    }


def organisation(code: str) -> dict[str, str]:
    """An agency as OCDS names it."""
    return {"id": code, "name": registers().agency(code).name_th}


def project_url(code: str) -> str:
    """Absolute address of the project's public page."""
    return settings.PUBLIC_URL + reverse("portfolio:public_project", args=[code])


def number(amount: Decimal) -> int | float:
    """Baht as a JSON number."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def iso(moment: datetime) -> str:
    """A moment with the city's offset."""
    return timezone.localtime(moment).isoformat(timespec="seconds")


def midnight(day: date) -> str:
    """A day as OCDS writes it: its beginning in the city's time zone."""
    return timezone.make_aware(datetime(day.year, day.month, day.day)).isoformat(timespec="seconds")  # noqa: DTZ001
