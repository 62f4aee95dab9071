"""What a proposal says, as one value: the form, a workbook's row and the rows in the database all become this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from prasan.city.registers import registers
from prasan.fabric.problems import Message
from prasan.portfolio.capabilities import capability_map
from prasan.portfolio.models import Proposal, ProposalCost, Relation, SystemLink
from prasan.portfolio.tiers import Tier, portfolio_rules

LONGEST_TITLE = 500
LONGEST_TEXT = 20_000
MOST_MONEY = Decimal(10) ** 13
MOST_METRICS = 30
LARGEST_NUMBER = Decimal(10) ** 15
Part = ProposalCost.Part
EXISTING = (Proposal.Nature.ENHANCE, Proposal.Nature.REPLACE, Proposal.Nature.MAINTAIN)
NATURES, LANES, PARTS = (frozenset(kind.values) for kind in (Proposal.Nature, Proposal.Lane, Part))
TEXTS = ("objective", "scope", "benefit")


@dataclass(frozen=True, slots=True)
class MetricContent:
    """A promised number. `areas` are area codes for which the city indicator is read."""

    name: str
    unit: str = ""
    baseline: Decimal | None = None
    target: Decimal | None = None
    due_on: date | None = None
    indicator: str = ""
    areas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """Everything an agency says of its project.

    `costs` maps (fiscal year in พ.ศ., part) to baht, `relations` the code of another proposal to `depends_on` or
    `excludes`, `systems` a system's code to `replaces`, `extends` or `uses`.
    """

    title: str = ""
    own_number: str = ""
    objective: str = ""
    scope: str = ""
    benefit: str = ""
    nature: str = Proposal.Nature.NEW
    lane: str = Proposal.Lane.INFORMATION_SYSTEM
    capability: str = ""
    data_held: tuple[str, ...] = ()
    first_year: int | None = None
    life_years: int | None = None
    policies: tuple[str, ...] = ()
    committed: bool = False
    answers: Mapping[str, str] = field(default_factory=dict)
    costs: Mapping[tuple[int, str], Decimal] = field(default_factory=dict)
    metrics: tuple[MetricContent, ...] = ()
    relations: Mapping[str, str] = field(default_factory=dict)
    systems: Mapping[str, str] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        """Baht over all years."""
        return sum(self.costs.values(), Decimal(0))

    @property
    def tier(self) -> Tier:
        """The tier that its money falls into."""
        return portfolio_rules().tier(self.total)

    def columns(self) -> dict[str, Any]:
        """Values of the proposal's own row."""
        rows = {"costs", "metrics", "relations", "systems"}
        given = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in rows}
        given |= {
            "data_held": list(self.data_held),
            "policies": list(self.policies),
            "answers": dict(self.answers),
        }
        return given | {"total": self.total, "tier": self.tier.code}


def content_of(proposal: Proposal) -> Content:
    """What is kept of a proposal; at most four statements, none for relations that were prefetched."""
    own = {
        one.name: getattr(proposal, one.name)
        for one in fields(Content)
        if one.name not in {"costs", "metrics", "relations", "systems", "data_held", "policies"}
    }
    return Content(
        **own,
        data_held=tuple(proposal.data_held),
        policies=tuple(proposal.policies),
        costs={(cost.fiscal_year, cost.part): cost.amount for cost in proposal.costs.all()},
        metrics=tuple(
            MetricContent(m.name, m.unit, m.baseline, m.target, m.due_on, m.indicator, tuple(m.areas))
            for m in proposal.metrics.all()
        ),
        relations={one.other.code: one.kind for one in proposal.relations.all()},
        systems={one.system.code: one.kind for one in proposal.system_links.all()},
    )


def impossible(content: Content) -> dict[str, Message]:
    """Field → sentence for what can't be kept at all, also in a draft; empty when all is possible."""
    return dict(_impossible(content))


def _impossible(content: Content) -> Iterator[tuple[str, Message]]:
    if not content.title.strip():
        yield "title", _("Please give the project a name.")
    if len(content.title) > LONGEST_TITLE:
        yield "title", _("At most %(most)d characters, please.") % {"most": LONGEST_TITLE}
    yield from _impossible_texts(content)
    yield from _impossible_choices(content)
    yield from _impossible_years(content)
    yield from _impossible_money(content)
    yield from _impossible_metrics(content)


def _impossible_texts(content: Content) -> Iterator[tuple[str, Message]]:
    texts = {name: getattr(content, name) for name in TEXTS}
    texts |= {f"answers.{code}": text for code, text in content.answers.items()}
    for name, text in texts.items():
        if len(text) > LONGEST_TEXT:
            yield name, _("At most %(most)d characters, please.") % {"most": LONGEST_TEXT}


def _impossible_choices(content: Content) -> Iterator[tuple[str, Message]]:
    if content.nature not in NATURES:
        yield "nature", _("Please choose one of these.")
    if content.lane not in LANES:
        yield "lane", _("Please choose one of these.")
    if content.capability and content.capability not in capability_map().capabilities:
        yield (
            "capability",
            _("“%(code)s” is not on the city's capability map.") % {"code": content.capability},
        )
    unknown = [code for code in content.policies if code not in portfolio_rules().policies]
    if unknown:
        yield "policies", _("There is no policy “%(code)s”.") % {"code": unknown[0]}
    if any(kind not in Relation.Kind.values for kind in content.relations.values()):
        yield "relations", _("Please choose one of these.")
    if any(kind not in SystemLink.Kind.values for kind in content.systems.values()):
        yield "systems", _("Please choose one of these.")


def _impossible_years(content: Content) -> Iterator[tuple[str, Message]]:
    years = portfolio_rules().years()
    if content.first_year is not None and content.first_year not in years:
        yield "first_year", _year_sentence(content.first_year)
    for year, _part in content.costs:
        if year not in years:
            yield "costs", _year_sentence(year)
    if content.life_years is not None and not 1 <= content.life_years <= 50:
        yield "life_years", _("Years of use are a number from 1 to 50.")


def _year_sentence(year: int) -> str:
    years = portfolio_rules().years()
    return _("%(year)s is not a fiscal year (พ.ศ.) from %(first)s to %(last)s.") % {
        "year": year, "first": years[0], "last": years[-1],
    }  # fmt: skip


def _impossible_money(content: Content) -> Iterator[tuple[str, Message]]:
    for (year, part), amount in content.costs.items():
        name = f"costs.{part}.{year}"
        if part not in PARTS or not amount.is_finite():
            yield name, _("This is not an amount of money.")
        elif amount < 0:
            yield name, _("An amount of money can't be negative (%(text)s).") % {"text": f"{amount:,}"}
        elif amount > MOST_MONEY:
            yield (
                name,
                _("%(text)s is more money than can be meant; look at the unit.") % {"text": f"{amount:,}"},
            )


def _impossible_metrics(content: Content) -> Iterator[tuple[str, Message]]:
    if len(content.metrics) > MOST_METRICS:
        yield "metrics", _("At most %(most)d metrics, please.") % {"most": MOST_METRICS}
    names = [metric.name for metric in content.metrics]
    areas = registers().areas
    for number, metric in enumerate(content.metrics):
        if not metric.name.strip():
            yield f"metrics.{number}.name", _("Say what is measured.")
        elif names.index(metric.name) != number:
            yield f"metrics.{number}.name", _("“%(name)s” is given twice.") % {"name": metric.name}
        for name in ("baseline", "target"):
            value = getattr(metric, name)
            if value is not None and (not value.is_finite() or abs(value) > LARGEST_NUMBER):
                yield f"metrics.{number}.{name}", _("This is not a number that can be kept.")
        if any(area not in areas for area in metric.areas):
            yield f"metrics.{number}.areas", _("There is no such district.")


def missing(content: Content) -> dict[str, Message]:
    """Field → sentence for what a proposal of its tier still needs before it can be submitted."""
    return dict(_missing(content))


def _missing(content: Content) -> Iterator[tuple[str, Message]]:
    needed = ["objective", *(["scope", "benefit"] if content.tier.level else [])]
    for name in needed:
        if not getattr(content, name).strip():
            yield name, _("This is needed to submit.")
    if content.first_year is None:
        yield "first_year", _("Say in which fiscal year it begins.")
    if not content.capability and capability_map().capabilities:
        yield "capability", _("Say which of the city's capabilities it serves.")
    if content.total <= 0:
        yield "costs", _("Give the cost of at least one year.")
    if content.nature in EXISTING and not content.systems:
        yield "systems", _("Say which system it extends, replaces or maintains.")
    yield from _missing_metrics(content)
    for question in portfolio_rules().questions_of(content.tier):
        if not content.answers.get(question.code, "").strip():
            yield f"answers.{question.code}", _("Projects of this size answer this question.")


def _missing_metrics(content: Content) -> Iterator[tuple[str, Message]]:
    if not content.metrics:
        yield "metrics", _("Promise at least one number: where it stands now, and where it shall be.")
    for number, metric in enumerate(content.metrics):
        for name, sentence in (
            ("baseline", _("Say where “%(name)s” stands now.")),
            ("target", _("Say where “%(name)s” shall be.")),
        ):
            if getattr(metric, name) is None:
                yield f"metrics.{number}.{name}", sentence % {"name": metric.name}
        if metric.baseline is not None and metric.baseline == metric.target:
            yield (
                f"metrics.{number}.target",
                _("The target of “%(name)s” is where it stands already.") % {"name": metric.name},
            )
