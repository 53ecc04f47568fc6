"""A small town whose plan has been through everything: signed, consulted on, counted, replied to."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from comity.site.community.models import Place
from comity.site.planning import actions, consulting
from comity.site.planning.models import Consultation, Plan, Reply

POLICY = "No names of private persons, no insults."
NOW = datetime(2018, 5, 15, 12, tzinfo=UTC)


def a_draft(town, *, signatories=None) -> actions.Draft:
    """Words for a version; the town's community leader signs it unless `signatories` says otherwise."""
    leader = town.people["community-leader"]
    return actions.Draft(
        passages={
            "goal": ["Stops that people understand"],
            "priority": ["Calm encounters"],
            "strategy": ["Explain each stop in one sentence"],
        },
        terms=[("stop", "an officer keeps somebody from going on")],
        parties=["Police department", "Neighborhood council"],
        activities=["Write the sentence", "Listen to residents"],
        matrix={
            "Write the sentence": {"Police department": "accountable", "Neighborhood council": "consulted"},
            "Listen to residents": {"Police department": "responsible", "Neighborhood council": "accountable"},
        },
        signatories={leader: "Neighborhood council"} if signatories is None else signatories,
    )


def a_plan(town, *, draft=None) -> Plan:
    """A plan whose first version is a draft with words."""
    plan = actions.start_plan(
        "Calm streets", purpose="So that stops are fair.", agency=town.agency, by=town.people["chief"]
    )
    actions.write_draft(plan.versions.get(), draft or a_draft(town), by=town.people["chief"])
    return plan


def an_asked_version(town):
    version = a_plan(town).versions.get()
    actions.ask_for_signatures(version, by=town.people["chief"])
    version.refresh_from_db()
    return version


def an_active_plan(town) -> Plan:
    version = an_asked_version(town)
    actions.sign(
        version, sha256=version.sha256, by=town.people["community-leader"], dissent="The sentence is not enough."
    )
    actions.activate(version, by=town.people["chief"])
    return version.plan


def a_consultation(town, plan, *, kind="approval", **more) -> Consultation:
    is_budget = kind in ("approval", "ranking", "knapsack")
    options = {
        "question": "What comes first?",
        "policy": POLICY,
        "access": "invited" if is_budget else "open",
        "rule": "equal-shares" if is_budget else "",
        "budget": Decimal(1000) if is_budget else None,
        "publishes_ballots": is_budget,
    }
    return consulting.open_consultation(plan, kind=kind, by=town.people["analyst"], **{**options, **more})


def send_in(town, consultation, texts, *, costs=None) -> list[str]:
    """Contributions that the moderator publishes; returns their codes."""
    codes = [consulting.contribute(consultation, text) for text in texts]
    for each in consultation.contributions.filter(decision=None):
        consulting.decide(each, is_published=True, reason="", by=town.people["moderator"])
    if costs:
        consulting.set_costs(
            consultation,
            {number: Decimal(cost) for number, cost in enumerate(costs, 1)},
            by=town.people["chief"],
        )
    return codes


def a_counted_vote(town, plan) -> Consultation:
    """A vote on money at which nobody's ballot came in, which is enough for its pages."""
    consultation = a_consultation(town, plan)
    send_in(town, consultation, ["Lamps on the bridge", "A bench by the school"], costs=[600, 500])
    consulting.seal(consultation, by=town.people["chief"])
    consultation.refresh_from_db()
    consultation.survey, consultation.voting_at = "consultation-x", NOW
    consultation.save()
    project = {
        "cost": 600,
        "supporters": 12,
        "price": 50,
        "paid_in_full": 12,
        "paid_the_rest": 0,
        "how": "equal shares",
    }
    consultation.result = {
        "kind": "approval",
        "voters": 20,
        "blank": 1,
        "outcome": {
            "selected": ["1"],
            "cost": 600,
            "budget": 1000,
            "projects": [{"id": "1", "name": "Lamps on the bridge", **project}],
            "nearly_won": [{"id": "2", "name": "A bench by the school", "cost": 500, "supporters": 8, "lacks": 100}],
        },
        "shares": [
            {
                "group": "everybody",
                "voters": 20,
                "share_of_voters": 1,
                "with_a_project": 12,
                "projects_each": 0.6,
                "money": 1,
            }
        ],
        "sentences": {"en": ["It is explained."], "es": ["Se explica."]},
        "ballots": "META\n",
    }
    consultation.counted_at = NOW
    consultation.save()
    return consultation


def examples(town) -> dict[str, dict]:
    """View name -> arguments that lead to something, for every address of planning that takes arguments."""
    plan = an_active_plan(town)
    second = actions.start_draft(plan, by=town.people["chief"])
    changed = a_draft(town)
    actions.write_draft(second, changed, by=town.people["chief"])
    actions.ask_for_signatures(second, by=town.people["chief"])
    draft = a_plan(town).versions.get()
    meeting = actions.call_meeting(
        plan,
        title="Listening session",
        starts_at=datetime(2018, 5, 1, 18, tzinfo=UTC),
        ends_at=datetime(2018, 5, 1, 20, tzinfo=UTC),
        place="Library",
        agenda="What we heard",
        by=town.people["chief"],
    )
    for slug in ("north", "south"):
        Place.objects.create(agency=town.agency, slug=slug, name=slug.title())
    counted = a_counted_vote(town, plan)
    open_one = a_consultation(town, plan)
    consulting.contribute(open_one, "A quiet room for talks")
    published = counted.contributions.get(number=1)
    consulting.reply(published, kind=Reply.Kind.PLAN, version=plan.versions.get(number=1), by=town.people["chief"])
    waiting = open_one.contributions.get()
    return {
        "planning:plan": {"plan": plan.pk},
        "planning:version": {"plan": plan.pk, "number": 1},
        "planning:difference": {"plan": plan.pk, "number": 2},
        "planning:version_pdf": {"plan": plan.pk, "number": 1},
        "planning:meeting": {"plan": plan.pk, "meeting": meeting.pk},
        "planning:consultation": {"consultation": counted.pk},
        "planning:contribute": {"consultation": open_one.pk},
        "planning:moderation": {"consultation": counted.pk},
        "planning:result": {"consultation": counted.pk},
        "planning-files:meeting_calendar": {"meeting": meeting.pk},
        "planning-files:document": {"plan": plan.pk, "number": 1},
        "planning-files:ballots": {"consultation": counted.pk},
        "planning:office_plan": {"plan": plan.pk},
        "planning:office_draft": {"plan": plan.pk},
        "planning:office_version": {"version": draft.pk},
        "planning:office_ask": {"version": draft.pk},
        "planning:office_sign": {"version": second.pk},
        "planning:office_activate": {"version": second.pk},
        "planning:office_new_meeting": {"plan": plan.pk},
        "planning:office_meeting": {"meeting": meeting.pk},
        "planning:office_new_consultation": {"plan": plan.pk},
        "planning:office_consultation": {"consultation": open_one.pk},
        "planning:office_costs": {"consultation": open_one.pk},
        "planning:office_projects": {"consultation": open_one.pk},
        "planning:office_seal": {"consultation": open_one.pk},
        "planning:office_open_voting": {"consultation": open_one.pk},
        "planning:office_count": {"consultation": open_one.pk},
        "planning:office_reply": {"contribution": published.pk},
        "planning:office_decide": {"contribution": waiting.pk},
    }
