"""Forms of proposals: the proposal itself (the larger the money, the longer), its moves, lists and workbooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.forms import BoundField
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prasan.city.registers import registers
from prasan.fabric.problems import Problem
from prasan.portfolio import suggestions
from prasan.portfolio.capabilities import grouped_choices
from prasan.portfolio.content import LONGEST_TEXT, LONGEST_TITLE, Content, MetricContent
from prasan.portfolio.fiscal import fiscal_year
from prasan.portfolio.models import Proposal, ProposalCost, Relation, SystemLink, Verdict
from prasan.portfolio.tiers import Tier, portfolio_rules
from prasan.portfolio.workbooks import values
from prasan.portfolio.workflow import HOLDER_NAMES

ANY = ("", _("Any"))
CHOOSE = ("", _("Please choose"))
METRIC_ROWS = 2
LINK_ROWS = 2
LONGEST_NOTE = 10_000
PARTS = [(str(part.value), part.label) for part in ProposalCost.Part]


class MoneyField(forms.CharField):
    """Baht as people write it: commas, Thai digits, “1.5 ล้านบาท”. Cleans to Decimal or None."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("required", False)
        super().__init__(
            max_length=40,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "number"}),
            **options,
        )

    def clean(self, value: Any) -> Any:
        try:
            return values.money(super().clean(value))
        except values.Unreadable as fault:
            raise forms.ValidationError(str(fault)) from fault

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Decimal):
            return value
        return f"{value:,.0f}" if value == value.to_integral_value() else f"{value:,.2f}"


class NumberField(forms.CharField):
    """A number as people write it. Cleans to Decimal or None."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=False, max_length=40, widget=forms.TextInput(attrs={"inputmode": "decimal"}), **options
        )

    def clean(self, value: Any) -> Any:
        try:
            return values.number(super().clean(value))
        except (values.Unreadable, InvalidOperation) as fault:
            raise forms.ValidationError(str(fault)) from fault

    def prepare_value(self, value: Any) -> Any:
        return f"{value.normalize():,f}" if isinstance(value, Decimal) else value


class DayField(forms.CharField):
    """A date as people write it. Cleans to date or None."""

    def clean(self, value: Any) -> Any:
        try:
            return values.day(super().clean(value))
        except values.Unreadable as fault:
            raise forms.ValidationError(str(fault)) from fault


def _text(label: Any, help_text: Any = "", rows: int = 3) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


class ProposalForm(forms.Form):
    """A proposal. `total` (baht) decides which questions are asked; rows of metrics and links grow with `more`.

    Saving needs a name alone; what is missing to submit is said by the action.
    """

    use_required_attribute = False

    title = forms.CharField(
        label=_("Name of the project"), max_length=LONGEST_TITLE, widget=forms.Textarea(attrs={"rows": 2})
    )
    own_number = forms.CharField(
        label=_("Your own number of it"), required=False, max_length=100,
        help_text=_("A workbook that is sent again updates the proposal with the same number."),
    )  # fmt: skip
    objective = _text(_("What is it for?"), _("The aim in one or two sentences: what changes, and for whom."))
    nature = forms.ChoiceField(label=_("Kind"), choices=Proposal.Nature.choices, initial=Proposal.Nature.NEW)
    lane = forms.ChoiceField(label=_("Lane"), widget=forms.RadioSelect)
    capability = forms.ChoiceField(label=_("Capability of the city that it serves"), required=False)
    scope = _text(_("What will be done"))
    benefit = _text(_("What is better afterwards"), _("For whom, and how one will see it."))
    data_held = forms.CharField(
        label=_("Data it will keep"), required=False, max_length=2000,
        help_text=_("Separated by commas, for instance: appointments, patients' addresses"),
    )  # fmt: skip
    first_year = forms.TypedChoiceField(
        label=_("Begins in fiscal year"), required=False, coerce=int, empty_value=None
    )
    life_years = forms.IntegerField(label=_("Years of use"), required=False, min_value=1, max_value=50)
    committed = forms.BooleanField(label=_("Bound by an earlier decision (committed budget)"), required=False)
    policies = forms.MultipleChoiceField(
        label=_("Policies that it answers"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Suggested from your text. Tick those that are true."),
    )  # fmt: skip
    policy = forms.ChoiceField(label=_("Another policy"), required=False)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        content: Content | None = None,
        more: Mapping[str, int] | None = None,
    ) -> None:
        self.given = content or Content()
        super().__init__(data, initial=self._start(self.given))
        self.metric_rows = _rows(data, "metric_rows", max(METRIC_ROWS, len(self.given.metrics) + 1))
        self.link_rows = _rows(
            data, "link_rows", max(LINK_ROWS, len(self.given.systems) + 1, len(self.given.relations) + 1)
        )
        self.years = self._years()
        rules = portfolio_rules()
        self._choose("lane", [(term.code, term.name) for term in rules.lanes.values()])
        self._choose("capability", [CHOOSE, *grouped_choices()])
        self._choose("first_year", [CHOOSE, *((year, str(year)) for year in self._start_years())])
        for year in self.years:
            for part, label in PARTS:
                self._add(
                    f"cost_{part}_{year}",
                    MoneyField(label=f"{label} {year}"),
                    self.given.costs.get((year, part)),
                )
        self._add_metrics()
        self._add_links()
        self._choose_policies(data)
        self.asked = self._tier()
        for question in rules.questions:
            self._add(
                f"answer_{question.code}",
                _text(question.name, question.hint),
                self.given.answers.get(question.code, ""),
            )

    @staticmethod
    def _start(content: Content) -> dict[str, Any]:
        plain = ("title", "own_number", "objective", "nature", "lane", "capability", "scope", "benefit")
        start = {name: getattr(content, name) for name in (*plain, "first_year", "life_years", "committed")}
        return start | {"data_held": ", ".join(content.data_held), "policies": list(content.policies)}

    def _add(self, name: str, made: forms.Field, initial: Any) -> None:
        made.initial = initial
        self.fields[name] = made

    def _choose(self, name: str, choices: Sequence[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def _years(self) -> list[int]:
        """The years of the form: from the first that has money, or the next fiscal year."""
        rules = portfolio_rules()
        known = [year for year, _part in self.given.costs]
        if self.is_bound and self.data.get("years"):
            told = [int(year) for year in str(self.data["years"]).split(",") if year.isdigit()]
            known += [year for year in told if year in rules.years()]
        first = min(known, default=fiscal_year(timezone.localdate()) + 1)
        last = max([first + rules.form_years - 1, *known])
        return [year for year in range(first, min(last, first + 14) + 1) if year in rules.years()]

    def _start_years(self) -> list[int]:
        now = fiscal_year(timezone.localdate())
        shown = {*range(now - 1, now + 6), *self.years}
        if self.given.first_year:
            shown.add(self.given.first_year)
        return [year for year in sorted(shown) if year in portfolio_rules().years()]

    def _add_metrics(self) -> None:
        indicators = [("", _("Entered by hand")), *suggestions.indicator_choices()]
        areas = [(area.code, area.name) for area in registers().districts()]
        for number in range(self.metric_rows):
            known = self.given.metrics[number] if number < len(self.given.metrics) else MetricContent("")
            self._add(
                f"metric_{number}_name",
                forms.CharField(label=_("What is measured"), required=False, max_length=300),
                known.name,
            )
            self._add(
                f"metric_{number}_unit",
                forms.CharField(label=_("Unit"), required=False, max_length=60),
                known.unit,
            )
            self._add(f"metric_{number}_baseline", NumberField(label=_("Now")), known.baseline)
            self._add(f"metric_{number}_target", NumberField(label=_("Target")), known.target)
            self._add(
                f"metric_{number}_due_on",
                DayField(label=_("By when"), required=False, max_length=40),
                values.thai_day(known.due_on),
            )
            self._add(
                f"metric_{number}_indicator",
                forms.ChoiceField(label=_("Read from the city's number"), choices=indicators, required=False),
                known.indicator,
            )
            self._add(
                f"metric_{number}_area",
                forms.ChoiceField(label=_("In"), choices=[("", _("The whole city")), *areas], required=False),
                known.areas[0] if known.areas else "",
            )

    def _add_links(self) -> None:
        for name, given, kinds, label in (
            ("system", self.given.systems, SystemLink.Kind.choices, _("Code of the system")),
            ("relation", self.given.relations, Relation.Kind.choices, _("Code of the other proposal")),
        ):
            known = list(given.items())
            for number in range(self.link_rows):
                code, kind = known[number] if number < len(known) else ("", kinds[0][0])
                self._add(
                    f"{name}_{number}_kind",
                    forms.ChoiceField(label=_("Relation"), choices=kinds, required=False),
                    kind,
                )
                attrs = {"list": f"{name}-codes", "autocomplete": "off"}
                self._add(
                    f"{name}_{number}_code",
                    forms.CharField(
                        label=label, required=False, max_length=100, widget=forms.TextInput(attrs=attrs)
                    ),
                    code,
                )

    def _choose_policies(self, data: QueryDict | None) -> None:
        known = portfolio_rules().policies
        chosen = data.getlist("policies") if data is not None else list(self.given.policies)
        text = " ".join(str(self[name].value() or "") for name in ("title", "objective", "scope", "benefit"))
        suggested = suggestions.policies_for(text)
        shown = dict.fromkeys([*(code for code in chosen if code in known), *suggested])
        self._choose("policies", [(code, known[code].name) for code in shown])
        self._choose(
            "policy", [CHOOSE, *((code, one.name) for code, one in known.items() if code not in shown)]
        )

    # --- what it holds ---

    def _tier(self) -> Tier:
        """The tier of the money typed so far, as far as it can be read."""
        total = Decimal(0)
        for year in self.years:
            for part, _label in PARTS:
                bound = self[f"cost_{part}_{year}"]
                try:
                    total += bound.field.clean(bound.value()) or 0
                except forms.ValidationError:
                    continue
        return portfolio_rules().tier(total)

    @property
    def content(self) -> Content:
        """What was written; call it when the form is valid."""
        data = self.cleaned_data
        plain = (
            "title",
            "own_number",
            "objective",
            "nature",
            "lane",
            "capability",
            "scope",
            "benefit",
            "first_year",
            "life_years",
            "committed",
        )
        policies = [*data["policies"], *([data["policy"]] if data["policy"] else [])]
        costs = {
            (year, part): data[f"cost_{part}_{year}"]
            for year in self.years
            for part, _label in PARTS
            if data[f"cost_{part}_{year}"]
        }
        answers = {question.code: data[f"answer_{question.code}"] for question in portfolio_rules().questions}
        return Content(
            **{name: data[name] for name in plain},
            data_held=tuple(values.listed(data["data_held"])),
            policies=tuple(dict.fromkeys(policies)),
            costs=costs,
            answers={code: text for code, text in answers.items() if text},
            metrics=tuple(self._metrics()),
            systems=dict(self._links("system")),
            relations=dict(self._links("relation")),
        )  # fmt: skip

    def _metrics(self) -> Iterator[MetricContent]:
        for number in range(self.metric_rows):
            given = {name: self.cleaned_data[f"metric_{number}_{name}"] for name in METRIC_FIELDS}
            told = {
                name: value for name, value in given.items() if name != "area" and value not in ("", None)
            }
            if told:
                known = self.given.metrics[number].areas if number < len(self.given.metrics) else ()
                # The form shows one district; what a workbook said of several stays as long as that is untouched.
                same = bool(known) and known[0] == given["area"]
                areas = known if same else tuple(filter(None, [given["area"]]))
                yield MetricContent(
                    **{name: given[name] for name in METRIC_FIELDS if name != "area"}, areas=areas
                )

    def _links(self, name: str) -> Iterator[tuple[str, str]]:
        for number in range(self.link_rows):
            # The list beside the field offers “code name”: the code is its first word.
            code = self.cleaned_data[f"{name}_{number}_code"].strip().split(" ")[0]
            if code:
                yield (
                    (code.upper() if name == "relation" else code),
                    self.cleaned_data[f"{name}_{number}_kind"],
                )

    # --- for the page ---

    @property
    def cost_table(self) -> list[dict[str, Any]]:
        """A row for each part, a cell for each year."""
        return [
            {"label": label, "cells": [(year, self[f"cost_{part}_{year}"]) for year in self.years]}
            for part, label in PARTS
        ]

    @property
    def metric_table(self) -> list[dict[str, BoundField]]:
        """The fields of each metric."""
        return [
            {name: self[f"metric_{number}_{name}"] for name in METRIC_FIELDS}
            for number in range(self.metric_rows)
        ]

    @property
    def system_table(self) -> list[dict[str, BoundField]]:
        return self._link_table("system")

    @property
    def relation_table(self) -> list[dict[str, BoundField]]:
        return self._link_table("relation")

    def _link_table(self, name: str) -> list[dict[str, BoundField]]:
        return [
            {"kind": self[f"{name}_{number}_kind"], "code": self[f"{name}_{number}_code"]}
            for number in range(self.link_rows)
        ]

    @property
    def questions(self) -> list[BoundField]:
        """Questions of the tier, and those answered already though they are not asked any more."""
        asked = {question.code for question in portfolio_rules().questions_of(self.asked)}
        return [
            self[f"answer_{question.code}"]
            for question in portfolio_rules().questions
            if question.code in asked or self[f"answer_{question.code}"].value()
        ]

    def mark_needed(self) -> None:
        """For the page alone: what must be there to hand it in is not called optional. Saving never needs it."""
        needed = {
            "objective",
            "capability",
            "first_year",
            "metric_0_name",
            "metric_0_baseline",
            "metric_0_target",
        }
        needed |= {"scope", "benefit"} if self.asked.level else set()
        needed |= {f"answer_{question.code}" for question in portfolio_rules().questions_of(self.asked)}
        for name in needed:
            self.fields[name].required = True

    def forget_errors(self) -> None:
        """Show what was sent without judging it yet."""
        self._errors: Any = ErrorDict()

    def refuse(self, problem: Problem) -> None:
        """Show a refusal of the action at the fields it names."""
        errors = getattr(problem, "errors", None) or {"": problem.detail or problem.title}
        for name, sentence in errors.items():
            target = self.field_of(name)
            self.add_error(target, str(sentence))

    def field_of(self, name: str) -> str | None:
        """The form's field for a field of the action; None for what stands nowhere in particular."""
        parts = name.split(".")
        if parts[0] == "costs":
            found = f"cost_{parts[1]}_{parts[2]}" if len(parts) == 3 else f"cost_buy_{self.years[0]}"
        elif parts[0] == "metrics":
            found = f"metric_{parts[1]}_{parts[2]}" if len(parts) == 3 else "metric_0_name"
        elif parts[0] in {"systems", "relations"}:
            found = f"{parts[0][:-1]}_0_code"
        else:
            found = f"answer_{parts[1]}" if parts[0] == "answers" else name
        return found if found in self.fields else None


METRIC_FIELDS = ("name", "unit", "baseline", "target", "due_on", "indicator", "area")


def _rows(data: QueryDict | None, name: str, least: int) -> int:
    """How many rows a part of the form has: as many as were sent, one page's worth at most."""
    sent = str(data.get(name, "")) if data is not None else ""
    return min(max(least, int(sent) if sent.isdigit() and len(sent) < 3 else 0), 30)


class ListForm(forms.Form):
    """The list's filter; a value nobody knows is left out rather than refused."""

    words = forms.CharField(label=_("Words, code or number"), required=False, max_length=200)
    lane = forms.ChoiceField(label=_("Lane"), required=False)
    holder = forms.ChoiceField(
        label=_("Now with"),
        required=False,
        choices=[ANY, *((code, name) for code, name in HOLDER_NAMES.items())],
    )
    agency = forms.ChoiceField(label=_("Agency"), required=False)

    def __init__(self, data: QueryDict, *, agencies: Sequence[str]) -> None:
        super().__init__(data)
        known = registers().agencies
        named = sorted((code for code in agencies if code in known), key=lambda code: known[code].name)
        self.fields["agency"].choices = [ANY, *((code, known[code].name) for code in named)]  # type: ignore[attr-defined]
        lanes = [(term.code, term.name) for term in portfolio_rules().lanes.values()]
        self.fields["lane"].choices = [ANY, *lanes]  # type: ignore[attr-defined]


class NoteForm(forms.Form):
    """A reason."""

    note = forms.CharField(
        label=_("Reason"), max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Please write why.")},
    )  # fmt: skip


class OptionalNoteForm(NoteForm):
    """A word on the way, where none is needed."""

    note = forms.CharField(
        label=_("Note"), max_length=LONGEST_NOTE, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class VerdictForm(NoteForm):
    """What a likeness is, and why."""

    kind = forms.ChoiceField(label=_("What is it?"), choices=Verdict.Kind.choices, widget=forms.RadioSelect)
    field_order = ["kind", "note"]


class EvidenceForm(forms.Form):
    """Which number of the city, where, over how many months."""

    indicator = forms.ChoiceField(label=_("Number of the city"))
    areas = forms.MultipleChoiceField(
        label=_("Districts"), required=False, help_text=_("None chosen: the whole city."),
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )  # fmt: skip
    months = forms.TypedChoiceField(
        label=_("Over"),
        coerce=int,
        initial=12,
        choices=[
            (3, _("the last 3 months")),
            (6, _("the last 6 months")),
            (12, _("the last 12 months")),
            (24, _("the last 24 months")),
        ],
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.fields["indicator"].choices = suggestions.indicator_choices()  # type: ignore[attr-defined]
        self.fields["areas"].choices = [(area.code, area.name) for area in registers().districts()]  # type: ignore[attr-defined]
