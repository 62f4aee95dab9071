"""What became of a decided project: figures of its money, milestones, risks, readings of its metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.problems import Conflict, Forbidden, Invalid, Message
from prasan.portfolio import policies
from prasan.portfolio.actions.proposals import lock
from prasan.portfolio.content import LARGEST_NUMBER, MOST_MONEY
from prasan.portfolio.fiscal import fiscal_year as fiscal_year_of
from prasan.portfolio.models import BudgetFigure, Metric, MetricReading, Milestone, Proposal, Risk
from prasan.portfolio.tiers import portfolio_rules

Stage = BudgetFigure.Stage
CITY_STAGES = (Stage.SCREENED, Stage.ORDINANCE, Stage.ADJUSTED)  # what the city's side enters
CENT = Decimal("0.01")
LONGEST_NAME = 300
LONGEST_TEXT = 5_000
MOST_MILESTONES = 100
MOST_RISKS = 100


# --- money -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Which figure: fiscal year (พ.ศ.), stage, and for what was disbursed the first day of its month."""

    year: int
    stage: str
    month: date | None = None

    @property
    def name(self) -> str:
        """As the ledger calls it: 2570.disbursed.2026-11."""
        return f"{self.year}.{self.stage}" + (f".{self.month:%Y-%m}" if self.month else "")


def figure_record(
    *, actor: Actor, code: str, fiscal_year: int, stage: str, amount: Decimal, month: date | None = None,
    origin: str = "",
) -> BudgetFigure:  # fmt: skip
    """Enter one figure of a project's money, or put another one in its place.

    Raises NotFound, Forbidden, Invalid, or Conflict for a project that is not as far as the stage.
    """
    place = Place(fiscal_year, stage, month.replace(day=1) if month else None)
    faults = figure_faults(place, amount)
    if faults:
        raise Invalid(faults)
    with transaction.atomic():
        proposal = lock(actor, code)
        if not may_enter(actor, proposal, stage):
            raise Forbidden(_("Your role does not enter this figure, or the project is another agency's."))
        if not is_as_far(proposal, stage):
            raise Conflict(
                _("%(code)s has no such figure yet: it is “%(status)s”.")
                % {"code": code, "status": proposal.get_status_display()}
            )
        write_figures(actor, proposal, {place: amount}, "", origin)
    return BudgetFigure.objects.get(proposal=proposal, fiscal_year=place.year, stage=stage, month=place.month)


def may_enter(actor: Actor, proposal: Proposal, stage: str) -> bool:
    """The budget's stages are the city's; contracts and payments are told by the agency too."""
    if stage in CITY_STAGES:
        return policies.may_keep_budget(actor)
    return policies.may_follow(actor, proposal.agency_id)


def is_as_far(proposal: Proposal, stage: str) -> bool:
    """What was screened may be entered once the main committee has it; everything else after its decision."""
    early = stage == Stage.SCREENED and proposal.status == Proposal.Status.SCREENED
    return early or proposal.status in policies.GRANTED


def figure_faults(place: Place, amount: Decimal, *, today: date | None = None) -> dict[str, Message]:
    """Field → sentence for a figure that can't be kept."""
    faults: dict[str, Message] = {}
    years = portfolio_rules().years()
    if place.year not in years:
        faults["fiscal_year"] = _("%(year)s is not a fiscal year (พ.ศ.) from %(first)s to %(last)s.") % {
            "year": place.year, "first": years[0], "last": years[-1],
        }  # fmt: skip
    if place.stage not in Stage.values:
        faults["stage"] = _("Please choose one of these.")
    if not amount.is_finite() or amount < 0:
        faults["amount"] = _("An amount of money can't be negative (%(text)s).") % {"text": f"{amount:,}"}
    elif amount > MOST_MONEY:
        faults["amount"] = _("%(text)s is more money than can be meant; look at the unit.") % {
            "text": f"{amount:,}"
        }
    return faults | _month_faults(place, today or timezone.localdate())


def _month_faults(place: Place, today: date) -> dict[str, Message]:
    if place.stage != Stage.DISBURSED:
        return {"month": _("Only what was disbursed is told by month.")} if place.month else {}
    if place.month is None:
        return {"month": _("Say in which month it was disbursed.")}
    if fiscal_year_of(place.month) != place.year:
        return {
            "month": _("This month is not in the fiscal year %(year)s (October to September).")
            % {"year": place.year}
        }
    return {"month": _("This month is still to come.")} if place.month > today else {}


def write_figures(
    actor: Actor, proposal: Proposal, figures: Mapping[Place, Decimal], source: str, origin: str
) -> tuple[int, int]:
    """Enter and replace figures of a locked proposal; (entered, changed). One ledger entry, none where all stand so."""
    known = {
        Place(one.fiscal_year, one.stage, one.month): one
        for one in proposal.figures.filter(fiscal_year__in={place.year for place in figures})
    }
    rounded = {place: amount.quantize(CENT) for place, amount in figures.items()}
    new = {place: amount for place, amount in rounded.items() if place not in known}
    changed = {
        place: amount for place, amount in rounded.items() if place in known and known[place].amount != amount
    }
    if not new and not changed:
        return 0, 0
    now = timezone.now()
    who: dict[str, Any] = {"source": source, "by_kind": actor.kind, "by_id": actor.id, "at": now}
    BudgetFigure.objects.bulk_create(
        BudgetFigure(
            proposal=proposal,
            fiscal_year=place.year,
            stage=place.stage,
            month=place.month,
            amount=amount,
            **who,
        )
        for place, amount in new.items()
    )
    changes: dict[str, Any] = {
        place.name: [None, amount] for place, amount in sorted(new.items(), key=_by_name)
    }
    for place, amount in sorted(changed.items(), key=_by_name):
        figure = known[place]
        changes[place.name] = [figure.amount, amount]
        figure.amount = amount
        for name, value in who.items():
            setattr(figure, name, value)
    BudgetFigure.objects.bulk_update([known[place] for place in changed], ["amount", *who])
    _tell(actor, proposal, "figures", changes, origin)
    return len(new), len(changed)


def _by_name(item: tuple[Place, Decimal]) -> str:
    return item[0].name


def _tell(actor: Actor, proposal: Proposal, what: str, changes: Mapping[str, Any], origin: str) -> None:
    # Lists and the published releases go by this moment; the version stays, for nobody's form is out of date.
    Proposal.objects.filter(pk=proposal.pk).update(updated_at=timezone.now())
    ledger_write(
        actor=actor, action=f"proposal.{what}", object_type="proposal", object_id=proposal.code,
        changes={"agency": proposal.agency_id} | dict(changes), origin=origin,
    )  # fmt: skip


# --- milestones, risks, readings -------------------------------------------------------------------------------------


@contextmanager
def _following(
    actor: Actor, code: str, what: str, changes: Mapping[str, Any], origin: str
) -> Iterator[Proposal]:
    """Lock a decided project that the actor may tell of, and write the ledger entry when the block ends."""
    with transaction.atomic():
        proposal = lock(actor, code)
        if not policies.may_follow(actor, proposal.agency_id):
            raise Forbidden(
                _("Only the agency's own people and the city's analysts tell how a project goes.")
            )
        if proposal.status not in policies.GRANTED:
            raise Conflict(
                _("%(code)s is not decided: it is “%(status)s”.")
                % {"code": code, "status": proposal.get_status_display()}
            )
        yield proposal
        _tell(actor, proposal, what, changes, origin)


def milestone_save(
    *, actor: Actor, code: str, name: str, planned_on: date, done_on: date | None = None, in_use: bool = False,
    milestone: int | None = None, origin: str = "",
) -> Milestone:  # fmt: skip
    """Enter a milestone, or change the one of this number. One milestone at most tells when people begin to use it.

    Raises NotFound, Forbidden, Conflict, Invalid.
    """
    name = _needed({"name": name}, LONGEST_NAME)["name"]
    if done_on and done_on > timezone.localdate():
        raise Invalid({"done_on": _("This day is still to come.")})
    changes: dict[str, Any] = {"planned_on": planned_on, "done_on": done_on, "in_use": in_use}
    with _following(actor, code, "milestone", changes, origin) as proposal:
        others = proposal.milestones.exclude(pk=milestone or 0)
        if others.filter(name=name).exists():
            raise Invalid({"name": _("“%(name)s” is given twice.") % {"name": name}})
        if others.count() >= MOST_MILESTONES:
            raise Invalid({"name": _("At most %(most)d, please.") % {"most": MOST_MILESTONES}})
        if in_use:
            others.filter(in_use=True).update(in_use=False)
        row = _own(proposal.milestones, milestone) if milestone else Milestone(proposal=proposal)
        row.name, row.planned_on, row.done_on, row.in_use = name, planned_on, done_on, in_use
        row.save()
        changes["milestone"] = row.pk
    return row


def milestone_remove(*, actor: Actor, code: str, milestone: int, origin: str = "") -> None:
    """Take a milestone off again."""
    with _following(actor, code, "milestone", {"removed": milestone}, origin) as proposal:
        _own(proposal.milestones, milestone).delete()


def risk_save(
    *, actor: Actor, code: str, what: str, likelihood: int, effect: int, owner: str, response: str,
    closed: bool = False, risk: int | None = None, origin: str = "",
) -> Risk:  # fmt: skip
    """Enter a risk, or change the one of this number; `closed`: it is none any more. Raises as `milestone_save`."""
    texts = _needed({"what": what, "owner": owner, "response": response}, LONGEST_TEXT)
    for name, value in (("likelihood", likelihood), ("effect", effect)):
        if not 1 <= value <= 5:
            raise Invalid({name: _("A number from 1 to 5, please.")})
    changes: dict[str, Any] = {"likelihood": likelihood, "effect": effect, "closed": closed}
    with _following(actor, code, "risk", changes, origin) as proposal:
        row = _own(proposal.risks, risk) if risk else Risk(proposal=proposal)
        if not risk and proposal.risks.count() >= MOST_RISKS:
            raise Invalid({"what": _("At most %(most)d, please.") % {"most": MOST_RISKS}})
        for name, text in texts.items():
            setattr(row, name, text)
        row.likelihood, row.effect = likelihood, effect
        row.closed_on = (row.closed_on or timezone.localdate()) if closed else None
        row.save()
        changes["risk"] = row.pk
    return row


def metric_report(
    *, actor: Actor, code: str, metric: int, on: date, value: Decimal, source: str, origin: str = ""
) -> MetricReading:
    """Tell the value of a promised number on a day; one that a city indicator tells is never typed.

    Raises NotFound, Forbidden, Conflict, Invalid.
    """
    source = _needed({"source": source}, LONGEST_NAME)["source"]
    if on > timezone.localdate():
        raise Invalid({"on": _("This day is still to come.")})
    if not value.is_finite() or abs(value) > LARGEST_NUMBER:
        raise Invalid({"value": _("This is not a number that can be kept.")})
    changes: dict[str, Any] = {"metric": metric, "on": on, "value": value}
    with _following(actor, code, "reading", changes, origin) as proposal:
        found: Metric = _own(proposal.metrics, metric)
        if found.indicator:
            raise Invalid({"metric": _("This number is read from the city's own numbers.")})
        row, _made = MetricReading.objects.update_or_create(
            metric=found, on=on, defaults={"value": value, "source": source, "by_id": actor.id}
        )
    return row


def _own(rows: Any, number: int) -> Any:
    found = rows.filter(pk=number).first()
    if found is None:
        raise Invalid({"": _("This was removed already.")})
    return found


def _needed(given: Mapping[str, str], longest: int) -> dict[str, str]:
    """Clean texts, none of them empty."""
    texts = {name: text.replace("\x00", "").strip() for name, text in given.items()}
    faults: dict[str, Message] = {name: _("This is missing.") for name, text in texts.items() if not text}
    for name, text in texts.items():
        if len(text) > longest:
            faults[name] = _("At most %(most)d characters, please.") % {"most": longest}
    if faults:
        raise Invalid(faults)
    return texts
