"""The city's systems over the API: list, read, enter, change, connect; and the capability map they refer to.

A key with the scope `portfolio:read` reads all of it; one with `portfolio:write` enters and changes the systems of its
agency and those below. Nothing here is public.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import Path, Query, Router, Schema, Status
from pydantic import ConfigDict, Field, field_validator

from prasan.city.registers import registers
from prasan.fabric.api import etag, expected_version, link_header, not_modified, precondition, refusals
from prasan.fabric.idempotency import idempotent
from prasan.fabric.problems import Invalid, NotFound
from prasan.people.api import KEY_NEEDED, caller
from prasan.portfolio.actions import systems as actions
from prasan.portfolio.api.conventions import link_reader, with_scope
from prasan.portfolio.capabilities import capability_map
from prasan.portfolio.models import Interface, System
from prasan.portfolio.queries import systems as queries

router = Router(tags=["systems"], auth=KEY_NEEDED)
ORIGIN = "api"
EXAMPLE_CODE = "S-EXAMPLE"
OTHER_CODE = "S-ANOTHER"
Baht = Annotated[Decimal, Field(ge=0, lt=actions.MOST_BAHT, decimal_places=2)]
Code = Annotated[str, Path(example=EXAMPLE_CODE, description="The system's code.")]
DataName = Annotated[str, Field(max_length=actions.LONGEST_DATA)]


class Strict(Schema):
    """A body whose unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def without_nul(cls, value: Any) -> Any:
        """PostgreSQL takes no NUL, and nobody means one."""
        return value.replace("\x00", "") if isinstance(value, str) else value


class Named(Schema):
    """A code, and its name in the reader's language (`Accept-Language: th` or `en`)."""

    code: str
    name: str


class SystemFields(Strict):
    """What may be told of a system; a field left out stays as it is."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"users": 1500, "costs": {"2570": "1250000.00"}}}
    )

    owner: str = Field("", max_length=100, description="Code of the agency that owns it.")
    name_th: str = Field("", max_length=300)
    name_en: str = Field("", max_length=300)
    purpose: str = Field("", max_length=5000)
    capability: str = Field("", max_length=100, description="A code of `/capabilities`; empty for none.")
    data_held: list[DataName] = Field(
        [], max_length=actions.MOST_DATA, description="Names of the data it keeps."
    )
    users: int | None = Field(None, ge=0, le=actions.MOST_USERS)
    technology: str = Field("", max_length=1000)
    hosting: System.Hosting = System.Hosting.UNKNOWN
    vendor: str = Field("", max_length=300)
    contract_end: date | None = None
    criticality: System.Criticality = System.Criticality.NORMAL
    personal_data: System.PersonalData = System.PersonalData.UNKNOWN
    lifecycle: System.Lifecycle = System.Lifecycle.IN_USE
    costs: dict[str, Baht | None] = Field(
        {}, description="Baht by fiscal year (พ.ศ.); null takes a year away."
    )


class SystemIn(SystemFields):
    """A new system."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "code": "S-0001", "owner": "bma", "name_th": "ระบบรับคำขออนุญาตก่อสร้าง",
                "capability": "works.buildings", "data_held": ["คำขออนุญาตก่อสร้าง"],
            }
        },
    )  # fmt: skip

    code: str = Field("", max_length=40, description="Your own code; left out, the system gets one.")
    owner: str = Field(max_length=100, description="Code of the agency that owns it.")
    name_th: str = Field(max_length=300)


class InterfaceIn(Strict):
    """Data that the system of the path gives to another."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"consumer": OTHER_CODE, "data": "ทะเบียนผู้เสียภาษี", "method": "api"}},
    )

    consumer: str = Field(max_length=40, description="Code of the system that gets the data.")
    data: DataName
    method: Interface.Method


class InterfaceOut(Schema):
    """A connection: the other system, which data, and how it travels."""

    system: Named
    data: str
    method: Interface.Method


class SystemOut(Schema):
    """A system as the list shows it."""

    code: str
    url: str
    owner: Named
    name: str = Field(description="In the reader's language.")
    name_th: str
    name_en: str
    purpose: str
    capability: Named | None
    data_held: list[str]
    users: int | None
    technology: str
    hosting: System.Hosting
    vendor: str
    contract_end: date | None
    criticality: System.Criticality
    personal_data: System.PersonalData
    lifecycle: System.Lifecycle
    confirmed_on: date | None = Field(description="The day its owner last said that all of it is true.")
    version: int


class SystemDetail(SystemOut):
    """A system with its costs and connections."""

    costs: dict[str, Decimal] = Field(description="Baht by fiscal year (พ.ศ.).")
    gives: list[InterfaceOut]
    uses: list[InterfaceOut]


class SystemPage(Schema):
    """A page of the list; `next` is the cursor of the following one, empty on the last."""

    items: list[SystemOut]
    next: str


class ListQuery(Strict):
    """Filters of the list; empty means all."""

    words: str = Field("", max_length=200, description="Thai or English words, or a code.")
    agency: str = Field("", max_length=100, description="A code of `/agencies`; those below it are covered.")
    capability: str = Field("", max_length=100, description="A code of `/capabilities`, or of a group there.")
    lifecycle: Literal["", *System.Lifecycle.values] = ""  # type: ignore[valid-type]
    hosting: Literal["", *System.Hosting.values] = ""  # type: ignore[valid-type]
    contract_ends_within: int | None = Field(None, ge=0, le=3650, description="Days from today.")
    due: bool = Field(False, description="Those that wait for their owner's confirmation.")
    cursor: str = Field("", max_length=500, description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=200)


class CapabilityOut(Named):
    """A capability of the city's map."""

    name_th: str
    name_en: str
    group: Named


class Capabilities(Schema):
    """Capabilities in the city's order."""

    items: list[CapabilityOut]


@router.get(
    "/capabilities", response={200: Capabilities, 304: None} | refusals(403), summary="List capabilities"
)
@with_scope("portfolio:read")
def capability_list(request: HttpRequest, response: HttpResponse) -> Any:
    """The city's capability map."""
    known = capability_map()
    found = [
        {
            "code": one.code, "name": one.name, "name_th": one.name_th, "name_en": one.name_en,
            "group": {"code": one.group, "name": known.name(one.group)},
        }
        for one in known.capabilities.values()
    ]  # fmt: skip
    link_reader(response)
    return not_modified(request, response, etag(found)) or {"items": found}


@router.get("/systems", response={200: SystemPage} | refusals(403), summary="List systems")
@with_scope("portfolio:read")
def system_list(request: HttpRequest, response: HttpResponse, query: Query[ListQuery]) -> Any:
    """Systems by code. Follow `next` (or the Link header) for more."""
    page = queries.systems_page(caller(request), _filter(query), cursor=query.cursor, size=query.limit)
    link_header(request, response, cursor=page.next)
    link_reader(response)
    return {"items": [_shape(one) for one in page.items], "next": page.next}


def _filter(query: ListQuery) -> queries.SystemFilter:
    errors: dict[str, Any] = {}
    if query.agency and query.agency not in registers().agencies:
        errors["agency"] = _("Please choose an agency from the list.")
    if query.capability and not capability_map().codes_within(query.capability):
        errors["capability"] = _("Please choose one of the capabilities.")
    if errors:
        raise Invalid(errors)
    return queries.SystemFilter(
        words=query.words.strip(), agency=query.agency, capability=query.capability, lifecycle=query.lifecycle,
        hosting=query.hosting, contract=query.contract_ends_within, due=query.due,
    )  # fmt: skip


@router.get(
    "/systems/{code}", response={200: SystemDetail, 304: None} | refusals(403, 404), summary="Read a system"
)
@with_scope("portfolio:read")
def system_read(request: HttpRequest, response: HttpResponse, code: Code) -> Any:
    """A system with its costs and connections."""
    view = queries.system_view(caller(request), code)
    link_reader(response)
    return not_modified(request, response, _tag(view.system)) or _detail(view)


def _tag(system: System) -> str:
    """Its version, which changes with its connections too, and the reader's language."""
    return f'"{system.version}-{get_language()}"'


@router.post("/systems", response={201: SystemDetail} | refusals(403, 404), summary="Enter a system")
@with_scope("portfolio:write")
@idempotent
def system_create(request: HttpRequest, body: SystemIn) -> Any:
    """Enter a system of the key's agency or one below it."""
    costs = {year: amount for year, amount in _costs(body).items() if amount is not None}
    given = actions.SystemGiven(**_told(body, whole=True))
    made = actions.system_create(
        actor=caller(request), owner=body.owner, given=given, costs=costs, code=body.code, origin=ORIGIN
    )
    return Status(201, _answer(request, made.code))


@router.patch(
    "/systems/{code}", response={200: SystemDetail} | refusals(403, 404, 409, 412), summary="Change a system"
)
@with_scope("portfolio:write")
def system_change(request: HttpRequest, code: Code, body: SystemFields) -> Any:
    """Change the fields given; with `If-Match` only if nobody else changed it since."""
    with precondition():
        actions.system_change(
            actor=caller(request), code=code, fields=_told(body), costs=_costs(body),
            owner=body.owner if "owner" in body.model_fields_set else None, version=expected_version(request),
            origin=ORIGIN,
        )  # fmt: skip
    return _answer(request, code)


@router.post(
    "/systems/{code}/interfaces", response={201: SystemDetail} | refusals(403, 404), summary="Enter a connection"
)
@with_scope("portfolio:write")
@idempotent
def interface_create(request: HttpRequest, code: Code, body: InterfaceIn) -> Any:
    """Say that the system gives data to another; the owner of either may."""
    if not System.objects.filter(code=code).exists():
        raise NotFound
    actions.interface_add(
        actor=caller(request),
        provider=code,
        consumer=body.consumer,
        data=body.data,
        method=body.method,
        origin=ORIGIN,
    )
    return Status(201, _answer(request, code))


def _told(body: SystemFields, *, whole: bool = False) -> dict[str, Any]:
    """The action's fields: those sent, or all of them."""
    sent = set(actions.FIELDS) if whole else body.model_fields_set & set(actions.FIELDS)
    found = {name: getattr(body, name) for name in sent}
    if "data_held" in found:
        found["data_held"] = tuple(found["data_held"])
    return found


def _costs(body: SystemFields) -> dict[int, Decimal | None]:
    wrong = [year for year in body.costs if not (year.isascii() and year.isdigit() and len(year) == 4)]
    if wrong:
        raise Invalid({f"costs.{year[:10]}": _("This is not a fiscal year (พ.ศ.).") for year in wrong})
    return {int(year): amount for year, amount in body.costs.items()}


def _answer(request: HttpRequest, code: str) -> dict[str, Any]:
    return _detail(queries.system_view(caller(request), code))


# --- from rows to what is given ---------------------------------------------------------------------------------------


def _shape(system: System) -> dict[str, Any]:
    found = {
        name: getattr(system, name) for name in (*actions.FIELDS, "code", "name", "confirmed_on", "version")
    }
    known = capability_map().capabilities.get(system.capability)
    return found | {
        "url": settings.PUBLIC_URL + reverse("portfolio:system", args=[system.code]),
        "owner": {"code": system.owner_id, "name": registers().agency(system.owner_id).name},
        "capability": {"code": known.code, "name": known.name} if known else None,
    }


def _detail(view: queries.SystemView) -> dict[str, Any]:
    return _shape(view.system) | {
        "costs": {str(one.fiscal_year): one.amount for one in view.costs},
        "gives": [_link(one, one.consumer) for one in view.given],
        "uses": [_link(one, one.provider) for one in view.used],
    }


def _link(one: Interface, other: System) -> dict[str, Any]:
    return {"system": {"code": other.code, "name": other.name}, "data": one.data, "method": one.method}
