"""What a training officer fills in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from comity.site.training.models import NUMBER


class Day(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    input_formats = ("%Y-%m-%d",)


class CourseForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=160)
    hours = forms.DecimalField(label=_("Hours"), max_digits=5, decimal_places=1, min_value=0.1)
    since = Day(label=_("Taught since"))
    qualification = forms.CharField(
        label=_("Qualification that its instructors must hold"),
        max_length=120,
        required=False,
        help_text=_("Leave it empty where anybody may teach it."),
    )
    about = forms.CharField(
        label=_("What it teaches"), widget=forms.Textarea(attrs={"rows": 3}), required=False, max_length=5000
    )


class VersionForm(forms.Form):
    hours = forms.DecimalField(label=_("Hours"), max_digits=5, decimal_places=1, min_value=0.1)
    since = Day(label=_("Taught since"))
    about = forms.CharField(
        label=_("What it teaches"), widget=forms.Textarea(attrs={"rows": 3}), required=False, max_length=5000
    )


class MandateForm(forms.Form):
    group = forms.CharField(
        label=_("Group of officers"),
        max_length=80,
        required=False,
        help_text=_("Leave it empty to bind every officer."),
    )
    due_on = Day(label=_("Due on"))
    months = forms.IntegerField(
        label=_("Valid for so many months"),
        min_value=1,
        max_value=600,
        required=False,
        help_text=_("Leave it empty where it is valid for ever."),
    )
    days_to_comply = forms.IntegerField(label=_("Days that a new officer has"), min_value=0, max_value=3650, initial=90)


class SessionForm(forms.Form):
    held_on = Day(label=_("Day"))
    place = forms.CharField(label=_("Place"), max_length=120, required=False)
    instructors = forms.CharField(
        label=_("Numbers of the instructors"), max_length=400, help_text=_("With commas between.")
    )


class QualificationForm(forms.Form):
    number = forms.CharField(
        label=_("Number of the instructor"),
        max_length=20,
        validators=[NUMBER],
        help_text=_("The agency's own number, never a name."),
    )
    name = forms.CharField(label=_("Qualification"), max_length=120)
    since = Day(label=_("Held since"))
    until = Day(label=_("Held until"), required=False, help_text=_("Leave it empty where it does not expire."))


class PackageForm(forms.Form):
    package = forms.FileField(label=_("cmi5 package (zip)"))


class ProviderForm(forms.Form):
    name = forms.CharField(label=_("Name of the provider"), max_length=80)
    activity = forms.CharField(
        label=_("Id of the activity"),
        max_length=480,
        help_text=_("The address that its statements name as their object."),
    )

    def clean_activity(self) -> str:
        given = str(self.cleaned_data["activity"])
        if ":" not in given or any(letter.isspace() for letter in given):
            raise forms.ValidationError(_("This is not the id of an activity, such as https://example.org/course/1."))
        return given


class QuizForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=160)


class LaunchForm(forms.Form):
    number = forms.CharField(label=_("Number of the officer"), max_length=20)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Why it does not count"), max_length=300)
