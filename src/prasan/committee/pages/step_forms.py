"""One form per step of the workflow, and how the desk takes the step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prasan.city.registers import registers
from prasan.committee import actions
from prasan.committee.models import Meeting, Vote
from prasan.committee.policies import Seat
from prasan.committee.queries.room import Room
from prasan.fabric.decisions import Outcome
from prasan.people.queries import agency_choices

REQUIRED = {"required": _("Please fill this in.")}
OUTCOMES = [("", _("Please choose")), *Outcome.choices]


def paragraphs(label: Any, help_text: Any = "", *, required: bool = False, rows: int = 4) -> forms.CharField:
    """Free text."""
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(
        label=label, help_text=help_text, required=required, widget=widget, error_messages=REQUIRED
    )


def line(label: Any, help_text: Any = "", *, required: bool = False) -> forms.CharField:
    """One line."""
    return forms.CharField(
        label=label, help_text=help_text, required=required, max_length=500, error_messages=REQUIRED
    )


def hidden() -> forms.IntegerField:
    """A number that a button brings along."""
    return forms.IntegerField(required=False, widget=forms.HiddenInput)


class DayAndTime(forms.DateTimeField):
    """A moment in the city's time, in the browser's own control."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, input_formats=["%Y-%m-%dT%H:%M"], error_messages=REQUIRED, **options)

    def prepare_value(self, value: Any) -> Any:
        return timezone.localtime(value) if isinstance(value, datetime) else value


class StepForm(forms.Form):
    """What a step needs to know; `room` and `seat` let a form offer only what can be meant."""

    intro: Any = ""

    def __init__(self, *args: Any, meeting: Meeting, room: Room, seat: Seat, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meeting, self.room, self.seat = meeting, room, seat
        self.prepare()

    def prepare(self) -> None:
        """Fill in choices."""

    def choose_member(self, *, own: bool = False, among: frozenset[int] | None = None) -> None:
        """The members to choose from; `own` offers only those for whom this person may act."""
        field: Any = self.fields["member"]
        members = [m for m in self.room.members if among is None or m.pk in among]
        if own:
            mine = self.seat.member
            members = [m for m in members if m.user_id is None or (mine is not None and m.pk == mine.pk)]
        field.choices = [("", _("Please choose")), *((m.pk, m.name) for m in members)]
        if own and self.seat.member is not None and self.seat.member in members and len(members) == 1:
            del self.fields["member"]

    @property
    def arguments(self) -> dict[str, Any]:
        """What the action is called with: nothing that was left empty where it has a default."""
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}


class ItemForm(StepForm):
    """A step on one item."""

    item = hidden()


class ChangeForm(StepForm):
    starts_at = DayAndTime(label=_("Date and time"))
    mode = forms.ChoiceField(label=_("How the meeting is held"), choices=Meeting.Mode.choices)
    place = line(_("Place"))
    link = line(_("Link of the online meeting"), _("Members alone see it."))

    def prepare(self) -> None:
        row = self.meeting
        self.initial = {"starts_at": row.starts_at, "mode": row.mode, "place": row.place, "link": row.link}


class ItemAddForm(StepForm):
    section = forms.ChoiceField(label=_("Part of the agenda"))
    title = line(_("Title"), required=True)
    background = paragraphs(_("Background"))
    facts = paragraphs(pgettext_lazy("minutes", "Facts"))
    law = paragraphs(_("Law"), rows=2)
    question = paragraphs(_("Question"), _("What the meeting is asked to decide."), rows=2)
    own_matter = forms.BooleanField(
        label=_("The committee's own matter, which can come back at later meetings"), required=False
    )

    def prepare(self) -> None:
        field: Any = self.fields["section"]
        field.choices = [
            (code, f"{n}. {title}") for n, (code, title) in enumerate(self.room.rules.sections, 1)
        ]
        self.initial.setdefault("section", "consider")


class ItemChangeForm(ItemForm):
    title = line(_("Title"), required=True)
    background = paragraphs(_("Background"))
    facts = paragraphs(pgettext_lazy("minutes", "Facts"))
    law = paragraphs(_("Law"), rows=2)
    question = paragraphs(_("Question"), rows=2)
    discussion = paragraphs(_("Discussion"), _("What was said, for the minutes."), rows=6)

    def prepare(self) -> None:
        item = self.meeting.items.filter(pk=self["item"].value()).first()
        if item is not None and not self.is_bound:
            self.initial = {**self.initial} | {
                name: getattr(item, name) for name in self.fields if name != "item"
            }

    @property
    def arguments(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class ItemMoveForm(ItemForm):
    up = forms.BooleanField(required=False, widget=forms.HiddenInput)


class PaperForm(ItemForm):
    paper = forms.FileField(
        label=_("Paper"), help_text=_("PDF, PNG or JPEG, at most 15 MB."), error_messages=REQUIRED
    )
    title = line(_("Title"))


class PaperRemoveForm(StepForm):
    paper = hidden()


class NoticeForm(StepForm):
    intro = _("Every member with an address gets the date, the place and the agenda by e-mail.")
    confirm_short = forms.BooleanField(
        label=_("Send although it is later than the rules ask"), required=False
    )


class PullForm(StepForm):
    kind = forms.CharField(required=False, widget=forms.HiddenInput)
    reference = forms.CharField(required=False, widget=forms.HiddenInput)
    matter = hidden()


class ArriveForm(StepForm):
    intro = _("Without a member, the name is a guest's. With a member, it is the substitute's.")
    member = forms.TypedChoiceField(label=_("Member"), required=False, coerce=int, empty_value=None)
    name = line(_("Name of the substitute or guest"))
    position = line(_("Position"))
    online = forms.BooleanField(label=_("Takes part online"), required=False)

    def prepare(self) -> None:
        self.choose_member(among=frozenset(m.pk for m in self.room.members) - self.room.here)


class DepartForm(StepForm):
    attendance = hidden()


class ElectForm(StepForm):
    member = forms.TypedChoiceField(label=_("Elected to preside"), coerce=int, error_messages=REQUIRED)

    def prepare(self) -> None:
        self.choose_member(among=self.room.voting_present)


class OwnForm(ItemForm):
    """A member's own step; the secretary may take it for members without an account."""

    member = forms.TypedChoiceField(label=_("Member"), required=False, coerce=int, empty_value=None)

    def prepare(self) -> None:
        self.choose_member(own=True)


class DeclareForm(OwnForm):
    intro = _(
        "Who declares a conflict of interest leaves the room for this item, does not vote and does not count."
    )
    reason = paragraphs(_("Reason"), required=True, rows=3)


class DissentForm(OwnForm):
    intro = _("A differing opinion and its reasons are written into the minutes.")
    reasons = paragraphs(_("Reasons"), required=True, rows=6)


class VoteForm(ItemForm):
    choice = forms.ChoiceField(label=_("Vote"), choices=Vote.Choice.choices, widget=forms.RadioSelect)
    version = hidden()
    member = hidden()


class ProposeForm(ItemForm):
    outcome = forms.ChoiceField(label=_("Outcome"), choices=OUTCOMES, error_messages=REQUIRED)
    text = paragraphs(_("Words of the resolution"), required=True, rows=4)
    conditions = paragraphs(_("Conditions"), _("Needed where it is approved with conditions."), rows=3)
    version = hidden()

    def prepare(self) -> None:
        item = self.meeting.items.filter(pk=self["item"].value()).first()
        if item is not None and not self.is_bound:
            self.initial = {**self.initial} | {"outcome": item.proposed_outcome, "text": item.proposed_text,
                             "conditions": item.proposed_conditions, "version": item.proposal_version}  # fmt: skip


class VersionForm(ItemForm):
    version = hidden()


class LeaveItemForm(ItemForm):
    postpone = forms.BooleanField(label=_("Postpone it to a later meeting"), required=False)


class FollowUpForm(ItemForm):
    task = paragraphs(_("Task"), required=True, rows=3)
    agency = forms.ChoiceField(label=_("Agency with the task"), error_messages=REQUIRED)
    due_on = forms.DateField(
        label=_("Due on"), widget=forms.DateInput(attrs={"type": "date"}), error_messages=REQUIRED
    )

    def prepare(self) -> None:
        field: Any = self.fields["agency"]
        field.choices = [("", _("Please choose")), *agency_choices(registers().agencies)]


class CorrectForm(StepForm):
    was = paragraphs(
        _("Words as they stand"), _("Copy them; they must stand in the minutes exactly once."), required=True
    )
    becomes = paragraphs(_("Words as they should be"), _("Empty to strike them out."))

    @property
    def arguments(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class CorrectionDecideForm(StepForm):
    correction = hidden()
    accept = forms.BooleanField(required=False, widget=forms.HiddenInput)


@dataclass(frozen=True, slots=True)
class DeskStep:
    """How the pages take a step."""

    form: type[StepForm]
    run: Callable[..., Any]
    icon: str = "check"
    danger: bool = False


def _pull(*, matter: int | None = None, kind: str = "", reference: str = "", **given: Any) -> Any:
    if matter is not None:
        return actions.matter_pull(matter=matter, **given)
    return actions.subject_pull(kind=kind, reference=reference, **given)


def _paper(*, paper: Any, title: str = "", **given: Any) -> Any:
    return actions.paper_add(upload=paper, name=paper.name or "", title=title, **given)


STEPS: dict[str, DeskStep] = {
    "change": DeskStep(ChangeForm, actions.meeting_change, "calendar"),
    "fill": DeskStep(StepForm, actions.agenda_fill, "download"),
    "pull": DeskStep(PullForm, _pull, "plus"),
    "item_add": DeskStep(ItemAddForm, actions.item_add, "plus"),
    "item_change": DeskStep(ItemChangeForm, actions.item_change, "edit"),
    "item_move": DeskStep(ItemMoveForm, actions.item_move),
    "item_remove": DeskStep(ItemForm, actions.item_remove, "close", danger=True),
    "paper_add": DeskStep(PaperForm, _paper, "upload"),
    "paper_remove": DeskStep(PaperRemoveForm, actions.paper_remove, "close", danger=True),
    "notice": DeskStep(NoticeForm, actions.notice_send, "mail"),
    "arrive": DeskStep(ArriveForm, actions.arrive, "sign-in"),
    "depart": DeskStep(DepartForm, actions.depart, "sign-out"),
    "open": DeskStep(StepForm, actions.meeting_open, "bell"),
    "elect": DeskStep(ElectForm, actions.elect, "user"),
    "take": DeskStep(ItemForm, actions.item_take, "next"),
    "declare": DeskStep(DeclareForm, actions.declare, "warning"),
    "propose": DeskStep(ProposeForm, actions.propose, "comment"),
    "call_vote": DeskStep(ItemForm, actions.call_vote, "people"),
    "vote": DeskStep(VoteForm, actions.vote),
    "casting_vote": DeskStep(VoteForm, actions.casting_vote),
    "dissent": DeskStep(DissentForm, actions.dissent, "comment"),
    "resolve": DeskStep(VersionForm, actions.resolve, "finished"),
    "leave_item": DeskStep(LeaveItemForm, actions.item_leave, "forward"),
    "adjourn": DeskStep(StepForm, actions.adjourn, "clock", danger=True),
    "close": DeskStep(StepForm, actions.meeting_close, "lock", danger=True),
    "follow_up": DeskStep(FollowUpForm, actions.follow_up_add, "calendar"),
    "circulate": DeskStep(StepForm, actions.minutes_circulate, "mail"),
    "correct": DeskStep(CorrectForm, actions.correction_propose, "edit"),
    "correction_decide": DeskStep(CorrectionDecideForm, actions.correction_decide),
}
