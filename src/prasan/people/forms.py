"""Forms of people's pages: they name fields and their words; actions decide what may be written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prasan.fabric.notices.registry import channels
from prasan.fabric.problems import Invalid, Problem
from prasan.people import queries, scopes
from prasan.people.actions.citizens import NO_NOTICES, NOT_AN_ADDRESS
from prasan.people.actions.officers import LONGEST_NAME
from prasan.people.models import Role

REQUIRED = {"required": _("Please fill this in.")}


def add_problem(form: forms.Form, problem: Problem) -> None:
    """Show a refusal at the fields it names, or above the form."""
    errors = problem.errors if isinstance(problem, Invalid) else {None: problem.detail or problem.title}
    for name, sentence in errors.items():
        form.add_error(name if name in form.fields else None, str(sentence))


class SignInForm(forms.Form):
    """A citizen asks for a link."""

    email = forms.EmailField(
        label=_("E-mail"),
        error_messages=REQUIRED | {"invalid": NOT_AN_ADDRESS},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class ProfileForm(forms.Form):
    """What somebody says about themselves."""

    name = forms.CharField(label=_("Name"), required=False, max_length=LONGEST_NAME)
    phone = forms.CharField(label=_("Telephone"), required=False, max_length=40)
    language = forms.ChoiceField(
        label=_("Language of e-mails"), choices=[("th", "ไทย"), ("en", "English")], widget=forms.RadioSelect
    )


class NoticeForm(forms.Form):
    """How somebody wants to hear of their reports."""

    channel = forms.ChoiceField(label=_("Channel"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = {"email": _("By e-mail"), "line": _("By LINE")}
        ways = [(channel.name, names.get(channel.name, channel.name)) for channel in channels()]
        field: Any = self.fields["channel"]
        field.choices = [*ways, (NO_NOTICES, _("Don't send me any"))]


class OfficerForm(forms.Form):
    """A new officer with a first role."""

    email = forms.EmailField(label=_("Work e-mail"), error_messages=REQUIRED)
    name = forms.CharField(label=_("Name"), error_messages=REQUIRED, max_length=LONGEST_NAME)
    agency = forms.ChoiceField(label=_("Agency"), error_messages=REQUIRED)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, error_messages=REQUIRED)

    def __init__(self, *args: Any, agencies: frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["agency"]
        field.choices = queries.agency_choices(agencies)


class GrantForm(forms.Form):
    """One more role; `valid_to` is the day after the last one written."""

    agency = forms.ChoiceField(label=_("Agency"), error_messages=REQUIRED)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, error_messages=REQUIRED)
    last_day = forms.DateField(
        label=_("Last day"),
        required=False,
        error_messages={"invalid": _("Please write a date.")},
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, agencies: frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["agency"]
        field.choices = queries.agency_choices(agencies)

    def grant(self) -> dict[str, Any]:
        """What the action takes."""
        given = self.cleaned_data
        valid_to = given["last_day"] + timedelta(days=1) if given["last_day"] else None
        return {"agency": given["agency"], "role": given["role"], "valid_to": valid_to}


class OfficerSearchForm(forms.Form):
    """Looking for officers."""

    search = forms.CharField(label=_("Part of the e-mail address"), required=False, max_length=254)
    agency = forms.ChoiceField(label=_("Agency"), required=False)
    closed = forms.BooleanField(label=_("Closed accounts"), required=False)

    def __init__(self, *args: Any, agencies: frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["agency"]
        field.choices = [("", _("All my agencies")), *queries.agency_choices(agencies)]


class ApiKeyForm(forms.Form):
    """A key for another system."""

    WHOLE_CITY = ""

    name = forms.CharField(
        label=_("System"), error_messages=REQUIRED, max_length=200, help_text=_("Which system uses the key.")
    )
    agency = forms.ChoiceField(label=_("Agency"), required=False)
    scopes = forms.MultipleChoiceField(
        label=_("What the key may do"), error_messages=REQUIRED, widget=forms.CheckboxSelectMultiple
    )
    expires_on = forms.DateField(
        label=_("Valid until"),
        required=False,
        error_messages={"invalid": _("Please write a date.")},
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, agencies: frozenset[str], whole_city: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agency_field: Any = self.fields["agency"]
        first = [(self.WHOLE_CITY, _("The whole city"))] if whole_city else []
        agency_field.choices = [*first, *queries.agency_choices(agencies)]
        scopes_field: Any = self.fields["scopes"]
        scopes_field.choices = [(scope.code, scope.label) for scope in scopes.scopes()]
