"""Forms of the price check: what a proposal buys, an answer, the list's filter, a workbook of lines."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prasan.people.queries import agency_choices
from prasan.portfolio.actions.prices import LONGEST_NAME, LONGEST_TEXT, LONGEST_UNIT, LineGiven
from prasan.portfolio.models import PriceFlag, PriceLine
from prasan.portfolio.prices.units import read_price
from prasan.portfolio.queries.prices import FlagFilter
from prasan.portfolio.workbooks.values import Unreadable, number

EMPTY_LINES = 3


class _NumberField(forms.CharField):
    """A number as Thai offices write it: ๑,๒๕๐."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            found = number(text)
        except Unreadable as fault:
            raise forms.ValidationError(str(fault)) from fault
        if found is None and self.required:
            raise forms.ValidationError(gettext("Please say how many: more than nothing."))
        return found


class _PriceField(forms.CharField):
    """Baht, perhaps with what they are for: ๒๕,๐๐๐ บาท/เครื่อง. Gives (amount, unit)."""

    def clean(self, value: Any) -> Any:
        try:
            return read_price(super().clean(value))
        except Unreadable as fault:
            raise forms.ValidationError(str(fault)) from fault


class LineForm(forms.Form):
    """One line; left empty it is no line, and of one that exists the line is taken away."""

    id = forms.IntegerField(required=False, widget=forms.HiddenInput())
    name = forms.CharField(label=_("What is bought"), required=False, max_length=LONGEST_NAME)
    quantity = _NumberField(label=_("Quantity"), required=False, max_length=40)
    unit = forms.CharField(label=_("Unit"), required=False, max_length=LONGEST_UNIT)
    unit_price = _PriceField(label=_("Price of one, baht"), required=False, max_length=60)
    specification = forms.CharField(label=_("Specification"), required=False, max_length=LONGEST_TEXT)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is told in it."""
        told = self.cleaned_data
        return not (told.get("name") or told.get("quantity") or (told.get("unit_price") or (None,))[0])

    @property
    def given(self) -> LineGiven:
        """The line of a valid form; a unit behind the price counts where the unit's own field is empty."""
        told = self.cleaned_data
        price, behind = told["unit_price"]
        return LineGiven(
            told["name"], told["quantity"] or Decimal(0), Decimal(-1) if price is None else price,
            told["unit"] or behind.lstrip("/ ").removeprefix("ต่อ").strip(), told["specification"], told["id"],
        )  # fmt: skip


LineForms = forms.formset_factory(LineForm, extra=EMPTY_LINES)


def initial_of(lines: Sequence[PriceLine]) -> list[dict[str, Any]]:
    """Values of lines that exist."""
    return [
        {
            "id": one.pk, "name": one.name, "quantity": f"{one.quantity.normalize():f}", "unit": one.unit,
            "unit_price": f"{one.unit_price.normalize():f}", "specification": one.specification,
        }
        for one in lines
    ]  # fmt: skip


class AnswerForm(forms.Form):
    """An officer's word on a flag."""

    line = forms.IntegerField(widget=forms.HiddenInput())
    kind = forms.ChoiceField(choices=PriceFlag.Kind.choices, widget=forms.HiddenInput())
    reason = forms.CharField(
        label=_("What you say to it"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Why the price is right, or what will be done about it."),
    )  # fmt: skip


class LinesFileForm(forms.Form):
    """A workbook or CSV file with what the proposal buys."""

    file = forms.FileField(
        label=_("Excel workbook (.xlsx) or CSV file"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xlsm,.csv"}),
    )


class FlagFilterForm(forms.Form):
    """The filter of the list of flags; a value nobody knows is left out rather than refused."""

    kind = forms.ChoiceField(label=_("Reason"), required=False)
    answered = forms.ChoiceField(label=_("Answer"), required=False)
    agency = forms.ChoiceField(label=_("Agency"), required=False)

    def __init__(self, data: Any, *, agencies: Sequence[str]) -> None:
        super().__init__(data or {"answered": "no"})
        named = [one for one in PriceFlag.Kind.choices if one[0] != PriceFlag.Kind.TOO_LITTLE]
        self._set("kind", [("", gettext("Any")), *named])
        self._set(
            "answered",
            [("no", gettext("Nobody answered")), ("yes", gettext("Answered")), ("", gettext("Any"))],
        )
        self._set("agency", [("", gettext("Any")), *agency_choices(agencies)])

    def _set(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    @property
    def filter(self) -> FlagFilter:
        """What was asked for, as far as it is understood."""
        self.is_valid()
        return FlagFilter(**self.cleaned_data)
