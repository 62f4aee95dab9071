"""Every change of a consolidation plan: written, claimed, sent back, validated, its real spending told, given up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from prasan.city.registers import registers
from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.codes import new_code, read_code
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound, Stale
from prasan.portfolio import policies
from prasan.portfolio.consolidation_savings import HORIZON, expected, year_lines
from prasan.portfolio.consolidation_workflow import PLAN_MOVES, PlanMove
from prasan.portfolio.fiscal import fiscal_year
from prasan.portfolio.models import (
    ConsolidationPlan,
    MigrationStep,
    PlanActual,
    PlanBaseline,
    PlanCost,
    PlanMember,
    PlanStep,
    Proposal,
    System,
    SystemLink,
)
from prasan.portfolio.queries.consolidation import agencies_of_plan, is_gradual, numbers_of, with_numbers

LONGEST_TITLE, LONGEST_TEXT, LONGEST_STEP = 300, 10_000, 300
MOST_MEMBERS, MOST_STEPS = 30, 12
MOST_MONEY = Decimal(10) ** 13
TEXTS = ("counterfactual", "method", "evidence")
State = ConsolidationPlan.State
NOT_BOUGHT = (Proposal.Status.NOT_APPROVED,)


@dataclass(frozen=True, slots=True)
class MemberGiven:
    """A member by its code, with what is told of it; `baseline` maps fiscal years (พ.ศ.) to baht."""

    code: str
    reason: str = ""
    ends_low: int = 0
    ends_high: int = 0
    baseline: Mapping[int, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanGiven:
    """Everything a plan says. `target` is a system's or proposal's code, `costs` maps (year, part) to baht."""

    title: str
    lead: str
    first_year: int
    target: str = ""
    members: tuple[MemberGiven, ...] = ()
    costs: Mapping[tuple[int, str], Decimal] = field(default_factory=dict)
    migration: tuple[tuple[date, str, int], ...] = ()
    counterfactual: str = ""
    method: str = ""
    evidence: str = ""
    one_off_payer: str = ""
    yearly_payer: str = ""

    @property
    def years(self) -> range:
        """The fiscal years that are counted."""
        return range(self.first_year, self.first_year + HORIZON)


Thing = System | Proposal


# --- the frame of every change ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class PlanChange:
    """A change under way: set fields on `plan`; `extra` goes to the ledger."""

    plan: ConsolidationPlan
    then: ConsolidationPlan.State | None
    note: str = ""
    years: list[int] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)


@contextmanager
def changing_plan(
    action: str, *, actor: Actor, code: str, version: int | None = None, note: str = "", origin: str = ""
) -> Iterator[PlanChange]:
    """Lock the plan, refuse what the table refuses, and write everything when the block ends.

    Raises NotFound, Forbidden, Stale, Conflict, Invalid; then nothing is written.
    """
    move, note = PLAN_MOVES[action], _clean(note)
    if "note" in move.needs and not note:
        raise Invalid({"note": _("Please write why.")})
    if len(note) > LONGEST_TEXT:
        raise Invalid({"note": _("At most %(most)d characters, please.") % {"most": LONGEST_TEXT}})
    with transaction.atomic():
        plan = _locked(actor, code)
        _permit(move, actor, plan, version)
        change = PlanChange(plan, move.then, note)
        before = plan.state
        yield change
        _save(change, actor, action, before, origin)


def _locked(actor: Actor, code: str) -> ConsolidationPlan:
    known = read_code(code) == code
    plan = ConsolidationPlan.objects.select_for_update().filter(code=code).first() if known else None
    if plan is None or not policies.may_read_plan(actor, agencies_of_plan(plan)):
        raise NotFound(_("There is no plan with this code, or none that you may read."))
    return plan


def may_take(actor: Actor, move: PlanMove, plan: ConsolidationPlan) -> bool:
    """Whether the actor has a role for the move."""
    if "other_analyst" in move.who:
        return policies.may_check_plan(actor, plan.claimed_by)
    return policies.is_analyst(actor) or ("lead" in move.who and policies.may_write_plan(actor, plan.lead_id))


def _permit(move: PlanMove, actor: Actor, plan: ConsolidationPlan, version: int | None) -> None:
    if not may_take(actor, move, plan):
        if "other_analyst" in move.who and policies.is_analyst(actor):
            raise Forbidden(_("Who claimed the savings can't check them: another analyst must."))
        raise Forbidden(_("Your role does not allow this step of the plan."))
    if version is not None and version != plan.version:
        raise Stale(_("Somebody else changed this plan. Please look at it again."))
    if plan.state not in move.when:
        raise Conflict(
            _("“%(step)s” is not possible while the plan is “%(state)s”.")
            % {"step": move.label, "state": plan.get_state_display()}
        )


def _save(change: PlanChange, actor: Actor, action: str, before: str, origin: str) -> None:
    plan = change.plan
    if change.then is not None:
        plan.state = change.then
    plan.version += 1
    plan.updated_at = timezone.now()
    plan.save()
    if action != "change":
        _step(actor, action, before, change)
    changes = dict(change.extra)
    if before != plan.state:
        changes["state"] = [before, plan.state]
    _write(actor, f"plan.{action}", plan, changes, origin)


def _step(actor: Actor, action: str, before: str, change: PlanChange) -> None:
    plan = change.plan
    PlanStep.objects.create(
        plan=plan, action=action, before=before, after=plan.state, by_kind=actor.kind, by_id=actor.id,
        note=change.note, years=change.years,
    )  # fmt: skip


def _write(
    actor: Actor, action: str, plan: ConsolidationPlan, changes: Mapping[str, Any], origin: str
) -> None:
    ledger_write(
        actor=actor, action=action, object_type="consolidation_plan", object_id=plan.code,
        changes={"lead": plan.lead_id} | dict(changes), origin=origin,
    )  # fmt: skip


# --- writing ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def plan_create(*, actor: Actor, given: PlanGiven, origin: str = "") -> ConsolidationPlan:
    """Keep a new plan; it may be incomplete, but hold nothing impossible. Raises Forbidden, Invalid."""
    if not policies.may_start_plan(actor):
        raise Forbidden(_("Only analysts of the whole city start a consolidation plan."))
    plan = ConsolidationPlan(code=_free_code())
    _take(plan, given)
    plan.refresh_from_db()
    _step(actor, "create", "", PlanChange(plan, None))
    _write(
        actor,
        "plan.create",
        plan,
        {"state": plan.state, "members": [one.code for one in given.members]},
        origin,
    )
    return plan


def plan_change(
    *, actor: Actor, code: str, given: PlanGiven, version: int | None = None, origin: str = ""
) -> ConsolidationPlan:
    """Replace what a plan says while it is being written. Raises as `changing_plan` does."""
    with changing_plan("change", actor=actor, code=code, version=version, origin=origin) as change:
        if given.lead != change.plan.lead_id and not policies.may_write_plan(actor, given.lead):
            raise Invalid({"lead": _("Only an analyst hands the lead over to another agency.")})
        change.extra["members"] = [one.code for one in given.members]
        _take(change.plan, given)
    return change.plan


def _free_code() -> str:
    while ConsolidationPlan.objects.filter(code=(code := new_code())).exists():
        pass
    return code


def _take(plan: ConsolidationPlan, given: PlanGiven) -> None:
    """Write everything told; raises Invalid for what can't be kept even in a draft."""
    things, errors = _things([*(one.code for one in given.members), given.target])
    errors = _faults(given, things) | errors
    if errors:
        raise Invalid(errors)
    target = things.get(given.target)
    plan.title, plan.lead_id, plan.first_year = _clean(given.title), given.lead, given.first_year
    plan.target_system = target if isinstance(target, System) else None
    plan.target_proposal = target if isinstance(target, Proposal) else None
    for name in (*TEXTS, "one_off_payer", "yearly_payer"):
        setattr(plan, name, _clean(getattr(given, name)))
    plan.save()
    for rows in (plan.members, plan.baseline, plan.costs, plan.migration):
        rows.all().delete()
    PlanMember.objects.bulk_create(
        PlanMember(
            plan=plan, reason=_clean(one.reason), ends_low=one.ends_low, ends_high=one.ends_high,
            **_which(things[one.code]),
        )
        for one in given.members
    )  # fmt: skip
    PlanBaseline.objects.bulk_create(
        PlanBaseline(plan=plan, fiscal_year=year, amount=amount, **_which(things[one.code]))
        for one in given.members
        for year, amount in one.baseline.items()
    )
    PlanCost.objects.bulk_create(
        PlanCost(plan=plan, fiscal_year=year, part=part, amount=amount)
        for (year, part), amount in given.costs.items()
    )
    MigrationStep.objects.bulk_create(
        MigrationStep(plan=plan, due_on=due, what=_clean(what), share=share)
        for due, what, share in given.migration
    )


def _which(thing: Thing) -> dict[str, Any]:
    return {"system": thing} if isinstance(thing, System) else {"proposal": thing}


def _clean(text: str) -> str:
    return text.replace("\x00", "").strip()  # PostgreSQL takes no NUL


def _things(codes: Iterable[str]) -> tuple[dict[str, Thing], dict[str, Any]]:
    """Systems and proposals by code, and what is wrong with codes that name none."""
    wanted = [code for code in codes if code]
    found: dict[str, Thing] = {one.code: one for one in System.objects.filter(code__in=wanted)}
    valid = [code for code in wanted if read_code(code) == code]
    found |= {one.code: one for one in Proposal.objects.filter(code__in=valid)}
    lost = [code for code in wanted if code not in found]
    if lost:
        return found, {"members": _("There is none with the code “%(code)s”.") % {"code": lost[0][:40]}}
    return found, {}


def _faults(given: PlanGiven, things: Mapping[str, Thing]) -> dict[str, Any]:
    """Field → what can't be kept."""
    errors: dict[str, Any] = {}
    if not _clean(given.title) or len(given.title) > LONGEST_TITLE:
        errors["title"] = _("Please give a name of at most 300 characters.")
    for name, code in (
        ("lead", given.lead),
        ("one_off_payer", given.one_off_payer),
        ("yearly_payer", given.yearly_payer),
    ):
        if (code or name == "lead") and not registers().is_active(code):
            errors[name] = _("Please choose an agency from the list.")
    for name in TEXTS:
        if len(getattr(given, name)) > LONGEST_TEXT:
            errors[name] = _("At most %(most)d characters, please.") % {"most": LONGEST_TEXT}
    if not 2560 <= given.first_year <= 2650:
        errors["first_year"] = _("This is not a fiscal year (พ.ศ.).")
    for year, _part in given.costs:
        if year not in given.years:
            errors["costs"] = _outside(given)
    if any(not _is_money(amount) for amount in given.costs.values()):
        errors["costs"] = _("This is not an amount in baht.")
    return errors | _member_faults(given, things) | _migration_faults(given)


def _outside(given: PlanGiven) -> str:
    return _("A plan counts the fiscal years %(first)d to %(last)d; another year is named.") % {
        "first": given.years[0], "last": given.years[-1],
    }  # fmt: skip


def _is_money(amount: Decimal) -> bool:
    return amount.is_finite() and 0 <= amount < MOST_MONEY


def _member_faults(given: PlanGiven, things: Mapping[str, Thing]) -> dict[str, Any]:
    codes = [one.code for one in given.members]
    if len(codes) > MOST_MEMBERS:
        return {"members": _("At most %(most)d members, please.") % {"most": MOST_MEMBERS}}
    if len(set(codes)) < len(codes):
        return {"members": _("A member stands here twice.")}
    if given.target in codes:
        return {
            "members": _("%(code)s is the platform: its own cost goes on, so it can't be a member too.")
            % {"code": given.target}
        }
    sentences = (_member_fault(one, things.get(one.code), given) for one in given.members)
    first = next(filter(None, sentences), "")
    return {"members": first} if first else {}


def _member_fault(one: MemberGiven, thing: Thing | None, given: PlanGiven) -> str:
    code = {"code": one.code}
    if isinstance(thing, Proposal) and thing.status == Proposal.Status.DRAFT:
        return _("%(code)s is still a draft of its agency.") % code
    if not 0 <= one.ends_low <= one.ends_high <= 100:
        return _("%(code)s: what ends is a range of percents, the lower first.") % code
    if any(year not in given.years for year in one.baseline):
        return _outside(given)
    if any(not _is_money(amount) for amount in one.baseline.values()):
        return _("%(code)s: this is not an amount in baht.") % code
    return (
        _("At most %(most)d characters, please.") % {"most": LONGEST_TEXT}
        if len(one.reason) > LONGEST_TEXT
        else ""
    )


def _migration_faults(given: PlanGiven) -> dict[str, Any]:
    steps = sorted(given.migration)
    if len(steps) > MOST_STEPS or any(
        not _clean(what) or len(what) > LONGEST_STEP for _due, what, _share in steps
    ):
        return {"migration": _("At most 12 steps, each in at most 300 characters.")}
    if len({due for due, _what, _share in steps}) < len(steps):
        return {"migration": _("Two steps are on the same day; make them one.")}
    shares = [share for _due, _what, share in steps]
    if any(not 0 <= share <= 100 for share in shares) or shares != sorted(shares):
        return {
            "migration": _(
                "The share of users who have moved is a percent and never falls from step to step."
            )
        }
    return {}


# --- claiming, checking, realising -----------------------------------------------------------------------------------


def plan_claim(*, actor: Actor, code: str, version: int | None = None, origin: str = "") -> ConsolidationPlan:
    """Claim the savings of a complete plan: from now on its members' years count here and nowhere else.

    Raises Invalid naming what is missing, and every year that counts in another plan already.
    """
    with changing_plan("claim", actor=actor, code=code, version=version, origin=origin) as change:
        plan = with_numbers(ConsolidationPlan.objects.filter(pk=change.plan.pk)).get()
        errors = missing(plan) or same_baht(plan)
        if errors:
            raise Invalid(errors)
        _count(plan)
        change.plan.claimed_by = f"{actor.kind}:{actor.id}"
        net = expected(year_lines(numbers_of(plan)))
        change.extra |= {"low": net.low, "high": net.high}
    return change.plan


def missing(plan: ConsolidationPlan) -> dict[str, Any]:
    """Field → what a plan still needs before its savings can be claimed; no statement on a plan `with_numbers`."""
    errors: dict[str, Any] = {}
    members = list(plan.members.all())
    if plan.target_system_id is None and plan.target_proposal_id is None:
        errors["target"] = _("Say which system or proposal is the platform.")
    if not members:
        errors["members"] = _("A plan needs a member that the platform takes the place of.")
    for name in TEXTS:
        if not getattr(plan, name):
            errors[name] = _("This is needed before savings can be claimed.")
    if not plan.costs.all():
        errors["costs"] = _("Say what the platform costs more, 0 where it costs nothing.")
    for part, name in ((PlanCost.Part.ONE_OFF, "one_off_payer"), (PlanCost.Part.YEARLY, "yearly_payer")):
        if not getattr(plan, name) and any(one.amount for one in plan.costs.all() if one.part == part):
            errors[name] = _("Say who pays for it.")
    if not plan.migration.all() and any(is_gradual(one) and one.ends_high for one in members):
        errors["migration"] = _("Say when how many of the users will have moved.")
    return errors | _missing_of_members(plan, members)


def _missing_of_members(plan: ConsolidationPlan, members: Sequence[PlanMember]) -> dict[str, Any]:
    counted = {(one.system_id, one.proposal_id) for one in plan.baseline.all() if one.amount}
    for one in members:
        code = str(one.system or one.proposal)
        if not one.reason:
            return {"members": _("%(code)s: write why it does the same as the platform.") % {"code": code}}
        if (one.system_id, one.proposal_id) not in counted:
            return {"members": _("%(code)s has no baseline: nothing of it could be saved.") % {"code": code}}
        if one.proposal is not None and one.proposal.status in NOT_BOUGHT:
            return {
                "members": _("%(code)s was not approved: its money would not be spent anyway.")
                % {"code": code}
            }
    if members and not any(one.ends_high for one in members):
        return {"members": _("Nothing ends for any member: there are no savings to claim.")}
    return {}


def same_baht(plan: ConsolidationPlan) -> dict[str, Any]:
    """What would be counted twice, as an error of `members`. Locks the systems the plan is about; four statements."""
    rows = [one for one in plan.baseline.all() if one.amount]
    upkeep = _upkeep({one.proposal_id for one in rows if one.proposal_id})
    systems = {one.system_id for one in rows if one.system_id} | {system for _code, system in upkeep.values()}
    # Two plans that are claimed at the same moment wait for each other here.
    list(System.objects.select_for_update().filter(pk__in=systems).order_by("pk").values_list("pk"))
    taken = _taken(plan, rows)
    if taken:
        return {"members": taken}
    years = {(one.system_id, one.fiscal_year) for one in rows if one.system_id}
    others = PlanBaseline.objects.filter(counted=True, system__in=systems)
    years |= set(others.values_list("system_id", "fiscal_year"))
    for one in rows:
        code, system = upkeep.get(one.proposal_id, ("", None))
        if (system, one.fiscal_year) in years:
            return {"members": _same_upkeep(code, one.fiscal_year)}
    return _upkeep_elsewhere(rows)


def _upkeep(proposals: set[int | None]) -> dict[int | None, tuple[str, int]]:
    """Proposals that run a system: their code and that system, whose cost is the same baht."""
    links = SystemLink.objects.filter(proposal__in=proposals, proposal__nature=Proposal.Nature.MAINTAIN)
    return {
        proposal: (code, system)
        for proposal, code, system in links.values_list("proposal_id", "proposal__code", "system_id")
    }


def _upkeep_elsewhere(rows: Iterable[PlanBaseline]) -> dict[str, Any]:
    """A system here whose upkeep counts, as a proposal, in another plan."""
    wanted = {(one.system_id, one.fiscal_year) for one in rows if one.system_id}
    found = PlanBaseline.objects.filter(
        counted=True, proposal__nature=Proposal.Nature.MAINTAIN,
        proposal__system_links__system__in={system for system, _year in wanted},
    ).values_list("proposal__system_links__system_id", "fiscal_year", "proposal__code")  # fmt: skip
    for system, year, code in found:
        if (system, year) in wanted:
            return {"members": _same_upkeep(code, year)}
    return {}


def _same_upkeep(code: str, year: int) -> str:
    return _(
        "%(code)s asks for the upkeep of a system that is counted for %(year)d itself: it is the same money. "
        "Count one of the two."
    ) % {"code": code, "year": year}


def _taken(plan: ConsolidationPlan, rows: Iterable[PlanBaseline]) -> str:
    """A sentence on the first member and year that counts in another plan; empty when none does."""
    wanted = {(one.system_id, one.proposal_id, one.fiscal_year) for one in rows}
    others = PlanBaseline.objects.filter(counted=True).exclude(plan=plan)
    others = others.filter(
        Q(system__in={system for system, _p, _y in wanted if system})
        | Q(proposal__in={proposal for _s, proposal, _y in wanted if proposal})
    ).select_related("plan", "system", "proposal")
    for one in others.order_by("fiscal_year"):
        if (one.system_id, one.proposal_id, one.fiscal_year) in wanted:
            return _(
                "%(code)s of fiscal year %(year)d counts in plan %(plan)s already; the same baht can't be saved "
                "twice."
            ) % {
                "code": one.system or one.proposal, "year": one.fiscal_year, "plan": one.plan.code,
            }  # fmt: skip
    return ""


def _count(plan: ConsolidationPlan) -> None:
    rows = PlanBaseline.objects.filter(plan=plan, amount__gt=0)
    try:
        with transaction.atomic():
            rows.update(counted=True)
    except IntegrityError as error:  # another plan was claimed a moment ago
        raise Invalid(
            {"members": _taken(plan, rows) or _("Another plan counts one of these already.")}
        ) from error


def plan_return(
    *, actor: Actor, code: str, note: str, version: int | None = None, origin: str = ""
) -> ConsolidationPlan:
    """Give a claimed or validated plan back to be written anew; nothing of it counts until it is claimed again."""
    with changing_plan("return", actor=actor, code=code, version=version, note=note, origin=origin) as change:
        _release(change.plan)
    return change.plan


def plan_validate(
    *, actor: Actor, code: str, note: str, version: int | None = None, origin: str = ""
) -> ConsolidationPlan:
    """Say, with how it was checked, that the savings are sound. Raises Forbidden for who claimed them."""
    with changing_plan(
        "validate", actor=actor, code=code, version=version, note=note, origin=origin
    ) as change:
        change.plan.validated_by = f"{actor.kind}:{actor.id}"
    return change.plan


def plan_drop(
    *, actor: Actor, code: str, note: str, version: int | None = None, origin: str = ""
) -> ConsolidationPlan:
    """Give a plan up; its members' years are free for another one."""
    with changing_plan("drop", actor=actor, code=code, version=version, note=note, origin=origin) as change:
        _release(change.plan)
    return change.plan


def _release(plan: ConsolidationPlan) -> None:
    if plan.actuals.exists():
        raise Conflict(_("Years of this plan are realised already; what was realised stays on record."))
    plan.baseline.update(counted=False)
    plan.claimed_by = plan.validated_by = ""


def plan_record(
    *,
    actor: Actor,
    code: str,
    year: int,
    members_spent: Decimal,
    platform_spent: Decimal,
    evidence: str,
    version: int | None = None,
    origin: str = "",
) -> ConsolidationPlan:
    """Tell what was really spent in a fiscal year that is over. With the last of its years the plan is realised.

    Told again, a year is replaced; the ledger keeps both. Raises Invalid for a year not over or not of the plan.
    """
    with changing_plan("record", actor=actor, code=code, version=version, origin=origin) as change:
        plan, evidence = change.plan, _clean(evidence)
        counted = set(plan.baseline.filter(counted=True).values_list("fiscal_year", flat=True))
        counted |= set(plan.costs.filter(amount__gt=0).values_list("fiscal_year", flat=True))
        errors = _actual_faults(year, members_spent, platform_spent, counted)
        if not evidence or len(evidence) > LONGEST_TEXT:
            errors["evidence"] = _("Say where the figures are from.")
        if errors:
            raise Invalid(errors)
        spent = {"members_spent": members_spent, "platform_spent": platform_spent}
        PlanActual.objects.update_or_create(
            plan=plan, fiscal_year=year, defaults=spent | {"evidence": evidence, "by_id": actor.id}
        )
        change.years, change.note = [year], evidence
        change.extra |= {"year": year} | spent
        if counted <= set(plan.actuals.values_list("fiscal_year", flat=True)):
            change.then = State.REALISED
    return change.plan


def _actual_faults(year: int, members: Decimal, platform: Decimal, counted: set[int]) -> dict[str, Any]:
    errors: dict[str, Any] = {}
    if year not in counted:
        errors["year"] = _("The plan counts nothing in this fiscal year.")
    elif year >= fiscal_year(timezone.localdate()):
        errors["year"] = _("The fiscal year %(year)d is not over yet.") % {"year": year}
    for name, amount in (("members_spent", members), ("platform_spent", platform)):
        if not _is_money(amount):
            errors[name] = _("This is not an amount in baht.")
    return errors
