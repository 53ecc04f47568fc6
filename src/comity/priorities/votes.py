"""Votes on statements: agree, disagree or pass, with most of them missing. Of one person's votes the last one counts."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from comity.errors import nearest
from comity.priorities.election import PrioritiesError, id_order

VOTER = ("voter-id", "voter", "participant", "participant-id")
STATEMENT = ("comment-id", "statement-id", "statement")
TIME = ("timestamp", "time", "datetime")
NOT_STATEMENTS = ("xid", "group-id", "n-comments", "n-votes", "n-agree", "n-disagree")
MEANING = {"1": 1, "0": 0, "-1": -1, "agree": 1, "pass": 0, "disagree": -1, "1.0": 1, "0.0": 0, "-1.0": -1}


@dataclass(frozen=True)
class Votes:
    """values: int8 (voters, statements), 1 agree, -1 disagree, 0 pass; it counts only where `seen` (bool, same shape).

    Voters and statements are in the order of their ids. texts: {statement id: wording}, where known.
    """

    voters: tuple[str, ...]
    statements: tuple[str, ...]
    values: npt.NDArray[np.int8]
    seen: npt.NDArray[np.bool_]
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return int(self.seen.sum())


def gather_votes(given: Mapping[tuple[str, str], int], texts: Mapping[str, str] | None = None) -> Votes:
    """Votes from {(voter, statement): 1, 0 or -1}."""
    voters = tuple(sorted({voter for voter, _ in given}, key=id_order))
    statements = tuple(sorted({statement for _, statement in given}, key=id_order))
    row = {voter: at for at, voter in enumerate(voters)}
    column = {statement: at for at, statement in enumerate(statements)}
    values = np.zeros((len(voters), len(statements)), np.int8)
    seen = np.zeros(values.shape, bool)
    rows = [row[voter] for voter, _ in given]
    columns = [column[statement] for _, statement in given]
    values[rows, columns] = list(given.values())
    seen[rows, columns] = True
    return Votes(voters, statements, values, seen, texts or {})


def read_votes(path: str | Path, *, statements: str | Path | None = None) -> Votes:
    """Votes in a CSV file, in either of the layouts that Polis exports.

    Long: one line a vote with voter-id, comment-id, vote, and perhaps timestamp; the last vote counts, by time where there
    is one, otherwise by line. Wide: one line a person with `participant` and a column a statement. A vote is 1, 0, -1 or
    agree, pass, disagree. statements: a CSV file with comment-id, comment-body and perhaps moderated; a statement that was
    moderated out (-1) is left out. Raises PrioritiesError with the line and the value.
    """
    path = Path(path)
    head, rows = _table(path)
    texts, rejected = _texts(Path(statements)) if statements is not None else ({}, set[str]())
    voter = next((name for name in VOTER if name in head), None)
    if voter is None:
        near = nearest("voter-id", head)
        raise PrioritiesError(
            f"{path.name} has no column 'voter-id' or 'participant'.",
            f"Did you mean '{near}'? Rename it." if near else f"Its columns are: {', '.join(head[:8])}.",
        )
    if "vote" in head:
        given = _long(rows, head, voter, path.name)
    else:
        given = _wide(rows, head, voter, path.name)
    given = {key: value for key, value in given.items() if key[1] not in rejected}
    if not given:
        raise PrioritiesError(f"{path.name} has no votes.", "Check that it is the file you meant.")
    return gather_votes(given, texts)


def _table(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise PrioritiesError(f"The file {path} cannot be read: {error.strerror}.", "Check the path.") from None
    except UnicodeDecodeError:
        raise PrioritiesError(f"{path.name} is not UTF-8 text.", "Save it as UTF-8.") from None
    reader = csv.reader(io.StringIO(text))
    try:
        head = [name.strip() for name in next(reader, [])]
        rows = []
        for row in reader:
            if any(row):
                if len(row) != len(head):
                    raise PrioritiesError(
                        f"{path.name}, line {reader.line_num}: {len(row)} values under {len(head)} columns.",
                        "Mend the line.",
                    )
                rows.append((reader.line_num, dict(zip(head, (value.strip() for value in row), strict=True))))
    except csv.Error as error:
        raise PrioritiesError(f"{path.name}, line {reader.line_num}: {error}.", "Save it as CSV again.") from None
    return head, rows


def _texts(path: Path) -> tuple[dict[str, str], set[str]]:
    head, rows = _table(path)
    key = next((name for name in STATEMENT if name in head), None)
    body = next((name for name in ("comment-body", "text") if name in head), None)
    if key is None or body is None:
        raise PrioritiesError(f"{path.name} has no columns 'comment-id' and 'comment-body'.", "Add or rename them.")
    texts = {row[key]: row[body] for _, row in rows}
    return texts, {row[key] for _, row in rows if row.get("moderated") == "-1"}


def _long(rows: list[tuple[int, dict[str, str]]], head: list[str], voter: str, name: str) -> dict[tuple[str, str], int]:
    statement = next((each for each in STATEMENT if each in head), None)
    if statement is None:
        raise PrioritiesError(f"{name} has no column 'comment-id'.", "Add it, or rename the column of the statements.")
    time = next((each for each in TIME if each in head), None)
    if time is not None and all(row[time].isdigit() for _, row in rows):
        rows = sorted(rows, key=lambda each: int(each[1][time]))  # stable: lines of one moment keep their order
    given = {}
    for line, row in rows:
        if not row[voter] or not row[statement]:
            raise PrioritiesError(f"{name}, line {line}: the voter or the statement is empty.", "Mend the line.")
        given[row[voter], row[statement]] = _vote(row["vote"], f"{name}, line {line}")
    return given


def _wide(rows: list[tuple[int, dict[str, str]]], head: list[str], voter: str, name: str) -> dict[tuple[str, str], int]:
    statements = [each for each in head if each != voter and each not in NOT_STATEMENTS]
    given = {}
    seen: set[str] = set()
    for line, row in rows:
        if not row[voter] or row[voter] in seen:
            raise PrioritiesError(
                f"{name}, line {line}: '{row[voter]}' is empty or appears twice.", "Keep one line each."
            )
        seen.add(row[voter])
        for statement in statements:
            if row[statement]:
                given[row[voter], statement] = _vote(row[statement], f"{name}, line {line}, column '{statement}'")
    return given


def _vote(text: str, where: str) -> int:
    value = MEANING.get(text.casefold())
    if value is None:
        raise PrioritiesError(
            f"{where}: the vote is '{text[:40]}'.", "It must be 1 (agree), 0 (pass), -1 (disagree), or the word."
        )
    return value
