"""`comity disparity` over time: the veil of darkness, roll-outs, and change between periods or places."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from comity.cli.disparity_options import (
    REFERENCE,
    answer,
    common,
    file_of,
    group_asked,
    need_column,
    opened_from,
    read_table,
)
from comity.errors import ComityError

if TYPE_CHECKING:
    import pyarrow as pa


@click.command()
@common
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
    opened = opened_from(source, folder)
    if opened is not None:
        from comity.instance.counts import light_counts

        table = light_counts(opened)
        lat = opened.agency.latitude if lat is None else lat
        lng = opened.agency.longitude if lng is None else lng
        time_zone = time_zone or opened.agency.time_zone
        reference = reference or opened.dataset.reference_group
    else:
        file = file_of(source)
        table = read_table(file)
        for column in ("date", "minute_of_day", "group"):
            need_column(table, column, file)
    if lat is None or lng is None or time_zone is None:
        raise ComityError(
            "The place is not known, and so not when it is dark.",
            "Give --lat, --lng and --time-zone, or set latitude and longitude in comity.toml.",
        )
    names = sorted({str(name) for name in table["group"].to_pylist() if name is not None} - set(NOT_GROUPS))
    against = group_asked(names, reference or "white")
    chosen = [group_asked(names, each) for each in groups] or [name for name in names if name != against]
    findings = [
        veil_of_darkness(table, group=each, reference=against, lat=lat, lng=lng, time_zone=time_zone) for each in chosen
    ]
    answer(findings, as_json, picture, language)


@click.command()
@common
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
    opened = opened_from(source, folder)
    if opened is not None:
        from comity.instance.counts import rollout_counts

        if adopted is None:
            raise ComityError("It is not said which units adopted when.", "Give --adopted FILE with unit,adopted.")
        table = rollout_counts(opened, read_table(adopted), unit=unit)
    else:
        table = read_table(file_of(source))
    answer([rollout_finding(table, random_timing=random_timing)], as_json, picture, language)


@click.command()
@common
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
    opened = opened_from(source, folder)
    if opened is None:
        table = read_table(file_of(source))
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
        answer([change_finding(table, breaks=breaks)], as_json, picture, language)


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


COMMANDS = (
    veil,
    rollout,
    change,
)
