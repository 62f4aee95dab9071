"""Forms of the citizen's pages. What a field may hold is said by the actions; these only carry it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prasan.city.registers import registers
from prasan.fabric.problems import Invalid, Problem
from prasan.reports.actions import Submission
from prasan.reports.actions.change import LONGEST_TEXT
from prasan.reports.catalogue import catalogue

CONTACT = ("name", "phone", "email")


class PhotosInput(forms.FileInput):
    """A file input that takes several."""

    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Carries the control alone: pages/citizen.py takes the files in, one action each."""

    widget = PhotosInput(attrs={"accept": "image/jpeg,image/png,image/webp", "multiple": True})

    def clean(self, data: Any, initial: Any = None) -> Any:
        return data


class NeededText(forms.CharField):
    """Shown as needed; whether it is there, the action says together with all else that is missing."""

    widget = forms.Textarea(attrs={"rows": 5, "maxlength": LONGEST_TEXT})

    def validate(self, value: Any) -> None:
        pass


class HiddenNumber(forms.FloatField):
    """A coordinate that the map, the phone or a photo filled in; what is no number counts as not given."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def clean(self, value: Any) -> float | None:
        try:
            number: float | None = super().clean(value)
        except forms.ValidationError:
            return None
        return number


class ReportForm(forms.Form):
    """Everything of a report, over its two steps: what and where, then a check."""

    photos = PhotosField(
        label=_("Photos"),
        required=False,
        help_text=_(
            "JPEG, PNG or WebP, up to 15 MB each. Faces and number plates are blurred before anybody else sees a photo."
        ),
    )
    text = NeededText(
        label=_("What is the problem?"),
        strip=False,
        help_text=_(
            "A few words are enough: what you see and since when. "
            "Please leave out names and phone numbers; this text is public."
        ),
    )
    address = forms.CharField(
        label=_("Address or landmark"), required=False, strip=False,
        help_text=_("For example: opposite the market, mouth of Soi 5, lamp post no. 12"),
    )  # fmt: skip
    district = forms.ChoiceField(label=_("District"), required=False)
    longitude = HiddenNumber()
    latitude = HiddenNumber()
    category = forms.ChoiceField(label=_("Category"), required=False, widget=forms.RadioSelect)
    private = forms.BooleanField(
        label=_("Keep this report private"), required=False,
        help_text=_(
            "Only you and the agencies that handle it will see it. "
            "Choose this when the text or the photos could harm somebody."
        ),
    )  # fmt: skip
    name = forms.CharField(label=_("Your name"), required=False)
    phone = forms.CharField(label=_("Phone"), required=False)
    email = forms.CharField(
        label=_("E-mail"), required=False, help_text=_("We write when something happens with your report.")
    )
    consent = forms.BooleanField(
        label=_(
            "I agree that the city keeps these details to contact me about this report and for nothing else."
        ),
        required=False,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._choose(
            "district",
            [("", _("Choose a district")), *((area.code, area.name) for area in registers().districts())],
        )
        self._choose("category", [(code, category.name) for code, category in catalogue().categories.items()])

    def _choose(self, name: str, choices: Iterable[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 — declared above
        field.choices = list(choices)

    def submission(self, photos: tuple[str, ...]) -> Submission:
        """What the fields say, for the action; call `is_valid` before."""
        given = self.cleaned_data
        return Submission(
            text=given["text"], category=given.get("category", ""), address=given["address"],
            district=given.get("district", ""), longitude=given["longitude"], latitude=given["latitude"],
            private=given["private"], name=given["name"], phone=given["phone"], email=given["email"], photos=photos,
        )  # fmt: skip

    def lacks_consent(self) -> bool:
        """Whether contact details were given without the consent to keep them."""
        given = self.cleaned_data
        return any(given[name].strip() for name in CONTACT) and not given["consent"]

    def refuse(self, problem: Problem, at: str | None = None) -> None:
        """Show a refusal at the fields it names, else `at` a field or above the form."""
        if not isinstance(problem, Invalid):
            self.add_error(at, str(problem.detail or problem.title))
            return
        for name, sentence in problem.errors.items():
            place = "address" if name == "location" else name
            self.add_error(place if place in self.fields else at, str(sentence))
