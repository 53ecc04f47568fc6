"""What is read of plans, meetings and consultations: for everybody what is public, for the office its own agency's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import Http404

from comity.site.community.models import Account
from comity.site.community.roles import Role
from comity.site.planning.consulting import receipt_digest
from comity.site.planning.models import (
    Consultation,
    Contribution,
    Decision,
    Dissent,
    Meeting,
    Plan,
    Reply,
    Signatory,
    Version,
)

DRAFT, OUT_FOR_SIGNATURE, ACTIVE, REPLACED, SET_ASIDE = "draft", "asked", "active", "replaced", "set aside"
GATHERING, SEALED, VOTING, COUNTED = "gathering", "sealed", "voting", "counted"


def version_state(version: Version, newest_active: int | None, newest: int) -> str:
    """draft, asked, active; replaced by a later active version; set aside for a later one before all had signed."""
    if version.asked_at is None:
        return DRAFT
    if version.active_at is not None:
        return ACTIVE if version.number == newest_active else REPLACED
    return OUT_FOR_SIGNATURE if version.number == newest else SET_ASIDE


def consultation_state(consultation: Consultation) -> str:
    if consultation.counted_at is not None:
        return COUNTED
    if consultation.voting_at is not None:
        return VOTING
    return SEALED if consultation.sealed_at is not None else GATHERING


@dataclass(frozen=True)
class Listed:
    """A plan with its versions and their states, newest first; drafts are left out for the public."""

    plan: Plan
    versions: Sequence[tuple[Version, str]]

    @property
    def active(self) -> Version | None:
        return next((version for version, state in self.versions if state == ACTIVE), None)

    @property
    def asked(self) -> Version | None:
        return next((version for version, state in self.versions if state == OUT_FOR_SIGNATURE), None)


def plans() -> list[Listed]:
    """Every plan, newest first, with its public versions."""
    return [_listed(each) for each in _plans(Plan.objects.all())]


def plans_of(account: Account) -> list[Listed]:
    """Those of the account's agency, drafts included."""
    return [_listed(each, drafts=True) for each in _plans(Plan.objects.filter(agency=account.agency))]


def plan(number: int) -> Listed:
    """One plan as the public sees it. Raises Http404."""
    return _listed(_one(_plans(Plan.objects.filter(pk=number))))


def plan_of(account: Account, number: int) -> Listed:
    """One of the account's agency, drafts included. Raises Http404."""
    return _listed(_one(_plans(Plan.objects.filter(pk=number, agency=account.agency))), drafts=True)


def version_of(account: Account, pk: int) -> Version:
    """A version of the account's agency. Raises Http404."""
    return _one(Version.objects.select_related("plan__agency").filter(pk=pk, plan__agency=account.agency))


def public_version(plan: Listed, number: int) -> tuple[Version, str]:
    """A version that is not a draft, and its state. Raises Http404."""
    return _one([each for each in plan.versions if each[0].number == number])


@dataclass(frozen=True)
class Signed:
    """Where a named group stands. at: None while it has not signed."""

    speaks_for: str
    at: datetime | None
    dissents: Sequence[Dissent]


def signatures(version: Version) -> list[Signed]:
    """Each named signatory with what it said."""
    found = (
        version.signatories.select_related("signature")
        .prefetch_related(Prefetch("dissents", Dissent.objects.order_by("pk")))
        .order_by("speaks_for")
    )
    return [
        Signed(each.speaks_for, each.signature.at if hasattr(each, "signature") else None, list(each.dissents.all()))
        for each in found
    ]


def to_sign(account: Account) -> list[Version]:
    """Versions out for signature that await this account's."""
    later = Version.objects.filter(plan=OuterRef("plan"), number__gt=OuterRef("number"), asked_at__isnull=False)
    return list(
        Version.objects.filter(
            asked_at__isnull=False, active_at=None, signatories__account=account, signatories__signature=None
        )
        .exclude(Exists(later))
        .select_related("plan")
        .order_by("pk")
    )


def signatory(version: Version, account: Account) -> Signatory | None:
    return version.signatories.filter(account=account).select_related("signature").first()


def leaders(account: Account) -> list[Account]:
    """The community leaders who can be named as signatories."""
    return list(
        Account.objects.filter(agency=account.agency, role=Role.COMMUNITY_LEADER, is_active=True).order_by("username")
    )


def meetings(**which: Any) -> QuerySet[Meeting]:
    """Meetings, the latest first, with their plans."""
    return Meeting.objects.filter(**which).select_related("plan__agency").order_by("-starts_at", "-pk")


def meeting(**which: Any) -> Meeting:
    """One meeting, with who was there. Raises Http404."""
    return _one(meetings(**which).prefetch_related("presences"))


def consultations(**which: Any) -> QuerySet[Consultation]:
    """Consultations, newest first, with their plans, without results; `published`, `waiting`, `unanswered`: how many."""
    decided = Q(contributions__decision__is_published=True)
    return (
        Consultation.objects.filter(**which)
        .select_related("plan__agency")
        .defer("result", "questionnaire")
        .annotate(
            published=Count("contributions", filter=decided, distinct=True),
            waiting=Count("contributions", filter=Q(contributions__decision=None), distinct=True),
            unanswered=Count("contributions", filter=decided & Q(contributions__replies=None), distinct=True),
        )
        .order_by("-pk")
    )


def consultation(**which: Any) -> Consultation:
    """One consultation. Raises Http404."""
    return _one(Consultation.objects.filter(**which).select_related("plan__agency"))


def contributions(consultation: Consultation) -> list[Contribution]:
    """What was published, by number, each with its replies."""
    return list(
        consultation.contributions.filter(decision__is_published=True)
        .prefetch_related(Prefetch("replies", Reply.objects.select_related("version").order_by("pk")))
        .order_by("number")
    )


@dataclass(frozen=True)
class LogLine:
    """A decision as everybody may read it. text: of what was published; a rejected text is not part of it."""

    number: int
    day: Any
    decided: datetime
    is_published: bool
    reason: str
    text: str


def moderation_log(consultation: Consultation) -> list[LogLine]:
    """Every decision, the newest first."""
    found = Decision.objects.filter(contribution__consultation=consultation).order_by("-pk")
    return [
        LogLine(number, day, at, is_published, reason, text if is_published else "")
        for number, day, at, is_published, reason, text in found.values_list(
            "contribution__number", "contribution__day", "at", "is_published", "reason", "contribution__text"
        )
    ]


def waiting(account: Account) -> list[Contribution]:
    """What the moderators of the account's agency have not decided on."""
    return list(
        Contribution.objects.filter(
            decision=None, consultation__sealed_at=None, consultation__plan__agency=account.agency
        )
        .select_related("consultation__plan")
        .order_by("consultation_id", "number")
    )


def rejected(account: Account) -> list[Decision]:
    """For the auditor alone: what was rejected, with its words and its reason."""
    return list(
        Decision.objects.filter(is_published=False, contribution__consultation__plan__agency=account.agency)
        .select_related("contribution__consultation")
        .order_by("-pk")
    )


def contribution_of(account: Account, pk: int) -> Contribution:
    """A contribution to the account's agency. Raises Http404."""
    return _one(
        Contribution.objects.filter(pk=pk, consultation__plan__agency=account.agency).select_related(
            "consultation__plan__agency"
        )
    )


def followed(code: str) -> Contribution | None:
    """The contribution whose sender holds the receipt code `code`, with its whole way; None where there is none."""
    return (
        Contribution.objects.filter(receipt=receipt_digest(code))
        .select_related("consultation__plan", "decision")
        .prefetch_related(Prefetch("replies", Reply.objects.select_related("version").order_by("pk")))
        .first()
    )


def vote_on(contribution: Contribution) -> tuple[bool, Any] | None:
    """For a proposal that was voted on with a budget: (is funded, what its supporters lacked); None before and otherwise."""
    outcome = (contribution.consultation.result or {}).get("outcome")
    if not outcome:
        return None
    number = str(contribution.number)
    lacking = next((each["lacks"] for each in outcome["nearly_won"] if each["id"] == number), None)
    return number in outcome["selected"], lacking


def _plans(found: QuerySet[Plan]) -> QuerySet[Plan]:
    kept = Version.objects.defer("document").order_by("-number")
    return found.select_related("agency").prefetch_related(Prefetch("versions", kept)).order_by("-pk")


def _listed(plan: Plan, *, drafts: bool = False) -> Listed:
    versions = list(plan.versions.all())
    newest_active = max((each.number for each in versions if each.active_at is not None), default=None)
    newest_asked = max((each.number for each in versions if each.asked_at is not None), default=0)
    return Listed(
        plan,
        [
            (each, version_state(each, newest_active, newest_asked))
            for each in versions
            if drafts or each.asked_at is not None
        ],
    )


def _one(found: Any) -> Any:
    for each in found[:1]:
        return each
    raise Http404
