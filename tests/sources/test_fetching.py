"""Every row once, whatever happens meanwhile; and no change of a source passes in silence."""

from __future__ import annotations

import csv
import gzip
import json
import os
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from tests.sources.replaying import Replaying, stops

from comity.errors import ComityError
from comity.sources import accept, fetch, read_history
from comity.sources.pages import SourceRefused
from comity.sources.settings import SourceSettings, SourceSettingsError, read_sources

pytest.importorskip("httpx")
NOW = datetime(2018, 1, 5, 6, tzinfo=UTC)


@pytest.fixture
def web():
    server = Replaying()
    yield server
    server.close()


def socrata(web, **more):
    return SourceSettings("stops", "socrata", f"{web.address}/resource/abcd-1234", page_rows=10, **more)


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_row_of_a_socrata_data_set_comes_once_and_the_answers_are_kept(web, tmp_path):
    found = fetch(tmp_path, socrata(web), now=NOW)

    rows = rows_of(found.path)
    assert found.path == tmp_path / "sources" / "stops" / "current.csv"
    assert [row["stop_id"] for row in rows] == [row["stop_id"] for row in web.rows]
    assert [row["race"] for row in rows] == [row.get("race", "") for row in web.rows]
    assert json.loads(rows[0]["location"])["coordinates"] == [-93.2, 44.9]
    kept = sorted((tmp_path / "sources" / "stops" / "raw" / "20180105T060000Z").iterdir())
    assert [row for page in kept for row in json.loads(gzip.decompress(page.read_bytes()))] == web.rows
    assert found.fetch.columns == {
        "stop_id": "text",
        "stop_date": "floating_timestamp",
        "race": "text",
        "location": "point",
    }


def test_rows_added_in_the_middle_of_a_fetch_shift_nothing(web, tmp_path):
    def add(number):
        if number == 4:  # after the first page
            web.rows.insert(0, {**web.rows[0], ":id": "row-000000-5", "stop_id": "early"})
            web.rows.append({**web.rows[0], ":id": "row-999999", "stop_id": "late"})

    web.before_answer = add
    found = fetch(tmp_path, socrata(web), now=NOW)

    ids = [row["stop_id"] for row in rows_of(found.path)]
    assert len(ids) == len(set(ids))
    assert {row["stop_id"] for row in stops(25)} <= set(ids)


def test_every_row_of_an_arcgis_layer_comes_once_with_its_date_in_words(web, tmp_path):
    settings = SourceSettings("stops", "arcgis", f"{web.address}/rest/FeatureServer/0")

    rows = rows_of(fetch(tmp_path, settings, now=NOW).path)

    assert [int(row["OBJECTID"]) for row in rows] == list(range(1, 26))
    assert rows[0]["stop_date"] == "2017-01-02T00:00:00+00:00"
    assert {each["resultRecordCount"] for each in web.asked if "resultRecordCount" in each} == {"10"}
    assert all(each.get("returnGeometry") == "false" for each in web.asked if "outFields" in each)


def test_a_busy_service_is_asked_again_after_the_time_it_names(web, tmp_path):
    waited = []
    web.statuses = [503, 429]

    fetch(tmp_path, socrata(web), now=NOW, wait=waited.append)

    assert waited == [1.0, 7.0]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda web: setattr(web, "statuses", [404]), "answered 404"),
        (lambda web: setattr(web, "statuses", [500] * 5), "answered 500"),
        (lambda web: setattr(web, "statuses", [302]), "answered 302"),
        (lambda web: setattr(web, "body", b"<html>Please sign in"), "not JSON"),
        (lambda web: setattr(web, "body", b'{"message": "no"}'), "not a list of rows"),
    ],
)
def test_whatever_is_not_rows_is_refused_in_a_sentence_and_nothing_changes(web, tmp_path, spoil, said):
    fetch(tmp_path, socrata(web), now=NOW)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    spoil(web)

    with pytest.raises(SourceRefused, match=said):
        fetch(tmp_path, socrata(web), now=NOW, wait=lambda seconds: None)

    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert not list((tmp_path / "sources" / "stops").glob(".fetching-*"))


def test_an_arcgis_refusal_that_comes_with_status_200_is_one(web, tmp_path):
    web.body = b'{"error": {"code": 499, "message": "Token Required"}}'

    with pytest.raises(SourceRefused, match="Token Required"):
        fetch(tmp_path, SourceSettings("stops", "arcgis", f"{web.address}/rest/FeatureServer/0"), now=NOW)


def test_pages_that_hold_fewer_rows_than_the_source_says_are_refused(web, tmp_path):
    whole = web.socrata
    web.socrata = lambda params: (
        whole(params) if "$limit" not in params else [r for r in whole(params) if r[":id"] < "row-000012"]
    )

    with pytest.raises(SourceRefused, match="says it has 25 rows, and its pages held 12"):
        fetch(tmp_path, socrata(web), now=NOW)


def drop_column(web):
    web.fields.remove("race")
    web.types.remove("text")


@pytest.mark.parametrize(
    ("change", "alarm"),
    [
        (drop_column, "The column 'race' is gone."),
        (lambda web: (web.fields.append("reason"), web.types.append("text")), "There is a new column 'reason'."),
        (lambda web: web.types.__setitem__(1, "text"), "was of type floating_timestamp and is of type text"),
        (lambda web: web.rows.__delitem__(slice(5, None)), "It had 25 rows and has 5."),
    ],
)
def test_a_feed_that_changes_waits_until_somebody_says_why(web, tmp_path, change, alarm):
    first = fetch(tmp_path, socrata(web), now=NOW)
    before = first.path.read_bytes()
    change(web)

    second = fetch(tmp_path, socrata(web), now=NOW + timedelta(days=1))

    assert second.is_waiting
    assert any(alarm in each for each in second.fetch.alarms)
    assert first.path.read_bytes() == before
    waiting = second.path.read_bytes()

    accept(tmp_path, "stops", because={"en": "The new form has other fields."}, now=NOW + timedelta(days=2))
    assert first.path.read_bytes() == waiting
    assert [each.state for each in read_history(tmp_path, "stops")] == ["taken", "waiting", "accepted"]
    assert not fetch(tmp_path, socrata(web), now=NOW + timedelta(days=3)).is_waiting


def test_what_waits_stays_an_alarm_until_it_is_accepted(web, tmp_path):
    fetch(tmp_path, socrata(web), now=NOW)
    web.rows = web.rows[:5]

    assert [fetch(tmp_path, socrata(web), now=NOW).is_waiting for _ in range(2)] == [True, True]


def test_a_feed_that_falls_silent_gives_alarm_and_its_rows_are_taken(web, tmp_path):
    settings = socrata(web, newest_by="stop_date", expect_days=30)

    talking = fetch(tmp_path, settings, now=NOW)
    silent = fetch(tmp_path, settings, now=NOW + timedelta(days=60))

    assert talking.fetch.alarms == ()
    assert not silent.is_waiting
    assert "more than 30 days ago" in silent.fetch.alarms[0]


@pytest.mark.parametrize("because", ["", "ok", "new form"])
def test_an_acceptance_needs_a_reason(web, tmp_path, because):
    fetch(tmp_path, socrata(web), now=NOW)
    web.rows = web.rows[:5]
    fetch(tmp_path, socrata(web), now=NOW)

    with pytest.raises(ComityError, match="reason"):
        accept(tmp_path, "stops", because={"en": because} if because else {}, now=NOW)


def test_a_token_goes_in_its_header_and_nowhere_else(web, tmp_path, monkeypatch):
    monkeypatch.setenv("OPEN_DATA_TOKEN", "the-secret-token")
    fetch(tmp_path, socrata(web, token="OPEN_DATA_TOKEN"), now=NOW)

    assert {each["token"] for each in web.asked} == {"the-secret-token"}
    assert not any(b"the-secret-token" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_the_newest_whole_file_of_a_folder_is_the_source(tmp_path):
    drop = tmp_path / "drop"
    drop.mkdir()
    for name, age, content in (("a.csv", 7200, "id\n1\n"), ("b.csv", 600, "id\n1\n2\n"), ("c.csv", 5, "id\n1")):
        (drop / name).write_text(content)
        os.utime(drop / name, (NOW.timestamp() - age,) * 2)

    found = fetch(tmp_path, SourceSettings("stops", "folder", str(drop / "*.csv")), now=NOW)

    assert [row["id"] for row in rows_of(found.path)] == ["1", "2"]


def test_a_file_with_a_short_line_is_refused_with_its_number(tmp_path):
    (tmp_path / "a.csv").write_text("id,race\n1,B\n2\n")
    os.utime(tmp_path / "a.csv", (NOW.timestamp() - 600,) * 2)

    with pytest.raises(SourceRefused, match=r"Line 3 of a\.csv has 1 values and the header 2"):
        fetch(tmp_path, SourceSettings("stops", "folder", str(tmp_path / "*.csv")), now=NOW)


@pytest.fixture
def table():
    """Name of a table of three stops in PostgreSQL."""
    psycopg = pytest.importorskip("psycopg")
    try:
        connection = psycopg.connect("postgresql://postgres@127.0.0.1/test", autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        pytest.skip("PostgreSQL does not answer on 127.0.0.1:5432")
    name = f"stops_{uuid.uuid4().hex[:8]}"
    with connection:
        connection.execute(f"CREATE TABLE {name} (id int, at timestamp, searched boolean, note text)")
        connection.execute(
            f"INSERT INTO {name} VALUES (1, '2017-01-02 03:04:05', true, 'a, \"b\"'), (2, NULL, false, NULL), (3, NULL, NULL, '')"
        )
        yield name
        connection.execute(f"DROP TABLE {name}")


def test_a_query_of_postgresql_is_read_in_batches(table, tmp_path):
    settings = SourceSettings(
        "stops",
        "database",
        "postgresql://postgres@127.0.0.1:5432/test",
        query=f"SELECT * FROM {table} ORDER BY id",
        page_rows=2,
    )

    rows = rows_of(fetch(tmp_path, settings, now=NOW).path)

    assert rows[0] == {"id": "1", "at": "2017-01-02 03:04:05", "searched": "true", "note": 'a, "b"'}
    assert [row["searched"] for row in rows] == ["true", "false", ""]


def test_a_wrong_query_and_a_missing_password_are_told_in_a_sentence(table, tmp_path):
    address = "postgresql://postgres@127.0.0.1:5432/test"

    with pytest.raises(SourceRefused, match="refused the query"):
        fetch(
            tmp_path, SourceSettings("stops", "database", address, query="SELECT nothing_there FROM nowhere"), now=NOW
        )
    with pytest.raises(SourceRefused, match="is not the name of a table"):
        fetch(tmp_path, SourceSettings("stops", "database", address, query="stops;drop"), now=NOW)
    with pytest.raises(SourceRefused, match="no RMS_PASSWORD_THAT_IS_NOT_SET"):
        secret = "postgresql://reader:$RMS_PASSWORD_THAT_IS_NOT_SET@127.0.0.1/test"
        fetch(tmp_path, SourceSettings("stops", "database", secret, query=table), now=NOW)


def test_a_password_is_never_in_a_refusal(tmp_path, monkeypatch):
    pytest.importorskip("psycopg")
    monkeypatch.setenv("RMS_PASSWORD", "the-secret-word")
    settings = SourceSettings("stops", "database", "postgresql://reader:$RMS_PASSWORD@127.0.0.1:1/rms", query="stops")

    with pytest.raises(SourceRefused) as refused:
        fetch(tmp_path, settings, now=NOW)
    assert "the-secret-word" not in str(refused.value)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('[sources.stops]\nkind = "ftp"\nurl = "x"', "kind = 'ftp'"),
        ('[sources.stops]\nkind = "socrata"', "has no url"),
        ('[sources.stops]\nkind = "socrata"\nurl = "x"\npage_row = 5', "Did you mean 'page_rows'"),
        ('[sources.stops]\nkind = "socrata"\nurl = "x"\npage_rows = "5"', "page_rows = '5'"),
        ('[sources.stops]\nkind = "database"\nurl = "x"', "has no query"),
        ('[sources.stops]\nkind = "socrata"\nurl = "x"\nnewest_by = "day"', "newest_by and expect_days"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_with_their_value(tmp_path, toml, said):
    (tmp_path / "comity.toml").write_text(toml)

    with pytest.raises(SourceSettingsError, match=said):
        read_sources(tmp_path)
