"""The forms of the office. Only the fields that stand here are read; who acts, and for which agency, is never among them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from comity.releases.catalogue import Catalogue, in_language
from comity.site.commitments import queries
from comity.site.commitments.actions import Wording
from comity.site.commitments.models import Source, Topic, Verdict
from comity.site.commitments.released import COUNT, FINDING, SHARE, Measure
from comity.site.commitments.terms import CommitmentRefused, Proposal
from comity.site.community.models import Account, Agency, Place

LANGUAGES = (("en", "English"), ("es", "Español"))
WAYS = (("down", _("down")), ("up", _("up")))
SIZES = (("absolute", _("as it stands")), ("relative", _("in percent of the baseline")))


class TextForm(forms.Form):
    """A verdict where one is given, and why."""

    text = forms.CharField(max_length=4000, required=False)

    def said(self) -> str:
        return str(self.cleaned_data["text"])


class VerdictForm(TextForm):
    verdict = forms.ChoiceField(choices=Verdict.choices)


class EvidenceForm(TextForm):
    link = forms.URLField(max_length=500, required=False, assume_scheme="https")
    file = forms.FileField(required=False, max_length=255)

    def clean_link(self) -> str:
        link: str = self.cleaned_data["link"]
        if link and not link.startswith("https://"):
            raise forms.ValidationError(_("A link begins with https://."))
        return link


class DueForm(forms.Form):
    due = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(max_length=1000)


class TermsForm(forms.Form):
    """By when, which way and how far; the measure itself is chosen before and comes along unseen."""

    due = forms.DateField(label=_("Due"), widget=forms.DateInput(attrs={"type": "date"}))
    wants = forms.ChoiceField(label=_("It should go"), choices=WAYS)
    size = forms.FloatField(label=_("By at least"), min_value=0, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    size_is = forms.ChoiceField(label=_("Counted"), choices=SIZES)
    first_period = forms.CharField(label=_("Earliest period that counts"), max_length=20)

    def proposal(self, release: str, measure: Measure, unit: str) -> Proposal:
        """unit: of the number; shares and relative sizes are typed in percent."""
        given = self.cleaned_data
        in_percent = given["size_is"] == "relative" or unit == "share"
        size = given["size"] / 100 if in_percent else given["size"]
        return Proposal(
            given["due"], release, measure, given["wants"], size, given["size_is"], given["first_period"].strip()
        )


class ChangeForm(TermsForm):
    reason = forms.CharField(label=_("Why the terms change"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


class MakeForm(TermsForm):
    """A new commitment."""

    title = forms.CharField(label=_("Title"), max_length=120)
    said = forms.CharField(
        label=_("You said: what the number or the people said"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    plan = forms.CharField(
        label=_("We will: what will be done"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )
    language = forms.ChoiceField(label=_("Language of these texts"), choices=LANGUAGES)
    topic = forms.ChoiceField(label=_("Topic"), choices=Topic.choices)
    place = forms.ModelChoiceField(
        label=_("Place"), queryset=Place.objects.none(), required=False, empty_label=_("everywhere")
    )
    source = forms.ChoiceField(label=_("It comes from"), choices=Source.choices)
    released = forms.ChoiceField(
        label=_("Released finding, survey result, or the release of the theme"), required=False
    )
    source_words = forms.CharField(label=_("Name of the theme or meeting"), max_length=300, required=False)
    source_day = forms.DateField(
        label=_("Day of the meeting"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    owner = forms.ModelChoiceField(label=_("Owner"), queryset=Account.objects.none())

    field_order = (
        "title", "said", "plan", "language", "topic", "place", "source", "released", "source_words", "source_day", "owner", "due",
        "wants", "size", "size_is", "first_period",
    )  # fmt: skip

    def __init__(self, *args: Any, agency: Agency | None, found: Catalogue, language: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["place"].queryset = Place.objects.filter(agency=agency).order_by("name")  # type: ignore[attr-defined]
        self.fields["place"].label_from_instance = lambda place: place.name  # type: ignore[attr-defined]
        self.fields["owner"].queryset = queries.owners(agency)  # type: ignore[attr-defined]
        self.fields["released"].choices = [("", "–"), *_released(found, language)]  # type: ignore[attr-defined]

    def wording(self) -> Wording:
        given = self.cleaned_data
        release, _bar, finding = given["released"].partition("|")
        is_finding = given["source"] in (Source.FINDING, Source.SURVEY)
        is_meeting = given["source"] == Source.MEETING
        return Wording(
            title=given["title"],
            said=given["said"],
            plan=given["plan"],
            language=given["language"],
            topic=given["topic"],
            source=given["source"],
            place=given["place"],
            source_release="" if is_meeting else release,
            source_finding=finding if is_finding else "",
            source_words="" if is_finding else given["source_words"],
            source_day=given["source_day"] if is_meeting else None,
        )


def measure_from(values: QueryDict) -> tuple[str, Measure]:
    """(id of the release, measure) as an address or a form has them. Raises CommitmentRefused where they name none."""
    release, kind = values.get("release", ""), values.get("kind", "")
    if kind not in (SHARE, COUNT, FINDING) or release.count("/") != 2:
        raise CommitmentRefused(_("No released number is chosen."), _("Choose one from the list of released numbers."))
    return release, Measure(
        kind,
        release.split("/")[0],
        table="" if kind == FINDING else values.get("table", ""),
        cell={} if kind == FINDING else _codes(values.getlist("cell")),
        base=_codes(values.getlist("base")) if kind == SHARE else {},
        finding=values.get("finding", "") if kind == FINDING else "",
        figure=values.get("figure", "") if kind == FINDING else "",
    )


def measure_fields(release: str, measure: Measure) -> list[tuple[str, str]]:
    """The same as `measure_from` reads, for addresses and unseen fields of forms."""
    fields = [("release", release), ("kind", measure.kind), ("table", measure.table), ("finding", measure.finding)]
    fields += [("figure", measure.figure)]
    fields += [("cell", f"{name}={code}") for name, code in measure.cell.items()]
    fields += [("base", f"{name}={code}") for name, code in measure.base.items()]
    return [(name, value) for name, value in fields if value]


def _codes(given: list[str]) -> dict[str, str]:
    pairs = (each.partition("=") for each in given)
    return {name: code for name, _sign, code in pairs if name and code}


def _released(found: Catalogue, language: str) -> list[tuple[str, str]]:
    choices = []
    for release in found.newest:
        title = in_language(release.title, language)
        choices.append((release.id, title))
        choices += [
            (f"{release.id}|{each['id']}", f"{title}: {in_language(each['question'], language)} ({each['id']})")
            for each in release.findings
        ]
    return choices
