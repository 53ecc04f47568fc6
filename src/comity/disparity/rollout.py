"""Did a training or a policy change what it was meant to change? Event study and overall effect under staggered
roll-out.

Main estimate: imputation (Borusyak, Jaravel and Spiess 2024; Gardner's did2s): unit and period effects from
observations not yet treated, the rest imputed; solved by a Schur complement on the periods, so a panel of half a
million rows takes well under a second. Standard errors: their influence weights, clustered by unit. Variant: Callaway
and Sant'Anna 2021 with not-yet-treated comparisons. Without units to compare with, nothing is said to be caused by
the roll-out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats

from comity.disparity.finding import Figure, Finding, Gate, Verdict, decide
from comity.disparity.methods import METHODS
from comity.errors import ComityError
from comity.wording import message

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Panel:
    """outcome (units, periods), NaN where not reported; adopted: index of the first treated period, -1 for never."""

    units: tuple[str, ...]
    periods: tuple[str, ...]
    outcome: Array
    adopted: Ints


@dataclass(frozen=True)
class Effect:
    """Average effect on the treated. event_time: periods since adoption (below 0: a placebo), None for all of them."""

    event_time: int | None
    estimate: float
    error: float
    low: float
    high: float
    treated: int


def read_panel(table: pa.Table) -> Panel:
    """Check a table with columns unit, period (text that sorts in time), outcome, adopted (first treated period, or
    empty).

    Raises ComityError for a missing column, a unit and period named twice, an outcome that is not a number, one unit or
    one period only, or a unit with two adoption dates.
    """
    for column in ("unit", "period", "outcome", "adopted"):
        if column not in table.column_names:
            raise ComityError(
                f"There is no column '{column}': the file has {', '.join(table.column_names)}.",
                "Give unit, period, outcome and adopted (empty for units that never adopted).",
            )
    unit, units = _codes(table["unit"])
    period, unsorted = _codes(table["period"])
    order = np.argsort(unsorted)
    periods = [unsorted[at] for at in order]
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    period = rank[period]
    if len(units) < 2 or len(periods) < 2:
        raise ComityError(f"There are {len(units)} units and {len(periods)} periods.", "Give at least two of each.")
    values = table["outcome"].cast(pa.float64()).to_numpy(zero_copy_only=False)
    packed = unit * len(periods) + period
    order_rows = np.argsort(packed, kind="stable")
    twice = np.flatnonzero(np.diff(packed[order_rows]) == 0)
    if len(twice):
        at = int(order_rows[twice[0]])
        raise ComityError(f"Unit '{units[unit[at]]}' has two rows for '{periods[period[at]]}'.", "Give one row each.")
    outcome = np.full((len(units), len(periods)), np.nan)
    outcome[unit, period] = values
    adopted = np.full(len(units), -1, dtype=np.int64)
    when, dates = _codes(table["adopted"])
    position = np.searchsorted(periods, dates)  # a date between two periods adopts in the later one
    code = np.where(when >= 0, position[np.maximum(when, 0)] if len(dates) else -1, -1)
    code = np.where(code >= len(periods), -1, code)  # after the data end: not yet treated throughout
    lowest = np.full(len(units), len(periods) + 1)
    np.minimum.at(lowest, unit, np.where(code < 0, len(periods), code))
    highest = np.full(len(units), -2)
    np.maximum.at(highest, unit, np.where(code < 0, len(periods), code))
    clash = np.flatnonzero(lowest != highest)
    if len(clash):
        raise ComityError(
            f"Unit '{units[int(clash[0])]}' has two adoption dates.", "Give one date in every row of a unit."
        )
    adopted[:] = np.where(lowest >= len(periods), -1, lowest)
    return Panel(tuple(units), tuple(periods), outcome, adopted)


def comparable(panel: Panel) -> bool:
    """Whether some treated period of some unit has other units, not yet treated, to compare with."""
    treated, untreated = _masks(panel)
    has_before = untreated.any(axis=1)
    with_others = untreated.any(axis=0)
    return bool((treated & has_before[:, None] & with_others[None, :]).any())


def impute(panel: Panel, *, confidence: float = 0.95) -> tuple[Effect, list[Effect]]:
    """(overall effect, effect by periods since adoption). Treated observations that nothing can impute are left out."""
    treated, untreated = _masks(panel)
    y = np.where(np.isnan(panel.outcome), 0.0, panel.outcome)
    fit = _TwoWay(untreated)
    unit_effect, period_effect = fit.solve((y * untreated).sum(axis=1), (y * untreated).sum(axis=0))
    difference = y - unit_effect[:, None] - period_effect[None, :]
    usable = treated & fit.known_units[:, None] & fit.known_periods[None, :]
    if not usable.any():
        raise ComityError("No treated unit has others to compare with.", "Include units that adopted later or never.")
    since = np.arange(y.shape[1])[None, :] - panel.adopted[:, None]
    # Borusyak, Jaravel and Spiess (2024): residuals of treated cells around their cohort and event time's mean.
    cohort = np.where(usable, panel.adopted[:, None] * (2 * y.shape[1]) + since, -1)
    _, label = np.unique(cohort, return_inverse=True)
    label = label.reshape(cohort.shape)
    mean = np.bincount(label[usable], difference[usable], label.max() + 1) / np.maximum(
        np.bincount(label[usable], minlength=label.max() + 1), 1
    )
    residual = np.where(untreated, difference, 0.0) + np.where(usable, difference - mean[label], 0.0)
    residual_untreated = np.where(untreated, difference, 0.0)
    own_untreated = residual_untreated.sum(axis=1)
    freedom = max(int(usable.any(axis=1).sum()) - 1, 1)

    def effect(chosen: Mask, event_time: int | None) -> Effect:
        # Sum over a unit's cells of influence weight times residual, without laying the weights out.
        size = chosen.sum()
        a, b = fit.solve(chosen.sum(axis=1) / size, chosen.sum(axis=0) / size)
        of_treated = np.where(chosen, residual, 0.0).sum(axis=1) / size
        per_unit = of_treated - a * own_untreated - residual_untreated @ b
        error = math.sqrt(float((per_unit**2).sum()) * len(per_unit) / (len(per_unit) - 1))
        estimate = float(difference[chosen].mean())
        half = float(stats.t.ppf(0.5 + confidence / 2, freedom)) * error
        return Effect(event_time, estimate, error, estimate - half, estimate + half, int(size))

    times = np.unique(since[usable])
    return effect(usable, None), [effect(usable & (since == each), int(each)) for each in times]


def placebo(panel: Panel, *, periods: int = 3) -> tuple[Effect, list[Effect]] | None:
    """The same estimate with adoption pretended `periods` earlier, on data before the real one: it ought to be zero."""
    early = np.where(panel.adopted >= 0, np.maximum(panel.adopted - periods, 0), -1)
    before = np.arange(panel.outcome.shape[1])[None, :] < np.where(panel.adopted >= 0, panel.adopted, 10**9)[:, None]
    pretended = Panel(panel.units, panel.periods, np.where(before, panel.outcome, np.nan), early)
    if not comparable(pretended):
        return None
    overall, by_time = impute(pretended)
    return overall, [
        Effect((each.event_time or 0) - periods, each.estimate, each.error, each.low, each.high, each.treated)
        for each in by_time
    ]


def callaway_santanna(panel: Panel, *, confidence: float = 0.95) -> Effect | None:
    """Average over cohorts and periods of long differences from the period before adoption, against units not yet
    treated.
    """
    y, adopted = panel.outcome, panel.adopted
    size = y.shape[1]
    total, weight_sum, treated = 0.0, 0.0, 0
    influence = np.zeros(len(y))
    when = np.where(adopted >= 0, adopted, 10**9)
    for cohort in np.unique(adopted[adopted > 0]):
        for t in range(int(cohort), size):
            change = y[:, t] - y[:, cohort - 1]
            known = np.isfinite(change)
            ours, others = known & (adopted == cohort), known & (when > t)
            if not ours.any() or not others.any():
                continue
            m1, m0 = float(change[ours].mean()), float(change[others].mean())
            weight = float(ours.sum())
            total += weight * (m1 - m0)
            weight_sum += weight
            treated += int(ours.sum())
            influence[ours] += change[ours] - m1
            influence[others] -= weight * (change[others] - m0) / others.sum()
    if weight_sum == 0:
        return None
    estimate = total / weight_sum
    error = math.sqrt(float((influence**2).sum())) / weight_sum
    half = float(stats.t.ppf(0.5 + confidence / 2, max(int((adopted > 0).sum()) - 1, 1))) * error
    return Effect(None, estimate, error, estimate - half, estimate + half, treated)


def rollout_finding(table: pa.Table, *, identity: str = "rollout") -> Finding:
    """Did the outcome change because of the roll-out? *Cannot tell* without units to compare with, or when they
    already differed.
    """
    panel = read_panel(table)
    texts = METHODS["rollout"]
    question = message("Did the roll-out change the outcome?")
    base: dict[str, Any] = {
        "id": identity,
        "method": "rollout",
        "question": question,
        "unit": "difference",
        "n": int(np.isfinite(panel.outcome).sum()),
        "assumptions": texts.assumptions,
        "limits": texts.limits,
    }
    if not comparable(panel):
        reason = message(
            "Every unit started at the same time, or no unit was observed before: nothing shows what would have "
            "happened without "
            "it, so nothing is said to be caused by it."
        )
        return Finding(sentence=reason, verdict=Verdict.CANNOT_TELL, reason=reason, **base)
    overall, by_time = impute(panel)
    before = placebo(panel)
    variant = callaway_santanna(panel)
    sensitivities = []
    if variant is not None:
        label = message("compared with the period just before (Callaway and Sant'Anna)")
        sensitivities.append(
            Figure(label, variant.estimate, variant.low, variant.high, n=variant.treated, part="sensitivity")
        )
    parallel = before is not None and before[0].low <= 0 <= before[0].high
    gates = (
        Gate(
            "before",
            parallel,
            message(
                "Units that adopted were already changing differently before, or too little is known of that time."
            ),
            before[0].estimate if before else None,
        ),
        Gate(
            "units",
            int((panel.adopted >= 0).sum()) >= 5,
            message("Fewer than 5 units adopted, too few to tell their effect from chance."),
            float((panel.adopted >= 0).sum()),
        ),
    )
    verdict, why = decide(
        low=overall.low, high=overall.high, no_difference=0.0, gates=gates, sensitivities=sensitivities
    )
    sentence = message(
        "After adoption the outcome was {estimate:+.3g} against what comparable units suggest (95 percent interval "
        "{low:+.3g} to {high:+.3g}; "
        "{treated:,} observations of {units:,} units).",
        estimate=overall.estimate,
        low=overall.low,
        high=overall.high,
        treated=overall.treated,
        units=int((panel.adopted >= 0).sum()),
    )
    series = tuple(
        Figure(
            message("{periods:+d} periods from adoption", periods=each.event_time),
            each.estimate,
            each.low,
            each.high,
            n=each.treated,
            part="detail",
            more={"event_time": each.event_time},
        )
        for each in [*(before[1] if before else []), *by_time]
    )
    main = Figure(message("All periods after adoption"), overall.estimate, overall.low, overall.high, part="comparison")
    return Finding(
        sentence=sentence,
        verdict=verdict,
        reason=why,
        estimate=overall.estimate,
        low=overall.low,
        high=overall.high,
        figures=(main, *sensitivities, *series),
        gates=gates,
        chart=identity,
        **base,
    )


class _TwoWay:
    """Least squares on unit and period effects over the cells of `mask`, by a Schur complement on the periods."""

    def __init__(self, mask: Mask) -> None:
        self.mask = mask.astype(float)
        self.per_unit, self.per_period = self.mask.sum(axis=1), self.mask.sum(axis=0)
        self.known_units, self.known_periods = self.per_unit > 0, self.per_period > 0
        self._inverse = np.where(self.known_units, 1 / np.maximum(self.per_unit, 1), 0.0)
        schur = np.diag(self.per_period) - (self.mask * self._inverse[:, None]).T @ self.mask
        self._schur = np.linalg.pinv(schur, hermitian=True)

    def solve(self, by_unit: Array, by_period: Array) -> tuple[Array, Array]:
        """Solution of the normal equations for these sums over units and periods; one period's level is free."""
        right = np.where(self.known_periods, by_period - self.mask.T @ (self._inverse * by_unit), 0.0)
        period = self._schur @ right
        return self._inverse * (by_unit - self.mask @ period), period


def _masks(panel: Panel) -> tuple[Mask, Mask]:
    observed = np.isfinite(panel.outcome)
    after = (panel.adopted >= 0)[:, None] & (np.arange(panel.outcome.shape[1])[None, :] >= panel.adopted[:, None])
    return observed & after, observed & ~after


def _codes(column: pa.ChunkedArray) -> tuple[Ints, list[str]]:
    """Codes (-1 for missing or empty text) and their names."""
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_pylist()
    codes = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
    if "" in names:
        codes = np.where(codes == names.index(""), -1, codes)
    return codes, names
