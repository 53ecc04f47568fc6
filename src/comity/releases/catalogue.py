"""What a public folder says, read back: agency, calendar, releases, tables, findings, quality, dictionary.

Reads only the files that docs/reference/release-format.md and release-json.md describe, so anyone's mirror of a public
folder reads the same. Nothing is written, and nothing is trusted to be there: a missing optional key is absent, and a
broken file is a `BrokenRelease` that names it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from comity.errors import ComityError
from comity.releases.breaks import Break, read_breaks
from comity.releases.changes import CHANGES
from comity.releases.promises import BROKEN, Step, deadline, missing_from, read_promises
from comity.releases.withdrawals import Withdrawal, read_withdrawals

Text = Mapping[str, str]

TOTAL = "all"
NOT_RECORDED = "not recorded"


class BrokenRelease(ComityError):
    """A public folder does not hold what its format says."""


@dataclass(frozen=True)
class Code:
    """One code of a dimension; `parent` is the code it rolls up to, or None."""

    code: str
    label: Text
    parent: str | None


@dataclass(frozen=True)
class Dimension:
    """One column that a table is divided by. `codes` leaves out `all`."""

    name: str
    label: Text
    codes: tuple[Code, ...]
    is_place: bool

    @cached_property
    def by_code(self) -> dict[str, Code]:
        return {each.code: each for each in self.codes}

    @cached_property
    def in_tree_order(self) -> tuple[tuple[Code, int], ...]:
        """Codes with their depth, each parent before its children."""
        children: dict[str | None, list[Code]] = {}
        for code in self.codes:
            children.setdefault(code.parent if code.parent in self.by_code else None, []).append(code)

        def below(parent: str | None, depth: int) -> Iterator[tuple[Code, int]]:
            for code in children.get(parent, ()):
                yield code, depth
                yield from below(code.code, depth + 1)

        return tuple(below(None, 0))


@dataclass(frozen=True)
class Table:
    """One protected table of a release, as release.json describes it; `comity.releases.explore` reads its numbers."""

    name: str
    title: Text
    description: Text | None
    measure: str
    measure_label: Text
    where: Mapping[str, str]
    dimensions: tuple[Dimension, ...]
    path: Path

    def dimension(self, name: str) -> Dimension | None:
        return next((each for each in self.dimensions if each.name == name), None)

    @property
    def parquet(self) -> Path:
        return self.path / "tables" / f"{self.name}.parquet"

    @property
    def csv(self) -> Path:
        return self.path / "tables" / f"{self.name}.csv"


@dataclass(frozen=True)
class Chart:
    """A picture of one finding; files `charts/<name>.<language>.<wide|narrow>.svg` of its release."""

    name: str
    finding: str
    alt: Text


@dataclass(frozen=True)
class Release:
    """One immutable version of one dataset for one period."""

    path: Path
    address: str
    dataset: str
    period: str
    version: int
    title: Text
    description: Text | None
    published: date
    agency: Text
    covers: tuple[date, date] | None
    headline: str | None
    tables: tuple[Table, ...]
    charts: tuple[Chart, ...]
    policy: Mapping[str, Any]
    source: Mapping[str, Any]
    licence: str | None
    next_due: date | None
    supersedes: str | None
    correction: Text | None
    attachments: tuple[Mapping[str, Any], ...] = ()

    @property
    def id(self) -> str:
        return f"{self.dataset}/{self.period}/v{self.version}"

    def table(self, name: str) -> Table | None:
        return next((each for each in self.tables if each.name == name), None)

    def chart(self, name: str) -> Chart | None:
        return next((each for each in self.charts if each.name == name), None)

    @cached_property
    def findings(self) -> tuple[Mapping[str, Any], ...]:
        """findings.json's records, the headline first."""
        records = _read(self.path / "findings.json").get("findings", [])
        return tuple(sorted(records, key=lambda each: each["id"] != self.headline))

    def finding(self, id: str) -> Mapping[str, Any] | None:
        return next((each for each in self.findings if each["id"] == id), None)

    @cached_property
    def methods(self) -> Mapping[str, Mapping[str, Any]]:
        methods: Mapping[str, Mapping[str, Any]] = _read(self.path / "methods.json").get("methods", {})
        return methods

    @cached_property
    def quality(self) -> Mapping[str, Any]:
        return _read(self.path / "quality.json")

    @cached_property
    def left_out(self) -> tuple[Mapping[str, Any], ...]:
        """Promised tables and findings that it lacks, each with its reason."""
        return tuple(_read(self.path / "left_out.json", missing={}).get("left_out", []))

    @cached_property
    def changes(self) -> Mapping[str, Any] | None:
        """changes.json: what this version changed of the one before it; None where it replaced none."""
        return _read(self.path / CHANGES, missing={}) or None

    @cached_property
    def dictionary(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(_read(self.path / "dictionary.json").get("columns", []))

    @cached_property
    def files(self) -> Mapping[str, Mapping[str, Any]]:
        """manifest.json: {path inside the release: {"sha256", "bytes"}}."""
        files: Mapping[str, Mapping[str, Any]] = _read(self.path / "manifest.json").get("files", {})
        return files

    def file(self, name: str) -> Mapping[str, Any] | None:
        """Size and digest of one file of the release, or None when it has no such file."""
        return self.files.get(name)


@dataclass(frozen=True)
class Promise:
    """One promise and how it stands on a given day.

    state: "kept", "kept late", "due", "overdue" or "broken". `release` keeps it, where one does. steps: its sealed life,
    first to last. due: the day it names now; counted: the day that counts, which a later day sealed too late does not move.
    """

    steps: tuple[Step, ...]
    counted: date
    state: str
    release: Release | None
    days_late: int

    @property
    def now(self) -> Step:
        return self.steps[-1]

    @property
    def dataset(self) -> str:
        return self.now.dataset

    @property
    def period(self) -> str:
        return self.now.period

    @property
    def title(self) -> Text:
        return self.now.title

    @property
    def due(self) -> date:
        return self.now.due

    @property
    def promised(self) -> date:
        """The day on which it was first sealed."""
        return self.steps[0].sealed

    @property
    def reason(self) -> Text | None:
        """Why it was broken or changed last."""
        return self.now.reason


@dataclass(frozen=True)
class Catalogue:
    """Everything a public folder says, at one state of its ledger."""

    public: Path
    agency: Mapping[str, Any]
    releases: tuple[Release, ...] = field(repr=False)

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.agency.get("languages") or ("en",))

    @cached_property
    def newest(self) -> tuple[Release, ...]:
        """The newest version of each dataset and period, most recently published first."""
        return tuple(each for each in self.releases if self.successor(each) is None)

    @cached_property
    def datasets(self) -> Mapping[str, tuple[Release, ...]]:
        """Dataset -> its newest versions, latest period first."""
        found: dict[str, list[Release]] = {}
        for release in self.newest:
            found.setdefault(release.dataset, []).append(release)
        return {name: tuple(sorted(each, key=lambda r: r.period, reverse=True)) for name, each in sorted(found.items())}

    def versions(self, dataset: str, period: str) -> tuple[Release, ...]:
        """Every version of one dataset and period, newest first."""
        found = [each for each in self.releases if (each.dataset, each.period) == (dataset, period)]
        return tuple(sorted(found, key=lambda each: -each.version))

    def release(self, dataset: str, period: str, version: int) -> Release | None:
        return next((each for each in self.versions(dataset, period) if each.version == version), None)

    def successor(self, release: Release) -> Release | None:
        """The newest version after `release`, or None when it is the newest."""
        newest = self.versions(release.dataset, release.period)[0]
        return newest if newest.version > release.version else None

    @cached_property
    def corrections(self) -> tuple[Release, ...]:
        """Releases that replaced an earlier version, newest first."""
        return tuple(each for each in self.releases if each.version > 1)

    def promises(self, today: date) -> tuple[Promise, ...]:
        """Every promise on `today`: overdue first, then due, broken, and kept; each by date.

        A promise is kept by the first version that has all it names or says why not, late when that came after the day
        that counts. What was withdrawn keeps nothing.
        """
        found = [_promise(steps, self.versions(*key), today) for key, steps in self._sealed_promises.items()]
        order = {"overdue": 0, "due": 1, "broken": 2, "kept late": 3, "kept": 3}
        return tuple(sorted(found, key=lambda each: (order[each.state], each.due, each.dataset, each.period)))

    def promise(self, dataset: str, period: str, today: date) -> Promise | None:
        return next((each for each in self.promises(today) if (each.dataset, each.period) == (dataset, period)), None)

    @cached_property
    def _sealed_promises(self) -> Mapping[tuple[str, str], tuple[Step, ...]]:
        return read_promises(self.public)

    @cached_property
    def withdrawals(self) -> tuple[Withdrawal, ...]:
        """Tombstones of versions that were withdrawn, newest first."""
        return read_withdrawals(self.public)

    def withdrawal(self, dataset: str, period: str, version: int) -> Withdrawal | None:
        wanted = (dataset, period, version)
        return next((each for each in self.withdrawals if (each.dataset, each.period, each.version) == wanted), None)

    @cached_property
    def breaks(self) -> tuple[Break, ...]:
        """Declared series breaks and definition changes, by dataset and period."""
        return read_breaks(self.public)

    def breaks_of(self, dataset: str, table: str | None = None) -> tuple[Break, ...]:
        """Breaks of a dataset; with a table, only those that concern it."""
        return tuple(
            each for each in self.breaks if each.dataset == dataset and (table is None or each.concerns(table))
        )

    @cached_property
    def areas(self) -> Mapping[str, Path]:
        """Dimension -> its GeoJSON file, where the agency supplies one."""
        return {path.stem: path for path in sorted((self.public / "areas").glob("*.geojson"))}

    @cached_property
    def area_sources(self) -> Mapping[str, Text]:
        """Dimension -> where its GeoJSON comes from, in the file's own words, where it says so."""
        said = {name: _read(path).get("attribution") for name, path in self.areas.items()}
        return {name: text for name, text in said.items() if text}

    @cached_property
    def places(self) -> Mapping[str, tuple[Place, ...]]:
        """Dimension -> its places, in the order of the newest release that has the dimension."""
        found: dict[str, tuple[Place, ...]] = {}
        for release in self.newest:
            for table in release.tables:
                for dimension in table.dimensions:
                    if (dimension.is_place or dimension.name in self.areas) and dimension.name not in found:
                        found[dimension.name] = _places(dimension)
        return found

    def tables_with(self, dimension: str) -> tuple[tuple[Release, Table], ...]:
        """Tables of newest releases that are divided by `dimension`."""
        return tuple(
            (release, table)
            for release in self.newest
            for table in release.tables
            if table.dimension(dimension) is not None
        )

    @cached_property
    def checkpoint(self) -> str | None:
        """The ledger's signed checkpoint as it stands in the folder, or None."""
        return _text_of(self.public / "ledger" / "checkpoint")

    @cached_property
    def verifier_key(self) -> str | None:
        return _text_of(self.public / "ledger" / "vkey")


@dataclass(frozen=True)
class Place:
    """A code of a place dimension with the word that stands for it in addresses."""

    dimension: Dimension
    code: Code
    slug: str


def read_catalogue(public: Path) -> Catalogue:
    """The catalogue of the public folder at `public`.

    The link is followed once, so everything in one catalogue is of one state even while a new one is published.
    Raises BrokenRelease, naming the file, for a folder that is not one or a file that is not as its format says.
    """
    state = public.resolve()
    if not state.is_dir():
        raise BrokenRelease(
            f"There is no public folder at '{public}'.",
            "Run 'comity publish' first, or name the instance with --instance.",
        )
    agency = _read(state / "agency.json")
    found = [_release(path, state) for path in sorted(state.glob("releases/*/*/v*/release.json"))]
    found.sort(key=lambda each: (each.published, each.dataset, each.period, each.version), reverse=True)
    return Catalogue(public=state, agency=agency, releases=tuple(found))


def state_of(public: Path) -> str:
    """A short text that changes whenever the public folder's state does: its link's target, its checkpoint's identity.

    Cheap enough to ask before every answer (two system calls).
    """
    try:
        checkpoint = (public / "ledger" / "checkpoint").stat()
        seen = f"{checkpoint.st_ino} {checkpoint.st_mtime_ns} {checkpoint.st_size}"
    except OSError:
        seen = "none"
    try:
        return f"{public.readlink()} {seen}"
    except OSError:
        return seen


def in_language(text: Text | str | None, language: str) -> str:
    """`text` in `language`, else in English, else in whatever there is; "" for none."""
    if text is None or isinstance(text, str):
        return text or ""
    return text.get(language) or text.get("en") or next(iter(text.values()), "")


def _release(path: Path, public: Path) -> Release:
    record = _read(path)
    folder = path.parent
    try:
        covers = record.get("covers")
        return Release(
            path=folder,
            address=folder.relative_to(public).as_posix(),
            dataset=record["dataset"],
            period=record["period"],
            version=int(record["version"]),
            title=record["title"],
            description=record.get("description"),
            published=date.fromisoformat(record["published"]),
            agency=record["agency"],
            covers=(date.fromisoformat(covers["from"]), date.fromisoformat(covers["to"])) if covers else None,
            headline=record.get("headline"),
            tables=tuple(_table(each, folder) for each in record["tables"]),
            charts=tuple(Chart(each["name"], each["finding"], each["alt"]) for each in record.get("charts", ())),
            policy=record.get("policy") or {},
            source=record.get("source") or {},
            licence=record.get("licence"),
            next_due=_date(record.get("next_due")),
            supersedes=record.get("supersedes"),
            correction=record.get("correction"),
            attachments=tuple(record.get("attachments") or ()),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise _broken(path, f"{type(problem).__name__}: {problem}") from problem


def _table(record: Mapping[str, Any], folder: Path) -> Table:
    hierarchies = record.get("hierarchies") or {}
    return Table(
        name=record["name"],
        title=record["title"],
        description=record.get("description"),
        measure=record["measure"],
        measure_label=record.get("measure_label") or {"en": record["measure"]},
        where=record.get("where") or {},
        dimensions=tuple(_dimension(each, hierarchies.get(each["name"], {})) for each in record["dimensions"]),
        path=folder,
    )


def _dimension(record: Mapping[str, Any], parents: Mapping[str, str]) -> Dimension:
    return Dimension(
        name=record["name"],
        label=record["label"],
        codes=tuple(Code(each["code"], each["label"], parents.get(each["code"])) for each in record["codes"]),
        is_place=bool(record.get("place")),
    )


def _places(dimension: Dimension) -> tuple[Place, ...]:
    taken: dict[str, int] = {}
    found = []
    for code in dimension.codes:
        if code.code in (NOT_RECORDED, "unknown"):
            continue
        slug = re.sub(r"[^a-z0-9]+", "-", code.code.casefold()).strip("-") or "place"
        taken[slug] = taken.get(slug, 0) + 1
        found.append(Place(dimension, code, slug if taken[slug] == 1 else f"{slug}-{taken[slug]}"))
    return tuple(found)


def _promise(steps: tuple[Step, ...], versions: Sequence[Release], today: date) -> Promise:
    counted = deadline(steps)
    keeping = next((each for each in reversed(versions) if _keeps(each, steps)), None)
    if keeping:
        late = (keeping.published - counted).days
        return Promise(steps, counted, "kept late" if late > 0 else "kept", versions[0], max(late, 0))
    late = (today - counted).days
    state = "broken" if steps[-1].event == BROKEN else "overdue" if late > 0 else "due"
    return Promise(steps, counted, state, None, max(late, 0) if state == "overdue" else 0)


def _keeps(release: Release, steps: Sequence[Step]) -> bool:
    """Whether the release has all that its promise named before it came, or says why not."""
    before = [each for each in steps if each.sealed <= release.published] or steps[:1]
    missing = missing_from(before[-1], [each.name for each in release.tables], release.findings)
    explained = {(each["kind"], each["name"]) for each in release.left_out}
    return all((each.kind, each.name) in explained for each in missing)


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _read(path: Path, *, missing: dict[str, Any] | None = None) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError as problem:
        if missing is not None:
            return missing
        raise _broken(path, "it is missing") from problem
    except ValueError as problem:
        raise _broken(path, f"it is not JSON ({problem})") from problem
    if not isinstance(content, dict):
        raise _broken(path, "it is not a JSON object")
    return content


def _broken(path: Path, how: str) -> BrokenRelease:
    return BrokenRelease(
        f"The published file '{path}' cannot be read: {how}.",
        "Run 'comity verify' on the folder, and publish again if it fails.",
    )


def _text_of(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
