"""CSV files in: every row is checked and every rejected one has its line and reasons; nothing is written until confirmed.

A check keeps nothing. What was checked goes back to the page, where it can be mended; confirming sends it again with the
digest of what was shown, and it is checked again in the transaction that writes it.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from comity.site.community.log import record
from comity.site.community.models import Account, Agency
from comity.site.training import actions, quizzes
from comity.site.training.models import (
    NUMBER,
    Completion,
    CourseVersion,
    Officer,
    OfficerGroup,
    Quiz,
    Session,
)
from comity.site.training.refusals import TrainingRefused
from comity.site.training.standing import today

LARGEST = 1_000_000
"""Bytes of a file: some 20,000 rows."""
MOST_ROWS = 20_000
RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Rejected:
    """line: in the file, as an editor counts."""

    line: int
    row: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Checked:
    """accepted: what would be written, as the kind's reader returned it. text: the file, as it can be mended."""

    text: str
    digest: str
    accepted: tuple[Any, ...]
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True)
class Kind:
    """columns: needed; others are optional. read: a row's values -> what to write; raises Wrong with every reason."""

    columns: tuple[str, ...]
    optional: tuple[str, ...]
    read: Callable[[Mapping[str, str]], Any]
    key: Callable[[Any], object]
    write: Callable[[tuple[Any, ...], Account], int]


class Wrong(Exception):
    """A row cannot be taken, for these reasons."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = tuple(reasons)


def decode(content: bytes) -> str:
    """The text of an uploaded file. Raises TrainingRefused for one that is too large or no CSV."""
    if len(content) > LARGEST:
        raise TrainingRefused(
            _("The file has %(size)s bytes; at most %(most)s are taken.")
            % {"size": f"{len(content):,}", "most": f"{LARGEST:,}"},
            _("Split it and import the parts one after the other."),
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text or not text.strip() or text.startswith(("%PDF", "PK\x03\x04", "{\\rtf", "<")):
        raise TrainingRefused(
            _("The file is not a CSV table in UTF-8."), _("In a spreadsheet, save it as “CSV UTF-8”, and import that.")
        )
    return text


def check(kind: Kind, text: str) -> Checked:
    """Reads every row. Raises TrainingRefused where the header lacks a column or the whole cannot be read."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n") + "\n"
    reader = csv.reader(io.StringIO(text), strict=True)
    accepted: list[Any] = []
    rejected: list[Rejected] = []
    seen: dict[object, int] = {}
    end = 0
    try:
        header = [name.strip().lower() for name in next(reader)]
        _check_header(header, kind)
        end = reader.line_num
        for cells in reader:
            line, end = end + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if len(accepted) + len(rejected) >= MOST_ROWS:
                raise TrainingRefused(
                    _("The file has more than %(most)s rows.") % {"most": f"{MOST_ROWS:,}"},
                    _("Split it and import the parts one after the other."),
                )
            try:
                row = _read(kind, header, cells)
                key = kind.key(row)
                if key in seen:
                    raise Wrong([_("the same as line %(line)d") % {"line": seen[key]}])
                seen[key] = line
                accepted.append(row)
            except Wrong as wrong:
                rejected.append(Rejected(line, ",".join(cells)[:200], wrong.reasons))
    except csv.Error:
        raise TrainingRefused(
            _("Line %(line)d cannot be read as CSV.") % {"line": reader.line_num},
            _("Look for a quotation mark that is not closed."),
        ) from None
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Checked(text, digest, tuple(accepted), tuple(rejected))


@transaction.atomic
def write(kind: Kind, text: str, *, digest: str, by: Account) -> int:
    """Writes a checked file, all of it or nothing. Raises TrainingRefused where it changed since, or has a rejected row."""
    checked = check(kind, text)
    if checked.digest != digest:
        raise TrainingRefused(_("The rows were changed after they were checked."), _("Check them again."))
    if checked.rejected:
        raise TrainingRefused(
            _("%(count)d rows cannot be imported.") % {"count": len(checked.rejected)},
            _("Mend or remove them, and check again."),
        )
    if not checked.accepted:
        raise TrainingRefused(_("There is no row to import."), _("Add rows under the header line."))
    return kind.write(checked.accepted, by)


def as_csv(header: list[str], rows: list[list[object]]) -> str:
    """CSV that a spreadsheet runs nothing of: a text that would be a formula gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([[_harmless(cell) for cell in row] for row in rows])
    return out.getvalue()


def officers(agency: Agency) -> Kind:
    """number, unit, groups (with semicolons between), joined, left: new officers, and changes of known ones."""

    def read(row: Mapping[str, str]) -> dict[str, Any]:
        problems: list[str] = []
        number = _number(row, problems)
        joined = _day(row, "joined", problems, latest=None)
        left = _day(row, "left", problems, latest=None) if row.get("left") else None
        if joined and left and left < joined:
            problems.append(_("left before joining"))
        texts = [row.get("unit", ""), *_list(row.get("groups", ""))]
        problems += [
            _("“%(text)s” would run as a formula in a spreadsheet") % {"text": each[:20]}
            for each in texts
            if each.startswith(RUN_BY_SPREADSHEETS)
        ]
        problems += [
            _("“%(text)s” is longer than 80 characters") % {"text": each[:20]} for each in texts if len(each) > 80
        ]
        if problems:
            raise Wrong(problems)
        return {"number": number, "unit": texts[0], "groups": texts[1:], "joined_on": joined, "left_on": left}

    def store(rows: tuple[dict[str, Any], ...], by: Account) -> int:
        names = {name for row in rows for name in row["groups"]}
        groups = {each.name: each for each in OfficerGroup.objects.filter(agency=agency)}
        for name in sorted(names - groups.keys()):
            groups[name] = OfficerGroup.objects.create(agency=agency, name=name)
        for row in rows:
            values = {name: row[name] for name in ("unit", "joined_on", "left_on")}
            officer, _made = Officer.objects.update_or_create(agency=agency, number=row["number"], defaults=values)
            officer.groups.set([groups[name] for name in row["groups"]])
        record("training.officers", "officers", by=by, details={"rows": len(rows)})
        return len(rows)

    return Kind(("number", "joined"), ("unit", "groups", "left"), read, lambda row: row["number"], store)


def roster(session: Session) -> Kind:
    """number: who is seated in a session."""
    known = _known(session.version.course.agency)
    seated = set(session.seats.values_list("officer", flat=True))

    def read(row: Mapping[str, str]) -> Officer:
        problems: list[str] = []
        officer = _officer(row, known, problems)
        if officer is not None and officer.pk in seated:
            problems.append(_("has a seat already"))
        if problems:
            raise Wrong(problems)
        assert officer is not None
        return officer

    return Kind(
        ("number",), (), read, lambda officer: officer.pk, lambda rows, by: actions.fill_roster(session, rows, by=by)
    )


def completions(agency: Agency) -> Kind:
    """number, course (its short name), completed, and optionally version (the one in force that day unless said)."""
    known = _known(agency)
    versions: dict[str, list[CourseVersion]] = {}
    for each in CourseVersion.objects.filter(course__agency=agency).select_related("course").order_by("number"):
        versions.setdefault(each.course.slug, []).append(each)

    def read(row: Mapping[str, str]) -> tuple[Officer, CourseVersion, date]:
        problems: list[str] = []
        officer = _officer(row, known, problems)
        day = _day(row, "completed", problems, latest=today())
        of_course = versions.get(row["course"], [])
        version = None
        if not of_course:
            problems.append(_("there is no course “%(course)s”") % {"course": row["course"][:50]})
        elif row.get("version"):
            version = next((each for each in of_course if str(each.number) == row["version"]), None)
            if version is None:
                problems.append(_("the course has no version “%(version)s”") % {"version": row["version"][:10]})
        elif day is not None:
            version = next((each for each in reversed(of_course) if each.since <= day), None)
            if version is None:
                problems.append(_("the course was not taught yet on that day"))
        if officer is not None and day is not None and day < officer.joined_on:
            problems.append(_("completed before joining"))
        if problems:
            raise Wrong(problems)
        assert officer is not None and version is not None and day is not None
        return officer, version, day

    def store(rows: tuple[tuple[Officer, CourseVersion, date], ...], by: Account) -> int:
        return actions.record_completions(rows, source=Completion.Source.FILE, by=by)

    return Kind(
        ("number", "course", "completed"), ("version",), read, lambda row: (row[0].pk, row[1].pk, row[2]), store
    )


def items(quiz: Quiz) -> Kind:
    """form, number, text, right (a letter), and choices a to f."""
    there = set(quiz.items.values_list("form", "number"))

    def read(row: Mapping[str, str]) -> quizzes.NewItem:
        try:
            item = quizzes.read_item(row)
        except TrainingRefused as problem:
            raise Wrong([problem.what]) from None
        if (item.form, item.number) in there:
            raise Wrong([_("the form has this item already")])
        return item

    return Kind(
        ("form", "number", "text", "right", "a", "b"),
        ("c", "d", "e", "f"),
        read,
        lambda item: (item.form, item.number),
        lambda rows, by: quizzes.add_items(quiz, rows, by=by),
    )


def sittings(quiz: Quiz) -> Kind:
    """number, occasion, taken, form, answers (letters, with "-" for none)."""
    known = _known(quiz.course.agency)
    forms = quizzes.forms(quiz)
    there = set(quiz.sittings.values_list("officer", "occasion"))

    def read(row: Mapping[str, str]) -> quizzes.NewSitting:
        problems: list[str] = []
        officer = _officer(row, known, problems)
        day = _day(row, "taken", problems, latest=today())
        try:
            answers = quizzes.read_answers(forms, row["form"], row["occasion"], row["answers"])
        except TrainingRefused as problem:
            problems.append(problem.what)
        if officer is not None and (officer.pk, row["occasion"]) in there:
            problems.append(_("has a sitting on this occasion already"))
        if problems:
            raise Wrong(problems)
        assert officer is not None and day is not None
        return quizzes.NewSitting(officer, row["occasion"], row["form"], day, answers)

    return Kind(
        ("number", "occasion", "taken", "form", "answers"),
        (),
        read,
        lambda sitting: (sitting.officer.pk, sitting.occasion),
        lambda rows, by: quizzes.add_sittings(quiz, rows, by=by),
    )


def _check_header(header: list[str], kind: Kind) -> None:
    missing = [name for name in kind.columns if name not in header]
    strange = [name for name in header if name not in (*kind.columns, *kind.optional)]
    if missing:
        raise TrainingRefused(
            _("The file has no column “%(column)s”.") % {"column": missing[0]},
            _("Its first line needs: %(columns)s.") % {"columns": ", ".join(kind.columns)},
        )
    if strange or len(set(header)) < len(header):
        raise TrainingRefused(
            _("The file has a column “%(column)s” that has no place here.") % {"column": (strange or header)[0][:40]},
            _("Keep only: %(columns)s.") % {"columns": ", ".join((*kind.columns, *kind.optional))},
        )


def _read(kind: Kind, header: list[str], cells: list[str]) -> Any:
    if len(cells) != len(header):
        raise Wrong([_("%(count)d cells instead of %(wanted)d") % {"count": len(cells), "wanted": len(header)}])
    return kind.read({name: cell.strip() for name, cell in zip(header, cells, strict=True)})


def _known(agency: Agency) -> dict[str, Officer]:
    return {each.number: each for each in Officer.objects.filter(agency=agency).select_related("agency")}


def _number(row: Mapping[str, str], problems: list[str]) -> str:
    if not NUMBER.regex.match(row["number"]):
        problems.append(_("“%(number)s” is not an officer's number") % {"number": row["number"][:20]})
    return row["number"]


def _officer(row: Mapping[str, str], known: Mapping[str, Officer], problems: list[str]) -> Officer | None:
    number = _number(row, problems)
    found = known.get(number)
    if found is None and not problems:
        problems.append(_("there is no officer %(number)s") % {"number": number})
    return found


def _day(row: Mapping[str, str], column: str, problems: list[str], *, latest: date | None) -> date | None:
    try:
        day = date.fromisoformat(row[column]) if len(row[column]) == 10 else None
    except ValueError:
        day = None
    if day is None or not 1950 <= day.year <= 2100:
        problems.append(_("“%(day)s” is not a day like 2026-05-31") % {"day": row[column][:20]})
        return None
    if latest is not None and day > latest:
        problems.append(_("%(day)s has not come yet") % {"day": row[column]})
        return None
    return day


def _list(text: str) -> list[str]:
    return [*dict.fromkeys(part.strip() for part in text.split(";") if part.strip())]


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(RUN_BY_SPREADSHEETS) else cell
