"""Forms of consolidation plans: a plan with its members, and the steps on its page."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prasan.people.queries import agency_choices
from prasan.portfolio.actions.consolidation import (
    LONGEST_STEP,
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_MONEY,
    MemberGiven,
    PlanGiven,
)
from prasan.portfolio.consolidation_savings import HORIZON
from prasan.portfolio.models import ConsolidationPlan, PlanCost
from prasan.portfolio.queries.consolidation import PlanView, Start, Thing, owner_of

STEPS = 5
PARTS = (("one_off", PlanCost.Part.ONE_OFF), ("yearly", PlanCost.Part.YEARLY))


@dataclass(frozen=True, slots=True)
class MemberFields:
    """The bound fields of one member."""

    thing: Thing
    agency: str
    keep: Any
    reason: Any
    low: Any
    high: Any
    baseline: list[Any]

    @property
    def title(self) -> str:
        return getattr(self.thing, "title", "") or getattr(self.thing, "name", "")


def _long(label: Any, help_text: Any = "", rows: int = 4) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(
        label=label, help_text=help_text, required=False, max_length=LONGEST_TEXT, widget=widget
    )


def _money(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=Decimal(0), max_value=MOST_MONEY - 1, decimal_places=2,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "class": "control"}),
    )  # fmt: skip


def _percent(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=0, max_value=100)


class PlanForm(forms.Form):
    """What a plan says. `things` are the systems and proposals that may be its members, in order."""

    title = forms.CharField(label=_("Name of the plan"), max_length=LONGEST_TITLE)
    target = forms.CharField(
        label=_("The platform"), required=False, max_length=400,
        help_text=_("The system or proposal that is to serve all. Begin to type its code or name and choose it."),
    )  # fmt: skip
    lead = forms.ChoiceField(label=_("Agency that leads"))
    counterfactual = _long(
        _("What would be spent without the plan?"),
        _("For instance: every contract is renewed at today's price. The baseline below is this, in baht."),
    )
    method = _long(_("How were the savings estimated?"), rows=3)
    evidence = _long(
        _("What shows it?"),
        _("Numbers of contracts and offers, counts of users: what an auditor can look up."),
    )
    one_off_payer = forms.ChoiceField(label=_("Who pays for building and moving"), required=False)
    yearly_payer = forms.ChoiceField(label=_("Who pays for running it"), required=False)
    more = forms.CharField(
        label=_("Another member"), required=False, max_length=400,
        help_text=_("Code of a system or proposal that the platform takes the place of, too."),
    )  # fmt: skip

    def __init__(
        self,
        *args: Any,
        things: Sequence[Thing],
        first_year: int,
        agencies: Collection[str],
        names: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.things, self.years, self._names = things, range(first_year, first_year + HORIZON), names
        choices = [("", "—"), *agency_choices(agencies)]
        for name in ("lead", "one_off_payer", "yearly_payer"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        for thing in things:
            self._add_member(thing)
        for year in self.years:
            for name, _part in PARTS:
                self.fields[f"{name}_{year}"] = _money(str(year))
        for number in range(STEPS):
            self.fields[f"due_{number}"] = forms.DateField(
                label=gettext("On"),
                required=False,
                widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            )
            self.fields[f"what_{number}"] = forms.CharField(
                label=gettext("What happens"), required=False, max_length=LONGEST_STEP
            )
            self.fields[f"share_{number}"] = _percent(gettext("Users moved by then, %"))

    def _add_member(self, thing: Thing) -> None:
        code = thing.code
        keep = forms.BooleanField(label=gettext("Belongs to the plan"), required=False)
        self.fields[f"keep_{code}"] = keep
        self.fields[f"reason_{code}"] = _long(gettext("Why it does the same as the platform"), rows=2)
        self.fields[f"low_{code}"] = _percent(gettext("Ends surely, %"))
        self.fields[f"high_{code}"] = _percent(gettext("Ends at best, %"))
        for year in self.years:
            self.fields[f"baseline_{code}_{year}"] = _money(str(year))

    @property
    def members(self) -> list[MemberFields]:
        """Fields by member."""
        return [
            MemberFields(
                thing,
                self._names.get(owner_of(thing), owner_of(thing)),
                self[f"keep_{thing.code}"],
                self[f"reason_{thing.code}"],
                self[f"low_{thing.code}"],
                self[f"high_{thing.code}"],
                [self[f"baseline_{thing.code}_{year}"] for year in self.years],
            )
            for thing in self.things
        ]

    @property
    def cost_fields(self) -> list[tuple[Any, list[Any]]]:
        """Label and fields by year of each part of the platform's cost."""
        return [(part.label, [self[f"{name}_{year}"] for year in self.years]) for name, part in PARTS]

    @property
    def step_fields(self) -> list[tuple[Any, Any, Any]]:
        """Day, words and share of each step."""
        return [(self[f"due_{n}"], self[f"what_{n}"], self[f"share_{n}"]) for n in range(STEPS)]

    def clean(self) -> dict[str, Any]:
        """A step says all three things or nothing."""
        given = super().clean() or self.cleaned_data
        for number in range(STEPS):
            told = [given.get(f"{name}_{number}") not in (None, "") for name in ("due", "what", "share")]
            if any(told) and not all(told) and not self._faulty(number):
                self.add_error(
                    f"due_{number}", gettext("A step needs its day, what happens, and the share of users.")
                )
        return given

    def _faulty(self, number: int) -> bool:
        return any(f"{name}_{number}" in self.errors for name in ("due", "what", "share"))

    @property
    def given(self) -> PlanGiven:
        """What was told, of a valid form. The platform is no member, whatever is ticked."""
        told = self.cleaned_data
        target = _code(told["target"])
        members = [
            self._member(thing.code)
            for thing in self.things
            if told[f"keep_{thing.code}"] and thing.code != target
        ]
        more = _code(told["more"])
        if more and more not in {one.code for one in members}:
            members.append(MemberGiven(more))
        return PlanGiven(
            title=told["title"], lead=told["lead"], first_year=self.years[0], target=target, members=tuple(members),
            costs=self._costs(), migration=self._migration(), counterfactual=told["counterfactual"],
            method=told["method"], evidence=told["evidence"], one_off_payer=told["one_off_payer"],
            yearly_payer=told["yearly_payer"],
        )  # fmt: skip

    def _member(self, code: str) -> MemberGiven:
        told = self.cleaned_data
        baseline = {year: told[f"baseline_{code}_{year}"] for year in self.years}
        return MemberGiven(
            code, told[f"reason_{code}"], told[f"low_{code}"] or 0, told[f"high_{code}"] or 0,
            {year: amount for year, amount in baseline.items() if amount is not None},
        )  # fmt: skip

    def _costs(self) -> dict[tuple[int, str], Decimal]:
        told = self.cleaned_data
        amounts = {(year, part): told[f"{name}_{year}"] for name, part in PARTS for year in self.years}
        if all(amount is None for amount in amounts.values()):
            return {}  # nobody has told anything yet
        return {(year, str(part)): amount or Decimal(0) for (year, part), amount in amounts.items()}

    def _migration(self) -> tuple[Any, ...]:
        told = self.cleaned_data
        rows = ((told[f"due_{n}"], told[f"what_{n}"], told[f"share_{n}"]) for n in range(STEPS))
        return tuple(row for row in rows if row[0] is not None)

    @staticmethod
    def initial_of(view: PlanView) -> dict[str, Any]:
        """The form's values of a plan that exists."""
        plan = view.plan
        names = ("title", "counterfactual", "method", "evidence", "one_off_payer", "yearly_payer")
        found: dict[str, Any] = {name: getattr(plan, name) for name in names}
        found |= {"lead": plan.lead_id, "target": str(plan.target_system or plan.target_proposal or "")}
        for side in view.members:
            code, member = side.thing.code, side.member
            assert member is not None  # noqa: S101 — a member's side
            found |= {f"keep_{code}": True, f"reason_{code}": member.reason}
            found |= {f"low_{code}": member.ends_low, f"high_{code}": member.ends_high}
            found |= {f"baseline_{code}_{year}": _short(amount) for year, amount in side.baseline.items()}
        names_of_parts = {str(part): name for name, part in PARTS}
        found |= {
            f"{names_of_parts[one.part]}_{one.fiscal_year}": _short(one.amount) for one in plan.costs.all()
        }
        for number, step in enumerate(sorted(plan.migration.all(), key=lambda one: one.due_on)):
            found |= {
                f"due_{number}": step.due_on,
                f"what_{number}": step.what,
                f"share_{number}": step.share,
            }
        return found

    @staticmethod
    def initial_from(start: Start, target: str) -> dict[str, Any]:
        """The form's values of a new plan: everybody belongs to it, with what is known of them."""
        found: dict[str, Any] = {"target": target}
        for thing in start.things:
            found |= {f"keep_{thing.code}": True, f"reason_{thing.code}": start.reasons.get(thing.code, "")}
            amounts = start.baseline.get(thing.code, {})
            found |= {f"baseline_{thing.code}_{year}": _short(amount) for year, amount in amounts.items()}
        return found


def _short(amount: Decimal) -> Decimal:
    """Without satang where there are none."""
    return amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount


def _code(text: str) -> str:
    """The code alone: a choice reads “CODE · name”."""
    return text.partition(" · ")[0].strip()


class NoteForm(forms.Form):
    """Why a step is taken."""

    note = forms.CharField(label=_("Why"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 3}))


class SpentForm(forms.Form):
    """What was really spent in a fiscal year."""

    year = forms.TypedChoiceField(label=_("Fiscal year"), coerce=int)
    members_spent = forms.DecimalField(
        label=_("Spent on the members, baht"),
        min_value=Decimal(0),
        max_value=MOST_MONEY - 1,
        decimal_places=2,
    )
    platform_spent = forms.DecimalField(
        label=_("Spent on the platform because of the plan, baht"), min_value=Decimal(0), max_value=MOST_MONEY - 1,
        decimal_places=2,
    )  # fmt: skip
    evidence = forms.CharField(
        label=_("Where the figures are from"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, plan: ConsolidationPlan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        years = range(plan.first_year, plan.first_year + HORIZON)
        self.fields["year"].choices = [(year, str(year)) for year in years]  # type: ignore[attr-defined]
