"""The sample town's planning: a plan in force with a dissent, its next version out for signature, a counted vote, open questions."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from comity.site.community.models import Account, Agency
from comity.site.planning import actions, consulting
from comity.site.planning.models import Consultation, Plan, Reply, Version

COUNCIL = "Neighborhood council"
POLICY = """Everything is published except:
1. words that name or accuse a private person;
2. insults and threats;
3. advertising.
Who disagrees with a decision writes to the auditor, who reads what was rejected."""
PROJECTS = (
    ("Lamps along the path to the school", 14000),
    ("Benches and shade at the bus stop", 6000),
    ("A walk through the neighborhood each month, residents and officers together", 2000),
    ("A room for youth on Friday nights", 9000),
    ("Cameras at the parking lot", 18000),
)
STATEMENTS = (
    "Officers should say the reason for a stop before they ask for papers.",
    "I would call the police again after the last time.",
    "Patrols on foot are worth more than patrols by car.",
    "Residents should see complaints and how they ended.",
)
CASES, VOTERS = 120, 74


def fill(agency: Agency, people: Mapping[str, Account], *, now: datetime, folder: Path) -> None:
    """Fills `agency` through the room's own actions. people: role -> account. folder: the instance, for the keys of the vote."""
    chief, leader = people["chief"], people["community-leader"]
    plan = actions.start_plan(
        "Calm streets", purpose="So that every stop is understood by whoever is stopped.", agency=agency, by=chief
    )
    version = plan.versions.get()
    actions.write_draft(version, _first_draft(leader), by=chief)
    actions.ask_for_signatures(version, by=chief)
    version.refresh_from_db()
    actions.sign(
        version,
        sha256=version.sha256,
        by=leader,
        dissent="We sign, and still think that a card with the officer's name belongs to every stop.",
    )
    actions.activate(version, by=chief)
    _hold_meetings(plan, chief, now)
    counted = _decide_money(plan, people, folder)
    second = actions.start_draft(plan, by=leader)
    draft = actions.draft_of(second)
    strategies = [*draft.passages["strategy"], "Each month residents and officers walk the neighborhood together."]
    changed = actions.Draft(**{**vars(draft), "passages": {**draft.passages, "strategy": strategies}})
    actions.write_draft(second, changed, by=leader)
    actions.ask_for_signatures(second, by=chief)
    second.refresh_from_db()
    if counted is not None:
        _answer(counted, people, second)
    _gather_statements(plan, people)


def _first_draft(leader: Account) -> actions.Draft:
    write, listen, check = (
        "Write the sentence that explains a stop",
        "Ask residents how stops felt",
        "Check recordings for the sentence",
    )
    police, auditor = "Police department", "City auditor"
    return actions.Draft(
        passages={
            "goal": ["Whoever is stopped knows why, and is told so within the first minute."],
            "priority": ["Traffic stops by night first.", "Then stops of people on foot."],
            "strategy": ["Officers explain each stop in one sentence.", "Supervisors look at ten recordings a month."],
        },
        terms=[
            ("stop", "an officer keeps somebody from going on, in a car or on foot"),
            ("explained", "the reason was said in words that the person could repeat"),
        ],
        parties=[police, COUNCIL, auditor],
        activities=[write, listen, check],
        matrix={
            write: {police: "accountable", COUNCIL: "consulted", auditor: "informed"},
            listen: {police: "informed", COUNCIL: "accountable", auditor: "consulted"},
            check: {police: "responsible", COUNCIL: "informed", auditor: "accountable"},
        },
        signatories={leader: COUNCIL},
    )


def _hold_meetings(plan: Plan, chief: Account, now: datetime) -> None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    for title, starts in (("Listening session", hour - timedelta(20)), ("What we do next", hour + timedelta(12))):
        meeting = actions.call_meeting(
            plan,
            title=title,
            starts_at=starts,
            ends_at=starts + timedelta(hours=2),
            place="Library, first floor",
            agenda="1. What we heard\n2. What the numbers say\n3. What we promise",
            by=chief,
        )
        if starts < now:
            actions.write_minutes(
                meeting,
                agenda=meeting.agenda,
                minutes="Most who spoke did not know why they had been stopped. The department will write the sentence.",
                presences={"Residents": 31, "Youth council": 6, "Officers": 4},
                by=chief,
            )


def _decide_money(plan: Plan, people: Mapping[str, Account], folder: Path) -> Consultation | None:
    """A vote on money; counted where this process keeps ballots, and None where another one does."""
    consultation = consulting.open_consultation(
        plan,
        kind=Consultation.Kind.APPROVAL,
        question="What should the safety fund of 30,000 pay for?",
        explanation="Mark every project you are for. Equal shares gives each part of town its part of the money.",
        policy=POLICY,
        access=Consultation.Access.INVITED,
        rule=Consultation.Rule.EQUAL_SHARES,
        budget=Decimal(30000),
        publishes_ballots=True,
        by=people["analyst"],
    )
    _send_in(consultation, [text for text, _cost in PROJECTS], people["moderator"])
    costs = {number: Decimal(cost) for number, (_text, cost) in enumerate(PROJECTS, 1)}
    consulting.set_costs(consultation, costs, by=people["chief"])
    consulting.seal(consultation, by=people["chief"])
    consultation.refresh_from_db()
    cases = [(f"{n:04d}", "north" if n % 2 else "south") for n in range(CASES)]
    try:
        codes = consulting.open_voting(consultation, cases=cases, keys=folder / "keys", by=people["custodian"])
    except actions.PlanningRefused:
        return None
    chance = random.Random(2026)
    ballots = [
        {"choice": [f"p{n}" for n in chance.sample(range(1, len(PROJECTS) + 1), chance.randint(1, 3))]}
        for _voter in range(VOTERS)
    ]
    _cast(consultation.survey, list(codes.values()), ballots, folder / "keys")
    consulting.close_and_count(consultation, by=people["custodian"])
    return consultation


def _cast(survey: str, codes: Sequence[str], ballots: Sequence[dict[str, Any]], keys: Path) -> None:
    """The ballots of invented voters, by the way of real ones: code, token, response."""
    from django.conf import settings

    from comity.site.surveys.codes import CodeKey
    from comity.site.surveys.invitations.actions import issue_without_browser
    from comity.site.surveys.responses import actions as responses
    from comity.site.surveys.responses import queries
    from comity.site.surveys.tokens import TokenKey

    found = queries.fielded(survey)
    for code, answers in zip(codes, ballots, strict=False):
        token, stratum, _address = issue_without_browser(
            survey, code, codes=CodeKey.read(keys / "codes.key"), key=TokenKey.read(keys, survey)
        )
        responses.submit(
            found,
            answers,
            token=token.as_text(),
            stratum=stratum,
            keys=keys,
            day=settings.CLOCK().date(),
            mode="web",
            language="en",
        )


def _answer(consultation: Consultation, people: Mapping[str, Account], version: Version) -> None:
    """Funded proposals went into the plan or became commitments; one of the others is still owed its reply."""
    outcome = (consultation.result or {})["outcome"]
    for number, each in enumerate(consulting.published(consultation)):
        if str(each.number) in outcome["selected"]:
            consulting.reply(each, kind=Reply.Kind.PLAN, version=version, by=people["chief"])
        elif number % 2:
            reason = "The money does not reach; it will be asked again next year."
            consulting.reply(each, kind=Reply.Kind.NOT_TAKEN_UP, reason=reason, by=people["chief"])


def _gather_statements(plan: Plan, people: Mapping[str, Account]) -> None:
    consultation = consulting.open_consultation(
        plan,
        kind=Consultation.Kind.STATEMENTS,
        question="What should a fair stop look like?",
        explanation="Send in one sentence. Later everybody votes on all of them.",
        policy=POLICY,
        access=Consultation.Access.OPEN,
        by=people["chief"],
    )
    _send_in(consultation, STATEMENTS, people["moderator"])
    consulting.contribute(consultation, "Buy your tires at our shop.")
    consulting.decide(
        consultation.contributions.get(decision=None),
        is_published=False,
        reason="Advertising, rule 3.",
        by=people["moderator"],
    )
    consulting.contribute(consultation, "Stops by night should be recorded from the first second.")


def _send_in(consultation: Consultation, texts: Sequence[str], moderator: Account) -> None:
    for text in texts:
        consulting.contribute(consultation, text)
    for each in consultation.contributions.filter(decision=None):
        consulting.decide(each, is_published=True, reason="", by=moderator)
