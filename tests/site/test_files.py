"""Files of the public folder are served byte for byte, and nothing else is."""

from __future__ import annotations

import shutil

import pytest

TABLE = "releases/stops/2017/v2/tables/stops_by_place"


def test_every_file_of_the_folder_is_served_as_it_is(client, small_public):
    paths = [path for path in small_public.resolve().rglob("*") if path.is_file()]

    for path in paths:
        name = path.relative_to(small_public.resolve()).as_posix()
        assert b"".join(client.get(f"/public/{name}").streaming_content) == path.read_bytes(), name
    assert len(paths) > 30


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (f"{TABLE}.csv", "text/csv; charset=utf-8"),
        (f"{TABLE}.parquet", "application/vnd.apache.parquet"),
        ("agency.json", "application/json"),
        ("areas/neighborhood.geojson", "application/geo+json"),
        ("releases/stops/2017/v2/charts/search_rate.en.wide.svg", "image/svg+xml"),
        ("ledger/checkpoint", "text/plain; charset=utf-8"),
    ],
)
def test_each_kind_of_file_has_its_type_and_can_do_nothing_in_a_browser(client, name, kind):
    response = client.get(f"/public/{name}")

    assert response["Content-Type"] == kind
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]


def test_tables_are_saved_under_a_name_that_says_which_release_they_are_of(client):
    response = client.get(f"/public/{TABLE}.csv")

    assert response["Content-Disposition"] == 'attachment; filename="stops-2017-v2-stops_by_place.csv"'
    assert "Content-Disposition" not in client.get("/public/agency.json").headers


def test_a_release_may_be_kept_for_ever_and_the_ledger_must_be_asked_for(client):
    assert "immutable" in client.get(f"/public/{TABLE}.csv")["Cache-Control"]
    assert client.get("/public/ledger/checkpoint")["Cache-Control"] == "no-cache"


def test_a_file_that_did_not_change_is_not_sent_again(client):
    etag = client.get(f"/public/{TABLE}.csv")["ETag"]

    again = client.get(f"/public/{TABLE}.csv", headers={"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("asked", "part"), [("bytes=0-3", slice(0, 4)), ("bytes=-8", slice(-8, None)), ("bytes=1500-", slice(1500, None))]
)
def test_part_of_a_file_can_be_asked_for(client, small_public, asked, part):
    content = (small_public / f"{TABLE}.parquet").read_bytes()

    response = client.get(f"/public/{TABLE}.parquet", headers={"Range": asked})

    assert response.status_code == 206
    assert response.content == content[part]
    assert response["Content-Range"].endswith(f"/{len(content)}")


def test_a_range_that_cannot_be_met_gets_the_whole(client, small_public):
    response = client.get(f"/public/{TABLE}.parquet", headers={"Range": "bytes=999999-"})

    assert b"".join(response.streaming_content) == (small_public / f"{TABLE}.parquet").read_bytes()


@pytest.mark.parametrize(
    "name",
    ["../keys/ledger.key", "%2e%2e/keys/ledger.key", "releases/../../keys/ledger.key", "link", ".hidden", "releases",
     "", "//etc/passwd"],
)  # fmt: skip
def test_nothing_outside_the_folder_is_served(client, site, small_public, tmp_path, name):
    shutil.copytree(small_public.resolve(), tmp_path / "public")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "ledger.key").write_text("secret")
    (tmp_path / "public" / "link").symlink_to(tmp_path / "keys" / "ledger.key")
    (tmp_path / "public" / ".hidden").write_text("secret")
    site.PUBLIC = tmp_path / "public"

    response = client.get(f"/public/{name}")

    assert response.status_code == 404
    assert b"secret" not in response.content


def test_data_json_has_what_dcat_us_asks_for(client):
    catalogue = client.get("/data.json").json()
    dataset = catalogue["dataset"][0]

    assert catalogue["conformsTo"] == "https://project-open-data.cio.gov/v1.1/schema"
    for key in (
        "title",
        "description",
        "keyword",
        "modified",
        "publisher",
        "contactPoint",
        "identifier",
        "accessLevel",
    ):
        assert dataset[key], key
    assert dataset["contactPoint"]["hasEmail"] == "mailto:records@example.org"
    assert dataset["temporal"] == "2017-01-01/2017-12-31"
    for each in dataset["distribution"]:
        assert client.get(each["downloadURL"].removeprefix("http://testserver")).status_code == 200


def test_the_feed_lists_releases_and_what_is_overdue(client):
    from xml.etree import ElementTree

    atom = "{http://www.w3.org/2005/Atom}"
    feed = ElementTree.fromstring(client.get("/feed.xml").content)
    spanish = ElementTree.fromstring(client.get("/es/feed.xml").content)

    titles = [entry.findtext(f"{atom}title") for entry in feed.iter(f"{atom}entry")]
    assert titles == [
        "Police stops, 2017",
        "Police stops, 2017",
        "Overdue: Use of force, 2017",
        "Broken promise: Calls for service, 2017",
        "Withdrawn: Police stops, 2016",
    ]
    assert feed.find(f"{atom}entry/{atom}link").get("href") == "http://testserver/releases/stops/2017/v2/"
    assert "3.48 times" in feed.findtext(f"{atom}entry/{atom}summary")
    assert spanish.findtext(f"{atom}entry/{atom}title") == "Paradas policiales, 2017"
    assert len({entry.findtext(f"{atom}id") for entry in feed.iter(f"{atom}entry")}) == 5
