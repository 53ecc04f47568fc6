"""Veil of darkness: among stops at the same clock time, is a group's share smaller when it is dark?

Grogger and Ridgeway 2006: logit P(group) = b dark + natural spline of clock minute (+ place), on stops between the
year's earliest and latest dusk, leaving out sunset to dusk. If drivers are harder to see in the dark, bias makes the
odds ratio exp(b) fall below 1. Stops are grouped to minute x place x dark cells, on which the likelihood is exactly
that of the rows; standard errors are clustered by day, from the cells' scores. Details:
docs/methods/veil_of_darkness.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import special

from comity.disparity.counts import NOT_GROUPS, group_label
from comity.disparity.finding import Figure, Finding, Gate, Verdict, decide
from comity.disparity.methods import METHODS
from comity.disparity.sun import clock_changes, sun_times, utc_offsets
from comity.errors import ComityError
from comity.wording import Message, message

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class VeilOptions:
    """spline_df: freedom of the clock-time curve. by_place: one level per place. near_clock_change: keep only stops
    within so many days of a change of the clock. margin_minutes: also drop this long before sunset and after dusk."""

    spline_df: int = 6
    by_place: bool = True
    near_clock_change: int | None = None
    margin_minutes: float = 0.0


@dataclass(frozen=True)
class Stops:
    """Grouped stops of a group and its reference, with light and dark known. Arrays have one entry per (day, minute,
    place).

    kept and excluded count stops; excluded says why, in the order of the checks.
    """

    day: Ints
    minute: Ints
    place: Ints
    group_count: Array
    total: Array
    sunset: Array
    dusk: Array
    days: NDArray[np.datetime64]
    places: tuple[str, ...]
    excluded: Mapping[str, int]


@dataclass(frozen=True)
class VeilFit:
    """coefficient: of dark, in log odds; error: its standard error clustered by day. n: stops used, in the dark n_dark.

    cells: how many minute x place x dark cells the likelihood had. beta: all coefficients (dark, spline, places).
    """

    coefficient: float
    error: float
    n: int
    n_dark: int
    cells: int
    days: int
    converged: bool
    beta: Array
    share_dark: float
    share_light: float


def veil_of_darkness(
    table: pa.Table,
    *,
    group: str,
    reference: str,
    lat: float,
    lng: float,
    time_zone: str,
    group_column: str = "group",
    place_column: str = "place",
    options: VeilOptions | None = None,
    counts: tuple[Mapping[str, object], ...] = (),
) -> Finding:
    """The finding for one group against `reference`.

    table: columns date (date32), minute_of_day (0-1439), the place and group columns, count; one row per combination.
    lat, lng: one point for the whole department (degrees). time_zone: IANA name. counts: public cells to name.
    Raises ComityError for coordinates where the sun does not fit the clock or an unknown time zone.
    """
    options = options or VeilOptions()
    method = METHODS["veil_of_darkness"]
    name, other = group_label(group), group_label(reference)
    question = message(
        "Among stops at the same time of day, are fewer of the people stopped {group} once it is dark?", group=name
    )
    base = Finding(
        id=f"veil-of-darkness:{group}:{reference}",
        method="veil_of_darkness",
        question=question,
        sentence=message("This could not be computed."),
        verdict=Verdict.CANNOT_TELL,
        reason=message("This could not be computed."),
        unit="odds ratio",
        n=0,
        counts=counts,
        assumptions=method.assumptions,
        limits=method.limits,
    )
    missing = [each for each in ("date", "minute_of_day", group_column) if each not in table.column_names]
    if missing:
        return replace(
            base, reason=message("The data have no column {column}, which would answer this.", column=missing[0])
        )
    stops = read_stops(
        table,
        group=group,
        reference=reference,
        lat=lat,
        lng=lng,
        time_zone=time_zone,
        group_column=group_column,
        place_column=place_column,
    )
    exclusions = _exclusions(stops)
    refusal = refused(stops)
    if refusal is not None:
        return replace(base, sentence=refusal, reason=refusal, figures=exclusions)
    fit = fit_veil(stops, options=options, time_zone=time_zone)
    if fit is None:
        too_few = message(
            "Too few stops of the two groups fall between the year's earliest and latest dusk, in the light and in "
            "the dark."
        )
        return replace(base, sentence=too_few, reason=too_few, figures=exclusions)
    low, high = _interval(fit)
    estimate = math.exp(fit.coefficient)
    sensitivities = _sensitivities(stops, options, time_zone)
    gates = (
        Gate(
            "converged",
            fit.converged,
            message("The calculation did not settle on one answer, so no verdict is given."),
        ),
        Gate(
            "days",
            fit.days >= 30,
            message("Only {days:,} days have stops at these hours; 30 are needed.", days=fit.days),
            float(fit.days),
        ),
    )
    verdict, reason = decide(low=low, high=high, no_difference=1.0, gates=gates, sensitivities=sensitivities)
    sentence = message(
        "Of {n:,} stops of {group} or {other} people in the hours that are light in summer and dark in winter, "
        "{group} people were "
        "{light:.1%} in the light and {dark:.1%} in the dark. At the same time of day, the odds that the person "
        "stopped is "
        "{group} in the dark are {ratio:.2f} times those in the light (95 percent interval {low:.2f} to {high:.2f}).",
        n=fit.n,
        group=name,
        other=other,
        light=fit.share_light,
        dark=fit.share_dark,
        ratio=estimate,
        low=low,
        high=high,
    )
    main = Figure(message("In the dark against in the light"), estimate, low, high, n=fit.n, part="comparison")
    return replace(
        base,
        sentence=sentence,
        verdict=verdict,
        reason=reason,
        n=fit.n,
        estimate=estimate,
        low=low,
        high=high,
        gates=gates,
        figures=(main, *sensitivities, *exclusions, *_by_clock(stops)),
        chart=f"veil-of-darkness-{_slug(group)}-{_slug(reference)}",
    )


def read_stops(
    table: pa.Table,
    *,
    group: str,
    reference: str,
    lat: float,
    lng: float,
    time_zone: str,
    group_column: str = "group",
    place_column: str = "place",
) -> Stops:
    """Lay the grouped counts out, find light and dark, and count what has to be left out and why.

    Left out: other groups, group not recorded, time not recorded, dates of years that have January 1 only, times of
    days in data where every time is midnight, days on which the sun does not set. `place_column` may be absent.
    """
    count = table["count"].to_numpy().astype(float) if "count" in table.column_names else np.ones(table.num_rows)
    excluded: dict[str, int] = {}
    # Work on codes, not strings: a million rows stay a few arrays.
    codes, group_names = _codes(table, group_column)
    wanted = {name: index for index, name in enumerate(group_names)}
    is_group = codes == wanted.get(group, -1)
    compared = is_group | (codes == wanted.get(reference, -1))
    unknown = np.isin(codes, [index for name, index in wanted.items() if name in NOT_GROUPS])
    keep = compared
    excluded["group not recorded or unknown"] = round(float(count[unknown].sum()))
    excluded["other groups"] = round(float(count[~compared & ~unknown].sum()))

    if place_column in table.column_names:
        place, places = _codes(table, place_column)
    else:
        place, places = np.zeros(table.num_rows, dtype=np.int64), ("all",)
    date_array = table["date"].combine_chunks().cast(pa.date32())
    minute_array = table["minute_of_day"].combine_chunks()
    timed = date_array.is_valid().to_numpy(zero_copy_only=False) & minute_array.is_valid().to_numpy(
        zero_copy_only=False
    )
    excluded["time or date not recorded"] = round(float(count[keep & ~timed].sum()))
    keep &= timed
    # int32 days and minutes; nulls are already out of `keep`.
    day_number = date_array.cast(pa.int32()).fill_null(0).to_numpy().astype(np.int64)
    minute = minute_array.cast(pa.int64()).fill_null(0).to_numpy()
    wrong = keep & ((minute < 0) | (minute > 1439))
    if wrong.any():
        raise ComityError(
            f"'minute_of_day' is {int(minute[wrong][0])}.", "Give minutes after local midnight, from 0 to 1439."
        )
    unique_days, day = np.unique(day_number, return_inverse=True)
    days = unique_days.astype("datetime64[D]")
    annual = _annual_only(days, np.unique(day[keep]))
    is_annual = annual[day]
    excluded["date is only a year (January 1)"] = round(float(count[keep & is_annual].sum()))
    keep &= ~is_annual
    if keep.any() and not minute[keep].any():
        excluded["every time is midnight"] = round(float(count[keep].sum()))
        keep &= False
    sun = sun_times(days, lat=lat, lng=lng, utc_offset=utc_offsets(days, time_zone))
    _check_location(days, sun.sunset, sun.dusk, lat=lat, lng=lng, time_zone=time_zone)
    no_dusk = ~(np.isfinite(sun.sunset) & np.isfinite(sun.dusk))
    excluded["the sun does not set that day"] = round(float(count[keep & no_dusk[day]].sum()))
    keep &= ~no_dusk[day]

    # Sum to (day, minute, place): group and reference become two numbers of one cell.
    packed = (day[keep] * 1440 + minute[keep]) * max(len(places), 1) + place[keep]
    cells, where = np.unique(packed, return_inverse=True)
    total = np.bincount(where, weights=count[keep], minlength=len(cells))
    ours = np.bincount(where, weights=count[keep] * is_group[keep], minlength=len(cells))
    moment, cell_place = np.divmod(cells, max(len(places), 1))
    cell_day, cell_minute = np.divmod(moment, 1440)
    return Stops(
        day=cell_day,
        minute=cell_minute,
        place=cell_place,
        group_count=ours,
        total=total,
        sunset=sun.sunset,
        dusk=sun.dusk,
        days=days,
        places=tuple(places),
        excluded=excluded,
    )


def refused(stops: Stops) -> Message | None:
    """Why these stops cannot be analysed at all, or None."""
    for reason, text in (
        (
            "every time is midnight",
            message("Every time in the data is midnight, which means that times were not recorded."),
        ),
        (
            "date is only a year (January 1)",
            message("Every date in the data is January 1, which means that only years were recorded."),
        ),
        ("the sun does not set that day", message("On these days the sun does not set here, so it is never dark.")),
        ("time or date not recorded", message("No stop has a time of day.")),
    ):
        if not len(stops.total) and stops.excluded.get(reason):
            return text
    if not len(stops.total):
        return message("There are no stops of these two groups.")
    return None


def fit_veil(stops: Stops, *, options: VeilOptions, time_zone: str) -> VeilFit | None:
    """Maximum likelihood on the grouped cells; None where light or dark, or one of the groups, is missing there."""
    chosen = _window(stops, options, time_zone)
    if chosen is None:
        return None
    keep, dark = chosen
    day, minute, place = stops.day[keep], stops.minute[keep], stops.place[keep]
    ours, total, dark = stops.group_count[keep], stops.total[keep], dark[keep]
    by_dark = np.bincount(dark.astype(np.int64), weights=total, minlength=2)
    ours_dark = np.bincount(dark.astype(np.int64), weights=ours, minlength=2)
    if by_dark.min() < 20 or ours.sum() < 10 or (total - ours).sum() < 10:
        return None
    if options.by_place:
        place, informative = _informative_places(place, ours, total)
        if not informative.all():
            day, minute, place = day[informative], minute[informative], place[informative]
            ours, total, dark = ours[informative], total[informative], dark[informative]
    else:
        place = np.zeros_like(place)
    places = int(place.max()) + 1

    first = int(minute.min())
    minutes = int(minute.max()) - first + 1
    clock = minute - first
    spline = natural_spline(np.arange(minutes, dtype=float), _knots(clock, total, options.spline_df))
    key = (clock * places + place) * 2 + dark
    used, cell = np.unique(key, return_inverse=True)
    n = np.bincount(cell, weights=total)
    y = np.bincount(cell, weights=ours)
    rest, cell_dark = np.divmod(used, 2)
    cell_clock, cell_place = np.divmod(rest, places)
    beta, information, p, converged = _irls(spline, cell_clock, cell_place, places, cell_dark.astype(float), y, n)

    residual = ours - total * p[cell]
    days, day_at = np.unique(day, return_inverse=True)
    scores = np.empty((len(days), len(beta)))
    scores[:, 0] = np.bincount(day_at, weights=residual * dark, minlength=len(days))
    by_clock = np.bincount(day_at * minutes + clock, weights=residual, minlength=len(days) * minutes)
    width = spline.shape[1]
    scores[:, 1 : 1 + width] = by_clock.reshape(len(days), minutes) @ spline
    scores[:, 1 + width :] = np.bincount(
        day_at * places + place, weights=residual, minlength=len(days) * places
    ).reshape(len(days), places)
    half = np.linalg.solve(information, scores.T)[0]
    correction = len(days) / max(len(days) - 1, 1)
    error = math.sqrt(correction * float(half @ half))
    return VeilFit(
        coefficient=float(beta[0]),
        error=error,
        n=round(float(total.sum())),
        n_dark=round(float(total[dark].sum())),
        cells=len(used),
        days=len(days),
        converged=converged,
        beta=beta,
        share_dark=float(ours_dark[1] / by_dark[1]),
        share_light=float(ours_dark[0] / by_dark[0]),
    )


def natural_spline(x: Array, knots: Array) -> Array:
    """Natural cubic spline basis (Hastie, Tibshirani and Friedman, section 5.2.1) without intercept: len(knots) - 1
    columns.

    knots: increasing, boundary knots included. Columns are centred and scaled, which changes no fitted value.
    """
    low, high = knots[0], knots[-1]

    def d(knot: float) -> Array:
        return np.asarray((np.maximum(x - knot, 0) ** 3 - np.maximum(x - high, 0) ** 3) / (high - knot))

    last = d(knots[-2])
    columns = [(x - low) / (high - low), *((d(knot) - last) / (high - low) ** 2 for knot in knots[:-2])]
    basis = np.column_stack(columns)
    return np.asarray((basis - basis.mean(axis=0)) / basis.std(axis=0))


def _irls(
    spline: Array, clock: Ints, place: Ints, places: int, dark: Array, y: Array, n: Array
) -> tuple[Array, Array, Array, bool]:
    """Newton's method for the logistic likelihood of cells; the place block of the information matrix is diagonal."""
    width = spline.shape[1]
    dense = np.column_stack([dark, spline[clock]])
    size = 1 + width + places
    beta = np.zeros(size)
    # Start each place at its own log odds, a little towards the middle.
    place_y, place_n = np.bincount(place, y, places), np.bincount(place, n, places)
    beta[1 + width :] = np.log((place_y + 0.5) / (place_n - place_y + 0.5))
    before, converged = math.inf, False
    information = np.eye(size)
    p = np.zeros(len(n))
    for _ in range(50):
        eta = dense @ beta[: 1 + width] + beta[1 + width + place]
        p = 1 / (1 + np.exp(-eta))
        deviance = float(-2 * (y @ eta - n @ np.logaddexp(0, eta)))
        w = n * p * (1 - p)
        residual = y - n * p
        information = np.zeros((size, size))
        information[: 1 + width, : 1 + width] = (dense * w[:, None]).T @ dense
        for column in range(1 + width):
            cross = np.bincount(place, dense[:, column] * w, places)
            information[column, 1 + width :] = cross
            information[1 + width :, column] = cross
        information[1 + width :, 1 + width :] = np.diag(np.bincount(place, w, places))
        gradient = np.concatenate([dense.T @ residual, np.bincount(place, residual, places)])
        step = np.linalg.solve(information, gradient)
        if float(gradient @ step) < 1e-18 * max(1.0, deviance):
            converged = True
            break
        if deviance > before + 1e-9 * abs(before):
            step = step / 2
        before = deviance
        beta = beta + step
    else:
        converged = bool(np.max(np.abs(step)) < 1e-8)
    return beta, information, p, converged


def _window(stops: Stops, options: VeilOptions, time_zone: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Which cells lie between the earliest and the latest dusk (and out of twilight), and which are dark."""
    present = np.unique(stops.day)
    earliest, latest = float(stops.dusk[present].min()), float(stops.dusk[present].max())
    sunset, dusk = stops.sunset[stops.day], stops.dusk[stops.day]
    dark = stops.minute >= dusk + options.margin_minutes
    light = stops.minute <= sunset - options.margin_minutes
    keep = (stops.minute >= earliest) & (stops.minute <= latest) & (dark | light)
    if options.near_clock_change is not None:
        dates = stops.days[present]
        first, last = (int(str(day)[:4]) for day in (dates.min(), dates.max()))
        changes = np.array([np.datetime64(change.date(), "D") for change in clock_changes(first, last, time_zone)])
        if not len(changes):
            return None
        distance = np.abs(stops.days[:, None] - changes[None, :]).min(axis=1).astype(int)
        keep &= (distance <= options.near_clock_change)[stops.day]
    if not keep.any() or not (keep & dark).any() or not (keep & ~dark).any():
        return None
    return keep, dark


def _knots(clock: Ints, total: Array, df: int) -> Array:
    """Boundary knots at the ends and df - 1 inner ones at equal shares of the stops."""
    by_minute = np.bincount(clock, weights=total)
    inner = np.searchsorted(np.cumsum(by_minute) / by_minute.sum(), np.arange(1, df) / df)
    return np.unique(np.concatenate([[0], inner, [len(by_minute) - 1]])).astype(float)


def _informative_places(place: Ints, ours: Array, total: Array) -> tuple[Ints, NDArray[np.bool_]]:
    """Places renumbered from 0, leaving out those where only one of the groups was stopped: they say nothing about
    dark.
    """
    k, n = np.bincount(place, ours), np.bincount(place, total)
    informative = (k > 0) & (k < n)
    renumber = np.cumsum(informative) - 1
    return renumber[place], informative[place]


def _annual_only(days: NDArray[np.datetime64], used: Ints) -> NDArray[np.bool_]:
    """Days that are January 1 of a year that has no other day: such a "date" is only a year."""
    years = days.astype("datetime64[Y]")
    is_first = days == years.astype("datetime64[D]")
    other = set(years[used][~is_first[used]].tolist())
    return np.array([first and year not in other for first, year in zip(is_first, years.tolist(), strict=True)])


def _check_location(
    days: NDArray[np.datetime64], sunset: Array, dusk: Array, *, lat: float, lng: float, time_zone: str
) -> None:
    """A sunset outside the afternoon and evening means coordinates and time zone do not belong together."""
    known = np.isfinite(sunset)
    if known.any():
        middle = float(np.median(sunset[known]))
        # Even the ends of wide zones (western China, Alaska) keep the yearly median within 16:00 and 21:30.
        if not 15.5 * 60 <= middle <= 21.75 * 60:
            hours, minutes = divmod(round(middle), 60)
            raise ComityError(
                f"At {lat:g}, {lng:g} the sun would set at about {hours:02d}:{minutes:02d} on the clock of "
                f"{time_zone}.",
                "Check latitude, longitude (west is negative) and time zone; they do not belong together.",
            )


def _sensitivities(stops: Stops, options: VeilOptions, time_zone: str) -> tuple[Figure, ...]:
    variants: list[tuple[Message, VeilOptions]] = [
        (message("a stiffer curve of clock time"), replace(options, spline_df=max(3, options.spline_df - 2))),
        (message("a looser curve of clock time"), replace(options, spline_df=options.spline_df + 3)),
        (message("leaving out 15 more minutes around twilight"), replace(options, margin_minutes=15.0)),
        (message("without regard to place"), replace(options, by_place=False)),
    ]
    figures = []
    for label, variant in variants:
        fit = fit_veil(stops, options=variant, time_zone=time_zone)
        figures.append(_figure(label, fit, "sensitivity"))
    # The clock-change variant rests on a fraction of the stops, so a wider interval there is no disagreement: it is
    # shown only.
    near = fit_veil(stops, options=replace(options, near_clock_change=30), time_zone=time_zone)
    figures.append(_figure(message("only the 30 days around each change of the clock"), near, "detail"))
    return tuple(figures)


def _figure(label: Message, fit: VeilFit | None, part: str) -> Figure:
    if fit is None:
        return Figure(label, None, part=part)
    low, high = _interval(fit)
    return Figure(label, math.exp(fit.coefficient), low, high, n=fit.n, part=part, more={"days": fit.days})


def _interval(fit: VeilFit, confidence: float = 0.95) -> tuple[float, float]:
    half = float(special.stdtrit(max(fit.days - 1, 1), 0.5 + confidence / 2)) * fit.error
    return math.exp(fit.coefficient - half), math.exp(fit.coefficient + half)


def _exclusions(stops: Stops) -> tuple[Figure, ...]:
    texts = {
        "group not recorded or unknown": message("left out: group not recorded or unknown"),
        "other groups": message("left out: other groups"),
        "time or date not recorded": message("left out: time or date not recorded"),
        "date is only a year (January 1)": message("left out: the date is only a year"),
        "every time is midnight": message("left out: every time is midnight"),
        "the sun does not set that day": message("left out: the sun does not set that day"),
    }
    return tuple(
        Figure(texts[reason], None, n=left_out, part="detail")
        for reason, left_out in stops.excluded.items()
        if left_out
    )


def _by_clock(stops: Stops, width: int = 30, least: int = 100) -> tuple[Figure, ...]:
    """Shares by half hour, light and dark, for the picture; only bins with `least` stops, and without their counts."""
    chosen = _window(stops, VeilOptions(), "UTC")
    if chosen is None:
        return ()
    keep, dark = chosen
    bins = stops.minute[keep] // width
    figures = []
    for is_dark in (False, True):
        side = dark[keep] == is_dark
        n = np.bincount(bins[side], weights=stops.total[keep][side], minlength=1440 // width + 1)
        k = np.bincount(bins[side], weights=stops.group_count[keep][side], minlength=1440 // width + 1)
        for at in np.flatnonzero(n >= least):
            share = float(k[at] / n[at])
            half = 1.96 * math.sqrt(max(share * (1 - share), 1e-4) / float(n[at]))
            label = message("in the dark") if is_dark else message("in the light")
            more = {"minute": int(at) * width + width // 2, "dark": is_dark}
            figures.append(
                Figure(label, share, max(0.0, share - half), min(1.0, share + half), part="detail", more=more)
            )
    return tuple(figures)


def _codes(table: pa.Table, column: str) -> tuple[Ints, tuple[str, ...]]:
    encoded = table[column].cast(pa.string()).combine_chunks().fill_null("not recorded").dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64), tuple(encoded.dictionary.to_pylist())


def _slug(text: str) -> str:
    return "-".join("".join(each if each.isalnum() else " " for each in text.casefold()).split())
