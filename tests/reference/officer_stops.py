"""Officers against peers on single stops: loops for cells, and a general optimiser for the doubly robust expectation."""

from __future__ import annotations

import numpy as np
from scipy import optimize


def stops_of(table):
    """One entry per stop: (officer, features, event), from a table with officer, stops, events and features."""
    officer, features, event = [], [], []
    names = [name for name in table.column_names if name not in ("officer", "stops", "events")]
    for row in table.to_pylist():
        for at in range(row["stops"]):
            officer.append(row["officer"])
            features.append(tuple(row[name] for name in names))
            event.append(1.0 if at < row["events"] else 0.0)
    return officer, features, np.array(event)


def expected_share(table, who):
    """The mean, over `who`'s stops in cells with peers, of the peers' share of events in that cell."""
    officer, features, event = stops_of(table)
    shares = []
    for mine, cell in zip(officer, features, strict=True):
        if mine != who:
            continue
        peers = [e for o, f, e in zip(officer, features, event, strict=True) if o != who and f == cell]
        if peers:
            shares.append(np.mean(peers))
    return float(np.mean(shares))


def doubly_robust_share(table, who, ridge=1e-4):
    """Peers weighted by a propensity regression and adjusted by a weighted one, both fitted by BFGS on single stops."""
    officer, features, event = stops_of(table)
    mine = np.array([each == who for each in officer])
    columns = [np.ones(len(event))]
    for values in zip(*features, strict=True):
        columns += [np.array([value == level for value in values], float) for level in sorted(set(values))[1:]]
    x = np.column_stack(columns)

    def fitted(y, weight):
        def loss(beta):
            eta = x @ beta
            return weight @ (np.logaddexp(0, eta) - y * eta) + ridge / 2 * (beta[1:] ** 2).sum()

        def slope(beta):
            return x.T @ (weight * (1 / (1 + np.exp(-x @ beta)) - y)) + ridge * np.r_[0, beta[1:]]

        return optimize.minimize(loss, np.zeros(x.shape[1]), jac=slope, method="BFGS", options={"gtol": 1e-10}).x

    odds = np.exp(x @ fitted(mine.astype(float), np.ones(len(event))))
    weight = np.where(mine, 0.0, odds / odds.max())
    share = 1 / (1 + np.exp(-x @ fitted(event, weight)))
    return float(share[mine].mean() + weight @ (event - share) / weight.sum())
