"""Promises: what will be published and by when, sealed before the data exist, and never taken back unseen.

Each step in the life of a promise is a file of its own, `promises/<dataset>/<period>/<n>.json`, with its own entry in the
ledger: it was *promised*, *changed* or *broken*, and why. How a promise stands on a day follows from these files and the
releases beside them, so anybody can work it out and nobody has to press anything. docs/reference/release-json.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from comity.errors import ComityError

Text = Mapping[str, str]

PROMISED, CHANGED, BROKEN = "promised", "changed", "broken"


class PromiseError(ComityError):
    """A promise was dropped, changed or missed without the reason that its readers are owed."""


@dataclass(frozen=True)
class Promise:
    """A release that will come: which dataset, for which period, by when, and with which tables and findings.

    findings: ids, or keys of methods. because: why it is no longer what was sealed. broken: why it will not be kept.
    """

    dataset: str
    period: str
    due: date
    title: Text
    tables: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    because: Text = field(default_factory=dict)
    broken: Text = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.dataset} {self.period}"


@dataclass(frozen=True)
class Step:
    """One sealed step: `event` is "promised", "changed" or "broken". path: of its file, from the public folder."""

    dataset: str
    period: str
    number: int
    event: str
    title: Text
    due: date
    tables: tuple[str, ...]
    findings: tuple[str, ...]
    sealed: date
    reason: Text | None
    path: str

    def as_record(self) -> dict[str, Any]:
        """As its file has it."""
        return {
            "dataset": self.dataset,
            "period": self.period,
            "number": self.number,
            "event": self.event,
            "title": dict(self.title),
            "due": self.due.isoformat(),
            "tables": list(self.tables),
            "findings": list(self.findings),
            "sealed": self.sealed.isoformat(),
            "reason": dict(self.reason) if self.reason else None,
        }


@dataclass(frozen=True)
class Missing:
    """A promised table or finding that a release lacks; kind: "table" or "finding"."""

    kind: str
    name: str


def read_promises(public: Path) -> dict[tuple[str, str], tuple[Step, ...]]:
    """(dataset, period) -> every sealed step, first to last. Raises PromiseError for a file that is not one."""
    found: dict[tuple[str, str], list[Step]] = {}
    for path in public.glob("promises/*/*/*.json"):
        step = _read_step(path, public)
        found.setdefault((step.dataset, step.period), []).append(step)
    return {key: tuple(sorted(steps, key=lambda each: each.number)) for key, steps in sorted(found.items())}


def deadline(steps: Sequence[Step]) -> date:
    """The day that counts: a later day sealed when the day before had passed moves nothing."""
    counted = steps[0].due
    for before, step in pairwise(steps):
        if step.due != before.due and step.sealed <= counted:
            counted = step.due
    return counted


def missing_from(step: Step, tables: Iterable[str], findings: Iterable[Mapping[str, Any]]) -> tuple[Missing, ...]:
    """What the promise as it stands in `step` names and a release with these tables and findings does not have."""
    there = set(tables)
    known = {str(each[key]) for each in findings for key in ("id", "method")}
    return (
        *(Missing("table", name) for name in step.tables if name not in there),
        *(Missing("finding", name) for name in step.findings if name not in known),
    )


def steps_to_seal(
    public: Path, promises: Sequence[Promise], *, published: Iterable[tuple[str, str]], today: date
) -> tuple[Step, ...]:
    """The steps by which `promises`, as the agency states them now, differ from what is sealed in `public`.

    published: (dataset, period) that are public, or become so in the same act. Raises PromiseError, naming the promise,
    when an open one is gone or changed without a reason, and when one is made for what is public already.
    """
    sealed = read_promises(public) if public.exists() else {}
    done = set(published)
    stated = {(each.dataset, each.period) for each in promises}
    for key, steps in sealed.items():
        if key not in stated and key not in done and steps[-1].event != BROKEN:
            raise PromiseError(
                f"The promise of {key[0]} {key[1]} for {steps[-1].due} is sealed and open, but comity.toml no longer "
                "has it.",
                'Put its [[calendar]] entry back; to drop it, give the reason there: broken.en = "...".',
            )
    found = [_step(each, sealed.get((each.dataset, each.period), ()), done, today) for each in promises]
    return tuple(step for step in found if step)


def _step(promise: Promise, steps: Sequence[Step], published: set[tuple[str, str]], today: date) -> Step | None:
    is_public = (promise.dataset, promise.period) in published
    if not steps:
        if is_public:
            raise PromiseError(
                f"comity.toml promises {promise.name}, which is public or about to be: a promise comes before its data.",
                "Remove that [[calendar]] entry; seal a promise ahead of time with: comity promise",
            )
        return _made(promise, 1, PROMISED, today, None) if not promise.broken else None
    last = steps[-1]
    is_equal = (promise.due, dict(promise.title), promise.tables, promise.findings) == (
        last.due,
        dict(last.title),
        last.tables,
        last.findings,
    )
    if promise.broken:
        if last.event == BROKEN and dict(promise.broken) == dict(last.reason or {}):
            return None
        return _made(promise, last.number + 1, BROKEN, today, promise.broken)
    if is_equal and last.event != BROKEN:
        return None
    if is_public:
        raise PromiseError(
            f"The promise of {promise.name} was changed in comity.toml, but {promise.name} is public already.",
            f"Put it back as it was sealed (due {last.due}), or remove the [[calendar]] entry.",
        )
    if not promise.because or any(dict(promise.because) == dict(step.reason or {}) for step in steps):
        what = "was broken" if last.event == BROKEN else f"is sealed otherwise (due {last.due})"
        raise PromiseError(
            f"The promise of {promise.name} {what}, and comity.toml gives no new reason for what it says now.",
            'Say why in its [[calendar]] entry: because.en = "...". The reason becomes public.',
        )
    return _made(promise, last.number + 1, CHANGED, today, promise.because)


def _made(promise: Promise, number: int, event: str, today: date, reason: Text | None) -> Step:
    return Step(
        promise.dataset,
        promise.period,
        number,
        event,
        promise.title,
        promise.due,
        promise.tables,
        promise.findings,
        today,
        reason,
        f"promises/{promise.dataset}/{promise.period}/{number}.json",
    )


def _read_step(path: Path, public: Path) -> Step:
    try:
        record = json.loads(path.read_bytes())
        step = Step(
            record["dataset"],
            record["period"],
            int(record["number"]),
            record["event"],
            record["title"],
            date.fromisoformat(record["due"]),
            tuple(record["tables"]),
            tuple(record["findings"]),
            date.fromisoformat(record["sealed"]),
            record["reason"],
            path.relative_to(public).as_posix(),
        )
        if step.path != f"promises/{step.dataset}/{step.period}/{step.number}.json":
            raise ValueError("it does not lie where it says")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PromiseError(
            f"The published file '{path}' is not a promise: {type(error).__name__} {error}.",
            "Run comity verify on the folder to see whether it was altered.",
        ) from None
    return step
