"""Attack: an outsider with linear programs goes for every hidden count of random releases and of the demo's files."""

from __future__ import annotations

import csv
import json
import shutil

import pytest
from click.testing import CliRunner

from comity.cli.attack import command
from comity.disclosure import CannotProtect, Policy, attack_public, protect


def test_no_hidden_count_of_random_releases_is_pinned(generator, outsider):
    """A sample; `benchmarks/disclosure.py attack` runs 1,000."""
    attacked = 0

    for seed in range(100, 112):
        try:
            published = protect(generator.random_release(seed), Policy()).published
        except CannotProtect:
            continue
        narrow = {cell: ends for cell, ends in outsider.intervals(published).items() if ends[1] - ends[0] < 10}
        assert narrow == {}
        attacked += 1

    assert attacked >= 10


def test_the_demo_cannot_be_attacked(demo_instance):
    found = attack_public(demo_instance / "public")

    assert found.hidden > 100
    assert (found.exact, found.short, found.complete, found.small_differences) == (0, 0, True, ())


@pytest.fixture
def leaking_folder(demo_instance, tmp_path):
    """The demo with one hidden count put back: the company of that count is then easier to compute."""
    folder = tmp_path / "public"
    shutil.copytree(demo_instance / "public", folder)
    path = next(folder.glob("releases/*/*/v*/tables/stops_by_neighborhood.csv"))
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for place in {row["neighborhood"] for row in rows} - {"all"}:
        hidden = [row for row in rows if row["neighborhood"] == place and row["status"] == "suppressed"]
        total = next(row for row in rows if row["neighborhood"] == place and row["subject_race"] == "all")
        if len(hidden) == 2 and total["status"] == "published":
            shown = sum(int(row["count"]) for row in rows if row["neighborhood"] == place and row["count"]) - int(
                total["count"]
            )
            hidden[0]["status"], hidden[0]["count"] = "published", str((int(total["count"]) - shown) // 2)
            break
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return folder


def test_a_count_put_back_by_hand_is_a_leak_the_command_reports(leaking_folder):
    result = CliRunner().invoke(command, [str(leaking_folder), "--json"])

    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert found["exact"] >= 1
    assert found["short"] >= found["exact"]


def test_the_command_prints_what_it_found(demo_instance):
    result = CliRunner().invoke(command, [str(demo_instance / "public"), "--json"])

    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert {key: found[key] for key in ("exact", "short", "complete")} == {"exact": 0, "short": 0, "complete": True}


def test_a_folder_without_releases_is_named(tmp_path):
    result = CliRunner().invoke(command, [str(tmp_path)])

    assert result.exit_code == 1
    assert "holds no release" in str(result.exception)
