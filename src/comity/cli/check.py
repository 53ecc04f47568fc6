"""`comity check`: what a mapping would do to source files, before anything is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from comity.records import CheckReport

_EXAMPLE = """
Example:

    comity check sources/stops.yaml exports/stops_2017.csv

Exit code 0 when everything in the files is decided, 1 when a column or a code would be lost silently.
"""


@click.command("check", epilog=_EXAMPLE)
@click.argument("mapping", type=click.Path(path_type=Path))
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
def command(context: click.Context, mapping: Path, files: tuple[str, ...], as_json: bool) -> None:
    """Try MAPPING on source files and report what would be read, rejected or lost. Nothing is written."""
    from comity.records import check, read_mapping

    report = check(read_mapping(mapping), files)
    if as_json:
        click.echo(json.dumps(report.as_record(), indent=2, ensure_ascii=False))
    else:
        from rich.console import Console

        _show(report, Console(soft_wrap=False))
    context.exit(1 if report.loses_silently else 0)


def _show(report: CheckReport, console: Console) -> None:
    from rich.markup import escape
    from rich.table import Table

    def table(title: str, *columns: str) -> Table:
        made = Table(title=title, title_justify="left", title_style="bold")
        for column in columns:
            made.add_column(column, justify="right" if column == "rows" else "left", overflow="fold")
        return made

    account = report.accounting
    console.print(
        f"[bold]{escape(report.source)}[/]: {account.source_rows:,} rows = {account.accepted:,} accepted + "
        f"{account.rejected:,} rejected + {account.duplicates:,} duplicates"
    )
    if account.rejects_by_reason:
        rejects = table("Rejected", "reason", "rows", "examples (row)")
        for reason, rows in account.rejects_by_reason.items():
            shown = "; ".join(f"{example.value!r} ({example.row:,})" for example in report.examples.get(reason, []))
            rejects.add_row(escape(reason), f"{rows:,}", escape(shown))
        console.print(rejects)
    if account.drops_by_reason:
        drops = table("Set to missing", "reason", "rows")
        for reason, rows in account.drops_by_reason.items():
            drops.add_row(escape(reason), f"{rows:,}")
        console.print(drops)
    if account.date_format_hits:
        hits = table("Date formats", "column", "format", "rows")
        for name, formats in account.date_format_hits.items():
            for format, rows in formats.items():
                hits.add_row(name, escape(format), f"{rows:,}")
        console.print(hits)
    for name, rows in report.ambiguous_dates.items():
        console.print(f"{rows:,} values of {name} are another day by a later format; the order decides.")
    if report.unmapped_codes:
        codes = table("Codes nobody mapped", "column", "value", "rows", "nearest known")
        for code in report.unmapped_codes:
            codes.add_row(code.column, escape(repr(code.value)), f"{code.rows:,}", escape(code.nearest or ""))
        console.print(codes)
    for title, names in (
        ("Columns nobody mapped (map them, or list them under 'unused')", report.unmapped_columns),
        ("Listed under 'unused' but in no file", report.idle_columns),
    ):
        if names:
            console.print(f"[bold]{escape(title)}[/]: {escape(', '.join(names))}")
    if report.loses_silently:
        console.print("[bold red]Something would be lost silently.[/]")
    else:
        console.print("[bold green]Nothing would be lost silently.[/]")
