"""Two releases that outreach makes: who works here, and contacts that enforced nothing. Only protected counts come out.

They are datasets like any other: protected together, attacked, sealed in the log, held against every earlier release. So
they are published by command, where the ledger's key is, and never by the web server.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from comity.disclosure import CountTable, Policy
from comity.errors import ComityError, nearest
from comity.releases.draft import Code, Column, Draft, DraftTable, Texts
from comity.wording import Message, message

if TYPE_CHECKING:
    from comity.site.outreach.models import ContactCount

WORKFORCE, CONTACTS = "workforce", "contacts"
NOT_RECORDED = "not recorded"
WORKFORCE_COLUMNS = ("group", "sex", "rank", "lives_here")
# Where there is a choice of what to hide beside small counts, the totals that the page of officers shows stay.
WORKFORCE_POLICY = Policy(cost_factors=(({"group": "*"}, 1000.0), ({"lives_here": "*"}, 1000.0)))
MOST_CODES, LONGEST_CODE = 40, 60
LARGEST = 5_000_000  # bytes of a workforce file

_LABELS = {
    "white": message("White"),
    "black": message("Black"),
    "hispanic": message("Hispanic"),
    "asian/pacific islander": message("Asian or Pacific Islander"),
    "native american": message("Native American"),
    "other": message("Other"),
    "unknown": message("Unknown"),
    NOT_RECORDED: message("Not recorded"),
    "female": message("Women"),
    "male": message("Men"),
    "yes": message("Yes"),
    "no": message("No"),
}
_COLUMNS = {
    "group": (message("Group"), message("Race or ethnicity, as the officers gave it.")),
    "sex": (message("Sex"), message("As the officers gave it.")),
    "rank": (message("Rank"), message("The rank held on the day of the count.")),
    "lives_here": (message("Lives in the town"), message("Whether the officer lives in the town that they serve.")),
    "place": (message("Place"), message("Where the contact was.")),
    "kind": (message("Kind of contact"), message("What the contact was about; none of them enforced anything.")),
    "month": (message("Month"), message("When the contact was.")),
}
_KINDS = {
    "school": message("School visit"),
    "walk": message("Walk or block visit"),
    "meeting": message("Community meeting"),
    "sport": message("Sport or play"),
    "help": message("Help that was not about a crime"),
    "other": message("Other"),
}


class AggregateRefused(ComityError):
    """A file or a period cannot become a release."""


def read_workforce(content: bytes) -> list[dict[str, str]]:
    """One record for each officer, of the columns group, sex, rank and lives_here and no other.

    Raises AggregateRefused, without repeating a value, for a column that could name somebody, or a line that does not fit.
    """
    if len(content) > LARGEST:
        raise AggregateRefused(f"The file has {len(content):,} bytes.", f"At most {LARGEST:,} are read.")
    try:
        lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), strict=True)
        names = list(lines.fieldnames or ())
        for name in names:
            if name not in WORKFORCE_COLUMNS:
                close = nearest(name, WORKFORCE_COLUMNS)
                raise AggregateRefused(
                    f"The file has a column '{name}'.",
                    f"Did you mean '{close}'?"
                    if close
                    else f"Leave it out: only {', '.join(WORKFORCE_COLUMNS)} are read.",
                )
        if missing := [name for name in WORKFORCE_COLUMNS if name not in names]:
            raise AggregateRefused(
                f"The file has no column '{missing[0]}'.", "Add it; leave it empty where it is not known."
            )
        found = []
        for row in lines:
            if None in row or None in row.values():
                raise AggregateRefused(
                    f"Line {lines.line_num} has not as many fields as the header.", "Mend it, then run this again."
                )
            found.append({name: row[name].strip().lower() or NOT_RECORDED for name in WORKFORCE_COLUMNS})
    except (UnicodeDecodeError, csv.Error):
        raise AggregateRefused("The file is not CSV in UTF-8.", "Export it as CSV (UTF-8).") from None
    if not found:
        raise AggregateRefused("The file has no officers in it.", "Give one line for each.")
    _check_codes(found)
    wrong = {each["lives_here"] for each in found} - {"yes", "no", NOT_RECORDED}
    if wrong:
        raise AggregateRefused("A value of lives_here is neither yes nor no.", "Write yes, no, or nothing.")
    return found


def _check_codes(found: Sequence[Mapping[str, str]]) -> None:
    """Raises AggregateRefused for a value that a spreadsheet would run, and for a column whose values look like names."""
    for name in WORKFORCE_COLUMNS:
        codes = {each[name] for each in found}
        if not all(code[0].isalnum() and len(code) <= LONGEST_CODE for code in codes):
            raise AggregateRefused(
                f"A value of {name} does not begin with a letter or digit, or is longer than {LONGEST_CODE} characters.",
                "Write it as the word that the table shall show.",
            )
        if len(codes) > MOST_CODES:
            raise AggregateRefused(
                f"The column {name} has {len(codes)} different values.",
                f"Group them into at most {MOST_CODES}; nobody may be named.",
            )


def workforce_draft(
    officers: Sequence[Mapping[str, str]], *, period: str, agency: Texts, languages: Sequence[str], source: Texts,
    policy: Policy | None = None,
) -> Draft:  # fmt: skip
    """The draft of who works here: by group and rank, by sex and rank, and by whether they live in the town."""
    shapes = (
        ("by_group", ("group",), message("Officers by group")),
        ("by_group_and_rank", ("group", "rank"), message("Officers by group and rank")),
        ("by_sex_and_rank", ("sex", "rank"), message("Officers by sex and rank")),
        ("by_residency", ("lives_here",), message("Officers who live in the town")),
    )
    codes = {name: sorted({each[name] for each in officers}) for name in WORKFORCE_COLUMNS}
    tables = []
    for name, dimensions, title in shapes:
        counts = Counter(tuple(each[column] for column in dimensions) for each in officers)
        tables.append(DraftTable(_table(name, "officers", dimensions, counts, codes), title.in_languages(languages)))
    return _draft(
        WORKFORCE, period, message("Who works here, {period}", period=period), message("officers"), tables,
        {name: _column(name, {code: _label(code) for code in codes[name]}, languages) for name in WORKFORCE_COLUMNS},
        agency, languages, source, len(officers),
        message("Officers on the day of the count. Who lives here is beside it on the page of officers."), policy or WORKFORCE_POLICY,
    )  # fmt: skip


def contacts_draft(
    counted: Iterable[ContactCount], *, period: str, agency: Texts, languages: Sequence[str], source: Texts,
    policy: Policy | None = None,
) -> Draft:  # fmt: skip
    """The draft of one year's contacts: by place and kind, and by month. Raises AggregateRefused where there are none."""
    found = [each for each in counted if f"{each.month:%Y}" == period and each.count]
    if not found:
        raise AggregateRefused(
            f"No contacts were counted in '{period}'.", "Give a year for which there are some, such as 2026."
        )
    by_kind: Counter[tuple[str, ...]] = Counter()
    by_month: Counter[tuple[str, ...]] = Counter()
    for each in found:
        by_kind[(each.place.slug, each.kind)] += each.count
        by_month[(f"{each.month:%Y-%m}",)] += each.count
    places = {each.place.slug: each.place.name for each in found}
    codes = {
        "place": sorted(places),
        "kind": sorted({each.kind for each in found}),
        "month": sorted({month for (month,) in by_month}),
    }
    tables = [
        DraftTable(
            _table("by_place_and_kind", "contacts", ("place", "kind"), by_kind, codes),
            message("Contacts by place and kind").in_languages(languages),
        ),
        DraftTable(_table("by_month", "contacts", ("month",), by_month, codes), message("Contacts by month").in_languages(languages)),
    ]  # fmt: skip
    labels: dict[str, Mapping[str, Message | str]] = {
        "place": dict(places),
        "kind": {kind: _KINDS[kind] for kind in codes["kind"]},
        "month": {month: month for month in codes["month"]},
    }
    return _draft(
        CONTACTS, period, message("Contacts that enforced nothing, {period}", period=period), message("contacts"), tables,
        {name: _column(name, labels[name], languages) for name in codes}, agency, languages, source,
        sum(each.count for each in found),
        message("Visits, walks, meetings and help, counted by the department itself; a contact is not a person."), policy,
    )  # fmt: skip


def _table(
    name: str, measure: str, dimensions: tuple[str, ...], counts: Mapping[tuple[str, ...], int],
    codes: Mapping[str, Sequence[str]],
) -> CountTable:  # fmt: skip
    rows = sorted(counts.items())
    columns: dict[str, object] = {
        each: pa.array([key[axis] for key, _count in rows], pa.string()) for axis, each in enumerate(dimensions)
    }
    columns["count"] = pa.array([count for _key, count in rows], pa.int64())
    return CountTable(
        name=name, measure=measure, dimensions=dimensions, counts=pa.table(columns),
        categories={each: tuple(codes[each]) for each in dimensions},
    )  # fmt: skip


def _column(name: str, labels: Mapping[str, Message | str], languages: Sequence[str]) -> Column:
    label, definition = _COLUMNS[name]
    codes = [
        Code(code, said.in_languages(languages) if isinstance(said, Message) else dict.fromkeys(languages, said))
        for code, said in labels.items()
    ]
    return Column(
        name, label.in_languages(languages), definition.in_languages(languages), codes, is_place=name == "place"
    )


def _label(code: str) -> Message | str:
    return _LABELS.get(code, code.capitalize())


def _draft(
    dataset: str, period: str, title: Message, measure: Message, tables: Sequence[DraftTable], columns: Mapping[str, Column],
    agency: Texts, languages: Sequence[str], source: Texts, rows: int, description: Message, policy: Policy | None,
) -> Draft:  # fmt: skip
    return Draft(
        dataset=dataset,
        period=period,
        title=title.in_languages(languages),
        languages=tuple(languages),
        agency=agency,
        measure_label=measure.in_languages(languages),
        tables=tables,
        columns=columns,
        policy=policy or Policy(),
        policy_reason=message("Small counts could point to a person.").in_languages(languages),
        quality={
            "accounting": {"rows": rows, "accepted": rows, "rejected": 0, "duplicates": 0},
            "rejects": [],
            "missing": [],
            "reporting": [],
            "files": [],
        },
        source={"name": source, "rows": rows},
        description=description.in_languages(languages),
    )
