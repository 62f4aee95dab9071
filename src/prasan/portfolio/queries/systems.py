"""What the pages, the API and the numbers read of the city's systems.

Each function says how many statements it costs; tests/portfolio/systems/ holds the sums per page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from typing import Any

from django.db.models import Count, F, Func, OuterRef, Q, QuerySet, Subquery, Sum, TextField, Value
from django.db.models.functions import Concat, Lower
from django.utils import timezone

from prasan.city.models import Agency, Indicator
from prasan.city.registers import registers
from prasan.fabric import paging
from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Forbidden, NotFound
from prasan.fabric.thai import words
from prasan.people.models import User
from prasan.people.policies import agencies_of
from prasan.portfolio import silos
from prasan.portfolio.capabilities import capability_map
from prasan.portfolio.fiscal import fiscal_year
from prasan.portfolio.models import Interface, Proposal, System, SystemCost
from prasan.portfolio.policies import AGENCY_SIDE, READERS, is_city_side, may_read_systems

PAGE = 50
MOST_HISTORY = 50
MOST_LINKS = 500  # interfaces that a page shows at once
MOST_TYPED = 200  # characters of a search
DISTRICTS = "districts"  # the heat map's one column for all district offices
SOON = timedelta(days=30)  # so long before its day a confirmation is asked for


@dataclass(frozen=True, slots=True)
class SystemFilter:
    """What a reader wants to see; empty means every system.

    `agency` covers those below it, `capability` may be a group, `contract` is days within which the contract ends (one
    that ended counts), `due` asks for those that wait for their owner's confirmation.
    """

    words: str = ""
    agency: str = ""
    capability: str = ""
    lifecycle: str = ""
    hosting: str = ""
    contract: int | None = None
    due: bool = False


# --- lists ------------------------------------------------------------------------------------------------------------


def systems_page(
    actor: Actor, given: SystemFilter, *, cursor: str = "", size: int = PAGE
) -> paging.Page[System]:
    """A page of systems by code, each with `yearly_cost`. One statement. Raises Forbidden."""
    require_reader(actor)
    return paging.page(with_cost(filtered(given)), by="code", cursor=cursor, size=size)


def require_reader(actor: Actor) -> None:
    """Raises Forbidden for who may not read the inventory."""
    if not may_read_systems(actor):
        raise Forbidden


def filtered(given: SystemFilter) -> QuerySet[System]:
    """Systems that fit, without order."""
    rows = System.objects.all()
    if given.agency:
        rows = rows.filter(owner_id__in=sorted(agency_codes(given.agency)))
    if given.capability:
        rows = rows.filter(capability__in=capability_map().codes_within(given.capability))
    for name in ("lifecycle", "hosting"):
        if getattr(given, name):
            rows = rows.filter(**{name: getattr(given, name)})
    if given.contract is not None:
        until = timezone.localdate() + timedelta(days=given.contract)
        rows = rows.filter(contract_end__lte=until).exclude(lifecycle=System.Lifecycle.RETIRED)
    if given.due:
        rows = rows.filter(waiting(timezone.localdate()))
    return _matching(rows, given.words) if given.words else rows


def _matching(rows: QuerySet[System], text: str) -> QuerySet[System]:
    """Systems in whose words each word of `text` is found, Thai ones without blanks between them too.

    A city has some thousand systems at most: they are looked through, without an index.
    """
    data = Func(F("data_held"), Value(" "), function="array_to_string", output_field=TextField())
    parts = [F("code"), F("name_th"), F("name_en"), F("purpose"), F("vendor"), F("technology"), data]
    spaced = [piece for part in parts for piece in (part, Value(" "))]
    rows = rows.annotate(everything=Lower(Concat(*spaced, output_field=TextField())))
    wanted = words(text) or [text.strip().lower()]
    return rows.filter(reduce(lambda both, word: both & Q(everything__contains=word), wanted, Q()))


def with_cost(rows: QuerySet[System]) -> QuerySet[System]:
    """`yearly_cost`: baht of the latest fiscal year told, not later than the current one; None where none is told."""
    costs = SystemCost.objects.filter(
        system=OuterRef("pk"), fiscal_year__lte=fiscal_year(timezone.localdate())
    )
    return rows.annotate(yearly_cost=Subquery(costs.order_by("-fiscal_year").values("amount")[:1]))


def waiting(today: date, *, ahead: timedelta = timedelta(0)) -> Q:
    """Systems not retired whose owner has not confirmed them for a year, or will not have `ahead` of now."""
    last = today + ahead - silos.CONFIRMED_FOR
    return ~Q(lifecycle=System.Lifecycle.RETIRED) & (Q(confirmed_on=None) | Q(confirmed_on__lt=last))


def due_page(actor: Actor, *, agency: str = "", cursor: str = "") -> paging.Page[System]:
    """A page of the systems that wait for confirmation or will within 30 days, by code. One statement.

    The actor's own agencies', or those of `agency` that one may read. Raises Forbidden.
    """
    require_reader(actor)
    rows = System.objects.filter(waiting(timezone.localdate(), ahead=SOON))
    own = agencies_of(actor, AGENCY_SIDE)
    if agency:
        rows = rows.filter(owner_id__in=sorted(agency_codes(agency)))
    elif own and not is_city_side(actor):
        rows = rows.filter(owner_id__in=sorted(own))
    return paging.page(rows, by="code", cursor=cursor, size=PAGE)


def owners() -> list[str]:
    """Codes of the agencies right below the city under which a system stands, by name. One statement."""
    found = {
        registers().top(code) for code in System.objects.order_by().values_list("owner_id", flat=True).distinct()
    }
    return sorted(found, key=lambda code: registers().agency(code).name)


def suggestions(actor: Actor, text: str) -> list[System]:
    """Up to 20 systems not retired whose texts hold the words typed, by code. One statement. Raises Forbidden."""
    require_reader(actor)
    text = text.partition(" · ")[0].strip()
    if not text:
        return []
    rows = filtered(SystemFilter(words=text[:MOST_TYPED])).exclude(lifecycle=System.Lifecycle.RETIRED)
    return list(rows.order_by("code")[:20])


# --- one system -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SystemView:
    """A system with its costs by year, and what it gives and uses."""

    system: System
    costs: list[SystemCost]
    given: list[Interface]
    used: list[Interface]


def system_view(actor: Actor, code: str) -> SystemView:
    """One system. Four statements. Raises Forbidden, NotFound."""
    require_reader(actor)
    system = System.objects.filter(code=code).first()
    if system is None:
        raise NotFound
    return SystemView(
        system,
        list(system.costs.order_by("fiscal_year")),
        list(system.given.select_related("consumer").order_by("consumer__code", "data")),
        list(system.used.select_related("provider").order_by("provider__code", "data")),
    )


@dataclass(frozen=True, slots=True)
class Happened:
    """An entry of a system's history and the person's name; empty for a key, an import, a job."""

    entry: LedgerEntry
    who: str


def history(code: str) -> list[Happened]:
    """What happened to a system, newest first, the last 50 entries. Two statements."""
    rows = LedgerEntry.objects.filter(object_type="system", object_id=code).order_by("-id")
    entries = list(rows[:MOST_HISTORY])
    ids = {
        int(entry.actor_id) for entry in entries if entry.actor_kind == "officer" and entry.actor_id.isdigit()
    }
    people = User.objects.filter(pk__in=ids).only("name", "username", "kind", "email")
    names = {str(person.pk): person.display_name for person in people} if ids else {}
    return [
        Happened(entry, names.get(entry.actor_id, "") if entry.actor_kind == "officer" else "")
        for entry in entries
    ]


def system_proposals(actor: Actor, system: System) -> list[Any]:
    """Proposals that replace, extend or use a system, as far as the actor may read them. One statement."""
    links = system.proposal_links.filter(proposal__in=readable_proposals(actor)).select_related("proposal")
    return list(links.order_by("-proposal__id"))


def readable_proposals(actor: Actor) -> QuerySet[Proposal]:
    """Requests whose papers the actor may read: their own agencies', all of them for the city's side."""
    rows = Proposal.objects.exclude(status__in=(Proposal.Status.DRAFT, Proposal.Status.WITHDRAWN))
    if is_city_side(actor):
        return rows
    return rows.filter(agency_id__in=sorted(agencies_of(actor, READERS)))


# --- the graph --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Network:
    """Systems by code and the interfaces between them (with provider and consumer); `is_cut`: there are more."""

    systems: Mapping[str, System]
    interfaces: list[Interface]
    is_cut: bool


def network(actor: Actor, given: SystemFilter) -> Network:
    """The systems that fit and those they are connected with; retired ones are left out. Two statements.

    At most 500 interfaces; where there are more, systems without any are not told either. Raises Forbidden.
    """
    require_reader(actor)
    retired = System.Lifecycle.RETIRED
    chosen = filtered(given).exclude(lifecycle=retired)
    rows = Interface.objects.exclude(provider__lifecycle=retired).exclude(consumer__lifecycle=retired)
    if given != SystemFilter():
        rows = rows.filter(
            Q(provider__in=chosen.order_by().values("pk")) | Q(consumer__in=chosen.order_by().values("pk"))
        )
    rows = rows.select_related("provider", "consumer").order_by("provider__code", "consumer__code", "data")
    interfaces = list(rows[: MOST_LINKS + 1])
    is_cut = len(interfaces) > MOST_LINKS
    del interfaces[MOST_LINKS:]
    shown = chosen.only("code", "name_th", "name_en", "owner_id").order_by("code")
    systems = {} if is_cut else {one.code: one for one in shown}
    for interface in interfaces:
        for one in (interface.provider, interface.consumer):
            systems.setdefault(one.code, one)
    return Network(systems, interfaces, is_cut)


# --- silo numbers -----------------------------------------------------------------------------------------------------


def findings(today: date) -> silos.Findings:
    """What the silo numbers are counted from, as it stands. Two statements."""
    rows = System.objects.order_by("code").values_list(
        "code", "owner_id", "lifecycle", "capability", "data_held", "confirmed_on"
    )
    held = [
        silos.Held(code, registers().top(owner), lifecycle, capability, tuple(data), confirmed_on)
        for code, owner, lifecycle, capability, data, confirmed_on in rows
    ]
    links = Interface.objects.order_by("pk").values_list("provider__code", "consumer__code", "method")
    return silos.find(held, [silos.Link(*one) for one in links], today)


def names_of(codes: Collection[str]) -> dict[str, System]:
    """Systems by code, with names and owners alone. One statement."""
    rows = System.objects.filter(code__in=codes).only("code", "name_th", "name_en", "owner_id")
    return {one.code: one for one in rows}


def series(agency: str = "", *, months: int = 24) -> dict[date, dict[str, Decimal]]:
    """First day of a month → code of a silo number → value, oldest first; of the city or an agency. One statement."""
    names = {f"portfolio.{one.code}": one.code for one in silos.DEFINITIONS}
    rows = Indicator.objects.filter(name__in=names, agency_id=agency or None, area=None).order_by(
        "-period_start"
    )
    found: dict[date, dict[str, Decimal]] = defaultdict(dict)
    for one in rows[: months * len(names)]:
        found[one.period_start][names[one.name]] = one.value
    return dict(sorted(found.items()))


# --- capability map × agencies ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class Cell:
    """What one capability and one agency have in common: systems, their baht a year, requests, their baht."""

    systems: int = 0
    cost: Decimal = Decimal(0)
    requests: int = 0
    requested: Decimal = Decimal(0)

    def add(self, other: Cell) -> None:
        """Count the other one in."""
        for name in ("systems", "cost", "requests", "requested"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


Cells = dict[tuple[str, str], Cell]


def capability_cells(actor: Actor) -> Cells:
    """(capability, column) → what is there; a column is an agency right below the city, or `DISTRICTS` for all offices.

    Requests are those the actor may read. Two statements. Raises Forbidden.
    """
    require_reader(actor)
    found: Cells = defaultdict(Cell)
    in_use = System.objects.exclude(lifecycle=System.Lifecycle.RETIRED).order_by()
    for one in with_cost(in_use).only("capability", "owner_id"):
        cost = one.yearly_cost or Decimal(0)  # type: ignore[attr-defined]
        found[one.capability, column_of(one.owner_id)].add(Cell(systems=1, cost=cost))
    asked = readable_proposals(actor).order_by().values_list("capability", "agency_id")
    for code, agency, count, total in asked.annotate(count=Count("pk"), sum=Sum("total")):
        found[code, column_of(agency)].add(Cell(requests=count, requested=total))
    return dict(found)


def cell_systems(actor: Actor, capability: str, column: str) -> list[System]:
    """The systems of a cell by code; an empty `capability` means those that name none. One statement."""
    require_reader(actor)
    rows = System.objects.exclude(lifecycle=System.Lifecycle.RETIRED).filter(
        _in_cell("owner_id", capability, column)
    )
    return list(with_cost(rows).order_by("code"))


def cell_requests(actor: Actor, capability: str, column: str) -> list[Proposal]:
    """The requests of a cell that the actor may read, newest first. One statement."""
    return list(readable_proposals(actor).filter(_in_cell("agency_id", capability, column)).order_by("-id"))


def _in_cell(agency_field: str, capability: str, column: str) -> Q:
    named = capability_map().codes_within(capability) if capability else ("",)
    within = Q(capability__in=named)
    return within & Q(**{f"{agency_field}__in": sorted(agency_codes(column))}) if column else within


def column_of(code: str) -> str:
    """The heat map's column of an agency."""
    top = registers().top(code)
    return DISTRICTS if registers().agency(top).kind == Agency.Kind.DISTRICT_OFFICE else top


def agency_codes(column: str) -> set[str]:
    """Codes of a column: an agency and all below it, or all district offices and theirs."""
    if column != DISTRICTS:
        return set(registers().descendants(column))
    offices: Iterable[Agency] = registers().agencies.values()
    codes = [one.code for one in offices if one.kind == Agency.Kind.DISTRICT_OFFICE]
    return {code for office in codes for code in registers().descendants(office)}


def to_confirm(today: date) -> Sequence[tuple[str, int]]:
    """(owner, how many of its systems wait for confirmation or will within 30 days). One statement."""
    rows = System.objects.filter(waiting(today, ahead=SOON)).order_by("owner_id")
    return list(rows.values_list("owner_id").annotate(count=Count("pk")))
