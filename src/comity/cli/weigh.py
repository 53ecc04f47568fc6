"""`comity weigh`: the weights of a survey file, each step verified, with what the weighting costs."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command(name="weigh")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--design", type=click.Path(path_type=Path), required=True, help="YAML file of the design and weighting.")
@click.option(
    "--into", type=click.Path(path_type=Path), help="Write the table and its weights to this .csv or .parquet."
)
@click.option("--column", default="weight_final", show_default=True, help="Name of the column of weights.")
@click.option("--picture", type=click.Path(path_type=Path), help="Write a picture of the weights to this .svg.")
@click.option("--json", "as_json", is_flag=True, help="Print the steps and the diagnostics as JSON.")
def command(data: Path, design: Path, into: Path | None, column: str, picture: Path | None, as_json: bool) -> None:
    """Weight the survey in DATA (CSV, Parquet, SPSS or Stata) by the steps of the design file.

    \b
    Example:  comity weigh answers.csv --design survey.yaml --into weighted.csv
    """
    from dataclasses import asdict

    from comity.errors import UsageError
    from comity.estimates.diagnostics import diagnose_weights
    from comity.estimates.reading import read_survey_file, write_table
    from comity.estimates.specification import read_specification

    specification = read_specification(design)
    if not specification.steps:
        raise UsageError(f"'{design.name}' has no weighting steps.", "Add a list 'weighting'.")
    columns = read_survey_file(data)
    if into is not None and column in columns.names:
        raise UsageError(f"The data have a column '{column}' already.", "Choose another name with --column.")
    survey = specification.apply(columns)
    diagnostics = diagnose_weights(survey)
    if into is not None:
        write_table(survey.columns.with_column(column, survey.weights).table, into)
    if picture is not None:
        from comity.estimates.pictures import draw_weights, write_svg

        write_svg(draw_weights(survey), picture)
    if as_json:
        steps = [dict(step.record) for step in survey.steps]
        click.echo(json.dumps({"steps": steps, "diagnostics": asdict(diagnostics)}, indent=2, ensure_ascii=False))
        return
    for step in survey.steps:
        details = ", ".join(
            f"{key} {value}" for key, value in step.record.items() if isinstance(value, (int, float, str))
        )
        click.echo(details.replace("step ", "", 1))
    click.echo(
        f"{diagnostics.n:,} rows weigh {diagnostics.total:,.6g} in all, from {diagnostics.smallest:.4g} to "
        f"{diagnostics.largest:.4g} (median {diagnostics.median:.4g})."
    )
    click.echo(f"Kish design effect {diagnostics.deff_kish:.3f}: effective n {diagnostics.effective_n:,.0f}.")
    if diagnostics.negative:
        click.echo(f"{diagnostics.negative} weights are negative: bounded calibration (logit, truncated) avoids that.")
