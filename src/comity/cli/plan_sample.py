"""`comity plan-sample`: how many people to ask, for a share, for a change between waves, or spread over strata."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click


@click.command(name="plan-sample")
@click.option("--proportion", type=float, metavar="SHARE", help="Plan for a share, such as 0.5 (the worst case).")
@click.option("--margin", type=float, help="Margin of error to reach, such as 0.03.")
@click.option("--change", type=float, nargs=2, metavar="BEFORE AFTER", help="Plan to notice this change between waves.")
@click.option("--power", type=float, default=0.8, show_default=True, help="Chance of noticing the change.")
@click.option("--overlap", type=float, default=0.0, show_default=True, help="Part of the sample asked in both waves.")
@click.option(
    "--correlation", type=float, default=0.0, show_default=True, help="Of one person's answers between waves."
)
@click.option("--domain-share", type=float, default=1.0, show_default=True, help="Part of the sample in the domain.")
@click.option("--deff", type=float, default=1.0, show_default=True, help="Design effect.")
@click.option("--confidence", type=float, default=0.95, show_default=True)
@click.option(
    "--response-rate", type=float, default=1.0, show_default=True, help="Completed interviews per invitation."
)
@click.option("--population", type=float, help="Number of people in the population.")
@click.option(
    "--strata",
    type=click.Path(path_type=Path),
    help="CSV with columns stratum, size and, for optimal, deviation, cost.",
)
@click.option("--n", type=int, help="Answers to spread over the strata; default from --proportion or --change.")
@click.option("--allocation", type=click.Choice(["proportional", "optimal", "equal"]), default="proportional")
@click.option("--minimum", type=int, default=2, show_default=True, help="Least answers in a stratum.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    proportion: float | None,
    margin: float | None,
    change: tuple[float, float] | None,
    power: float,
    overlap: float,
    correlation: float,
    domain_share: float,
    deff: float,
    confidence: float,
    response_rate: float,
    population: float | None,
    strata: Path | None,
    n: int | None,
    allocation: str,
    minimum: int,
    as_json: bool,
) -> None:
    """Say how many answers and invitations a survey needs.

    \b
    Example:  comity plan-sample --proportion 0.5 --margin 0.03 --response-rate 0.2
    """
    from dataclasses import asdict

    from comity.errors import UsageError
    from comity.estimates import planning

    if proportion is not None and change is not None:
        raise UsageError("Both a proportion and a change are given.", "Plan for one of them.")
    given = {} if population is None else {"population": population}
    conditions = planning.Conditions(confidence=confidence, deff=deff, response_rate=response_rate, **given)
    plan = None
    if proportion is not None:
        if margin is None:
            raise UsageError("A margin of error is missing.", "Add --margin 0.03 or another.")
        plan = planning.plan_proportion(proportion, margin, conditions, domain_share=domain_share)
    elif change is not None:
        plan = planning.plan_change(
            *change, conditions, power=power, overlap=overlap, correlation=correlation, domain_share=domain_share
        )
    elif strata is None or n is None:
        raise UsageError(
            "Nothing to plan for is named.", "Add --proportion and --margin, --change, or --strata and --n."
        )
    found = {} if plan is None else {"plan": asdict(plan)}
    if strata is not None:
        total = n if n is not None else (plan.completes if plan else 0)
        found["allocation"] = asdict(_spread(strata, total, allocation, minimum))
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    if plan is not None:
        wave = " in each wave" if change is not None else ""
        click.echo(f"{plan.completes:,} answers{wave}, from {plan.invitations:,} invitations.")
        if plan.power is not None:
            click.echo(f"Power {plan.power:.3f} at confidence {confidence:g}, design effect {deff:g}.")
        else:
            click.echo(f"Margin of error {margin:g} at confidence {confidence:g}, design effect {deff:g}.")
    if strata is not None:
        for name, count in found["allocation"]["n"].items():
            click.echo(f"{name}: {count:,}")
        click.echo(f"Design effect of the unequal weights: {found['allocation']['deff_of_weights']:.3f}")


def _spread(path: Path, n: int, method: str, minimum: int) -> Any:
    from comity.estimates import planning
    from comity.estimates.reading import read_survey_file

    columns = read_survey_file(path)
    found = columns.categories("stratum")
    names = [found.labels[code] for code in found.codes]
    values = {
        key: dict(zip(names, columns.numbers(key).tolist(), strict=True))
        for key in ("size", "deviation", "cost")
        if key in columns.names or key == "size"
    }
    return planning.allocate(
        values["size"],
        n,
        method=method,  # type: ignore[arg-type]
        deviations=values.get("deviation"),
        costs=values.get("cost"),
        minimum=minimum,
    )
