"""Consultations from the first statement to the last reply: sending in, moderating, sealing, voting, counting, answering."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from comity.priorities import Election
from comity.site.community.log import record
from comity.site.community.models import Account, Place
from comity.site.community.roles import Role
from comity.site.planning import ballots, results
from comity.site.planning.actions import PlanningRefused
from comity.site.planning.models import Consultation, Contribution, Decision, Plan, Reply, Version
from comity.site.planning.sample import is_sample_town
from comity.site.surveys.codes import ALPHABET

RECEIPT_LETTERS = 16  # of 5 bits each
MOST_WAITING = 200  # contributions that the moderator has not decided on
MOST_A_DAY = 100
MOST_REPEATED_WORDS = 4  # of a rejected text in the public reason


@transaction.atomic
def open_consultation(
    plan: Plan,
    *,
    kind: str,
    question: str,
    policy: str,
    access: str,
    by: Account,
    explanation: str = "",
    rule: str = "",
    budget: Decimal | None = None,
    publishes_ballots: bool = False,
) -> Consultation:
    """Opens a question for contributions, with the policy by which they are moderated. Raises PlanningRefused."""
    is_budget = kind in ballots.BUDGETS
    if is_budget and (not rule or budget is None or budget <= 0):
        raise PlanningRefused(
            _("A vote on money needs its budget and its rule before it begins."), _("Give both, the budget above 0.")
        )
    if is_budget and access != Consultation.Access.INVITED:
        raise PlanningRefused(
            _("Whoever has a link could vote often, so money is not decided by an open vote."),
            _("Invite people by letter, with a code each."),
        )
    consultation = Consultation.objects.create(
        plan=plan,
        kind=kind,
        question=question,
        explanation=explanation,
        policy=policy,
        access=access,
        rule=rule if is_budget else "",
        budget=budget if is_budget else None,
        publishes_ballots=publishes_ballots and is_budget,
    )
    _note("planning.consultation_opened", consultation, by, question=question, kind=kind)
    return consultation


@transaction.atomic
def contribute(consultation: Consultation, text: str, *, details: str = "") -> str:
    """Takes a statement or proposal from anybody, and returns the code with which its sender follows it.

    The code is kept nowhere. Instead of addresses, the queue is limited: so many wait, so many come in a day. Raises
    PlanningRefused when it is full, for a text that waits or stands there already, and after sealing.
    """
    consultation = Consultation.objects.select_for_update().get(pk=consultation.pk)
    if consultation.sealed_at is not None:
        raise PlanningRefused(
            _("This consultation takes no more contributions."), _("Bring it to the next meeting about the plan.")
        )
    today = settings.CLOCK().date()
    sent = consultation.contributions
    if sent.filter(decision=None).count() >= MOST_WAITING or sent.filter(day=today).count() >= MOST_A_DAY:
        raise PlanningRefused(
            _("More has come in than the moderators can read."), _("Try again tomorrow, or bring it to a meeting.")
        )
    if sent.exclude(decision__is_published=False).filter(text__iexact=text).exists():
        raise PlanningRefused(_("Somebody has sent in the same words."), _("Yours need not be sent again."))
    code = "".join(secrets.choice(ALPHABET) for _letter in range(RECEIPT_LETTERS))
    last = sent.order_by("-number").first()
    contribution = Contribution.objects.create(
        consultation=consultation,
        number=last.number + 1 if last else 1,
        day=today,
        text=text,
        details=details,
        receipt=receipt_digest(code),
    )
    _note(
        "planning.contribution_received",
        consultation,
        None,
        at=datetime.combine(today, time(), UTC),
        number=contribution.number,
    )
    return code


def receipt_digest(typed: str) -> str:
    """SHA-256, in hex, of a receipt code as somebody typed it, whatever the case, spaces and dashes."""
    code = "".join(letter for letter in typed.upper() if letter.isalnum()).translate(str.maketrans("OILU", "011V"))
    return hashlib.sha256(f"comity contribution {code}".encode()).hexdigest()


@transaction.atomic
def decide(contribution: Contribution, *, is_published: bool, reason: str, by: Account) -> None:
    """The moderator's decision, once. Raises PlanningRefused without a reason, or with one that repeats what it rejects."""
    if by.role != Role.MODERATOR:
        raise PlanningRefused(_("Only a moderator decides what is published."), _("Leave it to them."))
    if Decision.objects.filter(contribution=contribution).exists():
        raise PlanningRefused(_("This was decided already."), _("A decision is made once."))
    if contribution.consultation.sealed_at is not None:
        raise PlanningRefused(_("The consultation is sealed."), _("Nothing can be added to it or taken from it."))
    if not is_published and not reason:
        raise PlanningRefused(_("A rejection needs its reason."), _("Say which rule of the policy it breaks."))
    if not is_published and _repeats(reason, f"{contribution.text}\n{contribution.details}"):
        raise PlanningRefused(
            _("The reason repeats the words that it rejects, and the reason is public."),
            _("Say which rule is broken without quoting."),
        )
    Decision.objects.create(
        contribution=contribution, is_published=is_published, reason=reason, by=by, at=settings.CLOCK()
    )
    _note(
        "planning.published" if is_published else "planning.rejected",
        contribution.consultation,
        by,
        number=contribution.number,
        reason=reason,
    )


@transaction.atomic
def set_costs(consultation: Consultation, costs: Mapping[int, Decimal | None], *, by: Account) -> None:
    """What each proposal costs, by its number, before the vote."""
    _must_be_unsealed(consultation)
    for contribution in published(consultation):
        if contribution.number in costs and costs[contribution.number] != contribution.cost:
            contribution.cost = costs[contribution.number]
            contribution.save()
            _note("planning.costed", consultation, by, number=contribution.number, cost=str(contribution.cost or ""))


@transaction.atomic
def take_projects(consultation: Consultation, election: Election, *, by: Account) -> int:
    """Puts the projects of a Pabulib file before the moderator, with their costs; returns how many. Ballots in it are not read."""
    _must_be_unsealed(consultation)
    last = consultation.contributions.order_by("-number").first()
    first = last.number + 1 if last else 1
    for number, project in enumerate(election.projects, first):
        cost = Decimal(project.cost.numerator) / Decimal(project.cost.denominator)
        Contribution.objects.create(
            consultation=consultation,
            number=number,
            day=settings.CLOCK().date(),
            text=(project.name or project.id)[:280],
            receipt=receipt_digest(secrets.token_hex(16)),
            cost=round(cost, 2),
        )
    _note("planning.projects_taken_over", consultation, by, count=len(election.projects))
    return len(election.projects)


@transaction.atomic
def seal(consultation: Consultation, *, by: Account) -> None:
    """Fixes question, rule, budget and ballot paper before anybody votes. Raises PlanningRefused where something is open."""
    consultation = Consultation.objects.select_for_update().get(pk=consultation.pk)
    _must_be_unsealed(consultation)
    options = published(consultation)
    if consultation.contributions.filter(decision=None).exists():
        raise PlanningRefused(_("Some contributions wait for the moderator."), _("Have them decided first."))
    if not 2 <= len(options) <= ballots.MOST_OPTIONS:
        raise PlanningRefused(
            _("There are %(count)d published contributions to vote on.") % {"count": len(options)},
            _("A ballot has 2 to %(most)d.") % {"most": ballots.MOST_OPTIONS},
        )
    if consultation.kind in ballots.BUDGETS and (unpriced := [each for each in options if each.cost is None]):
        raise PlanningRefused(
            _("Proposal %(number)d has no cost.") % {"number": unpriced[0].number}, _("Say what each proposal costs.")
        )
    places = Place.objects.filter(agency=consultation.plan.agency).order_by("slug").values_list("slug", "name")
    paper = ballots.ballot_paper(consultation, options, list(places)).as_json()
    consultation.questionnaire = paper.decode()
    consultation.sealed_at = settings.CLOCK()
    consultation.save()
    _note(
        "planning.sealed",
        consultation,
        by,
        rule=consultation.rule,
        budget=str(consultation.budget or ""),
        ballot_paper=hashlib.sha256(paper).hexdigest(),
    )


def open_voting(
    consultation: Consultation, *, keys: Path, by: Account, cases: Sequence[tuple[str, str]] = ()
) -> dict[str, str]:
    """Fields the sealed ballot paper; returns the code of each case for the letters, which are stored nowhere.

    cases: (number in the sampling frame, part of town) of whom to invite; none for an open link. Raises PlanningRefused,
    and what the surveys raise for a sample that cannot be invited.
    """
    if consultation.sealed_at is None or consultation.voting_at is not None:
        raise PlanningRefused(
            _("Voting opens once, after the consultation is sealed."), _("Seal it first, or look whether it is open.")
        )
    is_open = consultation.access == Consultation.Access.OPEN
    if not is_open and not cases:
        raise PlanningRefused(_("Nobody is invited."), _("Give a file with a line for each letter: case,stratum."))
    _must_have_ballot_boxes(is_open=is_open)
    from comity.site.surveys.fielding import field_and_invite  # only where this process has those stores
    from comity.site.surveys.invitations.actions import Case
    from comity.site.surveys.responses import actions as responses
    from comity.site.surveys.responses import queries

    taken = {each.name for each in queries.surveys()}
    name = next(
        each
        for n in range(1, 1000)
        if (each := f"consultation-{consultation.pk}" + (f"-{n}" if n > 1 else "")) not in taken
    )
    paper = consultation.questionnaire.encode()
    codes: dict[str, str] = {}
    if is_open:
        responses.field_survey(name, paper, strata=None, is_sample_data=is_sample_town())
    else:
        codes = field_and_invite(
            name,
            paper,
            [Case(*each) for each in cases],
            keys=keys,
            answers_url=settings.ANSWERS_URL + reverse("surveys:survey", args=[name]),
            is_sample_data=is_sample_town(),
        )
    with transaction.atomic():
        consultation.survey = name
        consultation.voting_at = settings.CLOCK()
        consultation.save()
        _note("planning.voting_opened", consultation, by, survey=name, invited=len(codes))
    return codes


def close_and_count(consultation: Consultation, *, by: Account) -> str:
    """Ends the vote and counts it by the sealed rule; returns the ballots as a Pabulib file ("" where there is none).

    Counting reads the responses once, when no more can come. Raises PlanningRefused before voting and after counting.
    """
    if consultation.voting_at is None or consultation.counted_at is not None:
        raise PlanningRefused(_("There is no open vote to end."), _("Look at the consultation's page."))
    _must_have_ballot_boxes(is_open=consultation.access == Consultation.Access.OPEN)
    from comity.site.surveys.responses import actions as responses
    from comity.site.surveys.responses import queries

    if consultation.access == Consultation.Access.INVITED:
        from comity.site.surveys.invitations.actions import close_sample

        close_sample(consultation.survey)
    responses.close_survey(consultation.survey)
    found = queries.responses(consultation.survey)
    result, file = results.count(consultation, published(consultation), found)
    with transaction.atomic():
        consultation.result = {**result, **({"ballots": file} if consultation.publishes_ballots else {})}
        consultation.counted_at = settings.CLOCK()
        consultation.save()
        outcome = result.get("outcome") or {}
        _note(
            "planning.counted",
            consultation,
            by,
            voters=result["voters"],
            selected=outcome.get("selected", []),
            ballots_sha256=result.get("ballots_sha256", ""),
        )
    return file


@transaction.atomic
def reply(
    contribution: Contribution,
    *,
    kind: str,
    by: Account,
    version: Version | None = None,
    commitment: int | None = None,
    reason: str = "",
) -> None:
    """Says where a contribution went in the end. A later reply stands below the earlier ones. Raises PlanningRefused."""
    if not Decision.objects.filter(contribution=contribution, is_published=True).exists():
        raise PlanningRefused(_("This contribution is not published."), _("Only published ones are replied to."))
    needed = {Reply.Kind.PLAN: version, Reply.Kind.COMMITMENT: commitment, Reply.Kind.NOT_TAKEN_UP: reason}
    if not needed[Reply.Kind(kind)]:
        raise PlanningRefused(
            _("The reply does not say where it went."), _("Name the version or the commitment, or say why not.")
        )
    Reply.objects.create(
        contribution=contribution,
        kind=kind,
        version=version if kind == Reply.Kind.PLAN else None,
        commitment=commitment if kind == Reply.Kind.COMMITMENT else None,
        reason=reason,
        at=settings.CLOCK(),
    )
    _note("planning.replied", contribution.consultation, by, number=contribution.number, kind=kind)


def published(consultation: Consultation) -> list[Contribution]:
    """What the moderator published, by number."""
    return list(consultation.contributions.filter(decision__is_published=True).order_by("number"))


def _must_be_unsealed(consultation: Consultation) -> None:
    if consultation.sealed_at is not None:
        raise PlanningRefused(
            _("The consultation is sealed: nothing about the vote changes any more."), _("Open another consultation.")
        )


def _must_have_ballot_boxes(*, is_open: bool) -> None:
    needed = ["comity.site.surveys.responses", *([] if is_open else ["comity.site.surveys.invitations"])]
    if not all(apps.is_installed(each) for each in needed):
        raise PlanningRefused(
            _("This server does not keep the ballots."),
            _("Do this on the server that serves the code page and the answer page."),
        )


def _repeats(reason: str, text: str) -> bool:
    """Whether `reason` says more than MOST_REPEATED_WORDS words of `text` in a row, or all of a shorter one."""
    said, written = (
        " ".join("".join(c if c.isalnum() else " " for c in each.casefold()).split()) for each in (reason, text)
    )
    words = written.split()
    length = min(MOST_REPEATED_WORDS + 1, len(words))
    runs = {" ".join(words[at : at + length]) for at in range(len(words) - length + 1)}
    return any(f" {run} " in f" {said} " for run in runs if run)


def _note(
    action: str, consultation: Consultation, by: Account | None, *, at: datetime | None = None, **more: object
) -> None:
    record(
        action,
        f"consultation {consultation.pk}",
        by=by,
        agency=consultation.plan.agency,
        public={"plan": consultation.plan_id, "consultation": consultation.pk, **more},
        at=at,
    )
