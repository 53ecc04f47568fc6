"""Every page of training, for each role, in both languages; the same number of queries whatever there is to list."""

from __future__ import annotations

from datetime import date

import pytest
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

READERS = ("training-officer", "chief", "auditor")


def addresses(found):
    """Every address of a page, in English."""
    from comity.site.training.rules import ACCESS

    names = [name for name, methods in ACCESS.items() if "GET" in methods and name.startswith("training:")]
    return {name: reverse(name, kwargs=found.get(name)) for name in names}


def test_every_page_answers_its_readers_in_both_languages_and_nobody_else(town, clients, examples):
    from comity.site.training.rules import ACCESS

    for name, address in addresses(examples.examples(town)).items():
        allowed = ACCESS[name]["GET"]
        for role, client in clients.items():
            status = client.get(address).status_code
            if allowed == "everyone" or role in allowed:
                assert status == 200, (name, role)
            else:
                assert status == (302 if role == "anyone" else 403), (name, role)
        assert clients["training-officer"].get(f"/es{address}").status_code == 200, name


def test_only_the_training_officer_changes_anything(town, clients, examples):
    from comity.site.training.models import Completion, Course, Mandate, TakenBack
    from comity.site.training.rules import ACCESS

    found = examples.examples(town)
    before = (Course.objects.count(), Completion.objects.count(), Mandate.objects.filter(ended_on=None).count())

    for name, methods in ACCESS.items():
        if "POST" not in methods or not name.startswith("training:"):
            continue
        for role in set(clients) - {"training-officer"}:
            answer = clients[role].post(reverse(name, kwargs=found.get(name)), {"reason": "x", "present": "1"})
            assert answer.status_code == 403, (name, role)

    assert TakenBack.objects.count() == 0
    assert (Course.objects.count(), Completion.objects.count(), Mandate.objects.filter(ended_on=None).count()) == before


def test_another_agencys_objects_are_not_there(town, examples):
    from django.test import Client

    from comity.site.training.rules import ACCESS

    found = examples.examples(town)
    stranger = Client()
    stranger.force_login(town.strangers["training-officer"])

    for name, kwargs in found.items():
        if name.startswith("training:") and name != "training:import":
            for method in ACCESS[name]:
                answer = stranger.generic(method, reverse(name, kwargs=kwargs))
                assert answer.status_code == 404, (name, method)


@pytest.mark.parametrize("name", ["training:office", "training:courses", "training:officers", "training:training"])
def test_lists_ask_as_often_for_1_as_for_100(town, clients, examples, officer, name):
    from django.db import connection

    from comity.site.training import actions

    def asked():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert clients["training-officer"].get(reverse(name)).status_code == 200
        return len(queries)

    counts = []
    for new in (1, 2, 97):
        for at in range(new):
            made = examples.course(officer, f"Course {len(counts)} {at}")
            serving = examples.officers(town.agency, [f"{len(counts)}-{at}"], groups=["patrol"])
            actions.add_mandate(made, group="", due_on=date(2018, 1, 1), months=12, days_to_comply=9, by=officer)
            examples.completed(made, serving, date(2018, 2, 1))
        counts.append(asked())

    assert counts[0] == counts[1] == counts[2]


def test_the_office_says_how_many_are_overdue(town, examples, officer):
    from comity.site.training import actions
    from comity.site.training.office import duties

    examples.officers(town.agency, ["1", "2"])
    actions.add_mandate(
        examples.course(officer), group="", due_on=date(2018, 3, 1), months=12, days_to_comply=90, by=officer
    )

    assert [(each.note, each.is_urgent) for each in duties(town.people["chief"])] == [("2 overdue", True)]
    assert duties(town.people["analyst"]) == []


@pytest.mark.parametrize("name", ["mandate", "course", "instructors", "session"])
def test_what_one_thing_holds_is_listed_with_as_many_queries(town, clients, examples, officer, name):
    from django.db import connection

    from comity.site.training import actions

    made = examples.course(officer)
    version = made.versions.get()
    mandate = actions.add_mandate(made, group="", due_on=date(2018, 1, 1), months=12, days_to_comply=9, by=officer)
    actions.add_qualification("T", name="x", since=date(2017, 1, 1), until=None, by=officer)
    held = actions.add_session(version, held_on=date(2018, 2, 1), place="", instructors=["T"], by=officer)
    kwargs = {"mandate": {"pk": mandate.pk}, "course": {"slug": made.slug}, "session": {"pk": held.pk}}
    counts = []
    for new in (1, 2, 97):
        for at in range(new):
            number = f"{len(counts)}-{at}"
            serving = examples.officers(town.agency, [number], groups=["patrol"])
            actions.add_qualification(number, name="x", since=date(2017, 1, 1), until=None, by=officer)
            another = actions.add_session(version, held_on=date(2018, 2, 1), place="", instructors=[number], by=officer)
            actions.fill_roster(another, serving, by=officer)
            actions.fill_roster(held, serving, by=officer)
            examples.completed(made, serving, date(2018, 2, 1))
        with CaptureQueriesContext(connection) as queries:
            assert clients["chief"].get(reverse(f"training:{name}", kwargs=kwargs.get(name))).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1] == counts[2]
