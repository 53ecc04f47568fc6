"""Seals the results of a survey on the day that was promised and sealed before, for everybody at once.

The day is the one in the ledger, not the one in a file on somebody's desk: until then nobody has the results, the agency included.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from comity.ledger import Signer
from comity.releases.draft import Draft
from comity.releases.promises import BROKEN, read_promises
from comity.releases.publish import Sealed, plan_release, seal_plan
from comity.releases.states import Countersign
from comity.site.surveys.results.columns import ResultsError


def refuse_before_the_day(folder: Path, survey: str, period: str, *, today: date, stated: date | None = None) -> date:
    """The promised day of the results of `survey`, as the ledger has it. Raises ResultsError before it.

    stated: the day that somebody wrote down elsewhere; it must be the same. folder: of the instance.
    """
    dataset = f"survey-{survey}"
    steps = read_promises(folder / "public").get((dataset, period))
    if not steps or steps[-1].event == BROKEN:
        raise ResultsError(
            f"No day is promised for the results of {dataset} {period}.",
            "Seal one first, for everybody to see: a [[calendar]] entry in comity.toml, then comity promise.",
        )
    promised = steps[-1].due
    if stated is not None and stated != promised:
        raise ResultsError(
            f"The file about the results promises {stated}, and the sealed promise says {promised}.",
            "Write the sealed day; to move it, change the promise with a reason (comity promise).",
        )
    if today < promised:
        raise ResultsError(
            f"The results are promised for {promised}, and today is {today}.",
            "Publish on that day; until then nobody has them, the agency included.",
        )
    return promised


def publish_results(
    folder: Path,
    draft: Draft,
    *,
    signer: Signer,
    today: date,
    standing: Mapping[str, Any] | None = None,
    countersign: Countersign | None = None,
) -> Sealed:
    """Seal the results into the public folder of the instance, on the promised day or after it; call inside `only_publisher`.

    Raises ResultsError before that day, and where no day was promised.
    """
    refuse_before_the_day(folder, draft.dataset.removeprefix("survey-"), draft.period, today=today)
    plan = plan_release(folder, draft, standing or {}, signer=signer, today=today)
    return seal_plan(folder, plan, signer=signer, today=today, countersign=countersign)
