"""What counting brings along so that a dataset's policy can be applied: too few officers, record keys, drawn noise.

Secrets and drawn noise are kept beside the dataset's records, which are private: the secret of record keys, so that a
cell is perturbed alike in every release; and every draw of noise, so that publishing again draws nothing anew.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa

from comity.disclosure import Cell, CountTable, Policy
from comity.disclosure.cell_key import KEY, KEYS, record_keys
from comity.disclosure.differential_privacy import NOISY, Budget, draw_noise
from comity.disclosure.sensitivity import SensitivityRules, sensitive_cells
from comity.errors import ComityError
from comity.records import NOT_RECORDED, StandardisedRecords, count

RECORD_ID = "record_id"


def ready_for(policy: Policy, table: CountTable, records: StandardisedRecords) -> CountTable:
    """`table` with what `policy` needs to protect it. Raises ComityError when the records lack a column for that, when
    the privacy budget does not cover the table, or when its noise was drawn for other categories."""
    if policy.method == "cell-key":
        return _with_keys(table, records)
    if policy.method == "dp":
        return _with_drawn_noise(policy, table, records)
    if policy.method == "suppress" and policy.distinct:
        found = [_with_too_few(table, records, column, least) for column, least in policy.distinct.items()]
        return replace(table, sensitive=frozenset().union(*found))
    return table


def privacy_budget(records: StandardisedRecords) -> dict[str, Any] | None:
    """What was spent of the dataset's privacy budget, all periods together; None where no noise was ever drawn."""
    path = _noise_file(records)
    if not path.is_file():
        return None
    found: dict[str, Any] = _budget(json.loads(path.read_bytes()), None).as_record()
    return found


def _with_too_few(table: CountTable, records: StandardisedRecords, column: str, least: int) -> frozenset[Cell]:
    """The cells that rest on fewer than `least` different values; records that say nothing may all be of one."""
    if column not in records.columns:
        raise ComityError(
            f"The policy counts different values of {column!r}, which the records of {records.source} do not have.",
            f"Map that column, or take it out of `distinct`; they have {', '.join(records.columns)}.",
        )
    contributions = count(records, by=[*dict.fromkeys((*table.dimensions, column))], where=table.where)
    return sensitive_cells(table, contributions, SensitivityRules(least_units=least), unit=column, value="count")


def _with_keys(table: CountTable, records: StandardisedRecords) -> CountTable:
    """Sums the keys of the records of each cell, by their record number."""
    if RECORD_ID not in records.columns:
        raise ComityError(
            f"Cell keys need a number of each record, which the records of {records.source} do not have.",
            f"Map the export's own record number to {RECORD_ID}, or use another method.",
        )
    rows = count(records, by=[*table.dimensions, RECORD_ID], where=table.where)
    numbers = rows[RECORD_ID].to_pylist()
    if NOT_RECORDED in numbers:
        raise ComityError(
            f"Some records of {records.source} have no {RECORD_ID}.", "Cell keys need one for each record."
        )
    keys = record_keys(_secret(records), numbers).tolist()
    sums: Counter[tuple[str, ...]] = Counter()
    for *codes, key, number in zip(
        *(rows[name].to_pylist() for name in table.dimensions), keys, rows["count"].to_pylist(), strict=True
    ):
        sums[tuple(codes)] = (sums[tuple(codes)] + key * number) % KEYS
    places = zip(*(table.counts[name].to_pylist() for name in table.dimensions), strict=True)
    by_cell = pa.array([sums[place] for place in places], pa.int64())
    return replace(table, counts=table.counts.append_column(KEY, by_cell))


def _secret(records: StandardisedRecords) -> bytes:
    path = records.folder.parent / "cell-keys.secret"
    if not path.is_file():
        _write_private(path, secrets.token_bytes(32))
    return path.read_bytes()


def _with_drawn_noise(policy: Policy, table: CountTable, records: StandardisedRecords) -> CountTable:
    path = _noise_file(records)
    kept: dict[str, Any] = json.loads(path.read_bytes()) if path.is_file() else {"spent": {}, "draws": {}}
    what = f"{table.name} {records.folder.name}"
    shape = {
        "where": dict(table.where),
        "categories": {name: list(table.categories[name]) for name in table.dimensions},
    }
    draw = kept["draws"].get(what)
    if draw is None:
        assert policy.epsilon is not None
        drawn, after = draw_noise(
            table,
            epsilon=policy.epsilon,
            budget=_budget(kept, policy.epsilon_total),
            period=records.folder.name,
            most_records_a_person=policy.most_records_a_person,
        )
        draws = {**kept["draws"], what: {**shape, NOISY: drawn.counts[NOISY].to_pylist()}}
        _write_private(path, json.dumps({**after.as_record(), "draws": draws}).encode())
        return drawn
    if {key: draw[key] for key in shape} != shape:
        raise ComityError(
            f"The noise of {what!r} was drawn for other categories.",
            "Its budget is spent: publish the table as it was, or under another name, which costs its epsilon again.",
        )
    finest = pa.table(
        {name: pa.array(codes, pa.string()) for name, codes in zip(table.dimensions, _every_place(table), strict=True)}
    )
    noisy = pa.array(draw[NOISY], pa.int64())
    return replace(
        table, counts=finest.append_column("count", pa.array([0] * len(noisy), pa.int64())).append_column(NOISY, noisy)
    )


def _every_place(table: CountTable) -> list[list[str]]:
    """The codes of every finest cell, a list a dimension, in the order in which noise was drawn."""
    places = list(product(*(table.categories[name] for name in table.dimensions)))
    return [list(codes) for codes in zip(*places, strict=True)]


def _budget(kept: dict[str, Any], total: float | None) -> Budget:
    return Budget(kept["total"] if total is None else total, kept["spent"])


def _noise_file(records: StandardisedRecords) -> Path:
    return records.folder.parent / "noise.json"


def _write_private(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.part")
    beside.touch(mode=0o600)
    beside.write_bytes(content)
    beside.replace(path)
