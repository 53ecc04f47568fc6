"""`comity disparity` on counts of stops, searches and hits: rates, the outcome test, the threshold test and bounds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from comity.cli.disparity_options import (
    REFERENCE,
    answer,
    common,
    counts_of,
    draw,
    file_of,
    group_asked,
    opened_from,
    print_findings,
    read_table,
)
from comity.errors import ComityError

if TYPE_CHECKING:
    from comity.disparity.counts import GroupedCounts
    from comity.disparity.finding import Finding
    from comity.disparity.picture_parts import Drawing
    from comity.instance.counts import OpenDataset


@click.command()
@common
@REFERENCE
def rates(
    source: str | None, folder: Path | None, reference: str | None, as_json: bool, picture: Path | None, language: str
) -> None:
    """Search rates by group, with intervals that allow for places that differ; and stop rates.

    Stop rates need benchmarks: the instance's own, or a column `population` in FILE (residents).

    \b
    Example:
      comity disparity rates stops.csv --reference white
    """
    from comity.cli.pictures import check_picture

    check_picture(picture)
    opened = opened_from(source, folder)
    if opened is not None:
        findings = _instance_rates(opened, reference)
    else:
        from comity.disparity.counts import read_counts
        from comity.disparity.rates import Benchmark, search_rate_findings, stop_rate_findings

        table = read_table(file_of(source))
        counts = read_counts(table)
        group = group_asked(counts.groups, reference or "white")
        findings = []
        if "population" in table.column_names:
            people = table.select(["place", "group", "population"]).rename_columns(["place", "group", "people"])
            benchmark = Benchmark("residents", people, Path(str(source)).name, 0)
            findings += stop_rate_findings(counts, benchmark, reference=group)
        findings += search_rate_findings(counts, reference=group)
    answer(findings, as_json, picture, language)


@click.command()
@common
@REFERENCE
def outcome(
    source: str | None, folder: Path | None, reference: str | None, as_json: bool, picture: Path | None, language: str
) -> None:
    """Outcome test: hit rates by group. The picture has a point for each place.

    \b
    Example:
      comity disparity outcome stops.csv --picture hit-rates.svg
    """
    from comity.cli.pictures import check_picture
    from comity.disparity.outcome import outcome_findings

    check_picture(picture)
    counts, group = counts_of(source, folder, reference, needed=("stops",))
    findings = outcome_findings(counts, reference=group)
    answer(findings, as_json, picture, language, _hit_rates(counts, group, language) if picture else ())


@click.command()
@common
@REFERENCE
@click.option("--pin", default=None, help="Fix one place's effects: 'largest' or its name. Default: none is fixed.")
@click.option("--no-sensitivity", is_flag=True, help="Leave out the other pins, priors and the beta family.")
def threshold(
    source: str | None,
    folder: Path | None,
    reference: str | None,
    pin: str | None,
    no_sensitivity: bool,
    as_json: bool,
    picture: Path | None,
    language: str,
) -> None:
    """Threshold test: is one group searched on weaker evidence? The picture has a point for each place.

    \b
    Example:
      comity disparity threshold counties.csv --pin largest --json
    """
    from comity.cli.pictures import check_picture
    from comity.disparity.threshold import threshold_findings, threshold_test

    check_picture(picture)
    counts, group = counts_of(source, folder, reference, needed=("stops", "searches", "hits"))
    result = threshold_test(counts, reference=group, pin=pin, sensitivity=not no_sensitivity)
    findings = threshold_findings(result)
    if as_json:
        click.echo(json.dumps(result.as_record(), indent=2, ensure_ascii=False))
        if not result.passed:
            raise SystemExit(1)
    elif not result.passed:
        refused = next(gate for gate in result.gates if not gate.passed)
        raise ComityError(str(refused.said), "Check what the columns record, or give more places or years.")
    else:
        print_findings(findings, language)
        for name, sentence in result.sensitivity_sentences().items():
            click.echo(f"{name}: {sentence}")
    if picture is not None:
        points: dict[str, dict[str, tuple[float, float]]] = {}
        for each in result.places:
            points.setdefault(each.place, {})[each.group] = (each.threshold, float(each.stops))
        draw(findings, picture, language, _scatters(points, counts.groups, group, language, "threshold"))


@click.command()
@common
@REFERENCE
def bounds(
    source: str | None, folder: Path | None, reference: str | None, as_json: bool, picture: Path | None, language: str
) -> None:
    """Search rates if some of the stops were themselves biased, swept over how many.

    \b
    Example:
      comity disparity bounds stops.csv --picture sweep.svg
    """
    from comity.cli.pictures import check_picture
    from comity.disparity.selection import selection_findings

    check_picture(picture)
    counts, group = counts_of(source, folder, reference, needed=("stops",))
    answer(selection_findings(counts, reference=group), as_json, picture, language)


def _instance_rates(opened: OpenDataset, reference: str | None) -> list[Finding]:
    from comity.disparity.stops import stop_findings
    from comity.instance.counts import minute_counts, stop_counts
    from comity.instance.findings import location_of
    from comity.instance.publish import benchmarks_of

    opened.needed("subject_race")
    return stop_findings(
        stop_counts(opened.records, opened.place),
        minutes=minute_counts(opened.records, opened.place),
        place=opened.place or "type",
        reference=reference or opened.dataset.reference_group,
        benchmarks=benchmarks_of(opened.instance, opened.dataset),
        location=location_of(opened.agency),
        time_zone=opened.agency.time_zone,
        methods=("stop_rate", "benchmarks", "search_rate"),
    )


def _hit_rates(counts: GroupedCounts, reference: str, language: str) -> list[tuple[Drawing, list[dict[str, Any]]]]:
    """A scatter for each group: the hit rate of each place with at least five searches of both groups."""
    if counts.searches is None or counts.hits is None:
        return []
    points: dict[str, dict[str, tuple[float, float]]] = {}
    for at, place in enumerate(counts.places):
        for column, group in enumerate(counts.groups):
            searches = int(counts.searches[at, column])
            if searches >= 5:
                share = float(counts.hits[at, column]) / searches
                points.setdefault(place, {})[group] = (share, float(searches))
    return _scatters(points, counts.groups, reference, language, "hit_rate")


def _scatters(
    points: dict[str, dict[str, tuple[float, float]]],
    groups: Sequence[str],
    reference: str,
    language: str,
    value: str,
) -> list[tuple[Drawing, list[dict[str, Any]]]]:
    """A scatter for each group against `reference`, with its rows. points: place -> group -> (value, weight)."""
    from comity.disparity.counts import group_label
    from comity.disparity.point_pictures import SCATTERS, scatter

    drawn = []
    for group in groups:
        both = [(place, by[reference], by[group]) for place, by in points.items() if group in by and reference in by]
        if group == reference or not both:
            continue
        title, axis = SCATTERS[value]
        drawing = scatter(
            [(place, theirs[0], ours[0], ours[1] + theirs[1]) for place, theirs, ours in both],
            across=axis(group_label(reference)),
            upward=axis(group_label(group)),
            title=title,
            language=language,
        )
        rows = [
            {"part": "place", "place": place, "group": name, "reference": reference, value: each[0], "weight": each[1]}
            for place, theirs, ours in both
            for name, each in ((reference, theirs), (group, ours))
        ]
        drawn.append((drawing, rows))
    return drawn


COMMANDS = (
    rates,
    outcome,
    threshold,
    bounds,
)
