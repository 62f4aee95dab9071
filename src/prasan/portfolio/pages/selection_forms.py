"""Forms of scores and scenarios."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prasan.city.registers import registers
from prasan.portfolio.actions.selection import LONGEST_NAME, MOST_YEARS, ScenarioContent
from prasan.portfolio.models import Proposal, Scenario
from prasan.portfolio.queries import selection as queries
from prasan.portfolio.selection.criteria import STEPS, criteria
from prasan.portfolio.tiers import portfolio_rules
from prasan.portfolio.workbooks import values

SPARE_ROWS = 2
CHOOSE = ("", _("Please choose"))
ALL_YEARS = ("", _("All years together"))


class BahtField(forms.CharField):
    """Whole baht as people write them: commas, Thai digits, “1.5 ล้านบาท”. Cleans to int or None."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal"})
        super().__init__(required=False, max_length=40, widget=widget, **options)

    def clean(self, value: Any) -> Any:
        try:
            amount = values.money(super().clean(value))
        except values.Unreadable as fault:
            raise forms.ValidationError(str(fault)) from fault
        return None if amount is None else int(amount)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:,}" if isinstance(value, int) else value


class CodesField(forms.CharField):
    """Codes of proposals, divided by blanks, commas or lines. Cleans to a tuple."""

    def __init__(self, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 2})
        super().__init__(required=False, max_length=4000, widget=widget, **options)

    def clean(self, value: Any) -> Any:
        return (
            tuple(dict.fromkeys(re.split(r"[\s,;]+", super().clean(value).strip().upper()))) if value else ()
        )

    def prepare_value(self, value: Any) -> Any:
        return " ".join(value) if isinstance(value, list | tuple) else value


def percent_field(label: Any, help_text: Any = "", *, required: bool = False) -> forms.IntegerField:
    """A whole per cent."""
    return forms.IntegerField(
        label=label, help_text=help_text, required=required, min_value=0, max_value=100,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip


class ScoreForm(forms.Form):
    """A step for every criterion, each with what it means."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, one in criteria().items():
            self.fields[code] = forms.TypedChoiceField(
                label=one.name,
                coerce=int,
                choices=[(step, f"{step} · {one.anchors[step]}") for step in STEPS],
                widget=forms.RadioSelect,
                error_messages={"required": _("Please choose one of the five steps.")},
            )

    @property
    def points(self) -> dict[str, int]:
        return dict(self.cleaned_data)


class StartForm(forms.Form):
    """What a new scenario needs before its limits can be written."""

    name = forms.CharField(
        label=_("Name of the scenario"),
        max_length=LONGEST_NAME,
        help_text=_("For instance: ceiling cut by 10 %"),
    )
    first_year = forms.TypedChoiceField(label=_("First fiscal year"), coerce=int)
    count = forms.TypedChoiceField(
        label=_("How many years"),
        coerce=int,
        choices=[(one, one) for one in range(1, MOST_YEARS + 1)],
        initial=3,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_year"].choices = [(year, year) for year in portfolio_rules().years()]  # type: ignore[attr-defined]

    @property
    def content(self) -> ScenarioContent:
        """The scenario as it begins."""
        known = portfolio_rules().years()
        first = self.cleaned_data["first_year"]
        years = tuple(year for year in range(first, first + self.cleaned_data["count"]) if year in known)
        return ScenarioContent(self.cleaned_data["name"], years)


def year_choices(years: Sequence[int]) -> list[tuple[Any, Any]]:
    return [ALL_YEARS, *((year, year) for year in years)]


def agency_choices() -> list[tuple[str, Any]]:
    """Departments and district offices: those right below the city."""
    known = registers()
    codes = [code for code in known.children(known.root.code) if known.is_active(code)]
    return [
        CHOOSE,
        *sorted(((code, known.agencies[code].name) for code in codes), key=lambda one: str(one[1])),
    ]


class RowForm(forms.Form):
    """A row of limits; an empty one is no row."""

    def __init__(self, *args: Any, years: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.years = years
        if "year" in self.fields:
            self.fields["year"].choices = year_choices(years)  # type: ignore[attr-defined]

    def choose(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        """Give a select its choices."""
        self.fields[name].choices = choices  # type: ignore[attr-defined]


def year_field() -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=_("Fiscal year"), required=False, coerce=int, empty_value=None)


class AgencyRow(RowForm):
    """What one agency may spend at most and must get at least."""

    agency = forms.ChoiceField(label=_("Agency"), required=False)
    year = year_field()
    cap = BahtField(label=_("At most (baht)"))
    floor = BahtField(label=_("At least (baht)"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose("agency", agency_choices())

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if (
            given.get("agency")
            and given.get("cap") is None
            and given.get("floor") is None
            and not self.errors
        ):
            self.add_error("cap", _("Please give an amount, or clear the row."))
        if not given.get("agency") and (given.get("cap") is not None or given.get("floor") is not None):
            self.add_error("agency", _("Please choose whom this limit concerns."))
        return given

    @property
    def row(self) -> dict[str, Any] | None:
        return dict(self.cleaned_data) if self.cleaned_data.get("agency") else None


class ThemeRow(RowForm):
    """What a theme must get."""

    theme = forms.ChoiceField(label=_("Theme"), required=False)
    year = year_field()
    amount = BahtField(label=_("At least (baht)"))
    percent = percent_field(_("At least (% of all that is spent)"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose("theme", [CHOOSE, *queries.theme_choices()])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if (
            given.get("theme")
            and given.get("amount") is None
            and given.get("percent") is None
            and not self.errors
        ):
            self.add_error("amount", _("Please give an amount, or clear the row."))
        if not given.get("theme") and (given.get("amount") is not None or given.get("percent") is not None):
            self.add_error("theme", _("Please choose whom this limit concerns."))
        return given

    @property
    def row(self) -> dict[str, Any] | None:
        return dict(self.cleaned_data) if self.cleaned_data.get("theme") else None


class PlatformRow(RowForm):
    """A shared platform that could stand instead of several projects."""

    title = forms.CharField(label=_("Shared platform"), required=False, max_length=200)
    members = CodesField(label=_("Codes of the projects it would replace"))
    agency = forms.ChoiceField(label=_("Agency that pays for it"), required=False)
    member_percent = percent_field(_("What a member still pays (% of its cost)"))
    alone_at_most = forms.IntegerField(
        label=_("How many may stand alone if it is not built"), required=False, min_value=0, max_value=100
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose("agency", agency_choices())
        for year in self.years:
            self.fields[f"cost_{year}"] = BahtField(label=_("Its cost in %(year)s (baht)") % {"year": year})
            if self.initial:
                self.initial.setdefault(f"cost_{year}", self.initial["costs"].get(str(year)))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("title") and len(given.get("members") or ()) < 2:
            self.add_error("members", _("A shared platform needs at least two projects."))
        if given.get("title") and given.get("member_percent") is None:
            self.add_error("member_percent", _("A per cent from 0 to 100, please."))
        if given.get("members") and not given.get("title"):
            self.add_error("title", _("Please name the platform."))
        return given

    @property
    def row(self) -> dict[str, Any] | None:
        given = self.cleaned_data
        if not given.get("title"):
            return None
        costs = {str(year): given.get(f"cost_{year}") or 0 for year in self.years}
        names = ("title", "agency", "member_percent", "alone_at_most")
        kept = {name: given[name] for name in names}
        return kept | {"members": list(given["members"]), "costs": costs}


ROWS: Mapping[str, type[RowForm]] = {
    "agency_limits": AgencyRow,
    "theme_floors": ThemeRow,
    "platforms": PlatformRow,
}


class ScenarioForm(forms.Form):
    """All of a scenario but its rows of limits, which `rows` holds."""

    name = forms.CharField(label=_("Name of the scenario"), max_length=LONGEST_NAME)
    stages = forms.MultipleChoiceField(
        label=_("Choose from proposals that are"),
        widget=forms.CheckboxSelectMultiple,
        choices=[(one, Proposal.Status(one).label) for one in queries.STAGES],
        help_text=_("What is committed by an earlier decision is always in."),
    )
    pilot_cost = percent_field(
        _("A pilot costs (% of the whole)"), _("Empty: no project may run as a pilot.")
    )
    pilot_worth = percent_field(_("A pilot brings (% of the value)"))
    defer_worth = percent_field(
        _("Begun a year later, a project brings (% of the value)"), _("Empty: no project may begin later.")
    )
    forced_in = CodesField(label=_("Put in by hand (codes)"))
    forced_out = CodesField(label=_("Taken out by hand (codes)"))

    def __init__(self, data: Any = None, *, scenario: Scenario, **kwargs: Any) -> None:
        super().__init__(data, initial=_initial(scenario), **kwargs)
        self.scenario = scenario
        for year in scenario.years:
            self.fields[f"ceiling_{year}"] = BahtField(label=_("Ceiling of %(year)s (baht)") % {"year": year})
        for code in criteria():
            self.fields[f"least_{code}"] = percent_field(_("Least %"), required=True)
            self.fields[f"most_{code}"] = percent_field(_("Most %"), required=True)
        self.rows = {name: self._formset(name, data) for name in ROWS}

    def _formset(self, name: str, data: Any) -> Any:
        made = forms.formset_factory(ROWS[name], extra=SPARE_ROWS, absolute_max=400, max_num=200)
        return made(
            data,
            prefix=name,
            initial=getattr(self.scenario, name),
            form_kwargs={"years": self.scenario.years},
        )

    @property
    def ceilings(self) -> list[Any]:
        """The fields of the yearly ceilings."""
        return [self[f"ceiling_{year}"] for year in self.scenario.years]

    @property
    def weights(self) -> list[tuple[str, Any, Any]]:
        """(name, least, most) of every criterion."""
        return [(one.name, self[f"least_{code}"], self[f"most_{code}"]) for code, one in criteria().items()]

    def is_valid(self) -> bool:
        rows = [formset.is_valid() for formset in self.rows.values()]
        return super().is_valid() and all(rows)

    @property
    def content(self) -> ScenarioContent:
        """What was written, as the action takes it."""
        given = self.cleaned_data
        rows = {
            name: tuple(form.row for form in formset if form.row is not None)
            for name, formset in self.rows.items()
        }
        rows["platforms"] = tuple(
            one | {"code": f"S{place}"} for place, one in enumerate(rows["platforms"], start=1)
        )
        ceilings = {str(year): given[f"ceiling_{year}"] for year in self.scenario.years}
        return ScenarioContent(
            name=given["name"],
            years=tuple(self.scenario.years),
            stages=tuple(given["stages"]),
            ceilings={year: amount for year, amount in ceilings.items() if amount is not None},
            weights={code: (given[f"least_{code}"], given[f"most_{code}"]) for code in criteria()},
            forced_in=given["forced_in"],
            forced_out=given["forced_out"],
            pilot_cost=given["pilot_cost"],
            pilot_worth=given["pilot_worth"] if given["pilot_worth"] is not None else 40,
            defer_worth=given["defer_worth"],
            **rows,
        )


def _initial(scenario: Scenario) -> dict[str, Any]:
    names = ("name", "stages", "pilot_cost", "pilot_worth", "defer_worth", "forced_in", "forced_out")
    given = {name: getattr(scenario, name) for name in names}
    given |= {f"ceiling_{year}": amount for year, amount in scenario.ceilings.items()}
    for code, (least, most) in scenario.weights.items():
        given |= {f"least_{code}": least, f"most_{code}": most}
    return given
