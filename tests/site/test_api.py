"""The API has a place for every release, table and finding, and its document says how to get there."""

from __future__ import annotations

import json
import re

BASE = "/api/v1/releases/stops/2017/v2"


def test_every_address_that_the_api_names_answers(client):
    seen, waiting = set(), ["http://testserver/api/v1/releases"]
    while waiting:
        address = waiting.pop()
        seen.add(address)
        response = client.get(address.removeprefix("http://testserver"))
        assert response.status_code == 200, address
        if response["Content-Type"].startswith("application/json") and "/api/" in address:
            named = re.findall(r'http://testserver/api/[^"]+', json.dumps(response.json()))
            waiting += [each for each in named if each not in seen]
        if address.endswith("/api/v1/releases"):
            waiting += [f"http://testserver/api/v1/releases/{each['id']}" for each in response.json()]

    assert len(seen) == 1 + 2 + 2 * 2 + 2 * 3


def test_a_suppressed_count_is_null_and_a_zero_is_zero(client):
    places = client.get(f"{BASE}/tables/stops_by_place/cross?rows=subject_race&neighborhood=Holland").json()
    searches = client.get(f"{BASE}/tables/searches_by_group/cross?rows=subject_race&search_person=not+recorded").json()

    assert places["values"][places["row_codes"].index("hispanic")] == [{"count": None, "status": "suppressed"}]
    assert searches["values"][searches["row_codes"].index("black")] == [{"count": 0, "status": "published"}]
    assert searches["where"] == {"type": ["vehicular"], "search_person": ["not recorded"]}


def test_rows_come_with_their_number_by_code(client):
    answer = client.get(f"{BASE}/tables/stops_by_place/rows?facet=subject_race&neighborhood=Holland&limit=2").json()

    assert answer["count"] == 8
    assert answer["facets"]["subject_race"]["black"] == 1
    assert answer["rows"] == [
        {"neighborhood": "Holland", "subject_race": "asian/pacific islander", "count": None, "status": "suppressed"},
        {"neighborhood": "Holland", "subject_race": "black", "count": 420, "status": "published"},
    ]


def test_a_wrong_question_is_one_sentence_and_a_wrong_address_a_plain_404(client):
    wrong = client.get(f"{BASE}/tables/stops_by_place/cross?rows=race")
    missing = client.get(f"{BASE}/tables/nothing")

    assert (wrong.status_code, missing.status_code) == (400, 404)
    assert wrong.json()["detail"].startswith("This table has no column 'race'.")
    assert client.get(f"{BASE}/findings/nothing").status_code == 404
    assert client.get(f"{BASE}/tables/stops_by_place/rows?limit=5000").status_code == 422


def test_the_document_names_every_address_and_the_page_is_written_from_it(client):
    document = client.get("/api/openapi.json").json()
    page = client.get("/api/").content.decode()

    assert document["openapi"].startswith("3.")
    assert len(document["paths"]) == 12
    for path in document["paths"]:
        assert path in page
    for example in re.findall(r'<a class="break" href="([^"]+)"', page):
        assert client.get(example).status_code == 200


def test_a_finding_is_its_published_record(client, small_public):
    published = json.loads((small_public / "releases/stops/2017/v2/findings.json").read_text())["findings"]

    assert client.get(f"{BASE}/findings/search-rate:black:white").json() == published[1]


def test_nothing_can_be_written(client):
    assert client.post("/api/v1/releases").status_code == 405
    assert client.delete(BASE).status_code == 405
