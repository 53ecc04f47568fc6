"""Attack: read every number of the public folder and of the API, not only the tables, and go for the hidden counts."""

from __future__ import annotations

import json
import re
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from comity.disclosure import CountTable, Policy, read_public
from comity.disclosure.tables import Cell
from comity.disclosure.view import Source, look_at
from comity.population import read_population
from comity.records import count, open_records
from comity.releases.build import build_release
from comity.releases.draft import Code, Column, Draft, DraftTable

RELEASE = "releases/stops/2017/v1"
PLACES, GROUPS, MONTHS = ("p1", "p2", "p3", "p4", "p5"), ("black", "white", "other", "not recorded"), ("01", "02", "03")


def texts(text: str) -> dict[str, str]:
    return {"en": text, "es": text}


def table(name: str, dimensions: tuple[str, ...], counts: np.ndarray) -> CountTable:
    codes = {"neighborhood": PLACES, "subject_race": GROUPS, "month": MONTHS}
    places = list(np.ndindex(*counts.shape))
    rows = {d: [codes[d][place[axis]] for place in places] for axis, d in enumerate(dimensions)}
    counted = pa.array([int(counts[place]) for place in places], pa.int64())
    return CountTable(
        name, "stops", dimensions, pa.table({**rows, "count": counted}), {d: codes[d] for d in dimensions}
    )


def release_of(by_place: np.ndarray, by_month: np.ndarray) -> dict[str, bytes]:
    """A release as the main job makes it: two tables, findings on counts of theirs, and an account of data quality."""
    tables = [
        table("by_place", ("neighborhood", "subject_race"), by_place),
        table("by_month", ("month", "subject_race"), by_month),
    ]
    columns = {
        name: Column(name, texts(name), texts(name), [Code(code, texts(code)) for code in codes])
        for name, codes in (("neighborhood", PLACES), ("subject_race", GROUPS), ("month", MONTHS))
    }
    draft = Draft(
        dataset="stops", period="2017", title=texts("Stops"), languages=("en", "es"), agency=texts("A town"),
        measure_label=texts("Stops"), tables=[DraftTable(each, texts(each.name)) for each in tables], columns=columns,
        policy=Policy(cost="log"), policy_reason=texts("Small counts."),
        findings=[share_finding(by_place, place, group) for place in range(5) for group in range(3)],
        methods={"share": {"question": texts("?")}},
        quality={
            "accounting": {"rows": 999, "accepted": int(by_place.sum()), "rejected": 0, "duplicates": 0},
            "missing": [
                {"column": "subject_race", "not_recorded": int(by_place[:, 3].sum()), "unknown": 0,
                 "rows": int(by_place.sum())}
            ],
            "reporting": [{"period": code, "rows": int(by_month[at].sum())} for at, code in enumerate(MONTHS)],
            "files": [{"sha256": "", "bytes": 70 * n, "rows": n} for n in by_month.sum(axis=1).tolist()],
        },
    )  # fmt: skip
    return build_release(draft).versioned(version=1, published=date(2018, 1, 1))


def share_finding(counts: np.ndarray, place: int, group: int) -> dict:
    k, n = int(counts[place, group]), int(counts[place].sum())
    return {
        "id": f"share:{place}:{group}", "method": "share", "headline": None, "sentence": texts(f"{k:,} of {n:,} stops"),
        "verdict": "shows", "reason": None, "estimate": k / n, "low": None, "high": None, "confidence": 0.95, "n": n,
        "counts": [
            {"table": "by_place", "where": {"neighborhood": PLACES[place], "subject_race": GROUPS[group]}},
            {"table": "by_place", "where": {"neighborhood": PLACES[place]}},
        ],
        "figures": [{"label": texts("share"), "estimate": k / n, "k": k, "n": n}], "chart": None,
    }  # fmt: skip


def test_worlds_that_the_tables_do_not_tell_apart_give_the_same_bytes_in_every_file():
    """Hidden counts are changed so that every published cell stays; a file that changes tells something of them."""
    chance = np.random.default_rng(5)
    compared = totals_changed = 0
    for _ in range(12):
        by_place = chance.poisson(np.outer(chance.choice([2.0, 8.0, 40.0], 5), chance.choice([0.15, 1.0, 5.0], 4)))
        by_month = np.stack([chance.multinomial(total, [0.1, 0.2, 0.7]) for total in by_place.sum(axis=0)], axis=1)
        files = release_of(by_place, by_month)
        for place, month in other_worlds(by_place, by_month, files, chance):
            again = release_of(place, month)
            if all(
                again[f"tables/{name}.csv"] == files[f"tables/{name}.csv"] for name in ("by_place", "by_month")
            ):  # else another pattern was chosen
                assert again == files
                compared += 1
                totals_changed += bool((month.sum(axis=0) != by_month.sum(axis=0)).any())
    assert compared >= 10
    assert totals_changed >= 3


def other_worlds(
    by_place: np.ndarray, by_month: np.ndarray, files: dict[str, bytes], chance: np.random.Generator
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Other counts, by whole-number programs, with the same published cells and the same small counts and zeros."""
    counts = np.concatenate([by_place.ravel(), by_month.ravel()])
    where = {("by_place", p, g): [at * 4 + group] for at, p in enumerate(PLACES) for group, g in enumerate(GROUPS)}
    where |= {
        ("by_month", m, g): [20 + at * 4 + group] for at, m in enumerate(MONTHS) for group, g in enumerate(GROUPS)
    }
    for name, codes in (("by_place", PLACES), ("by_month", MONTHS)):
        for code in codes:
            where[name, code, "all"] = [at for g in GROUPS for at in where[name, code, g]]
        for g in (*GROUPS, "all"):
            where[name, "all", g] = [at for code in codes for at in where[name, code, g]]
    fixed, kept = [], []
    for name in ("by_place", "by_month"):
        for line in files[f"tables/{name}.csv"].decode().splitlines()[1:]:
            code, group, _, status = line.split(",")
            row = np.bincount(where[name, code, group], minlength=len(counts))
            (fixed if status == "published" else kept).append(row)
    for group in GROUPS:  # both tables count the same records
        both = np.bincount(where["by_place", "all", group], minlength=len(counts))
        fixed.append(both - np.bincount(where["by_month", "all", group], minlength=len(counts)))
    before = np.array(kept) @ counts if kept else np.zeros(0)
    low, high = np.where(before < 10, 1, 10) - before, np.where(before < 10, 9, np.inf) - before
    found = []
    for _ in range(4):
        moved = milp(
            chance.integers(-9, 10, len(counts)),
            integrality=np.ones(len(counts)),
            bounds=Bounds(np.maximum(-counts, -4), np.full(len(counts), 4)),
            constraints=[
                LinearConstraint(np.array(fixed), 0, 0),
                *([LinearConstraint(np.array(kept), low, high)] if kept else []),
            ],
        ).x
        if moved is not None and np.abs(moved).max() > 0.5:
            other = counts + np.rint(moved).astype(int)
            found.append((other[:20].reshape(5, 4), other[20:].reshape(3, 4)))
    return found


@pytest.fixture(scope="module")
def hidden_counts(demo_instance) -> dict[Cell, int]:
    """What the demo hides, from its private records."""
    records = open_records(demo_instance / "records" / "stops" / "2017")
    found = {}
    for each in read_public(demo_instance / "public")[-1].tables:
        true = count(records, by=list(each.dimensions), where=dict(each.where)).to_pylist()
        for row in each.rows.to_pylist():
            if row["status"] == "suppressed":
                own = {name: row[name] for name in each.dimensions if row[name] != "all"}
                number = sum(one["count"] for one in true if all(one[name] == code for name, code in own.items()))
                found[Cell(each.name, frozenset(own.items()))] = number
    return found


def numbers_of(value: object) -> set[float]:
    if isinstance(value, dict):
        return set().union(*(numbers_of(each) for each in value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*(numbers_of(each) for each in value)) if value else set()
    if isinstance(value, str):
        return {float(each.replace(",", "")) for each in re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?!\w)", value)}
    return {float(value)} if isinstance(value, int | float) and not isinstance(value, bool) else set()


def test_no_large_hidden_count_stands_anywhere_in_the_public_files(demo_instance, hidden_counts):
    """From 200 on, a hidden count that is no published count as well has no reason to stand in a file."""
    release = demo_instance / "public" / RELEASE
    published = {
        row["count"] for each in read_public(demo_instance / "public")[-1].tables for row in each.rows.to_pylist()
    }
    telling = {number for number in hidden_counts.values() if number >= 200} - published
    assert len(telling) > 10

    told: set[float] = set()
    for name in ("findings.json", "quality.json", "methods.json"):
        told |= numbers_of(json.loads((release / name).read_text()))
    about = json.loads((release / "release.json").read_text())
    told |= numbers_of({name: value for name, value in about.items() if name not in ("tables", "published")})
    for picture in (release / "charts").glob("*.svg"):
        for text in re.findall(r">([^<>]+)</text>", picture.read_text()):
            told |= numbers_of(text)

    assert {51_920.0, 1_344.0} <= told  # the reader reads
    assert told & telling == set()


def test_the_loss_of_protecting_is_not_told(demo_instance):
    """With one secondary cell it would be the logarithm of its count."""
    about = json.loads((demo_instance / "public" / RELEASE / "release.json").read_text())

    assert "loss" not in about["protection"]


def test_pictures_have_no_more_digits_than_the_numbers_beside_them(demo_instance):
    """Two picture elements that stand for the same published number stand at the same place: shares of one finding to
    three digits can take few places, where unrounded ones could be read back to the last record."""
    from comity.releases.withholding import rounded_picture

    fine = {
        "data": {"values": [{"share": 0.137677, "minute": 1013.0, "at": 3, "name": "Black"}]},
        "domain": [0.1376774],
    }

    assert rounded_picture(fine) == {
        "data": {"values": [{"share": 0.138, "minute": 1013.0, "at": 3, "name": "Black"}]}, "domain": [0.138]
    }  # fmt: skip


def test_the_stop_rate_within_places_narrows_no_hidden_count(demo_instance):
    """It rests on counts by place, some of them hidden: given the population by place, which is public, it is a linear
    condition on them (Mantel and Haenszel's weights are populations). The outsider adds it to all the sums."""
    release = read_public(demo_instance / "public")[-1]
    view = look_at([Source(release.label, release.tables, release.period)])
    findings = json.loads((demo_instance / "public" / RELEASE / "findings.json").read_text())["findings"]
    rate = next(each for each in findings if each["id"] == "stop-rate-residents:black:white")
    within = next(each for each in rate["figures"] if each["part"] == "sensitivity")
    assert within["estimate"] == 3.5
    people = read_population(demo_instance / "sources" / "minneapolis_neighborhoods.yaml").as_table().to_pylist()
    lived = {(row["place"], row["group"]): row["people"] for row in people}

    cells = {
        tuple(dict(cell.conditions)[name] for name in ("neighborhood", "subject_race")): cell
        for cell in [*view.known, *view.unknown]
        if {name for name, _ in cell.conditions} == {"neighborhood", "subject_race", "period"}
    }
    weights: dict[Cell, tuple[float, float]] = {}
    for (place, group), cell in cells.items():
        black, white = lived.get((place, "black")), lived.get((place, "white"))
        if black and white and group in ("black", "white"):
            share = (white if group == "black" else black) / (black + white)
            weights[cell] = (share, 0.0) if group == "black" else (0.0, share)
    assert 15 < sum(cell in view.unknown for cell in weights) < len(weights)

    def condition(ratio: float) -> tuple[np.ndarray, float]:
        """above - ratio * below, split into unknown counts and the known rest."""
        row, rest = np.zeros(len(view.unknown)), 0.0
        for cell, (above, below) in weights.items():
            if cell in view.known:
                rest += view.known[cell] * (above - ratio * below)
            else:
                row[view.unknown[cell]] += above - ratio * below
        return row, rest

    (low_row, low_rest), (high_row, high_rest) = condition(3.45), condition(3.55)
    equal = np.zeros((len(view.rows), len(view.unknown)))
    for number, (places, signs, _) in enumerate(view.rows):
        np.add.at(equal[number], places, signs)
    right = [side for _, _, side in view.rows]
    least = [(1.0 if cell in view.hidden else 0.0, None) for cell in view.unknown]
    narrow, attacked = [], 0
    for cell in weights:
        if cell in view.unknown:
            ends = []
            for sign in (1.0, -1.0):
                goal = np.zeros(len(view.unknown))
                goal[view.unknown[cell]] = sign
                found = linprog(
                    goal, A_eq=equal, b_eq=right, bounds=least,
                    A_ub=np.stack([-low_row, high_row]), b_ub=[low_rest, -high_rest],
                )  # fmt: skip
                assert found.status in (0, 3), found.message
                ends.append(np.inf if found.status == 3 else sign * found.fun)
            attacked += 1
            if ends[1] - ends[0] < 10 - 1e-6:
                narrow.append((str(cell), ends))
    assert attacked > 15
    assert narrow == []
