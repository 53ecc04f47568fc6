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
from dataclasses import replace

import numpy as np
import pyarrow as pa

from comity.disparity.counts import group_label, share_text
from comity.disparity.finding import Figure, Finding, Gate, Verdict, decide
from comity.disparity.methods import METHODS
from comity.disparity.rates import slug
from comity.disparity.veil_model import VeilFit, VeilOptions, fit_veil
from comity.disparity.veil_stops import REASONS, Stops, read_stops, why_refused
from comity.wording import Message, message


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
    refusal = why_refused(stops)
    if refusal is not None:
        return replace(base, sentence=refusal, reason=refusal, figures=exclusions)
    fit = fit_veil(stops, options=options, time_zone=time_zone)
    if fit is None:
        too_few = message(
            "Too few stops of the two groups fall between the year's earliest and latest dusk, in the light and in "
            "the dark."
        )
        return replace(base, sentence=too_few, reason=too_few, figures=exclusions)
    low, high = fit.interval()
    estimate = fit.ratio
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
        figures=(main, *sensitivities, *exclusions, *_in_one_sided_places(stops, fit), *_by_clock(stops)),
        chart=f"veil-of-darkness-{slug(group)}-{slug(reference)}",
    )


def _sensitivities(stops: Stops, options: VeilOptions, time_zone: str) -> tuple[Figure, ...]:
    """Other curves, windows and places, which have to agree; and what is shown only."""
    variants: list[tuple[Message, VeilOptions]] = [
        (message("a stiffer curve of clock time"), replace(options, spline_df=max(3, options.spline_df - 2))),
        (message("a looser curve of clock time"), replace(options, spline_df=options.spline_df + 3)),
        (message("leaving out 15 more minutes around twilight"), replace(options, margin_minutes=15)),
        (message("leaving out half an hour at both ends of the hours"), replace(options, trim_minutes=30)),
        (message("without regard to place"), replace(options, by_place=False)),
    ]
    if options.by_place and len(stops.places) > 1:
        variants.append((message("with a curve of clock time for each place"), replace(options, place_curves=True)))
    fits = [(label, fit_veil(stops, options=variant, time_zone=time_zone)) for label, variant in variants]
    # The clock-change variant rests on a fraction of the stops, so a wider interval there is no disagreement: it is
    # shown only.
    near = fit_veil(stops, options=replace(options, near_clock_change=30), time_zone=time_zone)
    return (
        *(_figure(label, fit, "sensitivity") for label, fit in fits),
        _figure(message("only the 30 days around each change of the clock"), near, "detail"),
    )


def _figure(label: Message, fit: VeilFit | None, part: str) -> Figure:
    if fit is None:
        return Figure(label, None, part=part)
    return Figure(label, fit.ratio, *fit.interval(), n=fit.n, part=part)


def _exclusions(stops: Stops) -> tuple[Figure, ...]:
    whole = _whole(stops)
    return tuple(_left_out(REASONS[reason], left_out, whole) for reason, left_out in stops.excluded.items() if left_out)


def _in_one_sided_places(stops: Stops, fit: VeilFit) -> tuple[Figure, ...]:
    """Stops at these hours in places where only one of the groups was stopped, which say nothing about darkness."""
    unused = round(float(stops.total.sum())) - fit.n
    label = message("left out: in places where only one of the two groups was stopped")
    return (_left_out(label, unused, _whole(stops)),) if unused else ()


def _left_out(reason: Message, stops: int, whole: int) -> Figure:
    label = message("{reason} ({share} of the stops)", reason=reason, share=share_text(stops, whole))
    return Figure(label, None, n=stops, part="detail")


def _whole(stops: Stops) -> int:
    return round(float(stops.total.sum())) + sum(stops.excluded.values())


def _by_clock(stops: Stops, width: int = 30, least: int = 100) -> tuple[Figure, ...]:
    """Shares by half hour, light and dark, for the picture; only bins with `least` stops, and without their counts."""
    bins = stops.minute // width
    figures = []
    for is_dark in (False, True):
        side = stops.dark == is_dark
        n = np.bincount(bins[side], weights=stops.total[side], minlength=1440 // width + 1)
        k = np.bincount(bins[side], weights=stops.group_count[side], minlength=1440 // width + 1)
        for at in np.flatnonzero(n >= least):
            share = float(k[at] / n[at])
            half = 1.96 * math.sqrt(max(share * (1 - share), 1e-4) / float(n[at]))
            label = message("in the dark") if is_dark else message("in the light")
            more = {"minute": int(at) * width + width // 2, "dark": is_dark}
            figures.append(
                Figure(label, share, max(0.0, share - half), min(1.0, share + half), part="detail", more=more)
            )
    return tuple(figures)
