"""Every mapping primitive gives the same rows on the engine as in plain Python, and the same reasons against them."""

from __future__ import annotations

import csv
import io
import itertools
import random
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from comity.records import parse_mapping
from comity.records.checks import check_rows
from comity.records.engines import ALLOWED_OPERATIONS
from comity.records.engines.embedded import EmbeddedEngine
from comity.records.reading import describe_files
from comity.records.standardise import standardise_in

_spec = spec_from_file_location("reference_records", Path(__file__).parents[1] / "reference" / "records.py")
assert _spec is not None
assert _spec.loader is not None
reference = module_from_spec(_spec)
_spec.loader.exec_module(reference)

EVERYTHING = """
source: Every primitive
record_type: stop
missing: ["", "NA", "n/a"]
columns:
  record_id: id
  date: {from: day, formats: ["%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%d %b %Y"], between: [2000-01-01, 2030-12-31]}
  time: {from: [hour, minute], separator: ":", formats: ["%H:%M", "%I %p:%M"], missing: ["", "99"], otherwise: missing}
  location: {first_of: [street, corner]}
  beat: {from: street, part: {separator: "/", number: 2}}
  district: {from: corner, codes: {A: North, b: missing}}
  lat: lat
  subject_age: {from: age, missing: ["", "0"], between: [10, 110], otherwise: missing}
  subject_race:
    from: race
    codes:
      b: black
      w: white
      somali: {value: somali, within: black, label: {en: Somali, es: Somalí}}
      unk: missing
  officer_perceived_race: race2
  subject_sex: {from: sex, codes: {m: male, f: female}, otherwise: unknown}
  department_name: {value: Test}
  type: {from: race2, codes: {na: pedestrian, black: vehicular}, otherwise: missing}
  arrest_made: {from: outcome, equals: [Arrest, custody]}
  search_person: person
  search_vehicle: {from: car, codes: {X: yes, "-": no}}
  search_conducted: {any_of: [search_person, search_vehicle]}
  frisk_performed: {all_of: [search_person, search_vehicle]}
  contraband_found: found
  search_basis: basis
"""
NAMES = ["id", "day", "hour", "minute", "street", "corner", "lat", "age", "race", "race2", "sex", "outcome"]
NAMES += ["person", "car", "found", "basis"]
EDGES = ["", "NA", " n/a ", "\u00a0", "x", "\tna\n"]
VALUES = {
    "id": ["1", " 2 "],
    "day": ["2017-01-31", "1/2/2017", " 12/31/17", "31/12/2017", "3 Jan 2017", "1899-01-01", "1999-12-31"]
    + ["2017-02-30", "epoch", "Infinity", "01/02/2017\u00a0", "20170101", "2017-01-01 00:00:00"],
    "hour": ["0", "23", "24", "12 PM", "00 am", "99", "-1"],
    "minute": ["0", "59", "60", "99"],
    "street": ["Main/5", "Main/", "/7/", "Main", "//"],
    "corner": ["a", "A ", "B", "c"],
    "lat": ["44.9", "-90", "90.1", "1e1", "nan", "inf", "+5", "4,5", "0x1", ".5", "1e999"],
    "age": ["30", "30.0", "30.5", "0", "9", "110", "111", "-0", "1e2", "99999999999", "thirty"],
    "race": ["B", " w", "Somali", "unk", "black", "martian"],
    "race2": ["Black", "WHITE ", "asian/pacific islander", "na", "green"],
    "sex": ["M", "f ", "q"],
    "outcome": ["ARREST", " custody", "cite"],
    "person": ["Yes", "n", "TRUE", "0", "maybe"],
    "car": ["x", "-", "X ", "yes"],
    "found": ["1", "f", "no"],
    "basis": ["K9", " consent ", "hunch"],
}  # fmt: skip


def on_the_engine(rows: list[dict[str, str]], folder: Path) -> dict[int, tuple[dict, set, set]]:
    """Row number -> values, reasons, dropped; the values of rejected rows are not kept, so they are empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, NAMES, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    (folder / "rows.csv").write_text(text.getvalue(), newline="")
    mapping = parse_mapping(EVERYTHING)
    records = standardise_in(mapping, folder / "rows.csv", folder)
    found = {
        row["raw_row_number"]: ({name: row[name] for name in mapping.columns}, set(), set(row["dropped_values"] or ()))
        for row in pq.read_table(records.path).to_pylist()
    }
    for row in pq.read_table(records.rejects_parquet).to_pylist():
        found[row["raw_row_number"]] = ({}, set(row["reject_reasons"]), set())
    return found


def in_plain_python(rows: list[dict[str, str]]) -> dict[int, tuple[dict, set, set]]:
    mapping = parse_mapping(EVERYTHING)
    expected = {}
    for number, row in enumerate(rows, 1):
        values, reasons, dropped = reference.standard_row(mapping, row)
        expected[number] = ({}, reasons, set()) if reasons else (values, reasons, dropped)
    return expected


def test_each_value_of_each_column_is_read_as_in_plain_python(tmp_path):
    plain = dict.fromkeys(NAMES, "") | {"id": "7", "day": "2017-01-31", "person": "yes", "car": "x"}
    rows = [plain | {name: value} for name in NAMES for value in (*VALUES[name], *EDGES)]
    rows += [
        plain | {"person": p, "car": c, "found": f}
        for p, c, f in itertools.product(["y", "n", ""], ["x", "-", ""], ["1", ""])
    ]
    rows += [plain | {"hour": h, "minute": m} for h, m in itertools.product(VALUES["hour"], VALUES["minute"])]

    assert on_the_engine(rows, tmp_path) == in_plain_python(rows)


def test_any_mixture_of_values_is_read_as_in_plain_python(tmp_path):
    draw = random.Random(11)
    choices = {name: VALUES[name] * 3 + EDGES + ["\u00e9", "O'Neil", "%", "_"] for name in NAMES}
    rows = [{name: draw.choice(values) for name, values in choices.items()} for _ in range(2_000)]

    assert on_the_engine(rows, tmp_path) == in_plain_python(rows)


def operations(expression) -> set[str]:
    import ibis.expr.operations as ops

    found = {type(node).__name__ for node in expression.op().find(ops.Node)}
    return {name for name in found if not name.startswith("_")}  # an engine's own, behind its interface


@pytest.fixture
def everything_compiled(tmp_path):
    (tmp_path / "rows.csv").write_text(",".join(NAMES) + "\n")
    mapping = parse_mapping(EVERYTHING)
    engine = EmbeddedEngine(tmp_path)
    files = describe_files([tmp_path / "rows.csv"], mapping.files)
    engine.stage(files, tmp_path)
    yield check_rows(engine.raw(), mapping, dict(zip(files[0].columns, files[0].raw_names, strict=True)), engine)
    engine.close()


def test_mappings_use_only_operations_that_other_engines_have(everything_compiled):
    used = operations(everything_compiled.rows)

    assert used - ALLOWED_OPERATIONS == set()
    assert ALLOWED_OPERATIONS - used == set(), "an operation no mapping needs is a promise nobody keeps"


def test_each_step_of_the_query_can_be_printed(everything_compiled):
    import ibis

    for name in ("texts", "format 1", "read"):
        assert "SELECT" in ibis.to_sql(everything_compiled.steps[name], dialect="duckdb")
