"""The public pages: the list and its filters, a commitment's page, following by mail and by receipt code; and the office."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest


@pytest.fixture
def page(here, client):
    def fetch(address: str, status: int = 200) -> str:
        response = client.get(address)
        assert response.status_code == status, f"{address} answered {response.status_code}"
        return response.getvalue().decode()

    return fetch


def test_the_page_says_what_was_said_what_was_done_and_whether_it_worked(here, examples, page):
    found = examples.with_evidence(here)

    text = page(f"/commitments/{found.pk}/")

    assert text.index("You said") < text.index("We did") < text.index("Did it work")
    assert 'href="/releases/stops/2017/v2/#finding-search-rate-black-white"' in text
    assert "down by 2 percentage points or more from 13.8% in 2017" in text
    assert '<rect class="wanted"' in text
    assert "https://example.org/order" in text
    assert len(re.findall(r"<code>[0-9a-f]{64}</code>", text)) == 3
    assert "Dijeron ustedes" in page(f"/es/commitments/{found.pk}/")
    page("/commitments/999/", status=404)
    page("/commitments/99999999999999999999/", status=404)


def test_overdue_shows_by_the_calendar_with_every_worker_stopped(here, site, examples, page):
    found = examples.accepted(here, due=date(2018, 9, 30))
    seen = []

    for moment in (datetime(2018, 9, 30, 23, tzinfo=UTC), datetime(2018, 10, 1, 1, tzinfo=UTC)):
        site.CLOCK = lambda moment=moment: moment
        seen.append(["overdue" in page(address).split("<main", 1)[1] and 'class="badge overdue"' in page(address)
                     for address in ("/commitments/", f"/commitments/{found.pk}/", "/commitments/?state=overdue")])  # fmt: skip

    assert seen == [[False, False, False], [True, True, True]]
    assert "Overdue: Fewer searches" in page("/commitments/feed.xml")
    assert ",yes,accepted," in page("/commitments/commitments.csv")


def test_the_list_is_narrowed_by_place_state_and_topic_and_paged(here, examples, page):
    from comity.site.community.models import Place

    place = Place.objects.create(agency=here.agency, slug="north", name="North")
    examples.make(here, title="In the north", place=place)
    examples.closed(here, title="A closed one", topic="trust")
    for number in range(30):
        examples.make(here, title=f"Number {number}")

    def titles(query: str) -> int:
        return page(f"/commitments/?{query}").split("<main", 1)[1].count('<li><span><a href="/commitments/')

    assert titles("") == 25
    assert titles("page=2") == 7
    assert (titles(f"place={place.pk}"), titles("topic=trust"), titles("state=closed"), titles("state=done")) == (
        1,
        1,
        1,
        1,
    )
    assert titles("state=open&topic=trust") == 0
    assert titles("state=nonsense&place=x&topic='--&page=zzz") == 25
    assert "state=made&amp;page=2" in page("/commitments/?state=made")


@pytest.mark.parametrize("address", ["/commitments/", "/office/commitments/", "/commitments/feed.xml"])
def test_lists_ask_the_same_number_of_queries_for_1_3_and_100(here, clients, examples, address):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    seen = []
    for more in (1, 2, 97):
        for _ in range(more):
            examples.make(here)
        with CaptureQueriesContext(connection) as queries:
            assert clients["chief"].get(address).status_code == 200
        seen.append(len(queries))

    assert len(set(seen)) == 1, seen


def test_public_pages_set_no_cookie_and_ask_no_session(here, client, examples):
    found = examples.with_evidence(here)

    for address in (
        "/commitments/",
        f"/commitments/{found.pk}/",
        f"/commitments/{found.pk}/receipt/",
        "/commitments/since/",
    ):
        answer = client.get(address)
        assert answer.status_code == 200
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")
    assert not client.post(f"/commitments/{found.pk}/follow/", {"address": "a@example.org"}).cookies


def test_verdicts_that_differ_stand_side_by_side(here, examples, page):
    from comity.site.commitments.actions import take_stand

    found = examples.closed(here, verdict="done")
    assert "do not agree" in page(f"/commitments/{found.pk}/")  # verified as partly done
    take_stand(found, by=here.people["community-leader"], verdict="done", text="Now it is.")
    assert "do not agree" not in page(f"/commitments/{found.pk}/")
    take_stand(found, by=here.people["community-leader"], verdict="not-done", text="Nobody obeys it.")

    text = page(f"/commitments/{found.pk}/")

    assert "do not agree" in text
    assert text.index("The agency says") < text.index("The community says") < text.index("Nobody obeys it.")


def test_changed_terms_stand_beside_the_first(here, examples, page):
    from comity.site.commitments.actions import move_due_day

    found = examples.accepted(here)
    move_due_day(found, date(2018, 12, 31), by=here.people["chief"], reason="The vendor is late.")

    text = page(f"/commitments/{found.pk}/")

    assert "Sept. 30, 2018" in text
    assert "Dec. 31, 2018" in text
    assert "The vendor is late." in text


def test_a_receipt_code_shows_what_happened_since_and_catches_typing_errors(here, examples, page, client):
    from comity.site.commitments.following import read_receipt, receipt_code

    found = examples.accepted(here)
    code = re.search(r'class="receipt"><code>([^<]+)<', page(f"/commitments/{found.pk}/receipt/"))[1]
    assert "Nothing has happened" in page(f"/commitments/since/{code}/")
    from comity.site.commitments.actions import give_evidence

    give_evidence(found, by=here.people["chief"], text="The order is in force.")
    answer = client.get("/commitments/since/", {"code": code.lower().replace("-", " - ")}, follow=True)
    assert "The order is in force." in answer.content.decode()
    assert client.get("/commitments/since/", {"code": "nonsense"}).status_code == 422
    page("/commitments/since/C9-9-ZZ/", status=404)
    assert read_receipt(receipt_code(123456, 78)) == (123456, 78)
    wrong = [f"C{a}-{b}-{code.split('-')[2]}" for a in range(1, 30) for b in range(1, 9) if (a, b) != (found.pk, 2)]
    assert [read_receipt(each) for each in wrong if read_receipt(each)] == []


def test_feeds_are_atom_and_carry_every_step(here, examples, client):
    from xml.etree import ElementTree

    found = examples.with_evidence(here, title="Fewer <searches> & stops")

    for address, entries in (
        ("/commitments/feed.xml", 3),
        (f"/commitments/{found.pk}/feed.xml", 3),
        ("/es/commitments/feed.xml", 3),
    ):
        root = ElementTree.fromstring(client.get(address).content)
        assert len(root.findall("{http://www.w3.org/2005/Atom}entry")) == entries


def test_the_chief_makes_accepts_shows_and_a_leader_verifies_through_the_pages(here, clients, examples):
    chief, leader = clients["chief"], clients["community-leader"]
    number = {"release": "stops/2017/v2", "kind": "share", "table": "searches_by_group",
              "cell": ["subject_race=black", "search_person=yes"], "base": ["subject_race=black"]}  # fmt: skip
    preview = chief.get("/office/commitments/measure/", number)
    assert "13.8%" in preview.content.decode()
    assert "/office/commitments/new/?" in preview.content.decode()
    assert "Give the address" in clients["analyst"].get("/office/commitments/measure/", number).content.decode()
    assert "13.8%" in chief.get("/office/commitments/new/", number).content.decode()
    texts = {"title": "Fewer searches", "said": "One in seven.", "plan": "Approve each.", "language": "en", "topic": "stops", "place": "",
             "source": "finding", "released": "stops/2017/v2|search-rate:black:white", "owner": here.people["chief"].pk,
             "due": "2018-09-30", "wants": "down", "size": "2", "size_is": "absolute", "first_period": "2018"}  # fmt: skip
    wrong = chief.post("/office/commitments/new/", {**number, **texts, "first_period": "2016"})
    assert wrong.status_code == 422
    assert "must come after the baseline" in wrong.content.decode()
    assert "One in seven." in wrong.content.decode()

    made = chief.post("/office/commitments/new/", {**number, **texts})

    assert made.status_code == 302
    at = made["Location"]
    assert chief.post(f"{at}accept/").status_code == 302
    assert chief.post(f"{at}close/", {"verdict": "done", "text": ""}).status_code == 422
    assert chief.post(f"{at}evidence/", {"text": "Done.", "link": "", "file": ""}).status_code == 302
    assert leader.post(f"{at}verify/", {"verdict": "partly", "text": ""}).status_code == 422
    assert leader.post(f"{at}verify/", {"verdict": "partly", "text": "We looked."}).status_code == 302
    assert chief.post(f"{at}close/", {"verdict": "done", "text": ""}).status_code == 302
    assert clients["auditor"].post(f"{at}reopen/", {"text": "It came back."}).status_code == 302
    assert leader.post(f"{at}stand/", {"verdict": "not-done", "text": "No."}).status_code == 302
    assert chief.post(f"{at}due/", {"due": "2018-12-31", "reason": "Later."}).status_code == 302
    assert chief.get(f"{at}measure/").status_code == 200
    changed = {
        **number,
        "due": "2018-12-31",
        "wants": "down",
        "size": "10",
        "size_is": "relative",
        "first_period": "2018",
        "reason": "So.",
    }
    assert chief.post(f"{at}measure/", changed).status_code == 302
    from comity.site.commitments.models import Commitment

    found = Commitment.objects.get()
    assert [each.kind for each in found.life.order_by("number")] == [
        "made", "accepted", "evidence", "verified", "closed", "reopened", "stand", "changed", "changed",
    ]  # fmt: skip
    assert found.terms.get(number=3).size == 0.1


def test_helpers_survive_whatever_an_address_says(here, clients):
    chief = clients["chief"]

    for query in (
        {"release": "x"}, {"release": "stops/2017/v2", "kind": "share"}, {"release": "stops/2017/v2", "table": "nothing"},
        {"release": "stops/2017/v2", "kind": "share", "table": "searches_by_group", "cell": "nothing=1"},
        {"release": "stops/2017/v2", "kind": "count", "table": "searches_by_group", "cell": "subject_race=martian"},
        {"release": "stops/2017/v2", "kind": "finding", "finding": "outcome:contraband"},
        {"release": "stops/2017/v2", "kind": "finding", "finding": "search-rate:black:white", "figure": "nobody"},
        {"release": "stops/2017/v2", "kind": "nothing"},
    ):  # fmt: skip
        assert chief.get("/office/commitments/measure/", query).status_code == 200, query
    figure = {"release": "stops/2017/v2", "kind": "finding", "finding": "search-rate:black:white", "figure": "White"}
    assert "0.0395" in chief.get("/office/commitments/measure/", figure).content.decode()
    assert chief.get("/office/commitments/new/", {"kind": "share", "release": "a/b/c"}).status_code == 422


def test_another_agency_s_commitment_does_not_exist_in_the_office(here, clients, examples):
    from django.test import Client

    found = examples.with_evidence(here)
    stranger = Client()
    stranger.force_login(here.strangers["chief"])

    assert stranger.get(f"/office/commitments/{found.pk}/").status_code == 404
    assert stranger.post(f"/office/commitments/{found.pk}/evidence/", {"text": "Mine."}).status_code == 404
    assert found.title not in stranger.get("/office/commitments/").content.decode()
    assert (
        clients["training-officer"].post(f"/office/commitments/{found.pk}/evidence/", {"text": "Mine."}).status_code
        == 422
    )


def test_every_address_with_arguments_has_an_example(here, examples):
    from comity.site.commitments.rules import ACCESS
    from comity.site.commitments.urls import urlpatterns
    from comity.site.commitments.urls_without_language import urlpatterns as files

    with_arguments = {f"commitments:{each.name}" for each in urlpatterns if each.pattern.converters}
    with_arguments |= {f"commitments-files:{each.name}" for each in files if each.pattern.converters}

    assert set(examples.examples(here)) == with_arguments <= set(ACCESS)


def test_files_of_a_sample_town_say_so(here, client, examples):
    import json

    examples.make(here)
    about = here.public / "agency.json"
    assert "SAMPLE DATA" not in client.get("/commitments/commitments.csv").getvalue().decode()
    content = json.loads(about.read_text()) | {"sample": True}
    about.unlink()
    about.write_text(json.dumps(content))
    examples.touch(here.public)

    for address in (
        "/commitments/commitments.csv",
        "/commitments/feed.xml",
        "/commitments/1/feed.xml",
        "/commitments/1/",
    ):
        assert "SAMPLE DATA" in client.get(address).getvalue().decode(), address
