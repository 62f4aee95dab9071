"""Forms of committees, members, plans and tasks: fields and their words; actions decide what may be written."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prasan.committee.models import Committee, Meeting, Member
from prasan.committee.pages.step_forms import REQUIRED, DayAndTime, line, paragraphs
from prasan.committee.rules import AGENDAS, MAJORITIES, Rules

RULE_FIELDS = tuple(Rules().as_json())
AGENDA_CHOICES = [("five", _("Five parts")), ("six", _("Six parts"))]


class Day(forms.DateField):
    """A date in the browser's own control."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=widget, input_formats=["%Y-%m-%d"], error_messages=REQUIRED, **options)


class CommitteeForm(forms.Form):
    """A committee's order and rules."""

    code = forms.SlugField(
        label=_("Short name in addresses"), help_text=_("Latin letters, digits and hyphens; it stays for ever."),
        max_length=40, error_messages=REQUIRED,
    )  # fmt: skip
    name_th = line(_("Name in Thai"), required=True)
    name_en = line(_("Name in English"), required=True)
    order_number = line(_("Number of the order"), _("For instance: 1234/2569"))
    order_date = Day(label=_("Date of the order"), required=False)
    powers = paragraphs(_("Powers and duties"), rows=5)
    board = forms.ChoiceField(
        label=_("Decides on proposals as"), choices=Committee.Board.choices, required=False
    )
    publish = forms.ChoiceField(label=_("What the public sees"), choices=Committee.Publish.choices)
    quorum = line(_("Quorum"), _("A share such as 1/2"), required=True)
    second_call_quorum = line(_("Quorum of a second call"), _("A share such as 1/3"), required=True)
    second_call_days = forms.IntegerField(
        label=_("Days within which a second call counts"), error_messages=REQUIRED
    )
    notice_days = forms.IntegerField(label=_("Days of notice"), error_messages=REQUIRED)
    majority = forms.ChoiceField(label=_("Majority"), choices=list(MAJORITIES.items()))
    agenda = forms.ChoiceField(label=_("Agenda"), choices=[c for c in AGENDA_CHOICES if c[0] in AGENDAS])
    casting_vote = forms.BooleanField(
        label=_("Who presides decides a tie with a casting vote"), required=False
    )
    recused_leave = forms.BooleanField(label=_("The recused do not count for the quorum"), required=False)
    thai_digits = forms.BooleanField(label=_("Thai digits in the minutes"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {**Rules().as_json(), "publish": Committee.Publish.NOTHING, **self.initial}

    @staticmethod
    def initial_of(committee: Committee) -> dict[str, Any]:
        """What the form shows of a committee."""
        names = ("name_th", "name_en", "order_number", "order_date", "powers", "board", "publish")
        return {name: getattr(committee, name) for name in names} | committee.ruling.as_json()

    @property
    def arguments(self) -> dict[str, Any]:
        """What the actions are called with."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "code"}
        rules = {name: given.pop(name) for name in RULE_FIELDS}
        return given | {"rules": rules}


class MemberForm(forms.Form):
    """A new member."""

    account = line(
        _("Officer's e-mail address"), _("With an account, the member sees papers and votes in Prasan.")
    )
    name = line(_("Name"), _("Needed for a member without an account."))
    position = line(_("Position"))
    email = forms.EmailField(label=_("E-mail for notices, without an account"), required=False)
    role = forms.ChoiceField(
        label=_("Part in the committee"), choices=Member.Role.choices, initial=Member.Role.MEMBER
    )
    votes = forms.BooleanField(label=_("Has a vote"), required=False, initial=True)
    substitute_allowed = forms.BooleanField(label=_("May send a substitute"), required=False)
    order = forms.IntegerField(label=_("Place in the list"), initial=50, min_value=0, max_value=999)
    term_from = Day(label=_("Term from"), required=False)
    term_to = Day(label=_("Term to"), required=False)


class MemberEndForm(forms.Form):
    """The last day of a term."""

    last_day = Day(label=_("Last day"), initial=timezone.localdate)


class PlanForm(forms.Form):
    """A new meeting."""

    starts_at = DayAndTime(label=_("Date and time"))
    mode = forms.ChoiceField(label=_("How the meeting is held"), choices=Meeting.Mode.choices)
    place = line(_("Place"))
    link = line(_("Link of the online meeting"), _("Members alone see it."))
    second_call_of = forms.TypedChoiceField(
        label=_("Second call of"), help_text=_("Of a meeting that lacked its quorum: the smaller quorum holds."),
        required=False, coerce=int, empty_value=None,
    )  # fmt: skip

    def __init__(self, *args: Any, committee: Committee, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        adjourned = Meeting.objects.filter(committee=committee, state=Meeting.State.ADJOURNED).order_by(
            "-starts_at"
        )
        field: Any = self.fields["second_call_of"]
        field.choices = [("", _("No second call")), *((row.pk, row.label) for row in adjourned[:5])]

    @property
    def arguments(self) -> dict[str, Any]:
        """What the action is called with."""
        return dict(self.cleaned_data)


class ReportForm(forms.Form):
    """What was done about a task."""

    text = paragraphs(pgettext_lazy("task", "What was done"), required=True, rows=4)
    done = forms.BooleanField(label=_("The task is done"), required=False)
