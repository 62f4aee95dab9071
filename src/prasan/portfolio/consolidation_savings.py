"""What a consolidation plan saves, year by year and as a range. Pure; docs/consolidation.md tells the method."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

HORIZON = 5  # fiscal years that a plan counts
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Range:
    """Baht, from low to high."""

    low: Decimal = ZERO
    high: Decimal = ZERO

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.high + other.high)

    def minus(self, amount: Decimal) -> Range:
        """The range after spending `amount`."""
        return Range(self.low - amount, self.high - amount)

    @property
    def exact(self) -> bool:
        """Whether it is one number and not a range."""
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class Member:
    """Baht by fiscal year without the plan, and the percents of it that end, at least and at best.

    `gradual`: it is in use, so that its cost ends as its users move; what is not bought yet ends at once.
    """

    baseline: Mapping[int, Decimal]
    ends_low: int
    ends_high: int
    gradual: bool


@dataclass(frozen=True, slots=True)
class Numbers:
    """All that the savings of a plan are made of; `actuals` maps a year to (spent on members, on the platform)."""

    members: Sequence[Member]
    one_off: Mapping[int, Decimal] = field(default_factory=dict)
    yearly: Mapping[int, Decimal] = field(default_factory=dict)
    migration: Sequence[tuple[date, int]] = ()
    actuals: Mapping[int, tuple[Decimal, Decimal]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class YearLine:
    """One fiscal year: what would be spent, what ends, what the platform costs more, what is left of it.

    `realised` is baseline less what was really spent on members and platform; None as long as nobody has told that.
    `total` adds the years up to this one, realised years with what is realised.
    """

    year: int
    baseline: Decimal
    moved_before: int
    moved_after: int
    gross: Range
    one_off: Decimal
    yearly: Decimal
    net: Range
    realised: Decimal | None
    total: Range


def fiscal_year_days(year: int) -> tuple[date, date]:
    """First and last day of a fiscal year (พ.ศ.)."""
    return date(year - 544, 10, 1), date(year - 543, 9, 30)


def moved_by(migration: Iterable[tuple[date, int]], day: date) -> int:
    """Percent of the users that have moved by the end of a day."""
    return max((share for due, share in migration if due <= day), default=0)


def year_lines(given: Numbers) -> list[YearLine]:
    """A line for each fiscal year in which anything is counted, in order.

    Low: the users who moved before the year began, and the least that ends; high: those who have moved at its end.
    """
    years = sorted({*given.one_off, *given.yearly, *(year for one in given.members for year in one.baseline)})
    lines: list[YearLine] = []
    total = Range()
    for year in years:
        first, last = fiscal_year_days(year)
        before = moved_by([(due, share) for due, share in given.migration if due < first], first)
        after = moved_by(given.migration, last)
        gross = _gross(given.members, year, before, after)
        one_off, yearly = given.one_off.get(year, ZERO), given.yearly.get(year, ZERO)
        net = gross.minus(one_off + yearly)
        baseline = sum((one.baseline.get(year, ZERO) for one in given.members), ZERO)
        spent = given.actuals.get(year)
        realised = None if spent is None else baseline - sum(spent)
        total += net if realised is None else Range(realised, realised)
        lines.append(YearLine(year, baseline, before, after, gross, one_off, yearly, net, realised, total))
    return lines


def _gross(members: Iterable[Member], year: int, before: int, after: int) -> Range:
    low = high = ZERO
    for one in members:
        amount = one.baseline.get(year, ZERO)
        low += amount * one.ends_low * (before if one.gradual else 100) / 10_000
        high += amount * one.ends_high * (after if one.gradual else 100) / 10_000
    return Range(_satang(low), _satang(high))


def _satang(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))


def expected(lines: Iterable[YearLine]) -> Range:
    """What is saved net in the years of which nobody has told the real spending."""
    return sum((line.net for line in lines if line.realised is None), Range())


def realised(lines: Iterable[YearLine]) -> Decimal:
    """What was really saved net; below nothing where the plan cost more than it saved."""
    return sum((line.realised for line in lines if line.realised is not None), ZERO)


def payback_years(lines: Sequence[YearLine]) -> tuple[int | None, int | None]:
    """The fiscal year from which on the plan has paid for itself: at best, and at least; None: not within its years."""
    return _payback([line.total.high for line in lines], lines), _payback(
        [line.total.low for line in lines], lines
    )


def _payback(totals: Sequence[Decimal], lines: Sequence[YearLine]) -> int | None:
    found = None
    for total, line in zip(reversed(totals), reversed(lines), strict=True):
        if total < 0:
            break
        found = line.year
    return found
