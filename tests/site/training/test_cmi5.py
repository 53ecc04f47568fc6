"""cmi5: a package comes in, is launched on another origin, fetches its token once, and its statements complete the course."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import override_settings
from django.urls import reverse

CONTENT = "http://content.test"
SESSION = "https://w3id.org/xapi/cmi5/context/extensions/sessionid"
CATEGORIES = "https://w3id.org/xapi/cmi5/context/categories/"


@pytest.fixture
def origin(town):
    with override_settings(CONTENT_URL=CONTENT, ALLOWED_HOSTS=["testserver", "content.test"]):
        yield CONTENT


@pytest.fixture
def package(town, examples, officer, origin):
    from comity.site.training import packages

    examples.officers(town.agency, ["101", "102"])
    return packages.add_package(examples.course(officer).versions.get(), examples.package(), by=officer)


def start(package, officer, number="101"):
    """What the launch address says."""
    from comity.site.training.launching import launch
    from comity.site.training.models import Officer

    address = launch(package.units.get(), Officer.objects.get(number=number), site="http://testserver", by=officer)
    return address, {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@pytest.fixture
def unit(package, officer, clients, xapi_parts):
    """A launched unit: a sender with the credentials it fetched, and `say(verb, ...)`."""
    _address, asked = start(package, officer)
    token = clients["anyone"].post(urlsplit(asked["fetch"]).path).json()["auth-token"]
    sender = xapi_parts.Sender(clients["anyone"], f"Basic {token}")
    sender.asked = asked
    state = f"/xapi/activities/state?{_query(asked)}"
    sender.state = state
    data = sender.get(f"{state}&stateId=LMS.LaunchData").json()

    def say(verb, *, own=True, move_on=False, result=None, **changed):
        context = json.loads(json.dumps(data["contextTemplate"]))
        context["registration"] = asked["registration"]
        if own:
            names = ["cmi5", *(["moveon"] if move_on else [])]
            context["contextActivities"]["category"] = [{"id": CATEGORIES + name} for name in names]
        given = xapi_parts.statement(verb=verb, activity=asked["activityId"], context=context)
        if result is not None:
            given["result"] = result
        given.update(changed)
        return sender.post(given)[0]

    sender.say, sender.data = say, data
    return sender


def _query(asked):
    from urllib.parse import urlencode

    return urlencode(
        {"activityId": asked["activityId"], "agent": asked["actor"], "registration": asked["registration"]}
    )


PASSED = {"score": {"scaled": 0.9}, "success": True}


def test_the_launch_address_is_on_the_other_origin_with_everything_cmi5_asks_for(package, officer, clients):
    address, asked = start(package, officer)

    assert address.startswith(f"{CONTENT}/content/{package.digest}/index.html?start=1&endpoint=")
    assert sorted(asked) == ["activityId", "actor", "endpoint", "fetch", "registration", "start"]
    assert json.loads(asked["actor"]) == {
        "objectType": "Agent",
        "account": {"homePage": "http://localhost", "name": "101"},
    }
    got = clients["anyone"].get(urlsplit(address).path, headers={"Host": "content.test"})
    assert b"Scenes" in b"".join(got.streaming_content)
    assert "connect-src 'self' http://content.test:*" in got.headers["Content-Security-Policy"]


def test_without_another_origin_nothing_is_launched_and_one_sentence_says_so(package, officer, clients):
    from comity.site.training.models import Launch

    address = reverse("training:launch", kwargs={"pk": package.units.get().pk})
    for wrong in ("", "http://testserver"):
        with override_settings(CONTENT_URL=wrong, SITE_URL="http://testserver"):
            answer = clients["training-officer"].post(address, {"number": "101"})
            assert answer.status_code == 422
            assert "no other origin is set" in answer.content.decode()
    assert Launch.objects.count() == 0


def test_the_token_is_fetched_once(package, officer, clients):
    _address, asked = start(package, officer)
    path = urlsplit(asked["fetch"]).path

    assert set(clients["anyone"].post(path).json()) == {"auth-token"}
    assert clients["anyone"].post(path).json()["error-code"] == "1"
    assert clients["anyone"].get(path).status_code == 405
    assert clients["anyone"].post("/xapi/fetch/guessed/").json()["error-code"] == "1"


def test_launch_data_says_what_the_package_said(unit):
    assert unit.data["moveOn"] == "Passed"
    assert unit.data["masteryScore"] == 0.8
    assert unit.data["launchParameters"] == "quick"
    assert unit.data["launchMode"] == "Normal"
    assert (
        unit.data["contextTemplate"]["contextActivities"]["grouping"][0]["id"] == "https://example.org/courses/bias/1"
    )


def test_passing_completes_the_course_and_says_so_once(unit):
    from comity.site.training.models import Completion

    assert unit.say("initialized") == 200
    assert unit.say("completed", move_on=True, result={"completion": True}) == 200
    assert Completion.objects.count() == 0
    assert unit.say("passed", move_on=True, result=PASSED) == 200
    assert unit.say("terminated") == 200

    found = Completion.objects.get()
    assert (found.officer.number, str(found.completed_on), found.source) == ("101", "2018-05-15", "statement")


def test_statements_out_of_turn_are_refused(unit):
    assert unit.say("passed", move_on=True, result=PASSED) == 403  # not initialized
    assert unit.say("experienced", own=False) == 403
    assert unit.say("initialized") == 200
    assert unit.say("initialized") == 403
    assert unit.say("experienced", own=False) == 200
    assert unit.say("launched") == 403  # the site's own to say
    assert unit.say("satisfied") == 403
    assert unit.say("passed", move_on=True, result={"score": {"scaled": 0.79}, "success": True}) == 403
    assert unit.say("passed", move_on=True, result={"success": True}) == 403
    assert unit.say("failed", move_on=True, result=PASSED) == 403
    assert unit.say("passed", result=PASSED) == 403  # without moveon
    assert unit.say("completed", move_on=True, result={}) == 403
    assert unit.say("passed", move_on=True, result=PASSED, object={"id": "https://example.org/courses/bias/1"}) == 403
    assert unit.say("terminated") == 200
    assert unit.say("passed", move_on=True, result=PASSED) == 403


def test_a_session_speaks_for_its_own_officer_and_registration_only(unit):
    actor = {"account": {"homePage": "http://localhost", "name": "102"}}
    context = {"registration": str(uuid.uuid4()), "extensions": {SESSION: "x"}}

    assert unit.say("initialized", actor=actor) == 403
    assert unit.say("initialized", context=context) == 403
    assert unit.say("initialized", context={**context, "registration": unit.asked["registration"]}) == 403
    other = unit.state.replace("101", "102")
    assert unit.get(f"{other}&stateId=LMS.LaunchData").status_code == 403


def test_every_unit_counts_and_earlier_launches_of_the_registration_too(
    town, examples, officer, origin, clients, xapi_parts
):
    from comity.site.training import packages
    from comity.site.training.models import Completion, Officer, Unit

    one = '<au id="https://example.org/{0}" moveOn="NotApplicable"><title><langstring>U{0}</langstring></title><url>index.html</url></au>'
    head, tail = examples.STRUCTURE.split(" <au")[0], "</courseStructure>"
    structure = head + "<block id='https://example.org/b'>" + one.format(1) + "</block>" + one.format(2) + tail
    examples.officers(town.agency, ["101"])
    made = packages.add_package(examples.course(officer).versions.get(), examples.package(structure), by=officer)
    counts = []
    for each in made.units.order_by("number"):
        from comity.site.training.launching import launch

        asked = parse_qs(urlsplit(launch(each, Officer.objects.get(), site="http://testserver", by=officer)).query)
        token = clients["anyone"].post(urlsplit(asked["fetch"][0]).path).json()["auth-token"]
        sender = xapi_parts.Sender(clients["anyone"], f"Basic {token}")
        flat = {name: values[0] for name, values in asked.items()}
        data = sender.get(f"/xapi/activities/state?{_query(flat)}&stateId=LMS.LaunchData").json()
        context = {**data["contextTemplate"], "registration": flat["registration"]}
        context["contextActivities"]["category"] = [{"id": f"{CATEGORIES}cmi5"}]
        assert (
            sender.post(xapi_parts.statement(verb="initialized", activity=flat["activityId"], context=context))[0]
            == 200
        )
        counts.append(Completion.objects.count())

    assert Unit.objects.count() == 2
    assert counts == [0, 1]


def test_a_unit_keeps_documents_within_bounds(unit, clients):
    address = f"{unit.state}&stateId=bookmark"
    put = {"content_type": "application/json", "headers": unit.headers}
    client = clients["anyone"]

    assert client.get(address, headers=unit.headers).status_code == 404
    assert client.put(address, '{"page": 3, "a": 1}', **put).status_code == 204
    assert client.post(address, '{"page": 4}', **put).status_code == 204
    assert client.get(address, headers=unit.headers).json() == {"page": 4, "a": 1}
    assert client.get(unit.state, headers=unit.headers).json() == ["LMS.LaunchData", "bookmark"]
    assert client.put(f"{unit.state}&stateId=LMS.LaunchData", "{}", **put).status_code == 403
    assert client.put(f"{unit.state}&stateId=big", "x" * 100_001, **put).status_code == 413
    assert client.delete(address, headers=unit.headers).status_code == 204
    assert client.get(address, headers=unit.headers).status_code == 404
    profile = f"/xapi/agents/profile?{_query(unit.asked)}&profileId=cmi5LearnerPreferences"
    assert client.get(profile, headers=unit.headers).json()["audioPreference"] == "off"


def test_credentials_end_after_twelve_hours(unit):
    with override_settings(CLOCK=lambda: datetime(2018, 5, 16, 0, 0, 1, tzinfo=UTC)):
        assert unit.say("initialized") == 401
