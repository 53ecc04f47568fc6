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
