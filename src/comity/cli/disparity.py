"""`comity disparity`: each method on a file of counts or on an instance's records, as sentences, JSON or a picture."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
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


def _common(command: Callable[..., None]) -> Callable[..., None]:
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


@click.group("disparity")
def command() -> None:
    """Ask what counts of stops, searches and hits say about disparity.

    FILE is a CSV with the columns place,group,stops,searches,hits (one row for each place and group). With --instance
    DIR the counts come from that agency's own records, of DATASET or the only one there is.

    \b
    Example:
      comity disparity threshold counties.csv --pin largest --json
      comity disparity veil --instance our-town stops --picture veil.svg
    """


@command.command()
@_common
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
    opened = _opened(source, folder)
    if opened is not None:
        findings = _instance_rates(opened, reference)
    else:
        from comity.disparity.counts import read_counts
        from comity.disparity.rates import Benchmark, search_rate_findings, stop_rate_findings

        table = read_table(_file(source))
        counts = read_counts(table)
        group = _group(counts.groups, reference or "white")
        findings = []
        if "population" in table.column_names:
            people = table.select(["place", "group", "population"]).rename_columns(["place", "group", "people"])
            benchmark = Benchmark("residents", people, Path(str(source)).name, 0)
            findings += stop_rate_findings(counts, benchmark, reference=group)
        findings += search_rate_findings(counts, reference=group)
    _answer(findings, as_json, picture, language)


@command.command()
@_common
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
    counts, group = _counts(source, folder, reference, needed=("stops",))
    findings = outcome_findings(counts, reference=group)
    _answer(findings, as_json, picture, language, _hit_rates(counts, group, language) if picture else ())


@command.command()
@_common
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
    counts, group = _counts(source, folder, reference, needed=("stops", "searches", "hits"))
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
        _print(findings, language)
        for name, sentence in result.sensitivity_sentences().items():
            click.echo(f"{name}: {sentence}")
    if picture is not None:
        points: dict[str, dict[str, tuple[float, float]]] = {}
        for each in result.places:
            points.setdefault(each.place, {})[each.group] = (each.threshold, float(each.stops))
        _draw(findings, picture, language, _scatters(points, counts.groups, group, language, "threshold"))


@command.command()
@_common
@click.option("--group", "groups", multiple=True, help="A group to compare; every one by default.")
@REFERENCE
@click.option("--lat", type=float, help="Latitude of the department, degrees north.  [the instance's]")
@click.option("--lng", type=float, help="Longitude, degrees east (west is negative).  [the instance's]")
@click.option("--time-zone", help="Such as America/Chicago.  [the instance's]")
def veil(
    source: str | None,
    folder: Path | None,
    groups: tuple[str, ...],
    reference: str | None,
    lat: float | None,
    lng: float | None,
    time_zone: str | None,
    as_json: bool,
    picture: Path | None,
    language: str,
) -> None:
    """Veil of darkness, from a CSV with date,minute_of_day,place,group and optionally count.

    \b
    Example:
      comity disparity veil minutes.csv --lat 44.98 --lng -93.27 --time-zone America/Chicago
    """
    from comity.cli.pictures import check_picture
    from comity.disparity.counts import NOT_GROUPS
    from comity.disparity.veil_of_darkness import veil_of_darkness

    check_picture(picture)
    opened = _opened(source, folder)
    if opened is not None:
        from comity.instance.counts import light_counts

        table = light_counts(opened)
        lat = opened.agency.latitude if lat is None else lat
        lng = opened.agency.longitude if lng is None else lng
        time_zone = time_zone or opened.agency.time_zone
        reference = reference or opened.dataset.reference_group
    else:
        file = _file(source)
        table = read_table(file)
        for column in ("date", "minute_of_day", "group"):
            _need(table, column, file)
    if lat is None or lng is None or time_zone is None:
        raise ComityError(
            "The place is not known, and so not when it is dark.",
            "Give --lat, --lng and --time-zone, or set latitude and longitude in comity.toml.",
        )
    names = sorted({str(name) for name in table["group"].to_pylist() if name is not None} - set(NOT_GROUPS))
    against = _group(names, reference or "white")
    chosen = [_group(names, each) for each in groups] or [name for name in names if name != against]
    findings = [
        veil_of_darkness(table, group=each, reference=against, lat=lat, lng=lng, time_zone=time_zone) for each in chosen
    ]
    _answer(findings, as_json, picture, language)


@command.command()
@_common
@click.option("--false-discovery", default=0.1, show_default=True, help="Share of flags that may come by chance.")
def officers(
    source: str | None,
    folder: Path | None,
    false_discovery: float,
    as_json: bool,
    picture: Path | None,
    language: str,
) -> None:
    """Officers against comparable peers. For the agency's own eyes only.

    From officer,stops,events and one or more further columns (such as place,hour,assignment) within which officers are
    compared. The picture is a funnel.

    \b
    Example:
      comity disparity officers cells.csv --json
    """
    from comity.cli.pictures import check_picture, write_picture
    from comity.disparity.officers import officer_funnel, officers_against_peers

    check_picture(picture)
    opened = _opened(source, folder)
    if opened is not None:
        from comity.instance.counts import officer_counts

        table = officer_counts(opened)
    else:
        table = read_table(_file(source))
    flags = officers_against_peers(table, false_discovery=false_discovery)
    if as_json:
        click.echo(json.dumps({"internal": True, "officers": [asdict(flag) for flag in flags]}, indent=2))
    else:
        click.echo("Internal. A flag means 'differs from comparable peers', nothing more.")
        for flag in flags:
            if flag.flagged:
                click.echo(
                    f"  {flag.officer}: {flag.share:.1%}, peers {flag.expected:.1%} (q = {flag.q_empirical:.3f}); "
                    f"weighted like {flag.officer}'s stops and adjusted {flag.adjusted:.1%}"
                    + (" (confirmed)" if flag.confirmed else " (not confirmed)")
                )
        confirmed = sum(flag.confirmed for flag in flags)
        click.echo(
            f"{sum(flag.flagged for flag in flags)} of {len(flags)} officers differ; {confirmed} of them are confirmed."
        )
    if picture is not None:
        write_picture(picture, officer_funnel(flags, language), [asdict(flag) for flag in flags])


@command.command()
@_common
@click.option("--adopted", type=click.Path(path_type=Path), help="With --instance: a CSV of unit,adopted (a month).")
@click.option("--unit", help="With --instance: the column whose values are the units.  [the dataset's place]")
@click.option("--random-timing", is_flag=True, help="It was drawn by lot who adopted when.")
def rollout(
    source: str | None,
    folder: Path | None,
    adopted: Path | None,
    unit: str | None,
    random_timing: bool,
    as_json: bool,
    picture: Path | None,
    language: str,
) -> None:
    """Did a training or policy change the outcome? From unit,period,outcome,adopted (empty if never).

    On an instance the outcome is the number of records by unit and month. The picture is an event study.

    \b
    Example:
      comity disparity rollout training.csv
      comity disparity rollout --instance our-town force --adopted training.csv --unit beat
    """
    from comity.cli.pictures import check_picture
    from comity.disparity.rollout import rollout_finding

    check_picture(picture)
    opened = _opened(source, folder)
    if opened is not None:
        from comity.instance.counts import rollout_counts

        if adopted is None:
            raise ComityError("It is not said which units adopted when.", "Give --adopted FILE with unit,adopted.")
        table = rollout_counts(opened, read_table(adopted), unit=unit)
    else:
        table = read_table(_file(source))
    _answer([rollout_finding(table, random_timing=random_timing)], as_json, picture, language)


@command.command()
@_common
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
    counts, group = _counts(source, folder, reference, needed=("stops",))
    _answer(selection_findings(counts, reference=group), as_json, picture, language)


@command.command()
@_common
@click.option("--break", "breaks", multiple=True, help="A period from which counting changed; may be repeated.")
@click.option("--places", is_flag=True, help="Which places stand out instead: a funnel of place,count,exposure.")
def change(
    source: str | None,
    folder: Path | None,
    breaks: tuple[str, ...],
    places: bool,
    as_json: bool,
    picture: Path | None,
    language: str,
) -> None:
    """Is the latest period different from those before? From period,count and optionally exposure.

    On an instance: records by month, or with --places searches of the stops in each place.

    \b
    Example:
      comity disparity change quarters.csv --break 2019-q1
      comity disparity change beats.csv --places --picture funnel.svg
    """
    from comity.cli.pictures import check_picture
    from comity.disparity.change import change_finding

    check_picture(picture)
    opened = _opened(source, folder)
    if opened is None:
        table = read_table(_file(source))
    else:
        from comity.instance.counts import break_months, month_counts, place_counts

        if places:
            table = place_counts(opened)
        else:
            months = month_counts(opened.records)
            if months is None:
                opened.needed("date")
            table = months
            breaks = breaks or break_months(opened.dataset)
    if places:
        _funnel(table, as_json, picture, language)
    else:
        _answer([change_finding(table, breaks=breaks)], as_json, picture, language)


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


def _file(source: str | None) -> Path:
    if source is None:
        raise ComityError("Nothing says what to analyse.", "Give a FILE of counts, or --instance DIR.")
    return Path(source)


def _opened(source: str | None, folder: Path | None) -> OpenDataset | None:
    """The instance's dataset, or None where a file is meant."""
    if folder is None:
        return None
    from comity.instance.counts import open_dataset

    return open_dataset(folder, source)


def _counts(
    source: str | None, folder: Path | None, reference: str | None, *, needed: Sequence[str]
) -> tuple[GroupedCounts, str]:
    """Counts by place and group, and the reference group among them."""
    from comity.disparity.counts import read_counts

    opened = _opened(source, folder)
    if opened is None:
        counts = read_counts(read_table(_file(source)), needed=needed)
        return counts, _group(counts.groups, reference or "white")
    from comity.instance.counts import outcome_counts

    table = outcome_counts(opened)
    if "hits" in needed and "hits" not in table.column_names:
        opened.needed("contraband_found")
    counts = read_counts(table, needed=needed)
    return counts, _group(counts.groups, reference or opened.dataset.reference_group)


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


def _funnel(table: pa.Table, as_json: bool, picture: Path | None, language: str) -> None:
    from comity.cli.pictures import write_picture
    from comity.disparity.change import funnel
    from comity.disparity.point_pictures import funnel_picture
    from comity.wording import message

    points = funnel(table)
    rows = [asdict(point) for point in points]
    if as_json:
        click.echo(json.dumps({"places": rows}, indent=2, ensure_ascii=False))
    else:
        for point in points:
            if point.stands_out:
                click.echo(
                    f"  {point.place}: {point.rate:.1%} of {point.exposure:,.0f}; "
                    f"99.8% of such places would lie from {point.far_low:.1%} to {point.far_high:.1%}"
                )
        click.echo(f"{sum(point.stands_out for point in points)} of {len(points)} places stand out.")
    if picture is not None:
        write_picture(
            picture, funnel_picture(points, title=message("Which places stand out?"), language=language), rows
        )


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
        f"There is no group '{asked}' in the counts.", f"Choose one with --reference or --group: {', '.join(groups)}."
    )


def _answer(
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
        _print(findings, language)
    if picture is not None:
        _draw(findings, picture, language, first)


def _draw(
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


def _print(findings: Sequence[Finding], language: str) -> None:
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
