"""A dataset's policy reaches its release: officers behind a cell, cell keys, noise with a budget, and the words for it."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from comity.disclosure import attack_public
from comity.errors import ComityError
from comity.instance.publish import publish

DAY = date(2026, 4, 2)
RELEASE = Path("public/releases/stops/2026-q1/v1")


def with_policy(folder: Path, lines: str) -> Path:
    settings = folder / "comity.toml"
    settings.write_text(settings.read_text() + f"\n[datasets.stops.policy]\n{lines}\n")
    return folder


def published_table(folder: Path, name: str = "stops_by_beat") -> list[dict[str, str]]:
    with (folder / RELEASE / f"tables/{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def release_record(folder: Path) -> dict:
    return json.loads((folder / RELEASE / "release.json").read_text())


def true_counts(folder: Path) -> Counter[tuple[str, str]]:
    names = {"b": "black", "w": "white", "h": "hispanic", "u": "unknown"}
    with (folder / "sources" / "stops.csv").open(newline="") as file:
        return Counter((row["beat"], names[row["race"]]) for row in csv.DictReader(file))


def test_a_count_that_rests_on_two_officers_is_hidden_however_large(small_agency):
    stops = small_agency / "sources" / "stops.csv"
    with stops.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        alone = row["beat"] == "Beat 2" and row["race"] == "b"
        row["officer"] = f"o{number % 2}" if alone else f"p{number % 30}"
    with stops.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    mapping = small_agency / "sources" / "stops.yaml"
    mapping.write_text(mapping.read_text().replace("duplicates:", "  officer_id_hash: officer\nduplicates:"))
    with_policy(small_agency, "distinct = { officer_id_hash = 3 }")

    publish(small_agency, today=DAY)

    status = {(row["beat"], row["subject_race"]): row["status"] for row in published_table(small_agency)}
    assert true_counts(small_agency)["Beat 2", "black"] > 50
    assert status["Beat 2", "black"] == "suppressed"
    assert "suppressed" in (status["Beat 2", "white"], status["Beat 2", "hispanic"], status["Beat 2", "unknown"])
    assert attack_public(small_agency / "public").as_record()["short"] == 0
    policy = release_record(small_agency)["policy"]
    assert policy["distinct"] == {"officer_id_hash": 3}
    assert "fewer than 3 different officers" in policy["how"]["en"]
    assert "menos de 3 agentes diferentes" in policy["how"]["es"]


def test_a_rule_on_a_column_that_the_records_lack_is_refused(small_agency):
    with_policy(small_agency, "distinct = { officer_id_hash = 3 }")

    with pytest.raises(ComityError, match="officer_id_hash"):
        publish(small_agency, today=DAY)

    assert not (small_agency / "public" / "releases").exists()


def test_cell_keys_change_counts_a_little_and_the_same_way_every_time(small_agency):
    with_policy(small_agency, 'method = "cell-key"\nperturbation = { most = 4, variance = 2.0, least_shown = 3 }')

    publish(small_agency, today=DAY)

    truth = true_counts(small_agency)
    shown = {
        (r["beat"], r["subject_race"]): int(r["count"])
        for r in published_table(small_agency)
        if "all" not in (r["beat"], r["subject_race"])
    }
    changes = [shown[place] - truth[place] for place in shown]
    assert any(changes)
    assert max(map(abs, changes)) <= 4
    assert not publish(small_agency, today=DAY).is_new
    assert (small_agency / "records" / "stops" / "cell-keys.secret").stat().st_mode & 0o077 == 0
    record = release_record(small_agency)
    assert record["policy"]["method"] == "cell-key"
    assert "changed by at most 4" in record["policy"]["how"]["en"]
    findings = json.loads((small_agency / RELEASE / "findings.json").read_text())["findings"]
    assert all(each["estimate"] is None and not each["figures"] for each in findings)
    assert attack_public(small_agency / "public").as_record()["hidden"] == 0


def test_noise_is_drawn_once_and_its_budget_is_sealed_with_the_release(small_agency):
    pytest.importorskip("opendp", reason="the extra `dp` is not installed")
    with_policy(small_agency, 'method = "dp"\nepsilon = 1.0\nepsilon_total = 2.5')

    publish(small_agency, today=DAY)

    truth = true_counts(small_agency)
    shown = {(r["beat"], r["subject_race"]): int(r["count"]) for r in published_table(small_agency)}
    noise = [shown[place] - truth[place] for place in truth]
    assert any(noise)
    assert max(map(abs, noise)) < 40
    spent = {"searches 2026-q1": 1.0, "stops_by_beat 2026-q1": 1.0}
    assert release_record(small_agency)["policy"]["budget"] == {"total": 2.5, "spent": spent, "left": 0.5}
    assert not publish(small_agency, today=DAY).is_new

    settings = small_agency / "comity.toml"
    settings.write_text(settings.read_text().replace('period = "2026-q1"', 'period = "2026-q2"'))
    with pytest.raises(ComityError, match=r"0\.5 of 2\.5 is left"):
        publish(small_agency, today=DAY)


def test_a_policy_of_none_publishes_every_count_and_says_so(small_agency):
    with_policy(small_agency, 'method = "none"\nreason.en = "Counts of forms."\nreason.es = "Conteos de formularios."')

    publish(small_agency, today=DAY)

    assert all(row["status"] == "published" for row in published_table(small_agency))
    assert release_record(small_agency)["policy"]["how"]["en"] == "Every count is published as it is."
    notes = (small_agency / RELEASE / "tables" / "notes.txt").read_text()
    assert "Counts of forms." in notes
    assert "Conteos de formularios." in notes
