"""The city's registers over the API: areas and agencies. They change seldom, so answers carry an ETag."""

from datetime import date
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from ninja import Path, Query, Router, Schema
from pydantic import Field

from prasan.city.models import Agency, Area
from prasan.city.registers import registers
from prasan.fabric.api import ProblemOut, etag, not_modified
from prasan.fabric.problems import NotFound

router = Router(tags=["registers"])
REFUSALS: dict[int, Any] = dict.fromkeys((401, 422), ProblemOut)


class AreaOut(Schema):
    """A district (เขต) or subdistrict (แขวง)."""

    code: str = Field(description="DOPA code.")
    level: Literal["district", "subdistrict"]
    name: str = Field(description="In the reader's language.")
    name_th: str
    name_en: str
    parent: str | None = Field(description="Code of a subdistrict's district.")
    population: int | None


class AgencyOut(Schema):
    """An agency of the city, or an outside body the city works with."""

    code: str
    name: str = Field(description="In the reader's language.")
    name_th: str
    name_en: str
    short_th: str
    short_en: str
    kind: Agency.Kind
    parent: str | None
    district: str
    phone: str
    url: str
    valid_from: date
    valid_to: date | None


class Areas(Schema):
    """Areas in the order of their codes."""

    items: list[AreaOut]


class Agencies(Schema):
    """Agencies in the order of their codes."""

    items: list[AgencyOut]


def _like(example: str) -> Any:
    return {"example": example}


class AreaQuery(Schema):
    """Which areas."""

    level: Literal["", "district", "subdistrict"] = ""
    parent: str = Field(
        "", max_length=6, description="Code of a district: its subdistricts.", json_schema_extra=_like("1001")
    )


class AgencyQuery(Schema):
    """Which agencies."""

    kind: Literal["", *Agency.Kind.values] = ""  # type: ignore[valid-type]
    parent: str = Field(
        "",
        max_length=100,
        description="Code of the agency right above.",
        json_schema_extra=_like("district.1001"),
    )
    district: str = Field(
        "",
        max_length=4,
        description="Code of a district: its office and divisions.",
        json_schema_extra=_like("1001"),
    )


AreaCode = Annotated[str, Path(max_length=6, example="1001")]
AgencyCode = Annotated[str, Path(max_length=100, example="district.1001")]


@router.get("/areas", response={200: Areas, 304: None} | REFUSALS, summary="List districts and subdistricts")
def area_list(request: HttpRequest, response: HttpResponse, query: Query[AreaQuery]) -> Any:
    """All of them, or those of a level or a district."""
    found = [
        _area(area)
        for area in registers().areas.values()
        if query.level in ("", area.level) and query.parent in ("", area.parent_id)
    ]
    return _unless_known(request, response, {"items": found})


@router.get(
    "/areas/{code}", response={200: AreaOut, 304: None} | REFUSALS | {404: ProblemOut}, summary="Read an area"
)
def area_read(request: HttpRequest, response: HttpResponse, code: AreaCode) -> Any:
    """One district or subdistrict."""
    area = registers().areas.get(code)
    if area is None:
        raise NotFound
    return _unless_known(request, response, _area(area))


@router.get("/agencies", response={200: Agencies, 304: None} | REFUSALS, summary="List agencies")
def agency_list(request: HttpRequest, response: HttpResponse, query: Query[AgencyQuery]) -> Any:
    """Those of today."""
    found = [
        _agency(agency)
        for agency in registers().agencies.values()
        if agency.valid_to is None
        and query.kind in ("", agency.kind)
        and query.parent in ("", agency.parent_id)
        and query.district in ("", agency.district)
    ]
    return _unless_known(request, response, {"items": found})


@router.get(
    "/agencies/{code}", response={200: AgencyOut, 304: None} | REFUSALS | {404: ProblemOut}, summary="Read an agency"
)
def agency_read(request: HttpRequest, response: HttpResponse, code: AgencyCode) -> Any:
    """One agency, also one that is gone."""
    agency = registers().agencies.get(code)
    if agency is None:
        raise NotFound
    return _unless_known(request, response, _agency(agency))


def _unless_known(request: HttpRequest, response: HttpResponse, answer: Any) -> Any:
    """304 while neither the registers nor the reader's language changed."""
    response["Vary"] = "Accept-Language"
    tag = etag(registers().version, registers().files.digest, get_language(), request.get_full_path())
    return not_modified(request, response, tag) or answer


def _area(area: Area) -> dict[str, Any]:
    return {
        name: getattr(area, name) for name in ("code", "level", "name", "name_th", "name_en", "population")
    } | {"parent": area.parent_id}


def _agency(agency: Agency) -> dict[str, Any]:
    names = (
        "code", "name", "name_th", "name_en", "short_th", "short_en", "kind", "district", "phone", "url", "valid_from",
        "valid_to",
    )  # fmt: skip
    return {name: getattr(agency, name) for name in names} | {"parent": agency.parent_id}
