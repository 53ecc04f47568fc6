"""`comity estimate`: means, totals, proportions, ratios and quantiles of a survey file, with honest intervals."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command(name="estimate")
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--design", type=click.Path(path_type=Path), required=True, help="YAML file of the design and the weighting."
)
@click.option("--mean", multiple=True, metavar="COLUMN", help="Mean of a numeric column; may be repeated.")
@click.option("--total", multiple=True, metavar="COLUMN", help="Total of a numeric column; may be repeated.")
@click.option(
    "--proportion", multiple=True, metavar="COLUMN", help="Share of each category of a column; may be repeated."
)
@click.option("--ratio", multiple=True, nargs=2, metavar="ABOVE BELOW", help="Ratio of the totals of two columns.")
@click.option("--median", multiple=True, metavar="COLUMN", help="Median of a numeric column; may be repeated.")
@click.option(
    "--quantile", multiple=True, nargs=2, metavar="COLUMN SHARE", help="Quantile, such as: --quantile income 0.9"
)
@click.option("--by", multiple=True, metavar="COLUMN", help="One estimate for each category of this column.")
@click.option("--confidence", default=0.95, show_default=True, help="Confidence of the intervals.")
@click.option(
    "--minimum-n", type=click.IntRange(min=1), help="Fewest answers a number may rest on; default in the design, 10."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--report", type=click.Path(path_type=Path), help="Write a one-page report to this .html or .pdf file.")
@click.option("--title", default="Survey estimates", show_default=True, help="Title of the report.")
@click.option("--language", default="en", show_default=True, help="Language of the report.")
def command(
    data: Path,
    design: Path,
    mean: tuple[str, ...],
    total: tuple[str, ...],
    proportion: tuple[str, ...],
    ratio: tuple[tuple[str, str], ...],
    median: tuple[str, ...],
    quantile: tuple[tuple[str, str], ...],
    by: tuple[str, ...],
    confidence: float,
    minimum_n: int | None,
    as_json: bool,
    report: Path | None,
    title: str,
    language: str,
) -> None:
    """Estimate from the survey in DATA (CSV, Parquet, SPSS or Stata), weighted as the design says.

    \b
    Example:  comity estimate answers.csv --design survey.yaml --mean trust --by district
    """
    from dataclasses import replace

    from comity.errors import UsageError
    from comity.estimates import estimators, quantiles
    from comity.estimates.reading import read_survey_file
    from comity.estimates.results import Estimate
    from comity.estimates.specification import read_specification

    if not (mean or total or proportion or ratio or median or quantile):
        raise UsageError("Nothing to estimate is named.", "Add --mean COLUMN, --proportion COLUMN or another.")
    specification = read_specification(design)
    if minimum_n is not None:
        specification = replace(specification, design=replace(specification.design, minimum_n=minimum_n))
    survey = specification.apply(read_survey_file(data))
    found: list[Estimate] = []
    if mean:
        found += estimators.estimate_mean(survey, mean, by=by, confidence=confidence)
    if total:
        found += estimators.estimate_total(survey, total, by=by, confidence=confidence)
    for column in proportion:
        found += estimators.estimate_proportion(survey, column, by=by, confidence=confidence)
    for above, below in ratio:
        found += estimators.estimate_ratio(survey, above, below, by=by, confidence=confidence)
    for column, share in [*((column, "0.5") for column in median), *quantile]:
        found += quantiles.estimate_quantile(survey, column, _share(share), by=by, confidence=confidence)
    if report is not None:
        from comity.estimates.report import write_report

        write_report(report, survey, found, title=title, about=specification.about, language=language)
    if as_json:
        click.echo(json.dumps([each.as_record() for each in found], indent=2, ensure_ascii=False))
        return
    _print_table(found)


def _share(text: str) -> float:
    from comity.errors import UsageError

    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise UsageError(f"The quantile is '{text}'.", "It is a number between 0 and 1, such as 0.9.")
    return share


def _print_table(found: list) -> None:  # type: ignore[type-arg]
    from rich.console import Console
    from rich.table import Table

    from comity.estimates.results import format_number

    table = Table(box=None, pad_edge=False)
    for heading in ("variable", "statistic", "domain"):
        table.add_column(heading)
    for heading in ("estimate", "low", "high", "se", "n", "deff"):
        table.add_column(heading, justify="right")
    for each in found:
        numbers = [format_number(value) for value in (each.estimate, each.low, each.high, each.se)]
        table.add_row(
            each.variable,
            each.statistic,
            each.domain_name or "everyone",
            *numbers,
            f"{each.n:,}",
            format_number(each.deff),
        )
    Console().print(table)
    for note in sorted({str(each.note) for each in found if each.note}):
        click.echo(note)
