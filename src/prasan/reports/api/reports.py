"""Reports over the API: send one with its photos, read a filtered list, one report, its timeline."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import File, Header, Path, Query, Router, Status
from ninja.files import UploadedFile
from pydantic import Field

from prasan.city.registers import registers
from prasan.fabric.api import link_header, not_modified, refusals
from prasan.fabric.idempotency import idempotent
from prasan.fabric.problems import Invalid
from prasan.people.api import KEY_OR_NOT, caller, limited, needs_scope
from prasan.reports.actions import Submission, report_submit
from prasan.reports.actions.photos import photo_add
from prasan.reports.api import shapes
from prasan.reports.api.conventions import link_reader, view_tag
from prasan.reports.api.schemas import (
    EXAMPLE_CODE,
    STATUSES,
    PhotoKey,
    ReportCreated,
    ReportDetail,
    ReportIn,
    ReportPage,
    Strict,
    Timeline,
)
from prasan.reports.catalogue import catalogue
from prasan.reports.links import report_url
from prasan.reports.models import Report
from prasan.reports.policies import reporter_token
from prasan.reports.queries.listing import ReportFilter, listing
from prasan.reports.queries.public import LONGEST_SEARCH, PublicFilter, report_view

router = Router(tags=["reports"], auth=KEY_OR_NOT)
ORIGIN = "api"

Code = Annotated[str, Path(example=EXAMPLE_CODE, description="The report's code.")]
ReporterToken = Annotated[
    str,
    Header("", alias="Reporter-Token", max_length=100, description="`reporter_token` of the report."),
]


def _like(example: str) -> Any:
    return {"example": example}


class ListQuery(Strict):
    """Filters of the list; empty means all."""

    words: str = Field(
        "",
        max_length=LONGEST_SEARCH,
        description="Thai or English words, or a code.",
        json_schema_extra=_like("ฝาท่อ"),
    )
    category: str = Field(
        "", max_length=40, description="A code of `/categories`.", json_schema_extra=_like("road")
    )
    district: str = Field(
        "", max_length=4, description="A code of `/areas`.", json_schema_extra=_like("1001")
    )
    agency: str = Field("", max_length=100, description="A code of `/agencies`; those below it are covered.")
    status: Literal["", "open", *STATUSES] = Field(  # type: ignore[valid-type]
        "", description="A status, or `open` for every open one."
    )
    since: datetime | None = Field(None, description="Submitted at this moment or later.")
    until: datetime | None = Field(None, description="Submitted before this moment.")
    updated_since: datetime | None = Field(None, description="Changed at this moment or later.")
    box: str = Field(
        "",
        max_length=100,
        description="west,south,east,north in degrees.",
        json_schema_extra=_like("100.49,13.74,100.52,13.77"),
    )
    near: str = Field(
        "",
        max_length=100,
        description="longitude,latitude,metres (at most 2,000).",
        json_schema_extra=_like("100.4985,13.7563,300"),
    )
    cursor: str = Field("", max_length=500, description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=200)


@router.post("/reports", response={201: ReportCreated} | refusals(403), summary="Send a report")
@limited("writes")
@idempotent
def report_create(request: HttpRequest, body: ReportIn) -> Any:
    """Anybody may. With a key (scope `reports:create`) the report's source is the system that sends it.

    Send an `Idempotency-Key` (any text of 8 to 200 characters, new for each report): repeated after a lost answer,
    the request gives the first answer again and creates nothing.
    """
    if caller(request).kind == "api_key":
        needs_scope(request, "reports:create")
    report = report_submit(actor=caller(request), submission=_submission(body), origin=ORIGIN)
    return Status(201, _created(report))


def _submission(body: ReportIn) -> Submission:
    place = body.location
    return Submission(
        text=body.text, category=body.category, longitude=place.longitude if place else None,
        latitude=place.latitude if place else None, address=body.address, district=body.district,
        private=body.private, name=body.name, phone=body.phone, email=body.email, photos=tuple(body.photos),
        source="api",
    )  # fmt: skip


def _created(report: Report) -> dict[str, Any]:
    return {
        "code": report.code,
        "url": report_url(report.code),
        "reporter_token": reporter_token(report.code),
        "status": report.status,
        "category": shapes.category_shape(report.category),
        "agency": shapes.agency_shape(report.agency_id),
        "district": report.district,
        "submitted_at": report.submitted_at,
        "version": report.version,
    }


@router.get("/reports", response={200: ReportPage} | refusals(), summary="List reports")
@limited("reads")
def report_list(request: HttpRequest, response: HttpResponse, query: Query[ListQuery]) -> Any:
    """Public reports, newest first. Follow `next` (or the Link header) for more."""
    page = listing(_filter(query), cursor=query.cursor, size=query.limit)
    link_header(request, response, cursor=page.next)
    link_reader(response)
    return {
        "items": [
            shapes.report_shape(report, report.merged_into)  # type: ignore[attr-defined]
            for report in page.items
        ],
        "next": page.next,
    }


def _filter(query: ListQuery) -> ReportFilter:
    errors: dict[str, Any] = {}
    if query.category and query.category not in catalogue().categories:
        errors["category"] = _("Please choose one of the categories.")
    if query.district and registers().district(query.district) is None:
        errors["district"] = _("Please choose one of the districts.")
    if query.agency and query.agency not in registers().agencies:
        errors["agency"] = _("Please choose an agency from the list.")
    box = _numbers(query.box, 4, errors, "box")
    near = _numbers(query.near, 3, errors, "near")
    since, until, updated_since = (
        _moment(query, errors, name) for name in ("since", "until", "updated_since")
    )
    if errors:
        raise Invalid(errors)
    public = PublicFilter(
        words=query.words.strip(), category=query.category, district=query.district,
        status=query.status,
    )  # fmt: skip
    return ReportFilter(
        public=public, agency=query.agency, since=since, until=until, updated_since=updated_since, box=box, near=near,
    )  # fmt: skip


def _numbers(text: str, count: int, errors: dict[str, Any], name: str) -> Any:
    """Numbers between commas that are longitudes and latitudes (and metres); a refusal is noted."""
    if not text:
        return None
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    places = numbers[:2] if count == 3 else numbers
    if (
        len(numbers) != count
        or not all(abs(number) <= 180 for number in places)
        or not all(abs(latitude) <= 90 for latitude in places[1::2])
        or not all(metres >= 0 for metres in numbers[len(places) :])
    ):
        errors[name] = _("%(count)d numbers between commas are needed.") % {"count": count}
        return None
    return numbers


def _moment(query: ListQuery, errors: dict[str, Any], name: str) -> datetime | None:
    """A time of the query in UTC; one without a zone is the city's. A refusal is noted."""
    moment: datetime | None = getattr(query, name)
    if moment is None:
        return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=registers().calendar.zone)).astimezone(UTC)
    except OverflowError:  # in UTC before the year 1 or after 9999
        errors[name] = _("This is not a value that can be taken here.")
        return None


@router.get(
    "/reports/{code}", response={200: ReportDetail, 304: None} | refusals(404), summary="Read a report"
)
@limited("reads")
def report_read(
    request: HttpRequest, response: HttpResponse, code: Code, reporter_token: ReporterToken = ""
) -> Any:
    """A report with its pictures and every agency's part."""
    view = report_view(caller(request), code, reporter_token)
    link_reader(response)
    return not_modified(request, response, view_tag(view)) or shapes.detail_shape(view)


@router.get(
    "/reports/{code}/timeline", response={200: Timeline, 304: None} | refusals(404), summary="Read a timeline"
)
@limited("reads")
def report_timeline(
    request: HttpRequest, response: HttpResponse, code: Code, reporter_token: ReporterToken = ""
) -> Any:
    """What happened to a report, oldest first: the public's lines, for its reporter and its agencies theirs too."""
    view = report_view(caller(request), code, reporter_token)
    link_reader(response)
    return not_modified(request, response, view_tag(view)) or {"items": shapes.timeline_shape(view)}


@router.post("/photos", response={201: PhotoKey} | refusals(413, 507), summary="Upload a photo")
@limited("writes")
@idempotent
def photo_create(request: HttpRequest, photo: File[UploadedFile]) -> Any:
    """A JPEG, PNG or WebP picture. What everybody sees of it has no metadata, and faces and plates are blurred.

    Name the key in `photos` of a report or a step within a day, or the picture is deleted.
    """
    taken, place = photo_add(actor=caller(request), upload=photo.file, name=photo.name or "", origin=ORIGIN)  # type: ignore[arg-type]
    longitude, latitude = place or (None, None)
    return Status(201, {"key": taken.key, "longitude": longitude, "latitude": latitude})
