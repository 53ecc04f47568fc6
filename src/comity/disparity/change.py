"""Change over time with small counts: is the latest period different from those before, and which places stand out?

Exact conditional (mid-p) comparison of Poisson counts or shares, and a quasi-Poisson one that allows for how much
earlier periods vary among themselves. Earlier periods count only since the last declared series break; breaks are
declared, never guessed. Funnel
limits: Spiegelhalter 2005, with exact binomial or Poisson limits.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy import stats

from comity.disparity.counts import numbers
from comity.disparity.finding import Figure, Finding, Gate, decide
from comity.disparity.intervals import Interval, poisson_rate, rate_ratio
from comity.disparity.methods import METHODS
from comity.errors import ComityError
from comity.wording import Message, message


def change_finding(
    table: pa.Table, *, breaks: Sequence[str] = (), identity: str = "change", event: Message | None = None
) -> Finding:
    """The latest period against the earlier ones since the last declared break.

    table: columns period (text that sorts in time, such as 2017-q3), count, and optionally exposure (days, stops,
    people; 1 where absent). breaks: periods from which counting changed. Raises ComityError for periods named twice,
    negative counts, an exposure that is not positive, a break that is not a period, or fewer than 2 periods since the
    last break.
    """
    periods, counts, exposure = _series(table)
    event = event or message("events")
    for each in breaks:
        if each not in periods:
            raise ComityError(
                f"The declared break '{each}' is not a period of the data.",
                f"Periods run from {periods[0]} to {periods[-1]}.",
            )
    start = max((periods.index(each) for each in breaks), default=0)
    if len(periods) - start < 2:
        raise ComityError(
            f"There is only one period since the break '{periods[start]}'.",
            "A change needs at least one period before it.",
        )
    before, after = slice(start, len(periods) - 1), len(periods) - 1
    k0, e0 = int(counts[before].sum()), float(exposure[before].sum())
    k1, e1 = int(counts[after]), float(exposure[after])
    exact = rate_ratio(k1, e1, k0, e0)
    varying = _quasi_ratio(counts[before], exposure[before], k1, e1)
    texts = METHODS["change"]
    gates = (
        Gate(
            "events",
            k0 + k1 >= 5,
            message("There are fewer than 5 {event} in all, too few to compare.", event=event),
            float(k0 + k1),
        ),
    )
    sensitivities = []
    if varying is not None:
        sensitivities.append(
            Figure(
                message("allowing for how much earlier periods vary"),
                varying.estimate,
                varying.low,
                varying.high,
                part="sensitivity",
            )
        )
    usable = math.isfinite(exact.high)
    verdict, reason = decide(
        low=exact.low,
        high=exact.high if usable else None,
        no_difference=1.0,
        gates=gates,
        sensitivities=sensitivities,
    )
    sentence = message(
        "{period}: {k1:,} {event}. In the earlier periods since {start}: {k0:,}. The rate is {ratio:.2f} "
        "times what it was (95 "
        "percent interval {low:.2f} to {high:.2f}).",
        period=periods[after],
        start=periods[start],
        event=event,
        k1=k1,
        k0=k0,
        ratio=exact.estimate,
        low=exact.low,
        high=exact.high,
    )
    series = tuple(
        Figure(message("{name}", name=period), rate.estimate, rate.low, rate.high, k=int(count), n=None, part="detail",
               more={"period": period, "exposure": float(e), "break": period in breaks})
        for period, count, e in zip(periods, counts, exposure, strict=True)
        for rate in [poisson_rate(int(count), float(e))]
    )  # fmt: skip
    main = Figure(
        message("{period} against before", period=periods[after]),
        exact.estimate,
        exact.low,
        exact.high,
        part="comparison",
    )
    return Finding(
        id=f"{identity}:{periods[after]}",
        method="change",
        question=message("Is {period} different from the periods before?", period=periods[after]),
        sentence=sentence if usable else message("This could not be computed."),
        verdict=verdict,
        reason=reason,
        unit="ratio",
        n=k0 + k1,
        estimate=exact.estimate if usable else None,
        low=exact.low if usable else None,
        high=exact.high if usable else None,
        assumptions=texts.assumptions,
        limits=texts.limits,
        figures=(main, *sensitivities, *series),
        gates=gates,
        chart=identity if usable else None,
    )


@dataclass(frozen=True)
class FunnelPoint:
    """One place in a funnel plot. low, high: where 95% of places with this exposure would lie if all had the overall
    rate;
    far_low, far_high: 99.8%. stands_out: beyond 99.8%, with the over-dispersion of all places allowed for."""

    place: str
    rate: float
    exposure: float
    low: float
    high: float
    far_low: float
    far_high: float
    stands_out: bool


def funnel(table: pa.Table, *, shares: bool = True) -> list[FunnelPoint]:
    """Places against the overall rate. table: place, count, exposure. shares: counts are part of the exposure
    (binomial).

    Raises ComityError for negative counts, a place named twice, counts above exposure (shares), or nothing but zeros.
    """
    places, counts, exposure = _series(table, "place")
    if shares and (counts > exposure).any():
        at = int(np.argmax(counts > exposure))
        raise ComityError(
            f"Place '{places[at]}' has {counts[at]:g} of only {exposure[at]:g}.",
            "A share needs counts up to the exposure.",
        )
    overall = counts.sum() / exposure.sum()
    if overall == 0:
        raise ComityError("Every count is zero.", "There is nothing to compare.")
    spread = np.sqrt(overall * (1 - overall if shares else 1) / exposure)
    z = (counts / exposure - overall) / np.maximum(spread, 1e-12)
    # Multiplicative over-dispersion from the winsorised z, so that the outliers sought do not hide themselves.
    bounded = np.clip(z, *np.quantile(z, [0.1, 0.9]))
    inflation = math.sqrt(max(1.0, float((bounded**2).mean()))) if len(z) >= 10 else 1.0

    def limits(chance: float) -> tuple[np.ndarray, np.ndarray]:
        if shares:
            low, high = (stats.binom.ppf(q, exposure.astype(int), overall) for q in (chance, 1 - chance))
        else:
            low, high = (stats.poisson.ppf(q, overall * exposure) for q in (chance, 1 - chance))
        return low / exposure, high / exposure

    low, high = limits(0.025)
    far_low, far_high = limits(0.001)
    return [
        FunnelPoint(
            place,
            float(counts[at] / exposure[at]),
            float(exposure[at]),
            float(low[at]),
            float(high[at]),
            float(far_low[at]),
            float(far_high[at]),
            bool(abs(z[at]) > stats.norm.ppf(0.999) * inflation),
        )
        for at, place in enumerate(places)
    ]


def _quasi_ratio(counts: np.ndarray, exposure: np.ndarray, k1: int, e1: float) -> Interval | None:
    """Log ratio with the variance of earlier periods; None with fewer than 4 of them or without events."""
    if len(counts) < 4 or counts.sum() == 0 or k1 == 0:
        return None
    expected = exposure * counts.sum() / exposure.sum()
    dispersion = max(1.0, float(((counts - expected) ** 2 / expected).sum()) / (len(counts) - 1))
    ratio = (k1 / e1) / (counts.sum() / exposure.sum())
    # The latest count is compared as one more period of the same scatter.
    error = math.sqrt(dispersion * (1 / max(ratio, 1e-9) / (expected.mean() * e1 / exposure.mean()) + 1 / counts.sum()))
    half = float(stats.t.ppf(0.975, len(counts) - 1) if dispersion > 1 else stats.norm.ppf(0.975)) * error
    return Interval(ratio, ratio * math.exp(-half), ratio * math.exp(half))


def _series(table: pa.Table, key: str = "period") -> tuple[list[str], np.ndarray, np.ndarray]:
    for column in (key, "count"):
        if column not in table.column_names:
            raise ComityError(
                f"There is no column '{column}': the file has {', '.join(table.column_names)}.",
                f"Name the column '{column}' in the first line.",
            )
    names = [str(each) for each in table[key].to_pylist()]
    order = sorted(range(len(names)), key=names.__getitem__)
    names = [names[at] for at in order]
    twice = next((a for a, b in itertools.pairwise(names) if a == b), None)
    if twice is not None:
        raise ComityError(f"'{twice}' is named twice.", "Give each once.")
    if len(names) < 2:
        raise ComityError(f"There are {len(names)} rows.", "Give at least two.")
    columns = []
    for column in ("count", "exposure"):
        if column not in table.column_names:
            columns.append(np.ones(len(names)))
            continue
        values = table[column]
        if values.null_count:
            missing = names[order.index(values.is_null().to_pylist().index(True))]
            raise ComityError(f"'{column}' is missing for '{missing}'.", "Not reported is not zero: leave the row out.")
        columns.append(numbers(table, column)[order])
    counts, exposure = columns
    if (counts < 0).any():
        at = int(np.argmax(counts < 0))
        raise ComityError(f"The count for '{names[at]}' is {counts[at]:g}.", "Counts are zero or more.")
    if (exposure <= 0).any():
        at = int(np.argmax(exposure <= 0))
        raise ComityError(f"The exposure for '{names[at]}' is {exposure[at]:g}.", "Exposures are above zero.")
    return names, counts, exposure
