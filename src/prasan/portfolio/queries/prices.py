"""What the pages read of prices. Each function says how many statements it costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone

from prasan.city.registers import registers
from prasan.fabric import paging
from prasan.fabric.actors import Actor
from prasan.fabric.problems import Forbidden
from prasan.people.models import User
from prasan.portfolio import policies
from prasan.portfolio.models import (
    PriceAnswer,
    PriceEdition,
    PriceFlag,
    PriceLine,
    Proposal,
    ReferencePrice,
)
from prasan.portfolio.prices.flags import (
    HISTORY_YEARS,
    Book,
    Check,
    Flag,
    Line,
    Reference,
    check,
    same_things,
)
from prasan.portfolio.prices.names import pool, telling_words
from prasan.portfolio.queries.proposals import find

PAGE = 50
ANSWERED_FOR = (PriceFlag.Kind.ABOVE_REFERENCE, PriceFlag.Kind.ABOVE_HISTORY, PriceFlag.Kind.UNIT_MISSING)
NO_HISTORY = (Proposal.Status.DRAFT, Proposal.Status.WITHDRAWN, Proposal.Status.NOT_APPROVED)
NOT_LOOKED_AT = (Proposal.Status.DRAFT, Proposal.Status.WITHDRAWN)
FEWEST_SHOWN = (
    3  # other proposals below which an agency is not told what they pay: it would know whose price it is
)
DAYS = timedelta(days=366 * HISTORY_YEARS)


# --- checking --------------------------------------------------------------------------------------------------------


def checks_of(proposal: Proposal, lines: Sequence[PriceLine]) -> list[tuple[int, Check]]:
    """Line id → what is found of it today. Two statements."""
    return [(line.pk, found) for line, found, _others in _checked(proposal, lines)]


def _checked(proposal: Proposal, lines: Sequence[PriceLine]) -> list[tuple[PriceLine, Check, list[Line]]]:
    words = sorted({word for line in lines for word in telling_words(line.words)})
    units = {line.unit_code for line in lines if line.unit_code}
    others = [_line(one) for one in _history().filter(unit_code__in=units, words__overlap=words)]
    items = ReferencePrice.objects.filter(unit_code__in=units, words__overlap=words)
    references = [_reference(one) for one in items.select_related("edition")]
    day = _day(proposal)
    found = []
    for line in lines:
        asked = _line(line, day)
        found.append((line, check(asked, references, others), list(same_things(asked, others))))
    return found


def checks_of_all() -> list[tuple[int, Check]]:
    """Line id → what is found of it today, for every line of the city. Three statements."""
    references = [_reference(one) for one in ReferencePrice.objects.select_related("edition")]
    book = Book((_line(one) for one in _history()), references)
    lines = PriceLine.objects.select_related("proposal").order_by("pk")
    return [(line.pk, book.check(_line(line, _day(line.proposal)))) for line in lines.iterator(2_000)]


def _history() -> QuerySet[PriceLine]:
    """Lines of the last five years of proposals that were handed in and neither withdrawn nor refused."""
    rows = PriceLine.objects.filter(created_at__gte=timezone.now() - DAYS, base_price__isnull=False)
    return rows.exclude(proposal__status__in=NO_HISTORY).select_related("proposal")


def _line(one: PriceLine, on: date = date.min) -> Line:
    price = None if one.base_price is None else float(one.base_price)
    unit = one.unit if price is not None else pool(one.name) or one.unit
    return Line(one.words, one.unit_code, price, unit, one.proposal_id, on)


def _reference(one: ReferencePrice) -> Reference:
    edition = one.edition
    return Reference(
        one.words,
        one.unit_code,
        float(one.base_price),
        one.name,
        edition.name,
        edition.source,
        edition.valid_from,
    )


def _day(proposal: Proposal) -> date:
    """The day by whose reference prices a proposal is judged: when it was handed in; today until then."""
    return timezone.localdate(proposal.submitted_at) if proposal.submitted_at else timezone.localdate()


# --- one proposal ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PaidByOther:
    """What another proposal pays for the same; for the city's side alone."""

    agency: str
    code: str
    name: str
    base_price: Decimal
    status: str


@dataclass(frozen=True, slots=True)
class FlagView:
    """A flag with the answers that were given for this price, the last one first."""

    flag: Flag
    answers: list[PriceAnswer] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.flag.kind

    @property
    def label(self) -> Any:
        return PriceFlag.Kind(self.flag.kind).label

    @property
    def open(self) -> bool:
        """Whether somebody still has to say something."""
        return self.flag.kind in ANSWERED_FOR and not self.answers


@dataclass(frozen=True, slots=True)
class LineView:
    """A line with what was found of it. `others` is None for who may not see single prices of others."""

    line: PriceLine
    check: Check
    flags: list[FlagView]
    others: list[PaidByOther] | None
    shows_summary: bool


@dataclass(frozen=True, slots=True)
class PriceView:
    """All prices of one proposal."""

    proposal: Proposal
    lines: list[LineView]
    earlier: list[PriceAnswer]
    names: dict[str, str]

    @property
    def total(self) -> Decimal:
        return sum((one.line.sum for one in self.lines), Decimal(0))

    @property
    def open(self) -> int:
        return sum(flag.open for one in self.lines for flag in one.flags)


def price_view(actor: Actor, code: str) -> PriceView:
    """The lines of a proposal, looked at today; seven statements. NotFound for one that the actor may not read.

    Single prices of other proposals are for the city's side: before the decision they are their agencies' own.
    """
    proposal = find(actor, code)
    lines = list(proposal.price_lines.order_by("pk"))
    answers = list(proposal.price_answers.order_by("-id"))
    by_flag: dict[tuple[int | None, str, Decimal], list[PriceAnswer]] = defaultdict(list)
    for answer in answers:
        by_flag[answer.line_id, answer.kind, answer.unit_price].append(answer)
    city = policies.is_city_side(actor)
    checked = _checked(proposal, lines) if lines else []
    paid = _paid([one for _l, _c, others in checked for one in others]) if city else {}
    views, shown = [], set()
    for line, found, others in checked:
        flags = [FlagView(flag, by_flag[line.pk, flag.kind, line.unit_price]) for flag in found.flags]
        shown |= {answer.pk for flag in flags for answer in flag.answers}
        count = found.others.count if found.others else 0
        rows = [row for one in others for row in paid.get((one.proposal, one.unit_code, one.base_price), [])]
        unique = list({(row.code, row.name, row.base_price): row for row in rows}.values())
        views.append(LineView(line, found, flags, unique if city else None, city or count >= FEWEST_SHOWN))
    earlier = [answer for answer in answers if answer.pk not in shown]
    return PriceView(proposal, views, earlier, _names(answers))


def _paid(others: Iterable[Line]) -> dict[tuple[int, str, float | None], list[PaidByOther]]:
    rows = PriceLine.objects.filter(proposal__in={one.proposal for one in others}, base_price__isnull=False)
    found: dict[tuple[int, str, float | None], list[PaidByOther]] = defaultdict(list)
    for one in rows.select_related("proposal"):
        assert one.base_price is not None  # noqa: S101 — filtered above
        agency = registers().agencies.get(one.proposal.agency_id)
        row = PaidByOther(
            agency.name if agency else one.proposal.agency_id, one.proposal.code, one.name, one.base_price,
            one.proposal.get_status_display(),
        )  # fmt: skip
        found[one.proposal_id, one.unit_code, float(one.base_price)].append(row)
    return found


def _names(answers: Iterable[PriceAnswer]) -> dict[str, str]:
    ids = {int(one.by_id) for one in answers if one.by_id.isdigit()}
    return {str(user.pk): user.display_name for user in User.objects.filter(pk__in=ids)} if ids else {}


# --- the whole city --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FlagFilter:
    """Which flags to show; `answered`: yes, no or empty for both."""

    kind: str = ""
    answered: str = "no"
    agency: str = ""


def flags_page(actor: Actor, given: FlagFilter, *, cursor: str = "") -> paging.Page[PriceFlag]:
    """A page of flags with line and proposal, newest first; each has `is_answered`. One statement. Raises Forbidden."""
    require_city_side(actor)
    return paging.page(_flags(given), by="-id", cursor=cursor, size=PAGE)


def _flags(given: FlagFilter) -> QuerySet[PriceFlag]:
    rows = _handed_in().annotate(is_answered=_answered()).select_related("line__proposal")
    kinds = [given.kind] if given.kind in PriceFlag.Kind.values else ANSWERED_FOR
    rows = rows.filter(kind__in=kinds)
    if given.agency:
        rows = rows.filter(line__proposal__agency__in=sorted(registers().descendants(given.agency)))
    if given.answered in {"yes", "no"}:
        rows = rows.filter(_answered() if given.answered == "yes" else ~_answered())
    return rows


def _handed_in() -> QuerySet[PriceFlag]:
    """Flags of proposals that live."""
    return PriceFlag.objects.exclude(line__proposal__status__in=NOT_LOOKED_AT)


def _answered() -> Exists:
    """Whether somebody answered for a flag at the price as it is."""
    answers = PriceAnswer.objects.filter(
        line=OuterRef("line"), kind=OuterRef("kind"), unit_price=OuterRef("line__unit_price")
    )
    return Exists(answers)


def flag_counts(actor: Actor) -> dict[str, tuple[int, int]]:
    """Kind → (flags, those that nobody answered for) of proposals that were handed in. One statement."""
    require_city_side(actor)
    rows = (
        _handed_in()
        .values_list("kind")
        .annotate(count=Count("pk"), unanswered=Count("pk", filter=~_answered()))
    )
    found = {kind: (count, unanswered) for kind, count, unanswered in rows.order_by("kind")}
    return {kind: found.get(kind, (0, 0)) for kind in PriceFlag.Kind.values}


def require_city_side(actor: Actor) -> None:
    """Raises Forbidden for who may not see the prices of all agencies."""
    if not policies.is_city_side(actor):
        raise Forbidden


def editions() -> list[PriceEdition]:
    """Reference lists with `count` of items, the newest of each source first. One statement."""
    rows = PriceEdition.objects.annotate(count=Count("items"))
    return list(rows.order_by("source", "-valid_from"))
