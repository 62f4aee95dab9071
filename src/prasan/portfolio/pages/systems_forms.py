"""Forms of the inventory: its filter, a system, a connection, an import."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prasan.city.registers import registers
from prasan.people.queries import agency_choices
from prasan.portfolio.actions.systems import LONGEST, LONGEST_DATA, MOST_BAHT, MOST_USERS, SystemGiven
from prasan.portfolio.capabilities import capability_map, grouped_choices
from prasan.portfolio.fiscal import fiscal_year
from prasan.portfolio.models import Interface, System
from prasan.portfolio.queries.systems import SystemFilter, SystemView

ANY = ("", _("Any"))
CONTRACTS = (("90", _("within 90 days")), ("180", _("within 180 days")), ("365", _("within a year")))


class FilterForm(forms.Form):
    """The inventory's filter; a value nobody knows is left out rather than refused."""

    words = forms.CharField(label=_("Words or system code"), required=False, max_length=200)
    agency = forms.ChoiceField(label=_("Agency"), required=False)
    capability = forms.ChoiceField(label=_("Capability"), required=False)
    lifecycle = forms.ChoiceField(
        label=_("Lifecycle"), required=False, choices=[ANY, *System.Lifecycle.choices]
    )
    hosting = forms.ChoiceField(label=_("Hosting"), required=False, choices=[ANY, *System.Hosting.choices])
    contract = forms.ChoiceField(label=_("Contract ends"), required=False, choices=[ANY, *CONTRACTS])

    def __init__(self, *args: Any, agencies: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = registers().agencies
        named = [(code, known[code].name) for code in agencies]
        _choose(self, "agency", named)
        groups = capability_map().groups.values()
        _choose(self, "capability", [(one.code, one.name) for one in groups], *grouped_choices())

    @property
    def filter(self) -> SystemFilter:
        """What was asked for, as far as it is understood."""
        self.is_valid()
        given = dict(self.cleaned_data)
        contract = given.pop("contract", "")
        return SystemFilter(**given, contract=int(contract) if contract else None)


def _choose(form: forms.Form, name: str, choices: list[Any], *groups: Any) -> None:
    form.fields[name].choices = [ANY, *choices, *groups]  # type: ignore[attr-defined]


def _text(
    name: str, label: Any, help_text: Any = "", *, required: bool = False, rows: int = 0
) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput()
    return forms.CharField(
        label=label, help_text=help_text, required=required, max_length=LONGEST[name], widget=widget
    )


class SystemForm(forms.Form):
    """What is told of a system; field names are those of `SystemGiven`, and `cost_<year>` for three years."""

    name_th = _text("name_th", _("Name in Thai"), required=True)
    name_en = _text("name_en", _("Name in English"))
    owner = forms.ChoiceField(label=_("Agency that owns it"))
    code = forms.CharField(
        label=_("Code"), required=False, max_length=40,
        help_text=_("Your own code, as on the list of assets. Left empty, the system gets one."),
    )  # fmt: skip
    purpose = _text("purpose", _("What it is for"), _("For whom, and what they do with it."), rows=4)
    capability = forms.ChoiceField(
        label=_("Capability"), required=False,
        help_text=_("What the city does with it. Systems with the same capability are shown side by side."),
    )  # fmt: skip
    data_held = forms.CharField(
        label=_("Data it keeps"), required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One name on each line, in words others use too: household registration, tax payers."),
    )  # fmt: skip
    users = forms.IntegerField(
        label=_("People who use it"), required=False, min_value=0, max_value=MOST_USERS
    )
    lifecycle = forms.ChoiceField(label=_("Lifecycle"), choices=System.Lifecycle.choices)
    criticality = forms.ChoiceField(
        label=_("Criticality"), choices=System.Criticality.choices,
        help_text=_("Vital: without it, a service to citizens or an emergency service stops the same day."),
    )  # fmt: skip
    personal_data = forms.ChoiceField(label=_("Personal data"), choices=System.PersonalData.choices)
    hosting = forms.ChoiceField(label=_("Hosting"), choices=System.Hosting.choices)
    technology = _text("technology", _("Technology"), _("Database, language, product."), rows=2)
    vendor = _text("vendor", _("Vendor"))
    contract_end = forms.DateField(
        label=_("Contract ends on"), required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip

    def __init__(
        self, *args: Any, agencies: Collection[str], system: System | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        codes = {*agencies, system.owner_id} if system else agencies
        self.fields["owner"].choices = [("", "—"), *agency_choices(codes)]  # type: ignore[attr-defined]
        not_told = ("", gettext("Not told"))
        self.fields["capability"].choices = [not_told, *grouped_choices()]  # type: ignore[attr-defined]
        if system is not None:
            del self.fields["code"]
        for year in self.years:
            self.fields[f"cost_{year}"] = forms.DecimalField(
                label=gettext("Fiscal year %(year)s, baht") % {"year": year}, required=False,
                min_value=Decimal(0), max_value=MOST_BAHT - 1, decimal_places=2,
            )  # fmt: skip

    @property
    def years(self) -> range:
        """The fiscal years asked about: the last, this, the next."""
        current = fiscal_year(timezone.localdate())
        return range(current - 1, current + 2)

    @property
    def cost_fields(self) -> list[Any]:
        """The bound fields of the costs."""
        return [self[f"cost_{year}"] for year in self.years]

    @property
    def given(self) -> SystemGiven:
        """What was told, of a valid form."""
        values = {name: self.cleaned_data[name] for name in SystemGiven.__slots__ if name != "data_held"}
        return SystemGiven(**values, data_held=tuple(self.cleaned_data["data_held"].splitlines()))

    @property
    def costs(self) -> dict[int, Decimal | None]:
        """Baht by fiscal year; None where the field was left empty."""
        return {year: self.cleaned_data[f"cost_{year}"] for year in self.years}

    @staticmethod
    def initial_of(view: SystemView) -> dict[str, Any]:
        """The form's values for a system that exists."""
        system = view.system
        found = {name: getattr(system, name) for name in SystemGiven.__slots__ if name != "data_held"}
        found |= {f"cost_{one.fiscal_year}": one.amount for one in view.costs}
        return found | {"owner": system.owner_id, "data_held": "\n".join(system.data_held)}


class InterfaceForm(forms.Form):
    """A connection of a system with another."""

    direction = forms.ChoiceField(
        label=_("Direction"), choices=[("gives", _("gives data to")), ("uses", _("gets data from"))]
    )
    other = forms.CharField(
        label=_("The other system"),
        max_length=400,
        help_text=_("Begin to type its code or name and choose it."),
    )
    what = forms.CharField(label=_("Which data"), max_length=LONGEST_DATA)
    method = forms.ChoiceField(label=_("How"), choices=Interface.Method.choices)

    def clean_other(self) -> str:
        """The code alone: a choice reads “CODE · name”."""
        return str(self.cleaned_data["other"]).split(" · ")[0].strip()

    def pair(self, code: str) -> tuple[str, str]:
        """(provider, consumer) for the system of this code, of a valid form."""
        other = self.cleaned_data["other"]
        return (code, other) if self.cleaned_data["direction"] == "gives" else (other, code)


class ImportForm(forms.Form):
    """A workbook or CSV file with many systems."""

    file = forms.FileField(
        label=_("Excel workbook (.xlsx) or CSV file"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xlsm,.csv"}),
    )
