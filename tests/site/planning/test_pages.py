"""Every page of planning answers whoever may see it, in both languages, with the same number of queries for few and many."""

from __future__ import annotations

import pytest

STATIC = {
    "planning:plans": "anyone",
    "planning:receipt": "anyone",
    "planning-files:calendar": "anyone",
    "planning:office_plans": "chief",
    "planning:office_moderation": "moderator",
}


@pytest.fixture
def addresses(town, makers):
    from django.urls import reverse

    made = makers.examples(town)
    return {name: reverse(name, kwargs=made.get(name)) for name in (*STATIC, *made)}


def test_every_page_answers_in_both_languages(addresses, clients):
    from comity.site.planning.rules import ACCESS

    for name, address in addresses.items():
        if "GET" not in ACCESS[name]:
            continue
        role = "anyone" if ACCESS[name]["GET"] == "everyone" else sorted(ACCESS[name]["GET"])[-1]
        for prefix in ("",) if "files" in name else ("", "/es"):
            response = clients[role].get(prefix + address)
            assert response.status_code == 200, f"{prefix}{address} answered {response.status_code}"
            assert role != "anyone" or not response.cookies


def test_no_link_of_a_public_page_leads_nowhere(addresses, clients):
    import re

    seen, waiting = set(), ["/plans/", "/es/plans/"]
    while waiting:
        address = waiting.pop()
        if address in seen or "/plans/" not in address:
            continue
        seen.add(address)
        response = clients["anyone"].get(address)
        assert response.status_code == 200, address
        if response["Content-Type"].startswith("text/html"):
            waiting += [each.split("#")[0] for each in re.findall(r'href="(/[^"]*)"', response.content.decode())]

    assert len(seen) > 30


@pytest.mark.parametrize(
    ("role", "address"),
    [
        ("anyone", "/plans/"),
        ("anyone", "/plans/{plan}/"),
        ("anyone", "/plans/consultations/{consultation}/"),
        ("anyone", "/plans/consultations/{consultation}/moderation/"),
        ("anyone", "/plans/meetings.ics"),
        ("chief", "/office/plans/"),
        ("chief", "/office/plans/{plan}/"),
        ("chief", "/office/plans/consultations/{consultation}/"),
        ("moderator", "/office/plans/moderation/"),
        ("auditor", "/office/plans/moderation/"),
        ("community-leader", "/office/"),
    ],
)
def test_a_list_takes_the_same_number_of_queries_for_1_3_and_100(town, makers, clients, role, address):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    filled = more(town, makers, 1)
    counts = []
    for already, wanted in ((1, 1), (1, 3), (3, 100)):
        more(town, makers, wanted - already, *filled)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert clients[role].get(address.format(plan=filled[0].pk, consultation=filled[1].pk)).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1] == counts[2] < 20


def more(town, makers, count, plan=None, consultation=None):
    """`count` more of everything that is listed; rows are written at once, as no page would."""
    from datetime import timedelta

    from comity.site.planning.models import (
        Consultation,
        Contribution,
        Decision,
        Meeting,
        Plan,
        Reply,
        Signatory,
        Version,
    )

    plan = plan or makers.a_plan(town)
    consultation = consultation or makers.a_consultation(town, plan)
    leader, moderator = town.people["community-leader"], town.people["moderator"]
    first = consultation.contributions.count()
    for number in range(first + 1, first + 3 * count + 1):
        sent = Contribution.objects.create(
            consultation=consultation, number=number, day=makers.NOW, text=f"Text {number}", receipt=str(number)
        )
        if number % 3:
            Decision.objects.create(
                contribution=sent, is_published=number % 3 == 1, reason="rule 1", by=moderator, at=makers.NOW
            )
        if number % 3 == 1:
            Reply.objects.create(contribution=sent, kind="not taken up", reason="Costs", at=makers.NOW)
    for number in range(count):
        other = Plan.objects.create(agency=town.agency, title=f"Plan {number}")
        version = Version.objects.create(plan=other, number=1)
        Signatory.objects.create(version=version, account=leader, speaks_for="The council")
        version.document, version.sha256, version.asked_at = "{}", "0" * 64, makers.NOW
        version.save()
        Meeting.objects.create(
            plan=plan,
            title="M",
            starts_at=makers.NOW + timedelta(1),
            ends_at=makers.NOW + timedelta(2),
            place="Library",
        )
        Consultation.objects.create(plan=plan, kind="pairs", question="Q?", policy="None", access="open")
    return plan, consultation
