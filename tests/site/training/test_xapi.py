"""xAPI: what is a statement, who may send it, the same one twice, conflicts, and voiding."""

from __future__ import annotations

import json
import uuid

import pytest
from django.db import IntegrityError, transaction


@pytest.fixture
def academy(town, examples, officer, clients, xapi_parts):
    """A provider whose activity counts for a course that officer 101 must hold; as a sender."""
    examples.officers(town.agency, ["101", "102"])
    made, secret = examples.provider(examples.course(officer), officer)
    sender = xapi_parts.Sender(clients["anyone"], xapi_parts.basic(made.key, secret))
    sender.provider, sender.secret = made, secret
    return sender


def change(statement, path, value):
    """A copy with one part changed, or removed where value is ..."""
    copy = json.loads(json.dumps(statement))
    at = copy
    *inside, last = path.split("/")
    for key in inside:
        at = at.setdefault(key, {})
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return copy


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("actor", ...),
        ("verb", ...),
        ("object", ...),
        ("actor/mbox", "mailto:somebody@example.org"),
        ("actor/name", "A name"),
        ("actor/account", {"homePage": "http://localhost"}),
        ("actor/account/homePage", "not an iri"),
        ("actor/account/homePage", "http://elsewhere.example"),
        ("actor/account/name", 101),
        ("actor/objectType", "Group"),
        ("verb/id", "completed"),
        ("verb/display", {"english language": "x"}),
        ("object/id", "/relative"),
        ("object/objectType", "SubStatement"),
        ("object/definition/moreInfo", "nowhere"),
        ("id", "not-a-uuid"),
        ("id", 7),
        ("timestamp", "yesterday"),
        ("timestamp", "2018-05-01"),
        ("timestamp", "2018-05-01T10:00:00"),
        ("timestamp", "2018-02-30T10:00:00Z"),
        ("timestamp", "2018-05-01T10:00:00-00:00"),
        ("result/score/scaled", 1.01),
        ("result/score/scaled", "1"),
        ("result/score/scaled", True),
        ("result/score", {"raw": 11, "min": 0, "max": 10}),
        ("result/score", {"raw": 1, "min": 5, "max": 5}),
        ("result/score", {"percent": 1}),
        ("result/success", "yes"),
        ("result/duration", "90 minutes"),
        ("result/response", 5),
        ("result/extensions", {"not an iri": 1}),
        ("context/registration", "1"),
        ("context/language", "English, mostly"),
        ("context/instructor", {"mbox": "mailto:somebody@example.org"}),
        ("context/contextActivities/parent", {"id": "x"}),
        ("context/contextActivities/child", {"id": "http://x.example"}),
        ("version", "0.9"),
        ("attachments", []),
        ("unknown", 1),
        ("verb/display", None),
    ],
)
def test_what_breaks_a_rule_of_xapi_is_refused_and_not_repeated(academy, xapi_parts, path, value):
    from comity.site.training.models import Statement

    status, said = academy.post(change(xapi_parts.statement(), path, value))

    assert status == 400
    assert "somebody@example.org" not in said
    assert Statement.objects.count() == 0


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"timestamp": "2018-05-01T10:00:00.123456-05:00"},
        {
            "result": {
                "score": {"scaled": -1, "raw": 3.5, "min": 0, "max": 10},
                "success": True,
                "duration": "PT1H2M3.5S",
            }
        },
        {"result": {"duration": "P3W", "extensions": {"http://x.example/e": None}}},
        {"context": {"registration": str(uuid.UUID(int=5)), "language": "es-US", "platform": "x"}},
        {
            "context": {
                "contextActivities": {"category": [{"id": "http://x.example"}], "parent": {"id": "http://y.example"}}
            }
        },
        {"version": "2.0.0", "authority": {"mbox": "mailto:ignored@example.org"}, "stored": "x"},
    ],
)
def test_what_follows_the_rules_is_taken(academy, xapi_parts, more):
    given = xapi_parts.statement(**more)
    status, said = academy.post(given)

    assert (status, json.loads(said)) == (200, [given["id"]])


def test_completed_counts_for_the_course_on_the_day_it_says(academy, xapi_parts):
    from comity.site.training.models import Completion

    for more in ({"verb": "experienced"}, {"activity": "https://example.org/other"}, {"result": {"success": False}}):
        assert academy.post(xapi_parts.statement(**more))[0] == 200
    assert Completion.objects.count() == 0
    given = xapi_parts.statement(timestamp="2018-05-01T23:30:00-05:00")
    assert academy.post(given)[0] == 200

    found = Completion.objects.get()
    assert (found.officer.number, str(found.completed_on), str(found.statement)) == ("101", "2018-05-02", given["id"])


def test_the_same_statement_twice_is_one_and_another_under_its_id_is_a_conflict(academy, xapi_parts):
    from comity.site.training.models import Completion, Statement

    given = xapi_parts.statement()
    for _ in range(2):
        assert academy.post(given)[0] == 200
        assert academy.put(given, given["id"])[0] == 204
        assert academy.put({**given, "id": given["id"].upper(), "version": "1.0.0"}, given["id"])[0] == 204

    assert (Statement.objects.count(), Completion.objects.count()) == (1, 1)
    assert academy.post({**given, "timestamp": "2018-05-01T10:00:01Z"})[0] == 409
    assert academy.put({**given, "verb": {"id": "http://x.example"}}, given["id"])[0] == 409
    assert academy.put(given, str(uuid.uuid4()))[0] == 400


def test_a_batch_comes_in_whole_or_not_at_all(academy, xapi_parts):
    from comity.site.training.models import Statement

    one, two = xapi_parts.statement(), xapi_parts.statement("102")

    assert academy.post([one, {**two, "verb": {}}])[0] == 400
    assert academy.post([one, xapi_parts.statement("999")])[0] == 403
    assert academy.post([one, one])[0] == 400
    assert Statement.objects.count() == 0
    assert json.loads(academy.post([one, two])[1]) == [one["id"], two["id"]]


def voiding(xapi_parts, target, **more):
    given = xapi_parts.statement(verb="voided", **more)
    given["object"] = {"objectType": "StatementRef", "id": target}
    return given


def test_voiding_takes_the_completion_back_and_is_for_good(academy, xapi_parts):
    from comity.site.training.models import Completion, Statement

    given = xapi_parts.statement()
    academy.post(given)
    void = voiding(xapi_parts, given["id"])

    assert academy.post(void)[0] == 200
    assert Completion.objects.filter(taken_back=None).count() == 0
    assert Statement.objects.count() == 2
    assert academy.get(f"/xapi/statements?statementId={given['id']}").status_code == 404
    assert academy.get(f"/xapi/statements?voidedStatementId={given['id']}").json()["id"] == given["id"]
    assert academy.post(voiding(xapi_parts, void["id"]))[0] == 400
    assert academy.post(voiding(xapi_parts, given["id"]))[0] == 409
    assert academy.post(voiding(xapi_parts, str(uuid.uuid4())))[0] == 403
    bad = xapi_parts.statement(verb="voided")
    assert academy.post(bad)[0] == 400


def test_a_provider_sees_and_voids_its_own_statements_only(academy, xapi_parts, examples, officer, clients):
    given = xapi_parts.statement()
    academy.post(given)
    other, secret = examples.provider(academy.provider.course, officer, activity="https://other.example/a")
    stranger = xapi_parts.Sender(clients["anyone"], xapi_parts.basic(other.key, secret))

    assert stranger.get(f"/xapi/statements?statementId={given['id']}").status_code == 404
    assert stranger.post(voiding(xapi_parts, given["id"]))[0] == 403
    assert stranger.post(given)[0] == 409
    assert academy.get(f"/xapi/statements?statementId={given['id']}").json()["actor"] == given["actor"]
    assert academy.get("/xapi/statements").status_code == 400


def test_statements_are_append_only_in_the_database(academy, xapi_parts):
    from comity.site.training.models import Statement

    academy.post(xapi_parts.statement())

    for wrong in (lambda: Statement.objects.update(verb="x"), lambda: Statement.objects.all()._raw_delete("default")):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            wrong()


def test_the_version_must_be_named_and_is_answered(academy, xapi_parts, clients):
    given = xapi_parts.statement()

    assert academy.post(given, **{"X-Experience-API-Version": "0.95"})[0] == 400
    assert academy.post(given, **{"X-Experience-API-Version": "2.0.0"})[0] == 200
    about = clients["anyone"].get("/xapi/about")
    assert about.json() == {"version": ["1.0.3", "2.0.0"]}
    assert about.headers["X-Experience-API-Version"] == "1.0.3"
