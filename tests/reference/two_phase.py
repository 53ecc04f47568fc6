"""The variance of a two-phase total from joint probabilities, pair by pair: Särndal, Swensson and Wretman (1992), 9.3."""

from __future__ import annotations

from collections.abc import Sequence


def pair_probability(first: int, second: int, group: Sequence[object], drawn: dict, there: dict) -> float:
    """Probability that two units are both drawn by simple random sampling within groups."""
    a, b = group[first], group[second]
    if first == second:
        return drawn[a] / there[a]
    if a != b:
        return drawn[a] / there[a] * drawn[b] / there[b]
    return drawn[a] * (drawn[a] - 1) / (there[a] * (there[a] - 1))


def variance_of_total(
    values: Sequence[float],
    selected: Sequence[bool],
    psu: Sequence[object],
    stratum_of_psu: dict,
    psus_there: dict,
    phase_two: Sequence[object],
) -> float:
    """values: of the rows of phase 1 (those not selected are not looked at). psu: of each row; PSUs are drawn by simple
    random sampling within strata, and all their rows are in phase 1. psus_there: PSUs in the population, per stratum."""
    rows = [row for row in range(len(values)) if selected[row]]
    units = sorted(stratum_of_psu)
    number = {unit: at for at, unit in enumerate(units)}
    strata = [stratum_of_psu[unit] for unit in units]
    psus_drawn = {h: strata.count(h) for h in set(strata)}
    there = {g: list(phase_two).count(g) for g in set(phase_two)}
    drawn = {g: sum(1 for row in rows if phase_two[row] == g) for g in there}
    total = 0.0
    for k in rows:
        for m in rows:
            i, j = number[psu[k]], number[psu[m]]
            one, other = (pair_probability(u, u, strata, psus_drawn, psus_there) for u in (i, j))
            both = pair_probability(i, j, strata, psus_drawn, psus_there)
            p_k, p_m = (pair_probability(row, row, phase_two, drawn, there) for row in (k, m))
            p_both = pair_probability(k, m, phase_two, drawn, there)
            total += (both - one * other) / both / p_both * values[k] / one * values[m] / other
            total += (p_both - p_k * p_m) / p_both * values[k] / (one * p_k) * values[m] / (other * p_m)
    return total
