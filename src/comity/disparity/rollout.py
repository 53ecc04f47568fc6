"""Did a training or a policy change what it was meant to change? Event study and overall effect under staggered
roll-out, with a verdict.

Main estimate: imputation. Variants that have to agree: Callaway and Sant'Anna, Sun and Abraham, and, where the timing
was drawn at random, Roth and Sant'Anna. Without units to compare with, nothing is said to be caused by the roll-out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from comity.disparity.finding import Figure, Finding, Gate, Verdict, decide
from comity.disparity.methods import METHODS
from comity.disparity.rollout_estimators import (
    Effect,
    callaway_santanna,
    impute,
    placebo,
    roth_santanna,
    sun_abraham,
)
from comity.disparity.rollout_panel import Panel, comparable, read_panel
from comity.wording import Message, message


def rollout_finding(table: pa.Table, *, random_timing: bool = False, identity: str = "rollout") -> Finding:
    """Did the outcome change because of the roll-out? *Cannot tell* without units to compare with, or when they
    already differed.

    table: unit, period, outcome, adopted (`read_panel`). random_timing: who adopted when was drawn by lot; then the
    estimator of Roth and Sant'Anna has to agree as well, otherwise it is shown only.
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
    variants = _variants(panel, random_timing=random_timing)
    sensitivities = [each for each in variants if each.part == "sensitivity"]
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
        figures=(main, *variants, *series),
        gates=gates,
        chart=identity,
        **base,
    )


def _variants(panel: Panel, *, random_timing: bool) -> list[Figure]:
    """The same effect by other estimators; those that cannot be computed are left out."""
    saturated = sun_abraham(panel)
    found: list[tuple[Message, Effect | None, str]] = [
        (
            message("compared with the period just before (Callaway and Sant'Anna)"),
            callaway_santanna(panel),
            "sensitivity",
        ),
        (
            message("each cohort and period on its own (Sun and Abraham)"),
            saturated[0] if saturated else None,
            "sensitivity",
        ),
        (
            message("if it was drawn by lot who adopted when (Roth and Sant'Anna)"),
            roth_santanna(panel),
            "sensitivity" if random_timing else "detail",
        ),
    ]
    return [
        Figure(label, effect.estimate, effect.low, effect.high, n=effect.treated, part=part)
        for label, effect, part in found
        if effect is not None
    ]
