"""Reads `comity.toml`, the settings of one instance, and refuses what it does not know.

Every key is listed in `docs/reference/comity-toml.md`; a test keeps the page and this module in step.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from comity.errors import ComityError, nearest
from comity.releases.breaks import KINDS, Break
from comity.releases.promises import Promise
from comity.wording import LANGUAGES

SURVEY = "survey-"  # datasets that come from a survey and have no files of their own
SETTINGS_FILE = "comity.toml"


class SettingsError(ComityError):
    """`comity.toml` is missing, is not TOML, or says something Comity does not know."""


@dataclass(frozen=True)
class Agency:
    """Who publishes. `notice` stands on every page; `latitude` and `longitude` (degrees) place sunset."""

    name: Mapping[str, str]
    time_zone: str
    url: str = ""
    contact: str = ""
    latitude: float | None = None
    longitude: float | None = None
    languages: tuple[str, ...] = LANGUAGES
    notice: Mapping[str, str] = field(default_factory=dict)
    is_sample: bool = False


@dataclass(frozen=True)
class Table:
    """One count table of a release: its columns, and the fixed conditions `where` of its rows."""

    name: str
    dimensions: tuple[str, ...]
    title: Mapping[str, str]
    where: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Dataset:
    """One kind of record that is published by period.

    files: glob patterns, relative to the instance. benchmarks: key -> description of a denominator. labels: column -> code ->
    text by language, for codes of the source's own. left_out: promised table or finding -> why this period lacks it.
    """

    name: str
    title: Mapping[str, str]
    mapping: str
    files: tuple[str, ...]
    period: str
    source: Mapping[str, str]
    place: str | None = None
    reference_group: str = "white"
    benchmarks: Mapping[str, str] = field(default_factory=dict)
    areas: str | None = None
    areas_name: str = "code"
    policy: Mapping[str, Any] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    labels: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    left_out: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    breaks: tuple[Break, ...] = ()


@dataclass(frozen=True)
class WitnessAddress:
    """Where a witness answers (`url`, without add-checkpoint), and its key."""

    url: str
    vkey: str


@dataclass(frozen=True)
class Instance:
    """One agency's Comity: its folder and what `comity.toml` in it says."""

    folder: Path
    agency: Agency
    datasets: Mapping[str, Dataset]
    calendar: tuple[Promise, ...]
    witnesses: tuple[WitnessAddress, ...] = ()

    @property
    def public(self) -> Path:
        """The public folder (a link to the current state)."""
        return self.folder / "public"

    @property
    def records(self) -> Path:
        """Private: standardised records and rejects."""
        return self.folder / "records"

    @property
    def key(self) -> Path:
        """The ledger's private key, mode 0600."""
        return self.folder / "keys" / "ledger.key"

    def dataset(self, name: str | None) -> Dataset:
        """The dataset called `name`; with None, the only one there is."""
        if name is None and len(self.datasets) == 1:
            return next(iter(self.datasets.values()))
        known = ", ".join(sorted(self.datasets)) or "none"
        if name is None:
            raise SettingsError(f"This instance has several datasets ({known}).", "Name the one to publish.")
        if name not in self.datasets:
            raise SettingsError(
                f"There is no dataset '{name}' in {SETTINGS_FILE}.", f"Name one of those it has: {known}."
            )
        return self.datasets[name]


def read_instance(folder: Path) -> Instance:
    """Reads the instance in `folder`. Raises SettingsError with the key, the value and the next step."""
    path = folder / SETTINGS_FILE
    if not path.is_file():
        raise SettingsError(
            f"{folder} holds no {SETTINGS_FILE}, so it is not a Comity instance.",
            f"Make one with: comity init {folder}",
        )
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.", "Mend that line; strings need quotes.") from None
    _refuse_unknown_keys(
        raw, ("agency", "datasets", "calendar", "witnesses", "site", "backup", "sources"), "the top level"
    )
    agency = _read_agency(_table(raw, "agency"))
    datasets = {name: _read_dataset(name, body, agency.languages) for name, body in _table(raw, "datasets", {}).items()}
    if agency.is_sample:
        _check_named_as_sample(datasets)
    calendar = tuple(_read_promise(row, agency.languages) for row in raw.get("calendar", []))
    for promise in calendar:
        if promise.dataset not in datasets and not promise.dataset.startswith(SURVEY):
            raise SettingsError(
                f"[[calendar]] promises the dataset '{promise.dataset}', which {SETTINGS_FILE} does not have.",
                f"Use one of: {', '.join(sorted(datasets))}; results of a survey are {SURVEY}NAME.",
            )
    named = [each.name for each in calendar]
    for name in named:
        if named.count(name) > 1:
            raise SettingsError(
                f"[[calendar]] promises {name} twice.", "Keep one, with all the tables and findings that are promised."
            )
    witnesses = tuple(_build(WitnessAddress, row, "[[witnesses]]") for row in raw.get("witnesses", []))
    return Instance(folder, agency, datasets, calendar, witnesses)


def _read_promise(row: Mapping[str, Any], languages: tuple[str, ...]) -> Promise:
    promise = _build(Promise, row, "[[calendar]]")
    where = f"[[calendar]] for {promise.name}"
    _check_address("period", promise.period, where)
    if isinstance(promise.due, datetime):
        raise SettingsError(
            f"due in {where} is {promise.due}.", "It must be a date such as 2026-03-01, without a time."
        )
    for label, texts in (("title", promise.title), ("because", promise.because), ("broken", promise.broken)):
        if texts or label == "title":
            _check_languages(label, texts, where, languages)
    return promise


def _read_agency(body: Mapping[str, Any]) -> Agency:
    """[agency]; a name that is one text is the same in every language."""
    body = dict(body)
    if isinstance(body.get("name"), str):
        body["name"] = dict.fromkeys(body.get("languages") or LANGUAGES, body["name"])
    agency = _build(Agency, body, "[agency]")
    _check_agency(agency)
    return agency


def _read_dataset(name: str, body: Mapping[str, Any], languages: tuple[str, ...]) -> Dataset:
    where = f"[datasets.{name}]"
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii() or name != name.lower():
        raise SettingsError(
            f"'{name}' cannot name a dataset, because its name becomes part of web addresses.",
            "Use lower-case letters, digits, - and _.",
        )
    body = dict(body)
    tables = tuple(_build(Table, row, f"[[datasets.{name}.tables]]") for row in body.pop("tables", []))
    breaks = tuple(_read_break(row, name, languages) for row in body.pop("breaks", []))
    dataset = _build(
        Dataset,
        {
            **body,
            "name": name,
            "tables": tables,
            "breaks": breaks,
        },
        where,
    )
    _check_address("period", dataset.period, where)
    for label, texts in (("title", dataset.title), *((f"title of table {t.name}", t.title) for t in dataset.tables)):
        _check_languages(label, texts, where, languages)
    for left, texts in dataset.left_out.items():
        _check_languages(f"left_out.{left}", texts, where, languages)
    return dataset


def _read_break(row: Mapping[str, Any], dataset: str, languages: tuple[str, ...]) -> Break:
    where = f"[[datasets.{dataset}.breaks]]"
    _refuse_unknown_keys(row, ("name", "period", "kind", "tables", "text"), where)
    found = _build(Break, {**row, "dataset": dataset}, where)
    for label in ("name", "period"):
        _check_address(label, getattr(found, label), where)
    if found.kind not in KINDS:
        raise SettingsError(f"kind in {where} is '{found.kind}'.", f"Use one of: {', '.join(KINDS)}.")
    _check_languages("text", found.text, where, languages)
    return found


def _check_address(label: str, value: str, where: str) -> None:
    if not value or not all(c.isascii() and (c.isalnum() or c in "-_") for c in value):
        raise SettingsError(
            f"{label} in {where} is '{value}', which cannot be part of a web address.",
            'Write it as "2017", "2017-q3" or "2017-08".' if label == "period" else "Use letters, digits, - and _.",
        )


def _check_languages(label: str, texts: Any, where: str, languages: tuple[str, ...]) -> None:
    """Every language of the agency has its text."""
    missing = [each for each in languages if not isinstance(texts, Mapping) or not texts.get(each)]
    if missing:
        key = label.split(" of ")[0]
        raise SettingsError(
            f"The {label} in {where} has no text in '{missing[0]}', a language of this agency.",
            f'Add {key}.{missing[0]} = "...".',
        )


def _check_agency(agency: Agency) -> None:
    try:
        ZoneInfo(agency.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise SettingsError(
            f"time_zone '{agency.time_zone}' in [agency] is not a time zone.",
            'Use a name such as "America/Chicago".',
        ) from None
    if not agency.languages or not all(agency.name.get(language) for language in agency.languages):
        raise SettingsError(
            "name in [agency] lacks a language of this agency.",
            'Write name = "..." once, or name.en, name.es and so on.',
        )
    for language in agency.languages:
        if language not in LANGUAGES:
            raise SettingsError(
                f"'{language}' in languages of [agency] has no translation.",
                f"Use some of: {', '.join(LANGUAGES)}.",
            )
    for name, value, limit in (("latitude", agency.latitude, 90), ("longitude", agency.longitude, 180)):
        if value is not None and not -limit <= value <= limit:
            raise SettingsError(
                f"{name} {value} in [agency] is not on Earth.", f"Give degrees from -{limit} to {limit}."
            )


def _check_named_as_sample(datasets: Mapping[str, Dataset]) -> None:
    """Invented numbers say so in the name of every file that leaves the instance."""
    names = [*datasets, *(table.name for dataset in datasets.values() for table in dataset.tables)]
    for name in names:
        if not name.startswith("sample"):
            raise SettingsError(
                f"The agency is a sample, and '{name}' would be a file that does not say so.",
                f"Call it 'sample_{name}', or remove is_sample.",
            )


def _table(raw: Mapping[str, Any], key: str, default: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    if key not in raw and default is None:
        raise SettingsError(f"{SETTINGS_FILE} has no [{key}] table.", "Compare with a new one: comity init example")
    value = raw.get(key, default)
    if not isinstance(value, Mapping):
        raise SettingsError(f"{key} in {SETTINGS_FILE} is {value!r}, not a table.", f"Write it as [{key}].")
    return value


def _build[T](kind: type[T], body: Mapping[str, Any], where: str) -> T:
    """An instance of dataclass `kind` from `body`: unknown keys, missing keys and wrong types are refused."""
    known = {each.name: each for each in fields(kind)}  # type: ignore[arg-type]
    _refuse_unknown_keys(body, tuple(known), where)
    for name, each in known.items():
        required = each.default is MISSING and each.default_factory is MISSING
        if required and name not in body:
            raise SettingsError(f"{where} has no {name}.", f"Add {name} = ... to {where} in {SETTINGS_FILE}.")
    return kind(**{name: _typed(value, str(known[name].type), f"{name} in {where}") for name, value in body.items()})


def _typed(value: Any, kind: str, what: str) -> Any:
    """`value` as the annotation `kind` wants it: lists become tuples, whole numbers become floats."""
    if kind.startswith("tuple"):
        if isinstance(value, str) or not isinstance(value, (list, tuple)):
            raise SettingsError(f"{what} is {value!r}, not a list.", 'Write it as ["...", "..."].')
        return tuple(value)
    if kind.startswith("float") and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wanted = {"str": str, "bool": bool, "date": date, "float": float, "Mapping": Mapping}
    expected = next((types for start, types in wanted.items() if kind.startswith(start)), object)
    if not isinstance(value, expected) and not (value is None and "None" in kind):
        words = {str: "text in quotes", bool: "true or false", date: "a date such as 2026-03-01", float: "a number"}
        raise SettingsError(f"{what} is {value!r}.", f"It must be {words.get(expected, 'a table')}.")
    return value


def _refuse_unknown_keys(body: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in body:
        if key not in known:
            near = nearest(key, known)
            hint = f"Did you mean '{near}'?" if near else f"It may have: {', '.join(known)}."
            raise SettingsError(f"{where} of {SETTINGS_FILE} has '{key}', which is not a setting.", hint)
