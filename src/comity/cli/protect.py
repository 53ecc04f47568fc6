"""`comity protect`: hide the small counts of one table, and enough others, for people who have only that table."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("protect")
@click.argument("table", metavar="TABLE.csv", type=click.Path(path_type=Path))
@click.option("--policy", "settings", required=True, metavar="P.yaml", type=click.Path(path_type=Path))
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Write the protected table here.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON; needs --out for the table.")
def command(table: Path, settings: Path, out: Path | None, as_json: bool) -> None:
    """Hide the small counts of one table, and enough others that none can be worked out.

    TABLE.csv has a line a cell (or a line a record), without totals: they are added. P.yaml says how: docs/reference/
    protect-policy.md. The protected table is attacked before it is written; one that cannot be protected is refused.

    \b
    Example:  comity protect stops.csv --policy policy.yaml --out protected.csv
    policy.yaml:
      count: stops
      hierarchies: {neighborhood: precincts.csv}
      policy: {minimum: 10, never_hide: [{precinct: "*"}]}
    """
    import yaml

    from comity.cli.progress import shown_progress
    from comity.disclosure import protect
    from comity.disclosure.one_table import as_csv, read_one_table
    from comity.errors import ComityError, UsageError

    if as_json and out is None:
        raise UsageError("--json prints the report, so the table needs a file.", "Add --out FILE.")
    try:
        given = yaml.safe_load(settings.read_bytes()) or {}
    except FileNotFoundError as error:
        raise ComityError(f"There is no file {settings}.", "Check the name.") from error
    except yaml.YAMLError as error:
        raise ComityError(f"{settings} is not YAML: {error}.", "See docs/reference/protect-policy.md.") from error
    one = read_one_table(table, given, folder=settings.parent)
    with shown_progress() as progress:
        protected = protect([one.table], one.policy, also_hide=one.also_hide, progress=progress)
    text = as_csv(protected.tables[one.table.name])
    report = protected.report
    if out is None:
        click.echo(text, nl=False)
    else:
        beside = out.with_name(f".{out.name}.part")
        beside.write_text(text, encoding="utf-8", newline="")
        beside.replace(out)
    if as_json:
        # These are for whoever has the table; published, they would bound hidden counts.
        private = {"primary": report.primary, "secondary": report.secondary, "loss": round(report.loss, 6)}
        click.echo(json.dumps({**report.as_record(), **private}, indent=2))
    else:
        click.echo(_report(report.cells, report.primary, report.secondary, report.audit.narrowest), err=True)


def _report(cells: int, primary: int, secondary: int, narrowest: float | None) -> str:
    if not primary:
        return f"Nothing had to be hidden among {cells:,} cells."
    return (
        f"Hidden: {primary:,} of {cells:,} cells by rule, {secondary:,} more to protect them. Attacked: none can be"
        f" computed to an interval narrower than {narrowest:.0f}."
    )
