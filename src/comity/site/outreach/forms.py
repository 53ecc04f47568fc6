"""What people fill in; each form names its fields, so nothing else that is sent is read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from comity.site.community.models import Agency, Place
from comity.site.community.private_words import find_private_words
from comity.site.outreach.actions.events import About
from comity.site.outreach.actions.profiles import MONTHS
from comity.site.outreach.models import ContactKind, EventKind, Rule, Topic
from comity.site.outreach.queries.public import zone


class PlaceField(forms.ModelChoiceField):
    """A place of one agency, by the word that stands for it in addresses."""

    def __init__(self, **given: Any) -> None:
        super().__init__(
            Place.objects.none(), to_field_name="slug", empty_label=_("The whole town"), label=_("Place"), **given
        )

    def label_from_instance(self, place: Any) -> str:
        return str(place.name)


class OfAgency(forms.Form):
    """A form whose places are those of `agency`."""

    def __init__(self, *args: Any, agency: Agency, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, PlaceField):
                field.queryset = Place.objects.filter(agency=agency).order_by("name")


class AskForm(OfAgency):
    text = forms.CharField(
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
        label=_("Your question"),
        help_text=_("Without names, addresses or telephone numbers. It is public once a moderator has read it."),
    )
    place = PlaceField(required=False)
    form = forms.CharField(max_length=200, widget=forms.HiddenInput)

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"])
        if find_private_words(text) is not None:
            raise forms.ValidationError(_("This looks as if it held an address, a number or a link. Leave it out."))
        return text


class ReceiptForm(forms.Form):
    receipt = forms.CharField(
        max_length=20,
        label=_("Receipt code"),
        help_text=_("Twelve letters and digits, such as ABCD-EFGH-JKMN."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )


class SubscribeForm(OfAgency):
    address = forms.EmailField(
        max_length=254, label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    topic = forms.ChoiceField(choices=Topic.choices, label=_("About what"))
    place = PlaceField(required=False)


class ConsentForm(forms.Form):
    months = forms.TypedChoiceField(coerce=int, choices=[(each, each) for each in MONTHS])


class EventForm(OfAgency):
    kind = forms.ChoiceField(choices=EventKind.choices, label=_("Kind"))
    title = forms.CharField(max_length=120, label=_("Title, in English"))
    title_es = forms.CharField(max_length=120, required=False, label=_("Title, in Spanish"))
    venue = forms.CharField(max_length=200, label=_("Where people come to"))
    place = PlaceField(required=False)
    day = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    begins = forms.TimeField(label=_("Begins at"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    ends = forms.TimeField(label=_("Ends at"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    about = forms.CharField(
        max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4}), label=_("About it, in English")
    )
    about_es = forms.CharField(
        max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4}), label=_("About it, in Spanish")
    )

    def said(self) -> About:
        """What was filled in, on the clocks of the agency."""
        given = dict(self.cleaned_data)
        day, begins, ends = given.pop("day"), given.pop("begins"), given.pop("ends")
        return About(
            starts=datetime.combine(day, begins, tzinfo=zone()),
            ends=datetime.combine(day, ends, tzinfo=zone()),
            **given,
        )


class ContactForm(OfAgency):
    place = PlaceField()
    kind = forms.ChoiceField(choices=ContactKind.choices, label=_("Kind"))
    month = forms.DateField(
        input_formats=["%Y-%m"], label=_("Month"), help_text=_("As 2026-03."), widget=forms.DateInput(format="%Y-%m")
    )
    count = forms.IntegerField(min_value=0, max_value=100_000, label=_("How many"))


class ProfileForm(OfAgency):
    name = forms.CharField(max_length=80, label=_("Name, as the officer wants it"))
    rank = forms.CharField(max_length=60, label=_("Rank"))
    place = PlaceField(required=False)
    languages = forms.CharField(max_length=120, required=False, label=_("Languages spoken"))
    words = forms.CharField(
        max_length=1000, widget=forms.Textarea(attrs={"rows": 4}), label=_("In the officer's own words")
    )


class DecisionForm(forms.Form):
    publish = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    rule = forms.ChoiceField(choices=[("", "-"), *Rule.choices], required=False)


class AnswerForm(forms.Form):
    text = forms.CharField(max_length=4000, widget=forms.Textarea(attrs={"rows": 4}), label=_("Answer"))


class JudgeForm(ReceiptForm):
    is_answer = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
