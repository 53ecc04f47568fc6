"""`comity rows`: a file of single records, made coarse enough that nobody stands out, or refused."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("rows")
@click.argument("file", metavar="ROWS", type=click.Path(path_type=Path))
@click.option("--policy", "settings", required=True, metavar="P.yaml", type=click.Path(path_type=Path))
@click.option("--out", required=True, metavar="FILE.csv", type=click.Path(path_type=Path), help="Write the rows here.")
@click.option("--most-withheld", type=click.FloatRange(0, 1), default=0.05, help="Largest share left out.  [0.05]")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(file: Path, settings: Path, out: Path, most_withheld: float, as_json: bool) -> None:
    """Make a file of single records publishable: listed columns only, coarser, and only rows lost in a crowd.

    ROWS is a CSV or Parquet file, such as an instance's records/stops/2026/accepted.parquet. P.yaml says how:
    docs/reference/rows-policy.md. Rows that stand out are left out; a file with too many of them is refused.

    \b
    Example:  comity rows stops.csv --policy rows.yaml --out stops-public.csv
    """
    import yaml

    from comity.disclosure.one_table import as_csv
    from comity.disclosure.row_settings import read_rows, row_policy
    from comity.disclosure.rows import protect_rows
    from comity.errors import ComityError

    try:
        given = yaml.safe_load(settings.read_bytes()) or {}
    except FileNotFoundError as error:
        raise ComityError(f"There is no file {settings}.", "Check the name.") from error
    except yaml.YAMLError as error:
        raise ComityError(f"{settings} is not YAML: {error}.", "See docs/reference/rows-policy.md.") from error
    policy = row_policy(given, folder=settings.parent)
    found = protect_rows(read_rows(file), policy, most_withheld=most_withheld)
    beside = out.with_name(f".{out.name}.part")
    beside.write_text(as_csv(found.rows), encoding="utf-8", newline="")
    beside.replace(out)
    report = {
        "published": found.published,
        "withheld": found.withheld,
        "steps": dict(found.steps),
        "blanked": found.blanked,
        "smallest_group": found.smallest_group,
        "fewest_sensitive": found.fewest_sensitive,
        "k": policy.k,
        "l": policy.l,
    }
    if as_json:
        click.echo(json.dumps(report, indent=2))
        return
    steps = ", ".join(f"{name} {step}" for name, step in found.steps.items())
    click.echo(
        f"{found.published:,} rows in {out}, {found.withheld:,} withheld. Coarseness: {steps}. Every row shares what"
        f" identifies it with at least {(found.smallest_group or 1) - 1:,} others; {found.blanked:,} values blanked for victims."
    )
