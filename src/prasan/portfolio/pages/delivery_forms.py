"""Forms of what is told after the decision, and the filter of its list."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prasan.city.registers import registers
from prasan.portfolio.actions.delivery import CITY_STAGES, LONGEST_NAME, LONGEST_TEXT
from prasan.portfolio.forms import ANY, CHOOSE, DayField, MoneyField, NumberField
from prasan.portfolio.models import BudgetFigure, Metric, Milestone, Risk
from prasan.portfolio.queries.delivery import DeliveryFilter
from prasan.portfolio.templatetags.systems import month_name
from prasan.portfolio.tiers import portfolio_rules
from prasan.portfolio.workbooks.values import thai_day

GRADES = [(str(number), str(number)) for number in range(1, 6)]


class DeliveryListForm(forms.Form):
    """The filter of the list; a value nobody knows is left out rather than refused."""

    words = forms.CharField(label=_("Words or code"), required=False, max_length=200)
    agency = forms.ChoiceField(label=_("Agency"), required=False)
    late = forms.BooleanField(label=_("Late ones alone"), required=False)

    def __init__(self, *args: Any, agencies: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = registers().agencies
        named = sorted(((code, known[code].name) for code in agencies), key=lambda one: one[1])
        self.fields["agency"].choices = [ANY, *named]  # type: ignore[attr-defined]

    @property
    def filter(self) -> DeliveryFilter:
        """What was asked for, as far as it is understood."""
        self.is_valid()
        return DeliveryFilter(**self.cleaned_data)


class FigureForm(forms.Form):
    """One figure of the project's money."""

    stage = forms.ChoiceField(label=_("Stage"))
    fiscal_year = forms.TypedChoiceField(label=_("Fiscal year"), coerce=int)
    month = forms.ChoiceField(
        label=_("Month"), required=False, help_text=_("Only for what was disbursed."), choices=[ANY]
    )
    amount = MoneyField(label=_("Baht"), required=True)

    def __init__(self, *args: Any, city: bool, year: int, months: Iterable[date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stages = [one for one in BudgetFigure.Stage.choices if city or one[0] not in CITY_STAGES]
        self.fields["stage"].choices = [CHOOSE, *stages]  # type: ignore[attr-defined]
        self.fields["fiscal_year"].choices = [(one, str(one)) for one in portfolio_rules().years()]  # type: ignore[attr-defined]
        self.fields["fiscal_year"].initial = year
        self.fields["month"].choices = [("", "–"), *((one.isoformat(), month_name(one)) for one in months)]  # type: ignore[attr-defined]

    @property
    def given(self) -> dict[str, Any]:
        """Arguments of `figure_record`."""
        month = self.cleaned_data["month"]
        return self.cleaned_data | {"month": date.fromisoformat(month) if month else None}


class MilestoneForm(forms.Form):
    """A milestone, new or changed."""

    name = forms.CharField(label=_("What is reached"), max_length=LONGEST_NAME)
    planned_on = DayField(label=_("Planned day"), help_text=_("For instance 31/3/2570"))
    done_on = DayField(label=_("Reached on"), required=False)
    in_use = forms.BooleanField(
        label=_("From this day people use it"), required=False,
        help_text=_("Before and after are told apart here."),
    )  # fmt: skip

    @classmethod
    def of(cls, one: Milestone) -> MilestoneForm:
        """The form with what is kept."""
        return cls(
            initial={
                "name": one.name, "planned_on": thai_day(one.planned_on), "done_on": thai_day(one.done_on),
                "in_use": one.in_use,
            },
            prefix=f"m{one.pk}",
        )  # fmt: skip


class RiskForm(forms.Form):
    """A risk, new or changed."""

    what = forms.CharField(
        label=_("What may happen"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 2})
    )
    likelihood = forms.TypedChoiceField(
        label=_("How likely"), choices=GRADES, coerce=int, help_text=_("1 hardly, 5 almost surely")
    )
    effect = forms.TypedChoiceField(
        label=_("How badly"), choices=GRADES, coerce=int, help_text=_("1 slight, 5 the project fails")
    )
    owner = forms.CharField(
        label=_("Who answers for it"),
        max_length=LONGEST_NAME,
        help_text=_("A position, not a person's name."),
    )
    response = forms.CharField(
        label=_("What is done about it"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 2})
    )
    closed = forms.BooleanField(label=_("It is none any more"), required=False)

    @classmethod
    def of(cls, one: Risk) -> RiskForm:
        """The form with what is kept."""
        given = {name: getattr(one, name) for name in ("what", "likelihood", "effect", "owner", "response")}
        return cls(initial=given | {"closed": one.closed_on is not None}, prefix=f"r{one.pk}")


class ReadingForm(forms.Form):
    """The value of a number that the agency tells."""

    metric = forms.TypedChoiceField(label=_("What is measured"), coerce=int)
    on = DayField(label=_("On which day"))
    value = NumberField(label=_("Value"))
    source = forms.CharField(label=_("Where it comes from"), max_length=LONGEST_NAME)

    def __init__(self, *args: Any, metrics: Iterable[Metric], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["metric"].choices = [(one.pk, one.name) for one in metrics]  # type: ignore[attr-defined]

    def clean_value(self) -> Any:
        """NumberField lets an empty cell through; a reading needs its value."""
        value = self.cleaned_data["value"]
        if value is None:
            raise forms.ValidationError(_("This is missing."))
        return value


class SpendingForm(forms.Form):
    """The finance system's file."""

    file = forms.FileField(label=_("File (Excel or CSV)"))
