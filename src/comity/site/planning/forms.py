"""What people type into planning's pages, checked; nothing but the named fields is ever read."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from comity.priorities import Election, parse_pabulib
from comity.site.community.models import Account
from comity.site.planning.actions import Draft, PlanningRefused
from comity.site.planning.models import Activity, Consultation, Party, Passage, Reply, Responsibility, Version

MOST_LINES = 100
LARGEST_FILE = 1_000_000  # bytes


class Lines(forms.CharField):
    """A list, one item a line; empty lines are left out."""

    widget = forms.Textarea

    def __init__(self, *, longest: int, **options: Any) -> None:
        super().__init__(required=False, strip=True, max_length=MOST_LINES * longest, **options)
        self.longest = longest

    def to_python(self, value: Any) -> Any:
        lines = [line.strip() for line in (super().to_python(value) or "").splitlines()]
        found = [line for line in lines if line]
        if len(found) > MOST_LINES:
            raise forms.ValidationError(_("At most %(most)d lines.") % {"most": MOST_LINES})
        for line in found:
            if len(line) > self.longest:
                raise forms.ValidationError(
                    _("The line “%(line)s…” is longer than %(most)d letters.")
                    % {"line": line[:30], "most": self.longest}
                )
        return found


class Pairs(Lines):
    """A list of pairs, "this: that" a line."""

    def to_python(self, value: Any) -> Any:
        found = [line.partition(":")[::2] for line in super().to_python(value)]
        for first, second in found:
            if not first.strip() or not second.strip():
                raise forms.ValidationError(
                    _("The line “%(line)s” has nothing before or after its colon.") % {"line": first[:40]}
                )
        pairs = [(first.strip(), second.strip()) for first, second in found]
        if len({first for first, _second in pairs}) < len(pairs):
            raise forms.ValidationError(_("One of these is there twice."))
        return pairs


class PlanForm(forms.Form):
    title = forms.CharField(max_length=200, label=gettext_lazy("Title"))
    purpose = forms.CharField(
        max_length=2000, required=False, widget=forms.Textarea, label=gettext_lazy("What this plan is for")
    )


class DraftForm(forms.Form):
    """The lists of a draft. The matrix and the signatories are read by `read_draft`."""

    goal = Lines(longest=2000, label=gettext_lazy("Goals, one a line"))
    priority = Lines(longest=2000, label=gettext_lazy("Priorities, one a line"))
    strategy = Lines(longest=2000, label=gettext_lazy("Strategies, one a line"))
    terms = Pairs(longest=1000, label=gettext_lazy("Words and what we mean by them, “word: meaning” a line"))
    parties = Lines(longest=100, label=gettext_lazy("Who takes part, one a line"))
    activities = Lines(longest=300, label=gettext_lazy("Activities, one a line"))

    def clean(self) -> dict[str, Any]:
        for name in ("parties", "activities"):
            listed = self.cleaned_data.get(name, [])
            if len(set(listed)) < len(listed):
                self.add_error(name, _("One of these is there twice."))
        return self.cleaned_data


def draft_form_values(draft: Draft) -> dict[str, str]:
    """What `DraftForm` shows of a draft."""
    return {
        **{kind.value: "\n".join(draft.passages.get(kind.value, ())) for kind in Passage.Kind},
        "terms": "\n".join(f"{word}: {meaning}" for word, meaning in draft.terms),
        "parties": "\n".join(draft.parties),
        "activities": "\n".join(draft.activities),
    }


def read_draft(form: DraftForm, posted: QueryDict, version: Version, leaders: Sequence[Account]) -> Draft:
    """The draft that a valid `form` says, with the matrix of the rows and columns that stood on the page."""
    kinds = set(Responsibility.Kind.values)
    matrix: dict[str, dict[str, str]] = {}
    parties = list(Party.objects.filter(version=version))
    for activity in Activity.objects.filter(version=version):
        for party in parties:
            kind = posted.get(f"duty-{activity.pk}-{party.pk}", "")
            if kind in kinds:
                matrix.setdefault(activity.text, {})[party.name] = kind
    said = {each: " ".join(posted.get(f"speaks-{each.pk}", "").split())[:150] for each in leaders}
    found = form.cleaned_data
    return Draft(
        passages={kind.value: found[kind.value] for kind in Passage.Kind},
        terms=found["terms"],
        parties=found["parties"],
        activities=found["activities"],
        matrix=matrix,
        signatories={account: group for account, group in said.items() if group},
    )


class SignForm(forms.Form):
    sha256 = forms.CharField(max_length=64)
    dissent = forms.CharField(max_length=3000, required=False, widget=forms.Textarea)
    go = forms.ChoiceField(choices=[("sign", ""), ("dissent", "")])


class MeetingForm(forms.Form):
    title = forms.CharField(max_length=200, label=gettext_lazy("Title"))
    starts_at = forms.DateTimeField(
        label=gettext_lazy("Starts"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    ends_at = forms.DateTimeField(
        label=gettext_lazy("Ends"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    place = forms.CharField(max_length=300, label=gettext_lazy("Place"))
    agenda = forms.CharField(max_length=5000, required=False, widget=forms.Textarea, label=gettext_lazy("Agenda"))


class MinutesForm(forms.Form):
    agenda = forms.CharField(max_length=5000, required=False, widget=forms.Textarea, label=gettext_lazy("Agenda"))
    minutes = forms.CharField(max_length=20000, required=False, widget=forms.Textarea, label=gettext_lazy("Minutes"))
    presences = Pairs(
        longest=150, label=gettext_lazy("Who was in the room, “group: number of people” a line; no names")
    )

    def clean_presences(self) -> dict[str, int]:
        found = {}
        for group, number in self.cleaned_data["presences"]:
            if not (number.isascii() and number.isdigit() and 0 < int(number) < 100_000):
                raise forms.ValidationError(_("“%(number)s” is not a number of people.") % {"number": number[:20]})
            found[group[:100]] = int(number)
        return found


class ConsultationForm(forms.Form):
    question = forms.CharField(max_length=300, label=gettext_lazy("Question"))
    kind = forms.ChoiceField(choices=Consultation.Kind.choices, label=gettext_lazy("How people vote"))
    access = forms.ChoiceField(choices=Consultation.Access.choices, label=gettext_lazy("Who votes"))
    explanation = forms.CharField(
        max_length=3000, required=False, widget=forms.Textarea, label=gettext_lazy("Explanation")
    )
    policy = forms.CharField(
        max_length=5000, widget=forms.Textarea, label=gettext_lazy("Moderation policy: what is not published, and why")
    )
    budget = forms.DecimalField(
        max_digits=14,
        decimal_places=2,
        min_value=0,
        required=False,
        label=gettext_lazy("Budget, where money is decided"),
    )
    rule = forms.ChoiceField(
        choices=[("", "-"), *Consultation.Rule.choices],
        required=False,
        label=gettext_lazy("Rule, where money is decided; it cannot be changed after sealing"),
    )
    publishes_ballots = forms.BooleanField(
        required=False, label=gettext_lazy("Publish all ballots, without voters, so that anybody can count again")
    )


class ContributionForm(forms.Form):
    text = forms.CharField(max_length=280, label=gettext_lazy("In one sentence"))
    details = forms.CharField(
        max_length=2000, required=False, widget=forms.Textarea, label=gettext_lazy("What else should be known")
    )

    def clean_text(self) -> str:
        return " ".join(self.cleaned_data["text"].split())


class DecisionForm(forms.Form):
    decision = forms.ChoiceField(choices=[("publish", ""), ("reject", "")])
    reason = forms.CharField(max_length=500, required=False)


class ReplyForm(forms.Form):
    kind = forms.ChoiceField(choices=Reply.Kind.choices)
    version = forms.IntegerField(min_value=1, required=False)
    commitment = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    reason = forms.CharField(max_length=2000, required=False)


class CostForm(forms.Form):
    cost = forms.DecimalField(max_digits=14, decimal_places=2, min_value=0, required=False)

    def clean_cost(self) -> Any:
        return self.cleaned_data["cost"] or None


def read_upload(file: Any) -> str:
    """The text of an uploaded file. Raises PlanningRefused for none, a large one, and what is not UTF-8 text."""
    if file is None:
        raise PlanningRefused(_("No file was chosen."), _("Choose one and send the form again."))
    if file.size > LARGEST_FILE:
        raise PlanningRefused(
            _("The file has %(size)d bytes; at most %(most)d are read.") % {"size": file.size, "most": LARGEST_FILE},
            _("Check that it is the right one."),
        )
    try:
        text: str = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise PlanningRefused(_("The file is not text in UTF-8."), _("Save it as UTF-8 and send it again."))
    return text


def read_projects(text: str) -> Election:
    """The projects of a Pabulib file. Raises what `parse_pabulib` raises, and PlanningRefused for very many."""
    election = parse_pabulib(text, name=_("The file"))
    if len(election.projects) > MOST_LINES:
        raise PlanningRefused(_("The file has more than 100 projects."), _("Take some out."))
    for each in election.projects:
        if each.cost >= 10**12:
            raise PlanningRefused(_("A project costs more than can be written down."), _("Check its cost."))
    return election


def read_cases(text: str) -> list[tuple[str, str]]:
    """(case, stratum) of each line of a CSV file with these columns. Raises PlanningRefused.

    A case that a spreadsheet would run as a formula is refused: it would come back in the file of codes.
    """
    rows = csv.DictReader(io.StringIO(text))
    if not {"case", "stratum"} <= set(rows.fieldnames or ()):
        raise PlanningRefused(_("The file has no columns case and stratum."), _("Name the two columns so."))
    found = [((row["case"] or "").strip(), (row["stratum"] or "").strip()) for row in rows]
    for number, (case, stratum) in enumerate(found, 2):
        if (
            not case
            or not stratum
            or not all(each.replace("-", "").isalnum() for each in (case, stratum))
            or case[0] == "-"
        ):
            raise PlanningRefused(
                _("Line %(line)d has no case or stratum of letters, digits and dashes.") % {"line": number},
                _("Mend the line."),
            )
        if len(case) > 60 or len(stratum) > 60:
            raise PlanningRefused(_("Line %(line)d is too long.") % {"line": number}, _("Mend the line."))
    return found
