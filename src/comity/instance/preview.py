"""What a run would make public, shown before it is sealed: lines for a terminal, and a page in the instance's private folder.

Both say what becomes public, what is hidden, what the audit found, and what changed since last time. Neither holds a
hidden count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from comity.disclosure import read_public
from comity.instance.promising import lines_of
from comity.instance.settings import Instance
from comity.releases.changes import cells_moved
from comity.releases.publish import Plan
from comity.releases.states import write_file

FOLDER = "preview"
_MOST_CHANGES = 200  # on the page, of one table; changes.json has all


@dataclass(frozen=True)
class Preview:
    """page: the file that shows it. lines: the same in short."""

    page: Path
    lines: tuple[str, ...]

    def summary(self) -> str:
        """For a terminal."""
        return "\n".join([*self.lines, f"All of it: {self.page}"])


def preview_of(instance: Instance, plan: Plan, accounting: Mapping[str, int], *, today: date) -> Preview:
    """Writes the page for `plan` and answers it with its summary."""
    assert plan.built
    folder = instance.folder / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    sections = _sections(instance, plan, accounting)
    page = folder / f"{plan.release.replace('/', '-')}.html"
    write_file(page, _page(plan, sections, today).encode())
    lines = [f"{plan.release}: {'would become public' if plan.is_new else 'is public already, unchanged'}"]
    for section in sections:
        lines += [f"{section.title}: {line}" for line in section.lines]
    return Preview(page, tuple(lines))


@dataclass(frozen=True)
class _Section:
    title: str
    lines: Sequence[str]
    tables: Sequence[tuple[str, Sequence[str], Sequence[Sequence[str]]]] = ()


def _sections(instance: Instance, plan: Plan, accounting: Mapping[str, int]) -> list[_Section]:
    found = [_becomes_public(plan, accounting), _hidden(plan), _audited(plan), _changed(instance, plan)]
    beside = lines_of(plan)
    if beside:
        found.append(_Section("Sealed with it", beside))
    if plan.left_out:
        told = [f"{each.kind} {each.name}: {_first(text)}" for each, text in plan.left_out.items()]
        found.append(_Section("Promised and left out, with this reason", told))
    return found


def _becomes_public(plan: Plan, accounting: Mapping[str, int]) -> _Section:
    assert plan.built
    rows = accounting
    lines = [
        f"{rows['rows']:,} rows = {rows['accepted']:,} accepted + {rows['rejected']:,} rejected + {rows['duplicates']:,} duplicates",
    ]
    size = sum(len(content) for content in plan.files.values())
    if plan.is_new:
        lines.append(f"{len(plan.files):,} files, {size:,} bytes; {len(plan.built.findings):,} findings")
    findings = [(each["verdict"], _first(each["headline"] or each["sentence"])) for each in plan.built.findings]
    files = [(path, f"{len(content):,}") for path, content in sorted(plan.files.items())]
    return _Section(
        "Becomes public",
        lines,
        [("Findings", ("Verdict", "Finding"), findings), ("Files", ("File", "Bytes"), files)],
    )


def _hidden(plan: Plan) -> _Section:
    assert plan.built
    report = plan.built.protected.report
    rows = []
    for name, table in plan.built.protected.tables.items():
        hidden = _hidden_in(table)
        rows.append((name, f"{table.num_rows:,}", f"{table.num_rows - hidden:,}", f"{hidden:,}"))
    line = (
        f"{report.primary + report.secondary:,} of {report.cells:,} counts: {report.primary:,} by the rules, "
        f"{report.secondary:,} so that those cannot be worked out"
    )
    return _Section("Hidden", [line], [("By table", ("Table", "Counts", "Shown", "Hidden"), rows)])


def _audited(plan: Plan) -> _Section:
    assert plan.built
    audit = plan.built.protected.report.audit.as_record()
    line = (
        f"{audit['hidden']:,} hidden counts attacked, {audit['exact']:,} worked out exactly, "
        f"{audit['short']:,} more closely than the policy allows"
    )
    return _Section("The audit", [line if audit["complete"] else f"{line}; it did NOT finish"])


def _changed(instance: Instance, plan: Plan) -> _Section:
    title = "Changed since last time"
    if plan.changes:
        return _correction(plan.changes, title)
    if not plan.is_new:
        return _Section(title, ["nothing in the release"])
    return _since_last_period(instance, plan, title)


def _correction(changes: Mapping[str, Any], title: str) -> _Section:
    compared = [each for each in changes["tables"] if each["state"] == "compared"]
    touched = sum(1 for each in compared if each["changes"])
    moved = f"{cells_moved(changes):,} cells in {touched:,} tables and {len(changes['findings']):,} findings move"
    lines = [
        f"a correction of {changes['from']}: {moved}",
        f"because: {_first(changes['reason'])}",
        *(f"table {each['name']} is {each['state']}" for each in changes["tables"] if each["state"] != "compared"),
    ]
    tables = [
        (
            f"{each['name']}: {len(each['changes']):,} of {each['cells']:,} cells"
            + (f", the first {_MOST_CHANGES}" if len(each["changes"]) > _MOST_CHANGES else ""),
            (*each["columns"], "Before", "After", "Difference"),
            [
                (
                    *change["where"].values(),
                    _cell(change["before"]),
                    _cell(change["after"]),
                    _signed(change["difference"]),
                )
                for change in each["changes"][:_MOST_CHANGES]
            ],
        )
        for each in compared
        if each["changes"]
    ]
    return _Section(title, lines, tables)


def _since_last_period(instance: Instance, plan: Plan, title: str) -> _Section:
    """Totals of each table beside those of the release of the same dataset before it."""
    assert plan.built
    draft, public = plan.built.draft, instance.public
    releases = read_public(public) if any(public.glob("releases/*/*/v*/release.json")) else ()
    before = [each for each in releases if each.dataset == draft.dataset and each.period != draft.period]
    if not before:
        return _Section(title, [f"this is the first public release of {draft.dataset}"])
    last = max(before, key=lambda each: (each.period < draft.period, each.period, each.version))
    old = {table.name: table.rows for table in last.tables}
    new = plan.built.protected.tables
    rows = [
        (name, _total(old[name]) if name in old else "no such table", _total(new[name]) if name in new else "left out")
        for name in dict.fromkeys([*new, *old])
    ]
    lines = [f"compared with {last.label}: {sum(name not in old for name in new)} tables are new"]
    lines += [f"table {name} is left out" for name in old if name not in new]
    lines += [
        f"{each.kind} from {each.period} on: figures on either side do not compare"
        for known in instance.datasets.values()
        for each in known.breaks
        if each.dataset == draft.dataset and last.period < each.period <= draft.period
    ]
    return _Section(title, lines, [("Totals", ("Table", last.label, "Now"), rows)])


def _hidden_in(table: pa.Table) -> int:
    return int(pc.sum(pc.not_equal(table["status"], "published")).as_py() or 0)


def _total(table: pa.Table) -> str:
    rows = table
    for name in table.column_names:
        if name not in ("count", "status"):
            rows = rows.filter(pc.equal(rows[name], "all"))
    if rows.num_rows != 1:
        return "no total"
    return _cell({"count": rows["count"][0].as_py(), "status": rows["status"][0].as_py()})


def _cell(cell: Mapping[str, Any]) -> str:
    return f"{cell['count']:,}" if cell["status"] == "published" else str(cell["status"])


def _signed(difference: int | None) -> str:
    return "" if difference is None else f"{difference:+,}"


def _first(text: Mapping[str, str]) -> str:
    return next(iter(text.values()), "")


def _page(plan: Plan, sections: Sequence[_Section], today: date) -> str:
    body = "".join(_section(each) for each in sections)
    title = escape(f"Before sealing: {plan.release}")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><main><h1>{title}</h1>"
        f"<p>Private, and not sealed yet. If you agree, it becomes public, dated {today}, and stays.</p>{body}</main></body></html>\n"
    )


def _section(section: _Section) -> str:
    lines = "".join(f"<li>{escape(line)}</li>" for line in section.lines)
    tables = "".join(
        f"<details><summary>{escape(caption)}</summary><div class=wide tabindex=0><table>"
        f"<tr>{''.join(f'<th scope=col>{escape(name)}</th>' for name in header)}</tr>"
        f"{''.join('<tr>' + ''.join(f'<td>{escape(str(cell))}</td>' for cell in row) + '</tr>' for row in rows)}"
        "</table></div></details>"
        for caption, header, rows in section.tables
        if rows
    )
    return f"<section><h2>{escape(section.title)}</h2><ul>{lines}</ul>{tables}</section>"


_STYLE = (
    ":root{color-scheme:light dark}body{font:1.05rem/1.5 system-ui,sans-serif;margin:0}main{max-width:60rem;margin:auto;"
    "padding:1rem}h2{margin:1.5rem 0 .4rem}details{margin:.5rem 0}summary{cursor:pointer;padding:.3rem 0}"
    ".wide{overflow-x:auto}table{border-collapse:collapse}th,td{text-align:left;padding:.25rem .75rem .25rem 0;"
    "border-bottom:1px solid #8888;vertical-align:top}td:first-child{white-space:nowrap}"
)
