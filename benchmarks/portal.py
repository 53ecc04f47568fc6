"""The portal against its goals: weight of the release page, requests a second, and the explorer beside Datasette 0.65.

    python benchmarks/portal.py --public demo-instance/public --datasette benchmarks/.peers/datasette/bin/datasette

Needs wrk (Debian) for the requests a second. Everything runs on this machine, over loopback, for a bounded time.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

SEED = 20170101
# With each dimension's total: 100 x 10 x 40 x 25 cells = 1,000,000 rows.
DIMENSIONS = {"place": 99, "subject_race": 9, "week": 39, "hour": 24}
FACETS = ("place", "subject_race", "hour")
SECONDS = 10


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--public", type=Path, required=True, help="a published folder, such as the demo's")
    arguments.add_argument("--datasette", type=Path, required=True, help="the datasette 0.65 program")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as room:
        page_and_rate(given.public)
        explorer(Path(room), given.datasette)


def page_and_rate(public: Path) -> None:
    with Portal(public) as portal:
        newest = json.loads(fetch(f"{portal.address}/api/v1/releases")[0])[0]
        page = f"/releases/{newest['id']}/"
        print(f"release page {page}, first load, compressed:")
        parts = weigh(portal.address, page)
        for name, size in parts.items():
            print(f"  {size:>8,} {name}")
        print(f"  {sum(parts.values()):>8,} bytes in all (goal: at most 100,000)")
        command = ["wrk", "-t1", "-c16", f"-d{SECONDS}s", "-H", "Accept-Encoding: br", f"{portal.address}{page}"]
        if shutil.which("wrk"):
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
            assert rate is not None
            assert "Non-2xx" not in said, said
            print(f"release page: {float(rate[1]):,.0f} requests a second (goal: 1,000), {' '.join(command[:-1])}")


def weigh(address: str, page: str) -> dict[str, int]:
    """Bytes on the wire for all that a browser fetches before anyone scrolls or opens anything."""
    html, size = fetch(f"{address}{page}")
    text = html.decode()
    head, sizes = text[: text.index("</head>")], {page: size}
    wanted = re.findall(r'<link rel="(?:stylesheet|preload|icon)"[^>]*href="([^"]+)"', head)
    wanted += re.findall(r'<script[^>]*src="([^"]+)"', text)
    for picture in re.findall(r"<picture>.*?</picture>", text):
        if 'loading="lazy"' not in picture:
            wanted += re.findall(r'<img src="([^"]+)"', picture)
    for style in [each for each in wanted if each.endswith(".css")]:
        found = re.findall(r'url\("?([^")]+\.woff2)"?\)', fetch(f"{address}{style}")[0].decode())
        wanted += [urllib.parse.urljoin(style, each) for each in found]
    for each in dict.fromkeys(wanted):
        sizes[each] = fetch(f"{address}{each}")[1]
    return sizes


def explorer(room: Path, datasette: Path) -> None:
    table = million_rows()
    public = write_public(room / "public", table)
    database = write_database(room / "stops.db", table)
    weeks = [f"w{number:02d}" for number in range(1, 40)]
    filters = [{}, *({"week": week} for week in weeks)]
    with Portal(public, workers=1) as ours, Datasette(datasette, database) as theirs:
        base = f"{ours.address}/api/v1/releases/bench/2017/v1/tables/million"
        peer = f"{theirs.address}/stops/million.json"

        def ask_us(number: int, where: dict[str, str]) -> tuple[int, dict[str, dict[str, int]]]:
            # The number makes each address new: nothing is answered from kept pages.
            fields = [("facet", name) for name in FACETS] + [*where.items(), ("limit", "0"), ("asked", str(number))]
            answer = json.loads(fetch(f"{base}/rows?{urllib.parse.urlencode(fields)}")[0])
            return answer["count"], answer["facets"]

        def ask_them(number: int, where: dict[str, str]) -> tuple[int, dict[str, dict[str, int]]]:
            fields = [("_facet", name) for name in FACETS]
            fields += [*where.items(), ("_size", "0"), ("_facet_size", "max"), ("_shape", "objects")]
            answer = json.loads(fetch(f"{peer}?{urllib.parse.urlencode(fields)}")[0])
            facets = {
                name: {str(each["value"]): each["count"] for each in found["results"]}
                for name, found in answer["facet_results"].items()
            }
            return answer["filtered_table_rows_count"], facets

        for where in (filters[0], filters[7]):
            assert ask_us(0, where) == ask_them(0, where), where
        print(f"explorer: {table.num_rows:,} rows, three facets ({', '.join(FACETS)}) and a count; same answers")
        counter = itertools.count(1)
        for name, asked in (("whole table", [{}] * 12), ("one week", filters[1:13])):
            us = timed(lambda where: ask_us(next(counter), where), asked * 10)
            them = timed(lambda where: ask_them(next(counter), where), asked)
            ratio = statistics.median(them) / statistics.median(us)
            print(f"  {name}: comity {said(us)}; datasette {said(them)}; {ratio:.0f} times as fast (goal: 15)")
        page = f"{ours.address}/explore/bench/2017/v1/million/?rows=place&columns=subject_race"
        pages = timed(lambda where: fetch(f"{page}&hour=h07&{urllib.parse.urlencode(where)}"), filters[1:])
        print(f"  the explorer's page with all four filters counted: {said(pages)} (goal: p95 at most 100 ms)")


def million_rows() -> pa.Table:
    """A protected table with every margin; counts under ten are hidden, without complements: only speed is measured."""
    generator = np.random.default_rng(SEED)
    grid = generator.poisson(generator.gamma(1.2, 30, size=tuple(DIMENSIONS.values())))
    for axis in range(grid.ndim):
        grid = np.concatenate([grid, grid.sum(axis=axis, keepdims=True)], axis=axis)
    counts = grid.ravel()
    positions = np.indices(grid.shape).reshape(grid.ndim, -1)
    hidden = (counts > 0) & (counts < 10)
    columns: dict[str, pa.Array] = {}
    for (name, size), position in zip(DIMENSIONS.items(), positions, strict=True):
        codes = [f"{name[0]}{number:02d}" for number in range(1, size + 1)] + ["all"]
        columns[name] = pa.DictionaryArray.from_arrays(pa.array(position.astype(np.int32)), codes).cast(pa.string())
    columns["count"] = pa.array(counts, mask=hidden)
    columns["status"] = pa.array(np.where(hidden, "suppressed", "published"))
    return pa.table(columns)


def write_public(public: Path, table: pa.Table) -> Path:
    folder = public / "releases" / "bench" / "2017" / "v1"
    (folder / "tables").mkdir(parents=True)
    pq.write_table(table, folder / "tables" / "million.parquet")
    text = {"en": "Benchmark"}
    dimensions = [
        {
            "name": name,
            "label": {"en": name},
            "codes": [
                {"code": f"{name[0]}{number:02d}", "label": {"en": f"{name} {number}"}} for number in range(1, size + 1)
            ],
        }
        for name, size in DIMENSIONS.items()
    ]
    described = {"name": "million", "title": text, "measure": "stops", "where": {}, "dimensions": dimensions}
    release = {
        "id": "bench/2017/v1", "dataset": "bench", "period": "2017", "version": 1, "title": text, "agency": text,
        "published": "2018-01-01", "tables": [described], "policy": {"minimum": 10}, "source": {"name": text},
    }  # fmt: skip
    contents = {"release": release, "findings": {}, "methods": {}, "quality": {}, "dictionary": {}, "manifest": {}}
    for name, content in contents.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    (public / "agency.json").write_text(json.dumps({"name": text, "languages": ["en"]}))
    return public


def codes_of(name: str) -> list[dict[str, object]]:
    numbers = range(1, DIMENSIONS[name] + 1)
    return [{"code": f"{name[0]}{number:02d}", "label": {"en": f"{name} {number}"}} for number in numbers]


def write_database(path: Path, table: pa.Table) -> Path:
    """The same rows in SQLite, with an index on each column that is faceted or filtered."""
    names = ", ".join(f"{name} text" for name in DIMENSIONS)
    with sqlite3.connect(path) as connection:
        connection.execute(f"create table million ({names}, count integer, status text)")
        rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
        connection.executemany("insert into million values (?, ?, ?, ?, ?, ?)", rows)
        for name in DIMENSIONS:
            connection.execute(f"create index by_{name} on million ({name})")
        connection.execute("analyze")
    return path


class Served:
    """A server on a free port of this machine, stopped at the end."""

    def __init__(self, command: list[str], pattern: str) -> None:
        self._command, self._pattern = command, pattern

    def __enter__(self) -> Served:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := re.search(self._pattern, line):
                self.address = found[0].rstrip("/")
                break
        else:
            raise SystemExit(f"{self._command[0]} did not start")
        fetch(f"{self.address}/")
        return self

    def __exit__(self, *problem: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)


class Portal(Served):
    def __init__(self, public: Path, *, workers: int = 2) -> None:
        code = (
            "import sys; from pathlib import Path; from comity.site.server import serve; "
            "serve(Path(sys.argv[1]), port=0, workers=int(sys.argv[2]), announce=lambda line: print(line, flush=True))"
        )
        super().__init__([sys.executable, "-c", code, str(public), str(workers)], r"http://127\.0\.0\.1:\d+")


class Datasette(Served):
    def __init__(self, program: Path, database: Path) -> None:
        limits = {"facet_time_limit_ms": 60000, "sql_time_limit_ms": 60000, "facet_suggest_time_limit_ms": 1}
        settings = [word for name, value in limits.items() for word in ("--setting", name, str(value))]
        more = ["--setting", "suggest_facets", "off"]
        command = [str(program), "serve", "-i", str(database), "-p", "8791", *settings, *more]
        super().__init__(command, r"http://127\.0\.0\.1:8791")


def fetch(address: str) -> tuple[bytes, int]:
    """(content, bytes on the wire) as a browser gets it."""
    import brotli

    request = urllib.request.Request(address, headers={"Accept-Encoding": "br"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        body = answer.read()
        content = brotli.decompress(body) if answer.headers.get("Content-Encoding") == "br" else body
    return content, len(body)


def timed(ask: Callable[[dict[str, str]], object], asked: list[dict[str, str]]) -> list[float]:
    """Milliseconds of each question, after one to warm up."""
    ask(asked[0])
    found = []
    for where in asked:
        start = time.perf_counter()
        ask(where)
        found.append((time.perf_counter() - start) * 1000)
    return found


def said(times: list[float]) -> str:
    p95 = sorted(times)[int(len(times) * 0.95) - 1]
    return f"median {statistics.median(times):.1f} ms, p95 {p95:.1f} ms (n = {len(times)})"


if __name__ == "__main__":
    main()
