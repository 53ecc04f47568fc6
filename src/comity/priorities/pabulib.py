"""Reads and writes Pabulib's .pb files (pabulib.org, format description by Faliszewski and others, IJCAI 2023)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from comity.priorities.election import Ballot, Election, PrioritiesError, Project

ONE = Fraction(1)
KINDS = ("approval", "choose-1", "cumulative", "scoring", "ordinal", "knapsack")
HELP = "The format is described in docs/reference/pabulib.md."


def read_pabulib(path: str | Path) -> Election:
    """The election in a .pb file. Raises PrioritiesError with the line and the value.

    Approvals and knapsacks score 1 each, cumulative and scoring ballots their points. A ranking of k projects gives k to
    its first, k - 1 to its second, and so on, as the column `score` of Pabulib's own files counts. Decimal commas are read
    as points.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise PrioritiesError(f"The file {path} cannot be read: {error.strerror}.", "Check the path.") from None
    except UnicodeDecodeError:
        raise PrioritiesError(f"{path.name} is not UTF-8 text.", "Save it as UTF-8.") from None
    return parse_pabulib(text, name=path.name)


def parse_pabulib(text: str, *, name: str = "the file") -> Election:
    """See read_pabulib; `name` is what messages call the file."""
    meta, projects, votes = _sections(text, name)
    kind = meta.get("vote_type", "approval")
    if kind not in KINDS:
        raise PrioritiesError(f"{name}: the vote_type is '{kind}'.", f"It must be one of {', '.join(KINDS)}.")
    if "budget" not in meta:
        raise PrioritiesError(f"{name} gives no budget.", "Add a line 'budget;100000' under META.")
    budget = _amount(meta["budget"], f"{name}: the budget")
    listed = tuple(_project(line, row, name) for line, row in projects)
    ballots = tuple(_ballots(votes, kind, meta, name))
    for key, rows in (("num_votes", len(ballots)), ("num_projects", len(listed))):
        if meta.get(key, str(rows)).strip() != str(rows):
            raise PrioritiesError(
                f"{name} says {key} {meta[key]} and has {rows}.",
                "The file may be cut off; mend the number or the lines.",
            )
    return Election(budget, listed, ballots, kind, meta)


def recorded_winners(election: Election) -> frozenset[str] | None:
    """The projects that the file marks as selected; None where it records no result."""
    marked = {project.id: project.fields.get("selected", "").strip() for project in election.projects}
    if not any(marked.values()):
        return None
    return frozenset(project_id for project_id, mark in marked.items() if mark == "1")


def write_pabulib(election: Election, path: str | Path, *, selected: Sequence[str] | None = None) -> None:
    """Writes the election, with the result marked where `selected` is given; written aside, then renamed."""
    path = Path(path)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(as_pabulib(election, selected=selected), encoding="utf-8")
    partial.replace(path)


def as_pabulib(election: Election, *, selected: Sequence[str] | None = None) -> str:
    """The text of a .pb file."""
    out = io.StringIO()
    rows = csv.writer(out, delimiter=";", lineterminator="\n")
    meta = {
        **election.meta,
        "num_projects": str(len(election.projects)),
        "num_votes": str(len(election.ballots)),
        "budget": _written(election.budget),
        "vote_type": election.kind,
    }
    rows.writerows([("META",), ("key", "value"), *((key, _one_line(value)) for key, value in meta.items())])
    extra = sorted({key for project in election.projects for key in project.fields} - {"selected", "votes", "score"})
    marks = selected is not None or any("selected" in project.fields for project in election.projects)
    rows.writerow(("PROJECTS",))
    rows.writerow(("project_id", "cost", "votes", "name", *extra, *(("selected",) if marks else ())))
    for project in election.projects:
        mark = project.fields.get("selected", "") if selected is None else str(int(project.id in selected))
        rows.writerow(
            (
                project.id,
                _written(project.cost),
                election.supporters[project.id],
                _one_line(project.name),
                *(_one_line(project.fields.get(key, "")) for key in extra),
                *((mark,) if marks else ()),
            )
        )
    about = sorted({key for ballot in election.ballots for key in ballot.fields})
    points = election.kind in ("cumulative", "scoring")
    rows.writerow(("VOTES",))
    rows.writerow(("voter_id", "vote", *(("points",) if points else ()), *about))
    for ballot in election.ballots:
        chosen = ballot.choices or tuple(ballot.scores)
        given = (",".join(_written(ballot.scores.get(each, Fraction(0))) for each in chosen),) if points else ()
        rows.writerow((ballot.id, ",".join(chosen), *given, *(_one_line(ballot.fields.get(key, "")) for key in about)))
    return out.getvalue()


Rows = list[tuple[int, dict[str, str]]]


def _sections(text: str, name: str) -> tuple[dict[str, str], Rows, Rows]:
    """META as a mapping; the lines of PROJECTS and VOTES as (line number, {column: value})."""
    meta: dict[str, str] = {}
    tables: dict[str, Rows] = {}
    section, head = "", None
    reader = csv.reader(io.StringIO(text), delimiter=";")
    try:
        for row in reader:
            first = row[0].strip() if row else ""
            if not any(value.strip() for value in row):
                continue
            if first in ("META", "PROJECTS", "VOTES") and not any(value.strip() for value in row[1:]):
                section, head = first, None
                tables[first] = []
            elif not section:
                raise PrioritiesError(f"{name} does not begin with a line 'META'.", HELP)
            elif head is None:
                head = [value.strip() for value in row]
            elif section == "META":
                meta[first] = ";".join(row[1:]).strip()
            else:
                tables[section].append(
                    (reader.line_num, dict(zip(head, (value.strip() for value in row), strict=False)))
                )
    except csv.Error as error:
        raise PrioritiesError(f"{name}, line {reader.line_num}: {error}.", HELP) from None
    for needed in ("META", "PROJECTS", "VOTES"):
        if needed not in tables:
            raise PrioritiesError(f"{name} has no section {needed}.", HELP)
    return meta, tables["PROJECTS"], tables["VOTES"]


def _project(line: int, row: Mapping[str, str], name: str) -> Project:
    where = f"{name}, line {line}"
    project_id = row.get("project_id", "")
    if not project_id:
        raise PrioritiesError(f"{where}: the project has no project_id.", HELP)
    cost = _amount(row.get("cost", ""), f"{where}: the cost of '{project_id}'")
    fields = {key: value for key, value in row.items() if key not in ("project_id", "cost", "name")}
    return Project(project_id, cost, row.get("name", ""), fields)


def _ballots(votes: Rows, kind: str, meta: Mapping[str, str], name: str) -> Iterator[Ballot]:
    read: dict[tuple[str, str], tuple[dict[str, Fraction], tuple[str, ...]]] = {}
    for line, row in votes:
        key = (row.get("vote", ""), row.get("points", ""))
        if key not in read:
            read[key] = _scores(*key, kind, f"{name}, line {line}")
        scores, choices = read[key]
        fields = {column: value for column, value in row.items() if column not in ("voter_id", "vote", "points")}
        yield Ballot(row.get("voter_id", ""), scores, choices, fields)


def _scores(vote: str, points: str, kind: str, where: str) -> tuple[dict[str, Fraction], tuple[str, ...]]:
    chosen = tuple(each.strip() for each in vote.split(",") if each.strip())
    if len(set(chosen)) < len(chosen):
        twice = next(each for each in chosen if chosen.count(each) > 1)
        raise PrioritiesError(f"{where}: the ballot names '{twice}' twice.", "Name each project once.")
    if kind == "ordinal":
        return {each: Fraction(len(chosen) - at) for at, each in enumerate(chosen)}, chosen
    if kind not in ("cumulative", "scoring"):
        return dict.fromkeys(chosen, ONE), chosen
    given = [each for each in points.split(",") if each.strip()]
    if len(given) != len(chosen):
        raise PrioritiesError(
            f"{where}: the ballot names {len(chosen)} projects and gives {len(given)} points.", "Give one for each."
        )
    scores = {
        each: _amount(value, f"{where}: the points of '{each}'") for each, value in zip(chosen, given, strict=True)
    }
    return {each: score for each, score in scores.items() if score != 0}, chosen


def _amount(text: str, what: str) -> Fraction:
    written = text.strip().replace("\u00a0", "").replace(" ", "")
    if "," in written and "." not in written:
        written = written.replace(",", ".")
    try:
        if len(written) > 40 or "/" in written or "e" in written.lower():
            raise ValueError
        return Fraction(written)
    except ValueError:
        raise PrioritiesError(
            f"{what} is '{text[:40]}', which is not a number.", "Write it as 12500 or 12500.50."
        ) from None


def _written(value: Fraction) -> str:
    """Exact in decimals where that ends, as all amounts that were read from a file do."""
    value = Fraction(value)
    if value.denominator == 1:
        return str(value.numerator)
    places = 1
    while (value * 10**places).denominator != 1 and places < 12:
        places += 1
    return f"{float(value):.{places}f}"


def _one_line(text: str) -> str:
    return " ".join(str(text).split())
