"""`comity reproduce`: the published numbers follow from the public tables, and a changed one is named."""

from __future__ import annotations

import json
import shutil
import threading
from datetime import date
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from runpy import run_path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from comity.cli.reproduce import command
from comity.instance.create import create_instance
from comity.instance.publish import publish
from comity.instance.reproduce import reproduce

RELEASE = "releases/stops/2017/v1"


@pytest.fixture
def release(demo_instance, tmp_path) -> Path:
    """A copy of the demo's release that a test may spoil, beside its ledger."""
    shutil.copytree(demo_instance / "public", tmp_path / "public")
    return tmp_path / "public" / RELEASE


def first_difference(release: Path) -> str:
    result = CliRunner().invoke(command, [str(release)])
    assert result.exit_code == 1
    return result.output.splitlines()[0]


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def test_every_number_that_the_public_tables_allow_comes_out_as_published(demo_instance):
    result = CliRunner().invoke(command, [str(demo_instance / "public" / RELEASE), "--json"])

    found = json.loads(result.output)
    assert result.exit_code == 0
    assert found["release"] == "stops/2017/v1"
    assert found["differences"] == []
    assert found["agree"] == found["recomputed"] > 2_500
    assert any("veil-of-darkness:black:white" in each for each in found["needs_private_rows"])


def test_a_changed_estimate_is_named_with_what_it_should_be(release):
    change(release / "findings.json", '"estimate": 3.48', '"estimate": 3.58')

    said = first_difference(release)

    assert (
        said
        == "DIFFERS: findings.json, search-rate:black:white, estimate (of its table): published 3.58, recomputed 3.48."
    )


def test_a_changed_estimate_is_named_even_when_its_table_is_changed_with_it(release):
    findings = release / "findings.json"
    findings.write_text(findings.read_text().replace('"estimate": 3.48', '"estimate": 3.58'))

    assert first_difference(release) == (
        "DIFFERS: findings.json, search-rate:black:white, estimate: published 3.58, recomputed 3.48."
    )


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ('"wilson_low": 0.131', '"wilson_low": 0.132', "Black, wilson_low: published 0.132, recomputed 0.131"),
        ('"k": 1344', '"k": 1345', "Black, k: published 1345, recomputed 1344"),
        ('"n": 17929', '"n": 17928', "search-rate:black:white, n: published 17928, recomputed 17929"),
        ("323 in 8,167", "332 in 8,167", "sentence (en): published 332"),
    ],
)
def test_a_changed_number_of_a_finding_is_named(release, before, after, named):
    change(release / "findings.json", before, after)

    assert named in first_difference(release)


def test_a_changed_count_in_a_csv_file_is_named(release):
    change_a_count(release / "tables" / "stops_by_month.csv", "2017-03,all,")

    assert first_difference(release).startswith("DIFFERS: tables/stops_by_month.parquet, month=2017-03: ")


def change_a_count(path: Path, start: str) -> None:
    line = next(each for each in path.read_text().splitlines() if each.startswith(start))
    *codes, count, status = line.split(",")
    change(path, line, ",".join([*codes, str(int(count) + 1), status]))


def test_a_count_that_is_changed_in_csv_and_parquet_still_contradicts_its_total(release):
    table = release / "tables" / "stops_by_month"
    change_a_count(table.with_suffix(".csv"), "2017-03,all,")
    rows = pq.read_table(table.with_suffix(".parquet")).to_pylist()
    for row in rows:
        if (row["month"], row["subject_race"]) == ("2017-03", "all"):
            row["count"] += 1
    schema = pq.read_schema(table.with_suffix(".parquet"))
    pq.write_table(pa.Table.from_pylist(rows, schema), table.with_suffix(".parquet"))

    assert first_difference(release).startswith("DIFFERS: tables/stops_by_month.csv, ")


def test_a_picture_that_shows_another_number_is_named(release):
    change(release / "charts" / "search-rate-black-white.es.narrow.svg", "3.48 (", "2.48 (")

    assert "charts/search-rate-black-white.es.narrow.svg" in first_difference(release)


def test_the_account_of_data_quality_is_compared_with_the_tables(release):
    change(release / "quality.json", '"accepted": 51920', '"accepted": 51910')

    assert "quality.json, accounting" in first_difference(release)


def test_a_served_release_is_recomputed_too(demo_instance):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(demo_instance / "public")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        found = reproduce(f"http://127.0.0.1:{server.server_port}/{RELEASE}")
    finally:
        server.shutdown()

    assert found.differences == ()
    assert found.recomputed > 2_500


def test_a_place_without_a_release_is_refused_in_one_sentence(tmp_path):
    result = CliRunner().invoke(command, [str(tmp_path)])

    assert "has no release.json" in str(result.exception)


def test_intervals_over_places_are_recomputed_where_a_table_counts_by_place_and_hides_nothing(tmp_path):
    """Three beats, two groups, many stops: the cluster-robust interval and the ratio within places follow."""
    folder = tmp_path / "agency"
    create_instance(folder, origin="small-town.example/comity")
    parts = run_path(str(Path(__file__).parents[1] / "instance" / "conftest.py"))
    table = '["beat", "subject_race", "search_conducted"]'
    (folder / "comity.toml").write_text(parts["SETTINGS"].replace('["subject_race", "search_conducted"]', table))
    (folder / "sources" / "stops.yaml").write_text(parts["MAPPING"])
    parts["write_stops"](folder / "sources" / "stops.csv", rows=30_000)

    publish(folder, today=date(2026, 4, 2))

    found = reproduce(str(folder / "public" / "releases" / "stops" / "2026-q1" / "v1"))
    assert found.differences == ()
    assert not [each for each in found.private if "search-rate" in each]
