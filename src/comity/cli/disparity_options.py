"""What the commands of `comity disparity` share: what they read, and the forms of their answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from comity.errors import ComityError

if TYPE_CHECKING:
    import pyarrow as pa

    from comity.disparity.counts import GroupedCounts
    from comity.disparity.finding import Finding
    from comity.disparity.picture_parts import Drawing
    from comity.instance.counts import OpenDataset

REFERENCE = click.option(
    "--reference", default=None, help="The group the others are compared with.  [white, or the instance's]"
)


def common(command: Callable[..., None]) -> Callable[..., None]:
    """What every verb takes: a file or an instance, and the forms of the answer."""
    for option in (
        click.option("--language", type=click.Choice(["en", "es"]), default="en", help="Of sentences and picture."),
        click.option(
            "--picture", type=click.Path(path_type=Path), help="Draw into FILE.svg, with its table in FILE.csv."
        ),
        click.option("--json", "as_json", is_flag=True, help="Print JSON instead of sentences."),
        click.option("--instance", "folder", type=click.Path(path_type=Path), help="Use the records of this instance."),
        click.argument("source", required=False, metavar="FILE|[DATASET]"),
    ):
        command = option(command)
    return command


def read_table(file: Path) -> pa.Table:
    """A CSV (or Parquet) of counts. Raises ComityError for a file that is missing, empty, or not text."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    if not file.exists():
        raise ComityError(f"There is no file '{file}'.", "Check the name and the folder.")
    if file.is_dir():
        raise ComityError(f"'{file}' is a folder.", "For an instance write --instance before it.")
    if file.stat().st_size == 0:
        raise ComityError(f"The file '{file}' is empty.", "Give a CSV with a header line.")
    try:
        if file.suffix == ".parquet":
            return pa.parquet.read_table(file)
        return pa.csv.read_csv(file)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0][:120]
        raise ComityError(
            f"'{file}' is not a CSV table: {first}.", "Save it as CSV in UTF-8, one header line."
        ) from error


def file_of(source: str | None) -> Path:
    if source is None:
        raise ComityError("Nothing says what to analyse.", "Give a FILE of counts, or --instance DIR.")
    return Path(source)


def opened_from(source: str | None, folder: Path | None) -> OpenDataset | None:
    """The instance's dataset, or None where a file is meant."""
    if folder is None:
        return None
    from comity.instance.counts import open_dataset

    return open_dataset(folder, source)


def counts_of(
    source: str | None, folder: Path | None, reference: str | None, *, needed: Sequence[str]
) -> tuple[GroupedCounts, str]:
    """Counts by place and group, and the reference group among them."""
    from comity.disparity.counts import read_counts

    opened = opened_from(source, folder)
    if opened is None:
        counts = read_counts(read_table(file_of(source)), needed=needed)
        return counts, group_asked(counts.groups, reference or "white")
    from comity.instance.counts import outcome_counts

    table = outcome_counts(opened)
    if "hits" in needed and "hits" not in table.column_names:
        opened.needed("contraband_found")
    counts = read_counts(table, needed=needed)
    return counts, group_asked(counts.groups, reference or opened.dataset.reference_group)


def need_column(table: pa.Table, column: str, file: Path) -> None:
    if column not in table.column_names:
        raise ComityError(
            f"'{file}' has no column '{column}'; it has {', '.join(table.column_names)}.",
            f"Name the column '{column}' in the first line.",
        )


def group_asked(groups: Sequence[str], asked: str) -> str:
    """The group meant by `asked`: itself, or the only one that differs from it in case."""
    if asked in groups:
        return asked
    same = [name for name in groups if name.casefold() == asked.casefold()]
    if len(same) == 1:
        return same[0]
    raise ComityError(
        f"There is no group '{asked}' in the counts.", f"Choose one with --reference or --group: {', '.join(groups)}."
    )


def answer(
    findings: Sequence[Finding],
    as_json: bool,
    picture: Path | None,
    language: str,
    first: Sequence[tuple[Drawing, list[dict[str, Any]]]] = (),
) -> None:
    """Print findings, and draw them where a picture is asked for."""
    from comity.disparity.finding import VERDICT_RULE

    if as_json:
        record: dict[str, Any] = {
            "rule": VERDICT_RULE.in_language(language),
            "findings": [each.as_record([language]) for each in findings],
        }
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
    else:
        print_findings(findings, language)
    if picture is not None:
        draw(findings, picture, language, first)


def draw(
    findings: Sequence[Finding],
    picture: Path,
    language: str,
    first: Sequence[tuple[Drawing, list[dict[str, Any]]]] = (),
) -> None:
    """The pictures in `first`, then one for each finding that has one, in one file; and their rows in one table."""
    from comity.cli.pictures import rows_of, write_picture
    from comity.disparity.pictures import picture as picture_of
    from comity.disparity.point_pictures import stacked

    drawings = [drawing for drawing, _ in first]
    drawings += [picture_of(each, language) for each in findings if each.chart]
    if not drawings:
        raise ComityError("There is nothing to draw, because no question could be answered.", "Read the reasons above.")
    rows = [row for _, rows in first for row in rows]
    write_picture(picture, stacked(drawings), [*rows_of(findings, language), *rows])


def print_findings(findings: Sequence[Finding], language: str) -> None:
    from comity.disparity.finding import VERDICT_RULE

    for finding in findings:
        said = " ".join(text.in_language(language) for text in (finding.headline, finding.sentence) if text)
        click.echo(
            f"{finding.question.in_language(language)}\n  {finding.verdict.text.in_language(language).upper()}: {said}"
        )
        reason = finding.reason.in_language(language) if finding.reason else ""
        if reason and reason != said:
            click.echo(f"  {reason}")
        for figure in finding.figures:
            if figure.part == "sensitivity" and figure.low is not None:
                label = figure.label.in_language(language)
                click.echo(f"    {label}: {figure.estimate:.3g} ({figure.low:.3g} to {figure.high:.3g})")
    click.echo(VERDICT_RULE.in_language(language))
