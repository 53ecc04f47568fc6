"""Plans, their versions, signatures and meetings: everything that is done with them, each step on the log.

Consultations are in `consulting`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from comity.errors import ComityError
from comity.site.community.log import record
from comity.site.community.models import Account, Agency
from comity.site.community.roles import Role
from comity.site.planning import text as texts
from comity.site.planning.models import (
    Activity,
    Dissent,
    Meeting,
    Party,
    Passage,
    Plan,
    Presence,
    Responsibility,
    Signatory,
    Signature,
    Term,
    Version,
)


class PlanningRefused(ComityError):
    """A plan, a meeting or a consultation does not allow what was asked."""


@dataclass(frozen=True)
class Draft:
    """What a version says. matrix: activity -> party -> responsibility. signatories: account -> group it speaks for."""

    passages: Mapping[str, Sequence[str]] = field(default_factory=dict)
    terms: Sequence[tuple[str, str]] = ()
    parties: Sequence[str] = ()
    activities: Sequence[str] = ()
    matrix: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    signatories: Mapping[Account, str] = field(default_factory=dict)


@transaction.atomic
def start_plan(title: str, *, purpose: str, agency: Agency | None, by: Account) -> Plan:
    """A new plan with an empty first draft. Raises PlanningRefused for somebody who belongs to no agency."""
    if agency is None:
        raise PlanningRefused(_("Your account belongs to no agency."), _("Ask whoever made it to name one."))
    plan = Plan.objects.create(agency=agency, title=title, purpose=purpose)
    Version.objects.create(plan=plan, number=1)
    record("planning.plan_started", f"plan {plan.pk}", by=by, agency=agency, public={"plan": plan.pk, "title": title})
    return plan


@transaction.atomic
def start_draft(plan: Plan, *, by: Account) -> Version:
    """The next version, with the words of the newest. Raises PlanningRefused while there is a draft."""
    newest = plan.versions.order_by("-number").first()
    assert newest is not None  # a plan starts with one
    if newest.asked_at is None:
        raise PlanningRefused(
            _("Version %(number)d is still a draft.") % {"number": newest.number}, _("Change that one.")
        )
    version = Version.objects.create(plan=plan, number=newest.number + 1)
    _write(version, draft_of(newest))
    _note("planning.draft_started", version, by)
    return version


@transaction.atomic
def write_draft(version: Version, draft: Draft, *, by: Account) -> None:
    """Replaces what a draft says. Raises PlanningRefused for a version out for signature and for an impossible matrix."""
    if Version.objects.select_for_update().get(pk=version.pk).asked_at is not None:
        raise PlanningRefused(
            _("Version %(number)d is out for signature and does not change.") % {"number": version.number},
            _("Start the next version."),
        )
    _check_matrix(draft)
    for part in (version.passages, version.terms, version.activities, version.parties, version.signatories):
        part.all().delete()
    _write(version, draft)
    _note("planning.draft_written", version, by, is_public=False)


@transaction.atomic
def ask_for_signatures(version: Version, *, by: Account) -> None:
    """Closes the text for ever and asks its signatories. Raises PlanningRefused where something is missing."""
    version = Version.objects.select_for_update().select_related("plan__agency").get(pk=version.pk)
    if version.asked_at is not None:
        raise PlanningRefused(_("Signatures were asked already."), _("Wait for them, or start the next version."))
    open_rows = version.activities.exclude(responsibilities__kind=Responsibility.Kind.ACCOUNTABLE)
    if missing := open_rows.order_by("position").first():
        raise PlanningRefused(
            _("Nobody is accountable for “%(activity)s”.") % {"activity": missing.text},
            _("Name exactly one accountable party for each activity."),
        )
    if not version.signatories.exists():
        raise PlanningRefused(_("No community signatory is named."), _("Name at least one community leader."))
    version.document = texts.as_json(texts.document_of(version))
    version.sha256 = texts.digest_of(version.document)
    version.asked_at = settings.CLOCK()
    version.save()
    _note("planning.signatures_asked", version, by)


@transaction.atomic
def sign(version: Version, *, sha256: str, by: Account, dissent: str = "") -> None:
    """Signs the text whose digest is `sha256`, perhaps with a dissent.

    Raises PlanningRefused for who is not named, a second signature, and a digest of another text.
    """
    signatory = _signatory(version, by)
    if hasattr(signatory, "signature"):
        raise PlanningRefused(_("You have signed this version."), _("A signature is given once."))
    if version.asked_at is None or sha256 != version.sha256:
        raise PlanningRefused(
            _("This is not the text that is out for signature."), _("Read the version again and sign what it says now.")
        )
    Signature.objects.create(signatory=signatory, sha256=sha256, at=settings.CLOCK())
    _note("planning.signed", version, by, speaks_for=signatory.speaks_for)
    if dissent:
        _dissent(signatory, dissent, by)


@transaction.atomic
def dissent_from(version: Version, text: str, *, by: Account) -> None:
    """Prints what a signatory disagrees with in the version, whether they sign or not. Raises PlanningRefused."""
    signatory = _signatory(version, by)
    if version.asked_at is None:
        raise PlanningRefused(_("This version is still a draft."), _("Ask for it to be changed."))
    if not text:
        raise PlanningRefused(_("The dissent is empty."), _("Write what you disagree with."))
    _dissent(signatory, text, by)


@transaction.atomic
def activate(version: Version, *, by: Account) -> None:
    """Puts a version in force. Raises PlanningRefused while a signature is missing, and names whose."""
    version = Version.objects.select_for_update().get(pk=version.pk)
    if version.active_at is not None:
        raise PlanningRefused(_("This version is active already."), _("There is nothing to do."))
    if version.asked_at is None:
        raise PlanningRefused(_("This version is still a draft."), _("Ask for signatures first."))
    if missing := version.signatories.filter(signature=None).order_by("speaks_for").first():
        raise PlanningRefused(
            _("The signature of %(group)s is missing.") % {"group": missing.speaks_for},
            _("A plan becomes active when all who are named have signed it."),
        )
    if version.plan.versions.filter(active_at__isnull=False, number__gt=version.number).exists():
        raise PlanningRefused(_("A later version is active."), _("Start the next version to change the plan."))
    version.active_at = settings.CLOCK()
    version.save()
    _note("planning.activated", version, by)


@transaction.atomic
def call_meeting(
    plan: Plan, *, title: str, starts_at: datetime, ends_at: datetime, place: str, agenda: str, by: Account
) -> Meeting:
    """Announces a meeting. Raises PlanningRefused where it ends before it starts."""
    if ends_at <= starts_at:
        raise PlanningRefused(_("The meeting ends before it starts."), _("Mend one of the two times."))
    meeting = Meeting.objects.create(
        plan=plan, title=title, starts_at=starts_at, ends_at=ends_at, place=place, agenda=agenda
    )
    _note_meeting("planning.meeting_called", meeting, by, starts_at=starts_at.isoformat())
    return meeting


@transaction.atomic
def write_minutes(meeting: Meeting, *, agenda: str, minutes: str, presences: Mapping[str, int], by: Account) -> None:
    """Agenda, minutes, and how many people of each group were there; the log keeps the digest of each state."""
    meeting.agenda, meeting.minutes = agenda, minutes
    meeting.save()
    meeting.presences.all().delete()
    Presence.objects.bulk_create(
        Presence(meeting=meeting, group=group, people=people) for group, people in presences.items()
    )
    _note_meeting("planning.minutes_written", meeting, by, sha256=texts.digest_of(minutes), present=dict(presences))


def draft_of(version: Version) -> Draft:
    """What the rows of `version` say, as `write_draft` takes it."""
    duties = Responsibility.objects.filter(activity__version=version).select_related("activity", "party")
    found: dict[str, dict[str, str]] = {}
    for each in duties:
        found.setdefault(each.activity.text, {})[each.party.name] = each.kind
    passages = list(version.passages.order_by("position"))
    return Draft(
        passages={kind.value: [each.text for each in passages if each.kind == kind] for kind in Passage.Kind},
        terms=[(each.word, each.meaning) for each in version.terms.order_by("position")],
        parties=[each.name for each in version.parties.order_by("position")],
        activities=[each.text for each in version.activities.order_by("position")],
        matrix=found,
        signatories={each.account: each.speaks_for for each in version.signatories.select_related("account")},
    )


def _check_matrix(draft: Draft) -> None:
    for activity in draft.activities:
        kinds = list(draft.matrix.get(activity, {}).values())
        if kinds.count(Responsibility.Kind.ACCOUNTABLE) > 1:
            raise PlanningRefused(
                _("Two parties are accountable for “%(activity)s”.") % {"activity": activity},
                _("Where two are accountable, nobody is: name one."),
            )
    for account in draft.signatories:
        if account.role != Role.COMMUNITY_LEADER:
            raise PlanningRefused(
                _("Only community leaders sign for the community."), _("Take the others out of the list.")
            )


def _write(version: Version, draft: Draft) -> None:
    Passage.objects.bulk_create(
        Passage(version=version, kind=kind, position=at, text=said)
        for kind, listed in draft.passages.items()
        for at, said in enumerate(listed)
    )
    Term.objects.bulk_create(
        Term(version=version, position=at, word=word, meaning=meaning) for at, (word, meaning) in enumerate(draft.terms)
    )
    parties = {
        each.name: each
        for each in Party.objects.bulk_create(
            Party(version=version, position=at, name=name) for at, name in enumerate(draft.parties)
        )
    }
    activities = Activity.objects.bulk_create(
        Activity(version=version, position=at, text=said) for at, said in enumerate(draft.activities)
    )
    Responsibility.objects.bulk_create(
        Responsibility(activity=activity, party=parties[name], kind=kind)
        for activity in activities
        for name, kind in draft.matrix.get(activity.text, {}).items()
        if name in parties and kind
    )
    Signatory.objects.bulk_create(
        Signatory(version=version, account=account, speaks_for=group) for account, group in draft.signatories.items()
    )


def _signatory(version: Version, account: Account) -> Signatory:
    found = version.signatories.filter(account=account).select_related("signature").first()
    if found is None:
        raise PlanningRefused(
            _("You are not named as a signatory of this version."), _("Whoever drafts the next version can name you.")
        )
    return found


def _dissent(signatory: Signatory, text: str, by: Account) -> None:
    Dissent.objects.create(signatory=signatory, text=text, at=settings.CLOCK())
    _note("planning.dissented", signatory.version, by, speaks_for=signatory.speaks_for, dissent=texts.digest_of(text))


def _note(action: str, version: Version, by: Account, *, is_public: bool = True, **more: str) -> None:
    said = {
        "plan": version.plan_id,
        "version": version.number,
        **({"sha256": version.sha256} if version.sha256 else {}),
    }
    record(
        action,
        f"plan {version.plan_id} version {version.number}",
        by=by,
        agency=version.plan.agency,
        details=more,
        public={**said, **more} if is_public else None,
    )


def _note_meeting(action: str, meeting: Meeting, by: Account, **more: object) -> None:
    record(
        action,
        f"meeting {meeting.pk}",
        by=by,
        agency=meeting.plan.agency,
        public={"plan": meeting.plan_id, "meeting": meeting.pk, **more},
    )
