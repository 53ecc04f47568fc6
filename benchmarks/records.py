"""Messy stops, CSV to checked Parquet with rejects and reasons: Comity beside pandas and hand-written DuckDB SQL.

    python benchmarks/records.py pandas --peer /path/to/python    1M rows, wall time; a Python with pandas and pyarrow
    python benchmarks/records.py sql                              10M rows, CPU
    python benchmarks/records.py memory                           peak memory at 10M and 20M rows

Every run is a process of its own; contenders alternate, and medians are compared. All must agree on how many rows are
accepted, rejected and duplicate, and on the reasons, or the benchmark stops.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
DATA = HERE / ".data"
COLUMNS = ["id", "date", "race", "sex", "age", "lat", "lng", "neighborhood", "precinct", "problem"]
COLUMNS.extend(["person_search", "vehicle_search", "citation", "reason"])
FORMATS = ("%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M", "%d %b %Y %H:%M")
MISSING = ("", "na", "n/a")
RACES = dict.fromkeys(["black", "b", "african american"], "black") | dict.fromkeys(["white", "w"], "white")
RACES |= dict.fromkeys(["hispanic", "latino", "h"], "hispanic") | dict.fromkeys(
    ["asian", "a"], "asian/pacific islander"
)
RACES |= {"native american": "other", "other": "other", "unknown": "unknown", "u": "unknown"}
SEXES = {"m": "male", "male": "male", "f": "female", "female": "female", "x": "nonbinary", "unknown": "unknown"}
TYPES = {"traffic": "vehicular", "suspicious": "pedestrian"}
YES_NO = {"yes": "yes", "no": "no"}
MAPPING = f"""
source: Synthetic stops
record_type: stop
time_zone: America/Chicago
missing: {json.dumps(list(MISSING))}
columns:
  record_id: id
  date: {{from: date, formats: {json.dumps(FORMATS)}, between: [2016-01-01, 2017-12-31]}}
  time: {{from: date, formats: {json.dumps(FORMATS)}}}
  subject_race: {{from: race, codes: {json.dumps(RACES)}}}
  subject_sex: {{from: sex, codes: {json.dumps(SEXES)}}}
  subject_age: {{from: age, between: [10, 110]}}
  lat: lat
  lng: lng
  neighborhood: neighborhood
  precinct: precinct
  type: {{from: problem, codes: {json.dumps(TYPES)}}}
  search_person: {{from: person_search, codes: {json.dumps(YES_NO)}}}
  search_vehicle: {{from: vehicle_search, codes: {json.dumps(YES_NO)}}}
  search_conducted: {{any_of: [search_person, search_vehicle]}}
  citation_issued: {{from: citation, codes: {json.dumps(YES_NO)}}}
  reason_for_stop: reason
duplicates: {{key: id, order_by: [date, time]}}
"""


def generate(rows: int, *, seed: int = 1) -> Path:
    """A CSV file of messy stops: three date formats, codes in any case, bad dates, ages and codes, repeated ids."""
    import duckdb

    def draw(name: str) -> str:
        return f"(hash(i, '{name}', {seed}) % 1000000)::BIGINT"

    def pick(name: str, words: list[str]) -> str:
        return f"(['{"','".join(words)}'])[1 + {draw(name)} % {len(words)}]"

    path = DATA / f"stops_{rows}_{seed}.csv"
    if path.exists():
        return path
    DATA.mkdir(exist_ok=True)
    races = ["Black"] * 6 + ["White"] * 6 + ["Hispanic"] * 3
    races += ["black", "WHITE", " Latino", "B", "W ", "H", "Asian", "Native American", "Unknown", "NA", ""]
    sexes = ["Male", "Male", "MALE", "M", "Female", "F", "female ", "Unknown", "", "X"]
    reasons = ["Speeding", "Moving violation, other", 'Said "stop"', "Broken light", "Call; man with bag", "Two\nlines"]
    bad_dates = ["31/31/2016 10:00", "unknown", "2016-02-30 09:00:00", "00/00/0000"]
    moment = f"(TIMESTAMP '2016-01-01' + to_seconds({draw('day')} % 731 * 86400 + {draw('second')} % 86400))"
    number = f"CASE WHEN {draw('again')} < 5000 THEN i - 1 - {draw('back')} % 50 ELSE i END"
    columns = {
        "id": f"'MP' || lpad(({number})::VARCHAR, 9, '0')",
        "date": f"""CASE WHEN {draw("bad date")} < 4000 THEN {pick("worse", bad_dates)}
            WHEN {draw("format")} < 550000 THEN strftime({moment}, '%Y-%m-%d %H:%M:%S')
            WHEN {draw("format")} < 900000 THEN strftime({moment}, '%m/%d/%Y %H:%M')
            ELSE strftime({moment}, '%d %b %Y %H:%M') END""",
        "race": f"CASE WHEN {draw('bad race')} < 3000 THEN 'Klingon' ELSE {pick('race', races)} END",
        "sex": pick("sex", sexes),
        "age": f"""CASE WHEN {draw("bad age")} < 3000 THEN {pick("worse age", ["-4", "999", "young", "3.5"])}
            WHEN {draw("no age")} < 50000 THEN '' ELSE (12 + {draw("age")} % 80)::VARCHAR END""",
        "lat": f"round(44.89 + {draw('lat')} % 160000 / 1e6, 6)",
        "lng": f"round(-93.33 + {draw('lng')} % 140000 / 1e6, 6)",
        "neighborhood": f"'Neighborhood ' || ({draw('hood')} % 87)",
        "precinct": f"{draw('hood')} % 87 % 5 + 1",
        "problem": pick("problem", ["traffic", "suspicious", "Traffic "]),
        "person_search": pick("person", ["NO", "NO", "NO", "YES", "NA", "no"]),
        "vehicle_search": pick("car", ["NO", "NO", "YES", "NA"]),
        "citation": pick("citation", ["YES", "NO", "NA"]),
        "reason": pick("reason", reasons),
    }
    selected = ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
    partial = path.with_suffix(".partial")
    duckdb.connect(config={"threads": 1}).execute(
        f"COPY (SELECT {selected} FROM range(1, {rows + 1}) t(i)) TO '{partial}' (FORMAT csv, HEADER true)"
    )
    partial.rename(path)
    return path


# --- Comity ---------------------------------------------------------------------------------------------------------


def run_comity(source: Path, into: Path) -> dict:
    from comity.records import parse_mapping, standardise

    account = standardise(parse_mapping(MAPPING), source, into / "records").accounting
    return _result(account.accepted, account.rejected, account.duplicates, account.rejects_by_reason)


# --- the peers ------------------------------------------------------------------------------------------------------


def hand_written_sql(source: Path, into: Path) -> dict:
    """The same result by DuckDB SQL written for this one file, in memory, with repeated keys found first."""
    import duckdb

    def text(name: str) -> str:
        return f"CASE WHEN lower(trim({name})) IN {MISSING} THEN NULL ELSE trim({name}) END AS t_{name}"

    def coded(name: str, codes: dict[str, str]) -> str:
        return f"CASE lower(t_{name}) {' '.join(f"WHEN '{word}' THEN '{code}'" for word, code in codes.items())} END"

    def yes_no(name: str) -> str:
        return coded(name, {"yes": "true", "no": "false"}) + "::BOOLEAN"

    read = {
        "subject_race": ("race", coded("race", RACES)),
        "subject_sex": ("sex", coded("sex", SEXES)),
        "type": ("problem", coded("problem", TYPES)),
        "search_person": ("person_search", yes_no("person_search")),
        "search_vehicle": ("vehicle_search", yes_no("vehicle_search")),
        "citation_issued": ("citation", yes_no("citation")),
    }
    first, second, third = FORMATS
    unread = "t_date IS NOT NULL AND moment IS NULL"
    reasons = {
        "date: it is missing": "t_date IS NULL",
        "date: it follows none of the formats": unread,
        "date: it is outside 2016-01-01 to 2017-12-31": "moment::DATE NOT BETWEEN '2016-01-01' AND '2017-12-31'",
        "time: it follows none of the formats": unread,
        "lat: it is not a number": "t_lat IS NOT NULL AND lat_read IS NULL",
        "lat: it is outside -90 to 90": "lat_read NOT BETWEEN -90 AND 90",
        "lng: it is not a number": "t_lng IS NOT NULL AND lng_read IS NULL",
        "lng: it is outside -180 to 180": "lng_read NOT BETWEEN -180 AND 180",
        "subject_age: it is not a whole number": "t_age IS NOT NULL AND coalesce(age_read <> floor(age_read), true)",
        "subject_age: it is outside 10 to 110": "age_read = floor(age_read) AND age_read NOT BETWEEN 10 AND 110",
    } | {
        f"{to}: it is not in the code list": f"t_{name} IS NOT NULL AND {to} IS NULL" for to, (name, _) in read.items()
    }
    listed = ", ".join(f"CASE WHEN {where} THEN '{reason}' END" for reason, where in reasons.items())
    raw_columns = ", ".join(f"raw_{name}" for name in COLUMNS)
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in COLUMNS)
    db = duckdb.connect(config={"threads": 2, "preserve_insertion_order": False})
    db.execute("SET enable_progress_bar = false")
    db.execute(f"""
        CREATE TABLE checked AS
        WITH raw AS (
            SELECT row_number() OVER () AS raw_row_number, *
            FROM read_csv('{source}', header = true, delim = ',', quote = '"', escape = '"', auto_detect = false,
                columns = {{{types}}}, store_rejects = true)),
        texts AS (SELECT *, {", ".join(text(name) for name in COLUMNS)} FROM raw),
        one AS (SELECT *, try_strptime(t_date, '{first}') AS d1 FROM texts),
        two AS (SELECT *, CASE WHEN d1 IS NULL THEN try_strptime(t_date, '{second}') END AS d2 FROM one),
        three AS (
            SELECT *, CASE WHEN d1 IS NULL AND d2 IS NULL THEN try_strptime(t_date, '{third}') END AS d3 FROM two),
        read AS (
            SELECT *, coalesce(d1, d2, d3) AS moment,
                CASE WHEN d1 IS NOT NULL THEN 1 WHEN d2 IS NOT NULL THEN 2
                    WHEN d3 IS NOT NULL THEN 3 END AS date_format,
                try_cast(t_age AS DOUBLE) AS age_read, try_cast(t_lat AS DOUBLE) AS lat_read,
                try_cast(t_lng AS DOUBLE) AS lng_read, {", ".join(f"{sql} AS {to}" for to, (_, sql) in read.items())}
            FROM three)
        SELECT raw_row_number, t_id AS record_id, moment::DATE AS date, moment::TIME AS time, lat_read AS lat,
            lng_read AS lng, t_neighborhood AS neighborhood, t_precinct AS precinct, age_read::INTEGER AS subject_age,
            {", ".join(read)}, search_person OR search_vehicle AS search_conducted, t_reason AS reason_for_stop,
            date_format, {", ".join(f"{name} AS raw_{name}" for name in COLUMNS)},
            list_filter([{listed}], lambda x: x IS NOT NULL) AS reasons
        FROM read""")
    db.execute("""
        CREATE TABLE copies AS
        WITH repeated AS (SELECT record_id FROM checked WHERE len(reasons) = 0 GROUP BY record_id HAVING count(*) > 1)
        SELECT raw_row_number FROM checked WHERE len(reasons) = 0 AND record_id IN (FROM repeated)
        QUALIFY row_number() OVER (PARTITION BY record_id ORDER BY date, time, raw_row_number) > 1""")
    accepted, rejects = f"'{into}/accepted.parquet'", f"'{into}/rejects.parquet'"
    db.execute(f"""COPY (SELECT * EXCLUDE (reasons) FROM checked
        WHERE len(reasons) = 0 AND raw_row_number NOT IN (FROM copies)) TO {accepted}""")
    db.execute(f"COPY (SELECT raw_row_number, reasons, {raw_columns} FROM checked WHERE len(reasons) > 0) TO {rejects}")
    db.execute(f"""COPY (SELECT raw_row_number, array_to_string(reasons, '; ') AS reasons, {raw_columns} FROM {rejects}
        ORDER BY raw_row_number) TO '{into}/rejects.csv'""")
    db.execute(f"SELECT date_format, count(*) FROM {accepted} GROUP BY 1").fetchall()
    db.execute(f"SELECT count(COLUMNS(*)) FROM {accepted}").fetchall()
    told = db.execute(f"SELECT unnest(reasons) AS r, count(*) FROM {rejects} GROUP BY r").fetchall()
    sizes = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in (accepted, rejects, "copies")]
    return _result(*sizes, dict(told))


def pandas_script(source: Path, into: Path) -> dict:
    """The same result as an analyst writes it: text columns, vectorised conversions, reasons where there are any."""
    import pandas as pd

    raw = pd.read_csv(source, dtype=str, keep_default_na=False)
    text = raw.apply(lambda column: column.str.strip())
    text = text.mask(text.apply(lambda column: column.str.lower().isin(MISSING)))
    moment, date_format = None, pd.Series(pd.NA, index=raw.index, dtype="Int8")
    for number, each in enumerate(FORMATS, 1):
        rest = text["date"] if moment is None else text["date"].where(moment.isna())
        parsed = pd.to_datetime(rest, format=each, errors="coerce")
        date_format = date_format.mask(parsed.notna(), number)
        moment = parsed if moment is None else moment.fillna(parsed)
    out = pd.DataFrame(
        {"record_id": text["id"], "date": moment.dt.date, "time": moment.dt.time, "date_format": date_format}
    )
    for name in ("neighborhood", "precinct"):
        out[name] = text[name]
    out["reason_for_stop"] = text["reason"]
    codes = {"race": ("subject_race", RACES), "sex": ("subject_sex", SEXES), "problem": ("type", TYPES)}
    yes_no = {"yes": True, "no": False}
    codes |= {
        name: (to, yes_no)
        for name, to in {
            "person_search": "search_person",
            "vehicle_search": "search_vehicle",
            "citation": "citation_issued",
        }.items()
    }
    against = {
        "date: it is missing": text["date"].isna(),
        "date: it follows none of the formats": text["date"].notna() & moment.isna(),
        "time: it follows none of the formats": text["date"].notna() & moment.isna(),
        "date: it is outside 2016-01-01 to 2017-12-31": (moment < "2016-01-01") | (moment >= "2018-01-01"),
    }
    for name, (to, table) in codes.items():
        out[to] = text[name].str.lower().map(table)
        against[f"{to}: it is not in the code list"] = text[name].notna() & out[to].isna()
    for name, low, high in (("lat", -90, 90), ("lng", -180, 180), ("age", 10, 110)):
        to = "subject_age" if name == "age" else name
        number = pd.to_numeric(text[name], errors="coerce")
        is_number = number.notna() & ((number % 1 == 0) if name == "age" else True)
        against[f"{to}: it is not a {'whole ' if name == 'age' else ''}number"] = text[name].notna() & ~is_number
        against[f"{to}: it is outside {low} to {high}"] = is_number & ~number.between(low, high)
        out[to] = number
    out["search_conducted"] = out["search_person"].astype("boolean") | out["search_vehicle"].astype("boolean")
    out = pd.concat([out, raw.add_prefix("raw_")], axis=1)
    out["raw_row_number"] = raw.index + 1
    flags = pd.DataFrame(against)
    is_rejected = flags.any(axis=1)
    wrong = flags[is_rejected]
    rejects = raw[is_rejected].assign(raw_row_number=out["raw_row_number"])
    rejects["reject_reasons"] = [
        [name for name, flag in zip(wrong.columns, row, strict=True) if flag] for row in wrong.to_numpy()
    ]
    accepted = out[~is_rejected].sort_values(["record_id", "date", "time", "raw_row_number"])
    is_copy = accepted.duplicated("record_id") & accepted["record_id"].notna()
    duplicates = int(is_copy.sum())
    accepted = accepted[~is_copy]
    accepted["subject_age"] = accepted["subject_age"].astype("Int32")
    accepted.to_parquet(into / "accepted.parquet")
    rejects.to_parquet(into / "rejects.parquet")
    rejects.assign(reject_reasons=rejects["reject_reasons"].str.join("; ")).to_csv(into / "rejects.csv", index=False)
    accepted["date_format"].value_counts()
    accepted.isna().sum()
    return _result(len(accepted), len(rejects), duplicates, {name: int(n) for name, n in wrong.sum().items() if n})


def _result(accepted: int, rejected: int, duplicates: int, reasons: dict[str, int]) -> dict:
    return {
        "accepted": accepted,
        "rejected": rejected,
        "duplicates": duplicates,
        "reasons": dict(sorted(reasons.items())),
    }


# --- measuring ------------------------------------------------------------------------------------------------------

RUNS = {"comity": run_comity, "sql": hand_written_sql, "pandas": pandas_script}


def measure(which: str, source: Path, python: str) -> dict:
    """One run in a process of its own: seconds and CPU seconds with start-up, peak memory in MiB, result."""
    into = DATA / f"out-{which}"
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir()
    start = time.perf_counter()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(DATA / "bytecode")  # as in an installed package, for every contender
    done = subprocess.run(
        [python, __file__, "once", which, str(source), str(into)],
        capture_output=True,
        text=True,
        timeout=1800,
        env=environment,
    )
    seconds = time.perf_counter() - start
    shutil.rmtree(into)
    if done.returncode:
        raise SystemExit(done.stderr)
    return {"seconds": seconds, **json.loads(done.stdout.splitlines()[-1])}


def once(which: str, source: Path, into: Path) -> None:
    result = RUNS[which](source, into)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"result": result, "cpu": used.ru_utime + used.ru_stime, "peak_mib": used.ru_maxrss / 1024}))


def compare(peer: str, rows: int, repeats: int, peer_python: str) -> None:
    source = generate(rows)
    runs: dict[str, list[dict]] = {"comity": [], peer: []}
    for which in runs:  # once on little data, so that bytecode is there
        measure(which, generate(10_000), peer_python if which == "pandas" else sys.executable)
    for _ in range(repeats):
        for which in runs:
            run = measure(which, source, peer_python if which == "pandas" else sys.executable)
            runs[which].append(run)
            print(f"{which:7} {run['seconds']:7.1f} s  {run['cpu']:7.1f} CPU s  {run['peak_mib']:6.0f} MiB", flush=True)
    results = [json.dumps(run["result"], sort_keys=True) for each in runs.values() for run in each]
    if len(set(results)) > 1:
        raise SystemExit("The results differ:\n" + "\n".join(sorted(set(results))))
    print(f"{rows:,} rows, load {os.getloadavg()[0]:.1f}; all agree: {results[0]}")
    for measured in ("seconds", "cpu", "peak_mib"):
        ours, theirs = (statistics.median(run[measured] for run in runs[which]) for which in runs)
        print(f"{measured}: comity {ours:.1f}, {peer} {theirs:.1f}, ratio {ours / theirs:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["pandas", "sql", "memory", "once"])
    parser.add_argument("rest", nargs="*")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer", default=sys.executable, help="the Python of the pandas environment")
    given = parser.parse_args()
    if given.what == "once":
        once(given.rest[0], Path(given.rest[1]), Path(given.rest[2]))
    elif given.what == "memory":
        for rows in (10_000_000, 20_000_000):
            run = measure("comity", generate(rows), sys.executable)
            print(
                f"{rows:,} rows: {run['seconds']:.1f} s, {run['cpu']:.1f} CPU s, {run['peak_mib']:.0f} MiB", flush=True
            )
    else:
        compare(
            given.what, given.rows or {"pandas": 1_000_000, "sql": 10_000_000}[given.what], given.repeats, given.peer
        )


if __name__ == "__main__":
    main()
