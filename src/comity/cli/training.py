"""`comity training`: whether a course changed what it was meant to change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pyarrow as pa


@click.group("training")
def command() -> None:
    """Training: whether it changed anything. Courses and completions are kept in the office.

    \b
    Example:  comity training effect fair-stops --instance our-town stops
    """


@command.command("effect")
@click.argument("course")
@click.argument("outcome", required=False, metavar="[DATASET|FILE.csv]")
@click.option("--instance", "folder", type=click.Path(path_type=Path), default=Path(), help="The instance folder.  [.]")
@click.option("--unit", help="Of a dataset: the column whose values are the units.  [the dataset's place]")
@click.option("--share", default=0.5, show_default=True, help="Share of a unit's officers that makes it trained.")
@click.option("--random-timing", is_flag=True, help="It was drawn by lot which unit was trained when.")
@click.option("--agency", help="The agency's short name, where several have the course.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of sentences.")
@click.option("--language", type=click.Choice(["en", "es"]), default="en", help="Of the sentences.")
def effect(
    course: str,
    outcome: str | None,
    folder: Path,
    unit: str | None,
    share: float,
    random_timing: bool,
    agency: str | None,
    as_json: bool,
    language: str,
) -> None:
    """Did COURSE change an outcome, where units took it up at different times? Stores the statement.

    The outcome is the number of records of DATASET (stops, force, complaints) by unit and month, or a FILE.csv with
    unit,period,outcome, such as a survey scale by place and month.

    \b
    Example:
      comity training effect fair-stops --instance our-town force --unit precinct
      comity training effect fair-stops --instance our-town trust.csv --share 0.8
    """
    from comity.cli.setting_up import open_site

    counts = _outcomes(outcome, folder, unit)
    open_site(folder, "community")
    from comity.site.training.effects import course_named, evaluate, panel, trained_from

    found = course_named(course, agency)
    table = panel(counts, trained_from(found, share=share))
    name = f"{Path(outcome).stem if outcome else 'records'} by unit and period"
    finding, stored = evaluate(found, table, outcome=name, random_timing=random_timing)
    if as_json:
        click.echo(
            json.dumps({"statement": stored.pk, "finding": finding.as_record([language])}, indent=2, ensure_ascii=False)
        )
        return
    click.echo(f"{finding.verdict.text.in_language(language).upper()}: {finding.sentence.in_language(language)}")
    if finding.reason and finding.reason != finding.sentence:
        click.echo(finding.reason.in_language(language))
    click.echo(f"Stored as statement {stored.pk} of '{found.slug}'; the public page shows its verdict.")


def _outcomes(outcome: str | None, folder: Path, unit: str | None) -> pa.Table:
    from comity.cli.disparity_options import read_table

    if outcome is not None and Path(outcome).suffix in (".csv", ".parquet"):
        return read_table(Path(outcome))
    import pyarrow as pa

    from comity.instance.counts import open_dataset, rollout_counts

    nobody = pa.table({"unit": pa.array([], pa.string()), "adopted": pa.array([], pa.string())})
    return rollout_counts(open_dataset(folder, outcome), nobody, unit=unit).drop_columns(["adopted"])
