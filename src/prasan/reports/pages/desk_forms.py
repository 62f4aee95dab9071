"""Forms of the desk: the inbox's filter, one form per step of the workflow, a report taken by phone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prasan.city.models import Agency
from prasan.city.registers import registers
from prasan.reports import actions
from prasan.reports.actions.change import LONGEST_TEXT
from prasan.reports.catalogue import catalogue
from prasan.reports.models import Photo, Report, Status
from prasan.reports.pages.citizen_forms import PhotosField
from prasan.reports.queries import desk as queries

ANY = ("", _("Any"))
NOTE_MISSING = _("Please write what was done or why.")


def category_choices() -> list[tuple[str, str]]:
    """Categories of the city in its order."""
    return [(code, category.name) for code, category in catalogue().categories.items()]


class InboxForm(forms.Form):
    """The inbox's filter; a value nobody knows is left out rather than refused."""

    words = forms.CharField(label=_("Words or code"), required=False, max_length=200)
    officer = forms.ChoiceField(
        label=_("Officer"), required=False, choices=[ANY, ("me", _("Me")), ("nobody", _("Nobody yet"))]
    )
    due = forms.ChoiceField(
        label=_("Deadline"),
        required=False,
        choices=[ANY, ("overdue", _("Overdue")), ("today", _("Due today or overdue"))],
    )
    status = forms.ChoiceField(label=_("Status"), required=False)
    category = forms.ChoiceField(label=_("Category"), required=False)
    district = forms.ChoiceField(label=_("District"), required=False)
    agency = forms.ChoiceField(label=_("Agency"), required=False)
    only = forms.MultipleChoiceField(
        label=_("Only"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[
            ("dispatch", _("Waiting for dispatch")),
            ("invited", _("Where we are invited")),
            ("escalated", _("Escalated")),
            ("private", _("Private")),
        ],
    )

    def __init__(self, *args: Any, agencies: frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choose("status", [(value, label) for value, label in Status.choices])
        self._choose("category", category_choices())
        self._choose("district", [(area.code, area.name) for area in registers().districts()])
        known = registers().agencies
        named = sorted((code for code in agencies if code in known), key=lambda code: known[code].name)
        self._choose("agency", [(code, known[code].name) for code in named])

    def _choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        self.fields[name].choices = [ANY, *choices]  # type: ignore[attr-defined]

    @property
    def filter(self) -> queries.InboxFilter:
        """What was asked for, as far as it is understood."""
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if name != "only"}
        return queries.InboxFilter(**given, only=frozenset(self.cleaned_data.get("only", ())))


def note_field(label: Any, help_text: Any = "", *, required: bool = True, rows: int = 4) -> forms.CharField:
    """Free text of a step."""
    return forms.CharField(
        label=label, help_text=help_text, required=required, max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": rows}), error_messages={"required": NOTE_MISSING},
    )  # fmt: skip


class StepForm(forms.Form):
    """What a step needs from the officer; field names are the action's arguments.

    `report` is None and `agencies` are those of all reports where the step is taken on several at once.
    """

    intro: Any = ""

    def __init__(self, *args: Any, report: Report | None, agencies: Collection[str], **kwargs: Any) -> None:
        self.report = report
        self.agencies = agencies
        super().__init__(*args, **kwargs)
        self.prepare()

    def prepare(self) -> None:
        """Fill choices that depend on the report."""

    @property
    def arguments(self) -> dict[str, Any]:
        """The action's own arguments; photos are taken in by the page."""
        return {name: value for name, value in self.cleaned_data.items() if name != "photos"}

    @property
    def typed(self) -> list[tuple[Any, str]]:
        """Label and content of every text written, so that it can be kept when the step is not possible any more."""
        texts = [name for name, field in self.fields.items() if isinstance(field.widget, forms.Textarea)]
        return [(self[name].label, self[name].value()) for name in texts if self[name].value()]


class AcceptForm(StepForm):
    intro = _("Your agency takes the report on, and you become its officer.")
    note = note_field(_("Words for the reporter"), required=False, rows=2)


class NoteForm(StepForm):
    intro = _("Only officers of the agencies that handle the report see this.")
    note = note_field(_("Internal note"))
    photos = PhotosField(label=_("Photos"), required=False)


class ReplyForm(StepForm):
    intro = _("Everybody who can see the report reads this, in your agency's name.")
    note = note_field(_("Reply"))
    photos = PhotosField(label=_("Photos"), required=False)


class AskForm(StepForm):
    intro = _("The deadline stands still until the reporter answers.")
    note = note_field(_("Question to the reporter"))


class FinishForm(StepForm):
    intro = _("The reporter is told and can rate the work or open the report again.")
    photos = PhotosField(label=_("Photo of the work done"), required=False)
    note = note_field(_("What was done"), _("The reporter reads this."))

    def prepare(self) -> None:
        photos = self.fields["photos"]
        photos.required = self.report is not None and catalogue().category(self.report.category).proof_photo


class FollowUpForm(StepForm):
    intro = _("The work is done for now, but stays under observation, for instance while a warranty runs.")
    note = note_field(_("What is observed, and until when"))


class ResumeForm(StepForm):
    intro = _("The report is opened again for your agency with a new deadline.")
    note = note_field(_("Why it is taken up again"))


class StageForm(StepForm):
    intro = _("For work that takes longer than a repair. The reporter sees the stage.")
    stage = forms.ChoiceField(label=_("Stage"), widget=forms.RadioSelect)
    note = note_field(_("Explanation"), required=False, rows=3)

    def prepare(self) -> None:
        self.fields["stage"].choices = [(code, term.name) for code, term in catalogue().stages.items()]  # type: ignore[attr-defined]


class IrrelevantForm(StepForm):
    intro = _("The reporter sees the reason and what you write, and can open the report again.")
    reason = forms.ChoiceField(label=_("Reason"), widget=forms.RadioSelect)
    note = note_field(_("Explanation for the reporter"))

    def prepare(self) -> None:
        self.fields["reason"].choices = [  # type: ignore[attr-defined]
            (code, f"{reason.name}: {reason.text}") for code, reason in catalogue().irrelevant_reasons.items()
        ]


class CategoriseForm(StepForm):
    intro = _("Your choice teaches the suggestions. The deadline follows the new category.")
    category = forms.ChoiceField(label=_("Category"))
    note = note_field(_("Remark"), required=False, rows=2)

    def prepare(self) -> None:
        self.fields["category"].choices = [  # type: ignore[attr-defined]
            choice
            for choice in category_choices()
            if self.report is None or choice[0] != self.report.category
        ]


class AssignForm(StepForm):
    intro = _("The officer finds it under “Mine”.")
    officer = forms.TypedChoiceField(label=_("Officer"), coerce=int)
    note = note_field(_("Remark"), required=False, rows=2)

    def prepare(self) -> None:
        officers = queries.officers_of(self.agencies)
        self.fields["officer"].choices = [(user.pk, user.display_name) for user in officers]  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Option:
    """An agency to choose, and why it is offered."""

    agency: Agency
    why: str = ""


class AgencyForm(StepForm):
    """A step that names another agency: chosen among those offered, or by typing part of its name."""

    agency = forms.CharField(label=_("Agency"), required=False)
    search = forms.CharField(label=_("Another agency"), required=False, max_length=200)
    note = note_field(_("Why, and what they should do"), _("Shown on the report's timeline."))

    def prepare(self) -> None:
        self.options: list[Option] = []
        if self.report is not None:
            offered = queries.agencies_for(self.report)
            self.options = [
                Option(registers().agency(code), why)
                for code, why in offered.items()
                if code not in self.agencies
            ]
        chosen = self["agency"].value()
        if chosen in registers().agencies and chosen not in {option.agency.code for option in self.options}:
            self.options.append(Option(registers().agency(chosen)))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        typed = cleaned.pop("search", "")
        if not cleaned.get("agency"):
            try:
                cleaned["agency"] = agency_of(typed)
            except forms.ValidationError as error:
                self.options += [Option(agency) for agency in queries.find_agencies(typed)]
                self.add_error("agency", error)
        return cleaned


def agency_of(typed: str) -> str:
    """The agency's code for what was chosen or typed. ValidationError when it names none, or several."""
    if typed in registers().agencies:
        return typed
    found = queries.find_agencies(typed)
    exact = [
        agency
        for agency in found
        if typed.strip() in {agency.name_th, agency.name_en, agency.short_th, agency.short_en}
    ]
    found = exact or found
    if len(found) == 1:
        return found[0].code
    raise forms.ValidationError(
        _("Several agencies fit; please choose one.")
        if found
        else _("Please choose an agency from the list.")
    )


class ForwardForm(AgencyForm):
    intro = _("The other agency becomes responsible and gets a deadline of its own.")


class InviteForm(AgencyForm):
    intro = _(
        "The other agency works on the same report with a status and a deadline of its own. You keep the lead."
    )


class MergeForm(StepForm):
    intro = _(
        "This report is closed, and everybody who follows it follows the other one from now on and is told."
    )
    other = forms.CharField(label=_("Code of the report that stays"), max_length=20)
    note = note_field(_("Explanation"), required=False, rows=2)

    def clean_other(self) -> str:
        return str(self.cleaned_data["other"]).strip().upper().replace(" ", "").replace("-", "")


class SplitForm(StepForm):
    """Up to three parts: each its words, category and agency."""

    intro = _("Each part becomes a report of its own; this one stays as it is.")
    PARTS = 3

    def prepare(self) -> None:
        for number in range(1, self.PARTS + 1):
            self.fields[f"text{number}"] = note_field(
                _("Part %(number)d: what it is about") % {"number": number}, required=number == 1, rows=2
            )
            self.fields[f"category{number}"] = forms.ChoiceField(
                label=_("Category"),
                required=number == 1,
                choices=[("", _("Please choose")), *category_choices()],
            )
            self.fields[f"agency{number}"] = forms.CharField(
                label=_("Agency"), required=False, help_text=_("Leave empty to send it where the rules say.")
            )

    @property
    def arguments(self) -> dict[str, Any]:
        return {"parts": [part for number in range(1, self.PARTS + 1) if (part := self._part(number))]}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for number in range(1, self.PARTS + 1):
            if cleaned.get(f"text{number}") and not cleaned.get(f"category{number}"):
                self.add_error(f"category{number}", _("Please choose one of the categories."))
            if cleaned.get(f"agency{number}"):
                try:
                    cleaned[f"agency{number}"] = agency_of(cleaned[f"agency{number}"])
                except forms.ValidationError as error:
                    self.add_error(f"agency{number}", error)
        return cleaned

    def _part(self, number: int) -> actions.Part | None:
        assert self.report is not None  # noqa: S101 — nobody splits several at once
        text, category = self.cleaned_data.get(f"text{number}"), self.cleaned_data.get(f"category{number}")
        if not text or not category:
            return None
        agency = (
            self.cleaned_data.get(f"agency{number}")
            or queries.routed_to(self.report, category, text).agency_code
        )
        return actions.Part(text, category, agency)


@dataclass(frozen=True, slots=True)
class DeskStep:
    """How the desk carries out a step of the workflow."""

    form: type[StepForm]
    run: Callable[..., Any]
    icon: str
    danger: bool = False
    moment: str = Photo.Moment.OTHER


STEPS: Mapping[str, DeskStep] = {
    "accept": DeskStep(AcceptForm, actions.report_accept, "check"),
    "finish": DeskStep(FinishForm, actions.report_finish, "finished", moment=Photo.Moment.AFTER),
    "forward": DeskStep(ForwardForm, actions.report_forward, "forward"),
    "invite": DeskStep(InviteForm, actions.report_invite, "people"),
    "assign": DeskStep(AssignForm, actions.report_assign, "user"),
    "ask": DeskStep(AskForm, actions.report_ask, "question"),
    "reply": DeskStep(ReplyForm, actions.report_reply, "comment"),
    "note": DeskStep(NoteForm, actions.report_note, "edit"),
    "categorise": DeskStep(CategoriseForm, actions.report_categorise, "list"),
    "stage": DeskStep(StageForm, actions.report_stage, "calendar"),
    "follow_up": DeskStep(FollowUpForm, actions.report_follow_up, "eye"),
    "split": DeskStep(SplitForm, actions.report_split, "split"),
    "merge": DeskStep(MergeForm, actions.report_merge, "merge"),
    "irrelevant": DeskStep(IrrelevantForm, actions.report_irrelevant, "irrelevant", danger=True),
    "resume": DeskStep(ResumeForm, actions.report_resume, "reopen"),
}


class PhoneForm(forms.Form):
    """A report taken down for a citizen at the phone or the counter."""

    text = forms.CharField(
        label=_("What the citizen tells"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("In the citizen's words. Leave out names and phone numbers; this text is public."),
    )  # fmt: skip
    address = forms.CharField(
        label=_("Address or landmark"),
        required=False,
        max_length=500,
        help_text=_("For example: opposite the market, mouth of Soi 5, lamp post no. 12"),
    )
    district = forms.ChoiceField(label=_("District"), required=False)
    category = forms.ChoiceField(
        label=_("Category"), required=False, help_text=_("Leave empty to have it suggested from the words.")
    )
    name = forms.CharField(label=_("Citizen's name"), required=False, max_length=500)
    phone = forms.CharField(label=_("Citizen's phone"), required=False, max_length=100)
    email = forms.CharField(
        label=_("Citizen's e-mail"),
        required=False,
        max_length=254,
        help_text=_("News of the report goes there."),
    )
    private = forms.BooleanField(
        label=_("Private: only the agencies that handle it may see it"), required=False
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        districts = [
            (area.code, area.name) for area in sorted(registers().districts(), key=lambda area: area.name)
        ]
        self.fields["district"].choices = [("", _("Not known")), *districts]  # type: ignore[attr-defined]
        self.fields["category"].choices = [("", _("Suggest from the words")), *category_choices()]  # type: ignore[attr-defined]
