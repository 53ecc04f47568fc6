"""What neighbours fill in; each form names its fields, so nothing else that is sent is read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from comity.site.community.models import Agency, Place
from comity.site.community.private_words import find_private_words
from comity.site.projects.actions import Said
from comity.site.projects.bare_pictures import strip_picture
from comity.site.projects.models import Rule, Stage

FOLLOWING = [(value, label) for value, label in Stage.choices if value != Stage.IDEA]


def without_private_words(text: str) -> str:
    """`text`; a ValidationError where it looks as if it held what could lead to somebody's door."""
    if find_private_words(text) is not None:
        raise forms.ValidationError(_("This looks as if it held an address, a number or a link. Leave it out."))
    return text


class PlaceField(forms.ModelChoiceField):
    def label_from_instance(self, place: Any) -> str:
        return str(place.name)


class ProposeForm(forms.Form):
    title = forms.CharField(max_length=100, label=_("What the project is called"))
    idea = forms.CharField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        label=_("The idea: what you want to do, and whom it helps"),
        help_text=_("Without names, addresses or telephone numbers. It is public once a moderator has read it."),
    )
    place = PlaceField(
        Place.objects.none(), required=False, to_field_name="slug", empty_label=_("The whole town"), label=_("Place")
    )
    form = forms.CharField(max_length=200, widget=forms.HiddenInput)

    def clean_title(self) -> str:
        return without_private_words(self.cleaned_data["title"])

    def clean_idea(self) -> str:
        return without_private_words(self.cleaned_data["idea"])

    def __init__(self, *args: Any, agency: Agency, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].queryset = Place.objects.filter(agency=agency).order_by("name")  # type: ignore[attr-defined]


class ReceiptForm(forms.Form):
    receipt = forms.CharField(
        max_length=20,
        label=_("Receipt code"),
        help_text=_("Twelve letters and digits, such as ABCD-EFGH-JKMN."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )


class StepForm(forms.Form):
    stage = forms.ChoiceField(choices=FOLLOWING, label=_("What this step is"))
    before = forms.CharField(
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        label=_("How it was before"),
        help_text=_("Only where the project is done."),
    )
    text = forms.CharField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        label=_("What there is to say; where it is done, what changed"),
    )
    budget = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=10_000_000,
        label=_("Budget, in whole dollars"),
        help_text=_("Only of a plan."),
    )
    picture_before = forms.FileField(required=False, label=_("Picture of before"), help_text=_("JPEG or PNG, at most 6 MB. Place, time and camera are taken out of it."))  # fmt: skip
    words_before = forms.CharField(max_length=200, required=False, label=_("What the picture of before shows"))
    picture_after = forms.FileField(required=False, label=_("Picture of after"), help_text=_("Of places, not of people who did not agree."))  # fmt: skip
    words_after = forms.CharField(max_length=200, required=False, label=_("What the picture of after shows"))
    form = forms.CharField(max_length=200, widget=forms.HiddenInput)

    def clean_before(self) -> str:
        return without_private_words(self.cleaned_data["before"])

    def clean_text(self) -> str:
        return without_private_words(self.cleaned_data["text"])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for when in ("before", "after"):
            if given.get(f"picture_{when}") and not given.get(f"words_{when}"):
                self.add_error(f"words_{when}", _("Say in a few words what it shows, for people who cannot see it."))
        return given

    def said(self) -> Said:
        """What was filled in, its pictures stripped. Raises PictureRefused."""
        given = self.cleaned_data
        pictures = {
            when == "after": (strip_picture(given[f"picture_{when}"].read()), given[f"words_{when}"])
            for when in ("before", "after")
            if given.get(f"picture_{when}")
        }
        return Said(
            stage=given["stage"], text=given["text"], before=given["before"], budget=given["budget"], pictures=pictures
        )


class DecisionForm(forms.Form):
    publish = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    rule = forms.ChoiceField(choices=[("", "-"), *Rule.choices], required=False)
