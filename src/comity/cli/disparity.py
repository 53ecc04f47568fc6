"""`comity disparity`: each method on a CSV of counts, as sentences or as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from comity.errors import ComityError

if TYPE_CHECKING:
    import pyarrow as pa

    from comity.disparity.finding import Finding

COUNTS = click.argument("file", type=click.Path(path_type=Path))
REFERENCE = click.option(
    "--reference", default="white", show_default=True, help="The group the others are compared with."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of sentences.")


@click.group("disparity")
def command() -> None:
    """Ask what counts of stops, searches and hits say about disparity.

    FILE is a CSV with the columns place,group,stops,searches,hits (one row for each place and group).

    \b
    Example:
      comity disparity threshold counties.csv --pin largest --json
    """


@command.command()
@COUNTS
@REFERENCE
@JSON
def rates(file: Path, reference: str, as_json: bool) -> None:
    """Search rates by group, with intervals that allow for places that differ.

    With a column `population` in FILE also stop rates against residents.

    \b
    Example:
      comity disparity rates stops.csv --reference white
    """
    from comity.disparity.counts import read_counts
    from comity.disparity.rates import Benchmark, search_rate_findings, stop_rate_findings

    table = read_table(file)
    counts = read_counts(table)
    reference = _group(counts.groups, reference)
    findings: list[Finding] = []
    if "population" in table.column_names:
        people = table.select(["place", "group", "population"]).rename_columns(["place", "group", "people"])
        benchmark = Benchmark("residents", people, file.name, 0)
        findings += stop_rate_findings(counts, benchmark, reference=reference)
    _print(findings + search_rate_findings(counts, reference=reference), as_json)


@command.command()
@COUNTS
@REFERENCE
@JSON
def outcome(file: Path, reference: str, as_json: bool) -> None:
    """Outcome test: hit rates by group.

    \b
    Example:
      comity disparity outcome stops.csv --json
    """
    from comity.disparity.counts import read_counts
    from comity.disparity.outcome import outcome_findings

    counts = read_counts(read_table(file))
    _print(outcome_findings(counts, reference=_group(counts.groups, reference)), as_json)


@command.command()
@COUNTS
@REFERENCE
@click.option("--pin", default=None, help="Fix one place's effects: 'largest' or its name. Default: none is fixed.")
@click.option("--no-sensitivity", is_flag=True, help="Leave out the other pins, priors and the beta family.")
@JSON
def threshold(file: Path, reference: str, pin: str | None, no_sensitivity: bool, as_json: bool) -> None:
    """Threshold test: is one group searched on weaker evidence?

    \b
    Example:
      comity disparity threshold counties.csv --pin largest --json
    """
    from comity.disparity.counts import read_counts
    from comity.disparity.threshold import threshold_findings, threshold_test

    counts = read_counts(read_table(file), needed=("stops", "searches", "hits"))
    result = threshold_test(counts, reference=_group(counts.groups, reference), pin=pin, sensitivity=not no_sensitivity)
    if as_json:
        click.echo(json.dumps(result.as_record(), indent=2, ensure_ascii=False))
        if not result.passed:
            raise SystemExit(1)
        return
    if not result.passed:
        refused = next(gate for gate in result.gates if not gate.passed)
        raise ComityError(str(refused.said), "Check what the columns record, or give more places or years.")
    _print(threshold_findings(result), as_json)
    for group, sentence in result.sensitivity_sentences().items():
        click.echo(f"{group}: {sentence}")


@command.command()
@COUNTS
@click.option("--group", "groups", multiple=True, help="A group to compare; every one by default.")
@REFERENCE
@click.option("--lat", type=float, required=True, help="Latitude of the department, degrees north.")
@click.option("--lng", type=float, required=True, help="Longitude, degrees east (west is negative).")
@click.option("--time-zone", required=True, help="Such as America/Chicago.")
@JSON
def veil(
    file: Path, groups: tuple[str, ...], reference: str, lat: float, lng: float, time_zone: str, as_json: bool
) -> None:
    """Veil of darkness, from a CSV with date,minute_of_day,place,group and optionally count.

    \b
    Example:
      comity disparity veil minutes.csv --lat 44.98 --lng -93.27 --time-zone America/Chicago
    """
    from comity.disparity.counts import NOT_GROUPS
    from comity.disparity.veil_of_darkness import veil_of_darkness

    table = read_table(file)
    for column in ("date", "minute_of_day", "group"):
        _need(table, column, file)
    names = sorted({str(name) for name in table["group"].to_pylist() if name is not None} - set(NOT_GROUPS))
    reference = _group(names, reference)
    chosen = [_group(names, each) for each in groups] or [name for name in names if name != reference]
    _print(
        [
            veil_of_darkness(table, group=each, reference=reference, lat=lat, lng=lng, time_zone=time_zone)
            for each in chosen
        ],
        as_json,
    )


@command.command()
@COUNTS
@click.option("--false-discovery", default=0.1, show_default=True, help="Share of flags that may come by chance.")
@JSON
def officers(file: Path, false_discovery: float, as_json: bool) -> None:
    """Officers against comparable peers, from officer,cell,stops,events. For the agency's own eyes only.

    \b
    Example:
      comity disparity officers cells.csv --json
    """
    from dataclasses import asdict

    from comity.disparity.officers import officers_against_peers

    flags = officers_against_peers(read_table(file), false_discovery=false_discovery)
    if as_json:
        click.echo(json.dumps({"internal": True, "officers": [asdict(flag) for flag in flags]}, indent=2))
        return
    click.echo("Internal. A flag means 'differs from comparable peers', nothing more.")
    for flag in flags:
        if flag.flagged:
            click.echo(f"  {flag.officer}: {flag.share:.1%}, peers {flag.expected:.1%} (q = {flag.q_empirical:.3f})")
    click.echo(f"{sum(flag.flagged for flag in flags)} of {len(flags)} officers differ.")


@command.command()
@COUNTS
@JSON
def rollout(file: Path, as_json: bool) -> None:
    """Did a training or policy change the outcome? From unit,period,outcome,adopted (empty if never).

    \b
    Example:
      comity disparity rollout training.csv
    """
    from comity.disparity.rollout import rollout_finding

    _print([rollout_finding(read_table(file))], as_json)


@command.command()
@COUNTS
@REFERENCE
@JSON
def bounds(file: Path, reference: str, as_json: bool) -> None:
    """Search rates if some of the stops were themselves biased, swept over how many.

    \b
    Example:
      comity disparity bounds stops.csv
    """
    from comity.disparity.counts import read_counts
    from comity.disparity.selection import selection_findings

    counts = read_counts(read_table(file))
    _print(selection_findings(counts, reference=_group(counts.groups, reference)), as_json)


@command.command()
@COUNTS
@click.option("--break", "breaks", multiple=True, help="A period from which counting changed; may be repeated.")
@JSON
def change(file: Path, breaks: tuple[str, ...], as_json: bool) -> None:
    """Is the latest period different from those before? From period,count and optionally exposure.

    \b
    Example:
      comity disparity change quarters.csv --break 2019-q1
    """
    from comity.disparity.change import change_finding

    _print([change_finding(read_table(file), breaks=breaks)], as_json)


def read_table(file: Path) -> pa.Table:
    """A CSV (or Parquet) of counts. Raises ComityError for a file that is missing, empty, or not text."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    if not file.exists():
        raise ComityError(f"There is no file '{file}'.", "Check the name and the folder.")
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


def _need(table: pa.Table, column: str, file: Path) -> None:
    if column not in table.column_names:
        raise ComityError(
            f"'{file}' has no column '{column}'; it has {', '.join(table.column_names)}.",
            f"Name the column '{column}' in the first line.",
        )


def _group(groups: Sequence[str], asked: str) -> str:
    """The group meant by `asked`: itself, or the only one that differs from it in case."""
    if asked in groups:
        return asked
    same = [name for name in groups if name.casefold() == asked.casefold()]
    if len(same) == 1:
        return same[0]
    raise ComityError(
        f"There is no group '{asked}' in the file.", f"Choose one with --reference or --group: {', '.join(groups)}."
    )


def _print(findings: Sequence[Finding], as_json: bool) -> None:
    from comity.disparity.finding import VERDICT_RULE

    if as_json:
        record: dict[str, Any] = {"rule": str(VERDICT_RULE), "findings": [each.as_record(["en"]) for each in findings]}
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
        return
    for finding in findings:
        click.echo(f"{finding.question}\n  {str(finding.verdict).upper()}: {finding.sentence}")
        if finding.reason is not None and str(finding.reason) != str(finding.sentence):
            click.echo(f"  {finding.reason}")
        for figure in finding.figures:
            if figure.part == "sensitivity" and figure.low is not None:
                click.echo(f"    {figure.label}: {figure.estimate:.3g} ({figure.low:.3g} to {figure.high:.3g})")
    click.echo(str(VERDICT_RULE))
