"""Imputation by brute force: a dummy for every unit and period, least squares on untreated cells."""

from __future__ import annotations

import numpy as np


def imputed_effect(outcome, adopted):
    """Average of treated outcomes less those imputed from untreated cells. outcome (units, periods), adopted -1 for
    never.
    """
    units, periods = outcome.shape
    rows, values, treated = [], [], []
    for i in range(units):
        for t in range(periods):
            row = np.zeros(units + periods)
            row[i] = row[units + t] = 1
            rows.append(row)
            values.append(outcome[i, t])
            treated.append(adopted[i] >= 0 and t >= adopted[i])
    rows, values, treated = np.array(rows), np.array(values), np.array(treated)
    beta = np.linalg.lstsq(rows[~treated], values[~treated], rcond=None)[0]
    return float((values[treated] - rows[treated] @ beta).mean())


def saturated_effects(outcome, adopted):
    """Sun and Abraham by brute force: a dummy for every unit, period, and cohort and period but the one before
    adoption; units that never adopt are the comparison. outcome may hold NaN.

    Returns (overall effect, its variance clustered by unit with n / (n - 1) in each cohort).
    """
    units, periods = outcome.shape
    cohorts = sorted({int(a) for a in adopted if a > 0})
    names = [(g, t) for g in cohorts for t in range(periods) if t != g - 1]
    rows, values, unit_of = [], [], []
    for i in range(units):
        for t in range(periods):
            if np.isnan(outcome[i, t]):
                continue
            row = np.zeros(units + periods + len(names))
            row[i] = row[units + t] = 1
            if (adopted[i], t) in names:
                row[units + periods + names.index((adopted[i], t))] = 1
            rows.append(row)
            values.append(outcome[i, t])
            unit_of.append(i)
    x, y, unit_of = np.array(rows), np.array(values), np.array(unit_of)
    bread = np.linalg.pinv(x.T @ x, rcond=1e-10)
    beta = bread @ x.T @ y
    weights = np.zeros(x.shape[1])
    for at, (g, t) in enumerate(names):
        if t >= g:
            weights[units + periods + at] = np.isfinite(outcome[adopted == g, t]).sum()
    weights /= weights.sum()
    variance = 0.0
    for i in range(units):
        mine = unit_of == i
        n = (adopted == adopted[i]).sum()
        variance += n / (n - 1) * float(weights @ bread @ x[mine].T @ (y - x @ beta)[mine]) ** 2
    return float(weights @ beta), variance


def long_differences(outcome, adopted):
    """Callaway and Sant'Anna by loops: each treated cell against the mean change of units not yet treated.
    Cohorts of one unit are left out.
    """
    periods = outcome.shape[1]
    total, cells = 0.0, 0
    for i, start in enumerate(adopted):
        if start <= 0 or (adopted == start).sum() < 2:
            continue
        for t in range(start, periods):
            others = [j for j, a in enumerate(adopted) if a < 0 or a > t]
            changes = [outcome[j, t] - outcome[j, start - 1] for j in others]
            changes = [change for change in changes if not np.isnan(change)]
            own = outcome[i, t] - outcome[i, start - 1]
            if changes and not np.isnan(own):
                total += own - np.mean(changes)
                cells += 1
    return total / cells


def random_timing_effect(outcome, adopted):
    """Roth and Sant'Anna by matrices: (estimate, standard error), from A-matrices and cohort covariances."""
    periods = outcome.shape[1]
    cohorts = sorted(set(adopted.tolist()))
    when = [10**9 if g < 0 else g for g in cohorts]
    size = [int((adopted == g).sum()) for g in cohorts]
    a_theta, a_x = np.zeros((len(cohorts), periods)), np.zeros((len(cohorts), periods))
    cells = 0
    for c, g in enumerate(when):
        if not 0 < g < 10**9:
            continue
        for t in range(g, periods):
            later = [d for d in range(len(cohorts)) if when[d] > t]
            if not later:
                continue
            cells += size[c]
            a_theta[c, t] += size[c]
            a_x[c, g - 1] += size[c]
            for d in later:
                share = size[d] / sum(size[e] for e in later)
                a_theta[d, t] -= size[c] * share
                a_x[d, g - 1] -= size[c] * share
    a_theta, a_x = a_theta / cells, a_x / cells
    theta = x = v_theta = v_x = v_both = 0.0
    for c, g in enumerate(cohorts):
        mine = outcome[adopted == g]
        mean, covariance = mine.mean(axis=0), np.cov(mine, rowvar=False) / size[c]
        theta, x = theta + a_theta[c] @ mean, x + a_x[c] @ mean
        v_theta += a_theta[c] @ covariance @ a_theta[c]
        v_x += a_x[c] @ covariance @ a_x[c]
        v_both += a_theta[c] @ covariance @ a_x[c]
    beta = v_both / v_x
    return float(theta - beta * x), float(np.sqrt(v_theta - beta * v_both))
