"""Everything that happens to a commitment, each in one transaction with its entry in the sealed log.

The page refuses with a sentence what the database would refuse anyway (`database_rules.py`). What is sealed of free text is
its SHA-256, so that a text can be checked and the log holds no personal data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from comity.releases.catalogue import Catalogue
from comity.site.commitments import notices
from comity.site.commitments.models import (
    CLOSED,
    Commitment,
    Kind,
    Measurement,
    Source,
    State,
    Step,
    Terms,
    Topic,
    Verdict,
)
from comity.site.commitments.queries import today
from comity.site.commitments.remeasure import Outcome
from comity.site.commitments.terms import CommitmentRefused, Proposal, find_release, unsaved_terms
from comity.site.community.log import record
from comity.site.community.models import Account, Place
from comity.site.community.roles import Role


@dataclass(frozen=True)
class Wording:
    """What a commitment says and where it comes from; texts in `language`. source_*: as in `models.Commitment`."""

    title: str
    said: str
    plan: str
    language: str
    topic: str
    source: str
    place: Place | None = None
    source_release: str = ""
    source_finding: str = ""
    source_words: str = ""
    source_day: date | None = None


@transaction.atomic
def make_commitment(
    wording: Wording, proposal: Proposal, *, owner: Account, by: Account, found: Catalogue
) -> Commitment:
    """A new commitment of `by`'s agency. Raises CommitmentRefused for a source or measure that is not released, or an owner from
    elsewhere."""
    day = today()
    _check_wording(wording, found)
    if by.agency_id is None or owner.agency_id != by.agency_id or not owner.is_active:
        raise CommitmentRefused(_("The owner has no account of this agency."), _("Choose someone of the agency."))
    if wording.place and wording.place.agency_id != by.agency_id:
        raise CommitmentRefused(_("The place is not one of this agency."), _("Choose one from the list."))
    terms = unsaved_terms(found, proposal, today=day)
    commitment = Commitment.objects.create(
        agency_id=by.agency_id,
        place=wording.place,
        topic=wording.topic,
        language=wording.language,
        title=" ".join(wording.title.split()),
        said=wording.said.strip(),
        plan=wording.plan.strip(),
        source=wording.source,
        source_release=wording.source_release,
        source_finding=wording.source_finding,
        source_words=wording.source_words.strip(),
        source_day=wording.source_day,
        owner=owner,
        made_by=by,
        made_on=day,
        due=terms.counted,
    )
    terms.commitment, terms.number = commitment, 1
    terms.save(force_insert=True)
    told = {"title": commitment.title, "said": _digest(commitment.said), "plan": _digest(commitment.plan)}
    _step(commitment, Kind.MADE, State.MADE, by=by, terms=terms, public={**told, **_terms_record(terms)})
    notices.tell_owner(commitment, "made")
    return commitment


@transaction.atomic
def accept_commitment(commitment: Commitment, *, by: Account) -> Step:
    """Its owner takes it on."""
    commitment = _locked(commitment, by)
    if by.pk != commitment.owner_id:
        raise CommitmentRefused(_("Only its owner accepts a commitment."), _("Ask the owner to sign in and accept it."))
    _refuse_unless(commitment.state == State.MADE, _("It has been accepted already."), _("Add evidence instead."))
    return _step(commitment, Kind.ACCEPTED, State.ACCEPTED, by=by)


@transaction.atomic
def give_evidence(
    commitment: Commitment, *, by: Account, text: str = "", link: str = "", file: str = "", file_kind: str = ""
) -> Step:
    """What shows that something was done: a text, an https link, or a file kept by `evidence.keep` (its digest and kind)."""
    commitment = _locked(commitment, by)
    if by.pk != commitment.owner_id and by.role != Role.CHIEF:
        raise CommitmentRefused(_("Evidence comes from the owner or the chief."), _("Give it to one of them."))
    _refuse_unless(commitment.state != State.MADE, _("It has not been accepted by its owner."), _("Accept it first."))
    _refuse_unless(commitment.state not in CLOSED, _("It is closed."), _("Evidence can be added once it is reopened."))
    _refuse_unless(
        text.strip() or link or file, _("There is no evidence."), _("Write a text, or give a link or a file.")
    )
    public = {"text": _digest(text.strip()), "link": link, "file": file}
    return _step(
        commitment, Kind.EVIDENCE, State.EVIDENCE, by=by, text=text, public=public, link=link, file=file, file_kind=file_kind
    )  # fmt: skip


@transaction.atomic
def verify_commitment(commitment: Commitment, *, by: Account, verdict: str, text: str) -> Step:
    """Somebody else says, having looked at the evidence, whether it was done. Never its owner, who gave evidence, or the police."""
    commitment = _locked(commitment, by)
    _check_verdict(verdict)
    _refuse_unless(commitment.state == State.EVIDENCE, _("There is no evidence to verify."), _("Wait for evidence."))
    gave = commitment.life.filter(kind=Kind.EVIDENCE, by=by).exists()
    if by.works_for_police or gave or by.pk in (commitment.owner_id, commitment.made_by_id):
        raise CommitmentRefused(
            _("Nobody verifies their own work, and nobody of the police verifies."), _("Ask a community leader.")
        )
    _refuse_unless(text.strip(), _("It is not said what was looked at."), _("Write it in a sentence or two."))
    return _step(commitment, Kind.VERIFIED, State.VERIFIED, by=by, verdict=verdict, text=text)


@transaction.atomic
def close_commitment(commitment: Commitment, *, by: Account, verdict: str, text: str = "") -> Step:
    """The agency's own verdict; "not-done" says why. Needs evidence that somebody else has verified."""
    commitment = _locked(commitment, by)
    _check_verdict(verdict)
    _refuse_unless(
        commitment.state == State.VERIFIED,
        _("A commitment closes only with evidence that somebody else has verified."),
        _("Give evidence, and ask a community leader to verify it."),
    )
    _refuse_unless(
        verdict != Verdict.NOT_DONE or text.strip(), _("It is not said why it was not done."), _("Write the reason; it becomes public.")
    )  # fmt: skip
    return _step(commitment, Kind.CLOSED, State(verdict), by=by, verdict=verdict, text=text)


@transaction.atomic
def reopen_commitment(commitment: Commitment, *, by: Account, text: str) -> Step:
    """A closed commitment is open again, and its owner is told."""
    commitment = _locked(commitment, by)
    _refuse_unless(commitment.state in CLOSED, _("It is open."), _("Only a closed commitment can be reopened."))
    _refuse_unless(not by.works_for_police, _("Nobody of the police reopens."), _("Ask a community leader."))
    _refuse_unless(text.strip(), _("It is not said why it is reopened."), _("Write the reason; it becomes public."))
    step = _step(commitment, Kind.REOPENED, State.REOPENED, by=by, text=text)
    notices.tell_owner(commitment, f"reopened {step.number}")
    return step


@transaction.atomic
def take_stand(commitment: Commitment, *, by: Account, verdict: str, text: str) -> Step:
    """What the community holds of it; stands beside the agency's verdict."""
    commitment = _locked(commitment, by)
    _check_verdict(verdict)
    _refuse_unless(
        not by.works_for_police, _("Nobody of the police speaks for the community."), _("Ask a community leader.")
    )
    _refuse_unless(text.strip(), _("It is not said why."), _("Write it in a sentence or two."))
    return _step(commitment, Kind.STAND, State(commitment.state), by=by, verdict=verdict, text=text)


@transaction.atomic
def move_due_day(commitment: Commitment, due: date, *, by: Account, reason: str) -> Step:
    """Another due day beside the first, with the reason. A later one named after the day had passed does not count."""
    last = commitment.terms.order_by("-number")[0]
    _refuse_unless(due >= today(), _("The due day has passed already."), _("Choose today or a later day."))
    _refuse_unless(due != last.due, _("This is its due day already."), _("Choose another day."))
    last.pk, last.due, last.made_on = None, due, today()
    last._state.adding = True
    return _change(commitment, last, by=by, reason=reason)


@transaction.atomic
def change_measure(commitment: Commitment, proposal: Proposal, *, by: Account, reason: str, found: Catalogue) -> Step:
    """Another measure and due day beside the first, with the reason; bound beforehand, as the first was."""
    return _change(commitment, unsaved_terms(found, proposal, today=today()), by=by, reason=reason)


def _change(commitment: Commitment, terms: Terms, *, by: Account, reason: str) -> Step:
    commitment = _locked(commitment, by)
    _refuse_unless(commitment.state not in CLOSED, _("It is closed."), _("Its terms stay as they are."))
    _refuse_unless(reason.strip(), _("It is not said why the terms change."), _("Write the reason; it becomes public."))
    last = commitment.terms.order_by("-number")[0]
    terms.commitment, terms.number, terms.reason = commitment, last.number + 1, reason.strip()
    terms.counted = last.counted if terms.made_on > last.counted else terms.due
    terms.save(force_insert=True)
    public = {"text": _digest(reason.strip()), **_terms_record(terms)}
    return _step(commitment, Kind.CHANGED, State(commitment.state), by=by, text=reason, terms=terms, public=public)


@transaction.atomic
def note_measurement(terms: Terms, outcome: Outcome) -> Step | None:
    """Keeps what a release says of the terms; None where that is known already."""
    commitment = Commitment.objects.select_for_update().get(pk=terms.commitment_id)
    known = Measurement.objects.filter(
        terms=terms, release=outcome.release, baseline=outcome.baseline, breaks=outcome.breaks
    )
    if known.exists():
        return None
    change = outcome.change
    measurement = Measurement.objects.create(
        terms=terms,
        release=outcome.release,
        baseline=outcome.baseline,
        breaks=outcome.breaks,
        measured_on=today(),
        before=outcome.before.as_record() if outcome.before else None,
        after=outcome.after.as_record() if outcome.after else None,
        change={"estimate": change.estimate, "low": change.low, "high": change.high} if change else None,
        verdict=outcome.verdict,
        reason=outcome.reason,
    )
    public = {
        "release": outcome.release, "baseline": outcome.baseline, "moved": outcome.verdict, "reason": outcome.reason,
        "change": measurement.change, "terms": terms.number,
    }  # fmt: skip
    return _step(commitment, Kind.MEASURED, State(commitment.state), by=None, measurement=measurement, public=public)


def _step(
    commitment: Commitment,
    kind: Kind,
    state: State,
    *,
    by: Account | None,
    verdict: str = "",
    text: str = "",
    public: Mapping[str, Any] | None = None,
    **more: Any,
) -> Step:
    number = commitment.steps + 1
    said = text.strip()
    entry = record(
        f"commitments.{kind.value}",
        f"commitment {commitment.pk}",
        by=by,
        agency=commitment.agency,
        public={
            "step": number,
            "state": state.value,
            **({"verdict": verdict} if verdict else {}),
            **({"text": _digest(said)} if said else {}),
            **(public or {}),
        },
    )
    step = Step.objects.create(
        commitment=commitment, number=number, at=entry.at, by=by, kind=kind, state=state, verdict=verdict, text=said,
        entry=entry, **more,
    )  # fmt: skip
    commitment.state, commitment.steps = state, number  # as the database has just written them
    return step


def _locked(commitment: Commitment, by: Account) -> Commitment:
    """The commitment as it is now, kept from others until the action is done. Another agency's does not exist."""
    held = Commitment.objects.select_for_update().filter(pk=commitment.pk, agency_id=by.agency_id).first()
    if held is None:
        raise CommitmentRefused(_("There is no such commitment."), _("Choose one of your agency."))
    return held


def _check_wording(wording: Wording, found: Catalogue) -> None:
    for text in (wording.title, wording.said, wording.plan):
        _refuse_unless(
            text.strip(), _("Title, what was said and what will be done are all needed."), _("Fill in all three.")
        )
    if wording.topic not in Topic or wording.source not in Source:
        raise CommitmentRefused(_("Topic or source is not one of those known."), _("Choose from the lists."))
    if wording.source == Source.MEETING:
        _refuse_unless(
            wording.source_words.strip() and wording.source_day,
            _("It is not said which meeting."),
            _("Give its name and day."),
        )
        return
    release = find_release(found, wording.source_release)
    if wording.source == Source.THEME:
        _refuse_unless(wording.source_words.strip(), _("The theme is not named."), _("Write it as the release has it."))
        return
    is_survey = release.dataset.startswith("survey-")
    if release.finding(wording.source_finding) is None or is_survey != (wording.source == Source.SURVEY):
        raise CommitmentRefused(
            _("The release %(id)s has no such finding.") % {"id": release.id}, _("Choose one of its findings.")
        )


def _check_verdict(verdict: str) -> None:
    _refuse_unless(verdict in Verdict, _("There is no such verdict."), _("Choose done, partly done or not done."))


def _refuse_unless(condition: object, what: str, next_step: str) -> None:
    if not condition:
        raise CommitmentRefused(what, next_step)


def _terms_record(terms: Terms) -> dict[str, Any]:
    return {
        "terms": terms.number, "due": terms.due.isoformat(), "counted": terms.counted.isoformat(),
        "release": f"{terms.dataset}/{terms.period}/v{terms.version}", "kind": terms.kind, "table": terms.table,
        "cell": terms.cell, "base": terms.base, "finding": terms.finding, "figure": terms.figure, "wants": terms.wants,
        "size": terms.size, "size_is": terms.size_is, "first_period": terms.first_period, "definition": terms.definition,
        "baseline": terms.baseline,
    }  # fmt: skip


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
