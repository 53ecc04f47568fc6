"""The invented town is the same each time, publishes two quarters, and no page or file of it could be taken for real."""

from __future__ import annotations

import json
from datetime import date

import pytest

from comity.demo.town.publishing import publish_town
from comity.demo.town.records import write_stops
from comity.errors import ComityError
from comity.instance.settings import read_instance
from comity.ledger import verify


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "sample-town"
    publish_town(folder, today=date(2026, 11, 22))
    return folder


def test_both_quarters_are_published_and_verify(town):
    releases = sorted(path.name for path in (town / "public" / "releases" / "sample_stops").iterdir())

    assert releases == ["2026-q2", "2026-q3"]
    assert verify(town / "public").is_intact


def test_every_file_of_a_release_says_that_it_is_a_sample(town):
    for release in (town / "public" / "releases").glob("*/*/v1"):
        assert "SAMPLE DATA" in json.loads((release / "release.json").read_text())["title"]["en"]
        assert "DATOS DE MUESTRA" in json.loads((release / "release.json").read_text())["title"]["es"]
        assert b"SAMPLE DATA" in (release / "tables" / "notes.txt").read_bytes()
        pictures = list(release.rglob("*.svg"))
        assert pictures
        assert all(b"SAMPLE DATA</text>" in picture.read_bytes() for picture in pictures)
    tables = [path for path in (town / "public").rglob("*") if path.suffix in (".csv", ".parquet")]
    assert tables
    assert all("sample" in path.relative_to(town).as_posix() for path in tables)
    assert json.loads((town / "public" / "agency.json").read_text())["sample"] is True


def test_publishing_it_again_changes_nothing(town):
    before = (town / "public" / "ledger" / "checkpoint").read_bytes()

    publish_town(town, today=date(2026, 11, 23))

    assert (town / "public" / "ledger" / "checkpoint").read_bytes() == before


def test_the_records_are_the_same_for_the_same_seed(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_stops(tmp_path / name, "2026-q2", seed=seed)

    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c


def test_a_sample_whose_files_would_not_say_so_is_refused(town, tmp_path):
    content = (town / "comity.toml").read_text().replace('name = "sample_searches"', 'name = "searches"')
    (tmp_path / "comity.toml").write_text(content)

    with pytest.raises(ComityError, match="'searches' would be a file that does not say so"):
        read_instance(tmp_path)
