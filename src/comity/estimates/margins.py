"""Targets and the sample's categories brought together as margins, small categories merged by rule.

Everything that does not fit is refused by name: categories without a target (with the nearest), targets nobody is in,
targets that disagree among themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from comity.errors import ComityError, nearest
from comity.estimates.auxiliary import Margin
from comity.estimates.columns import Categories, joint_codes
from comity.estimates.design import Survey
from comity.estimates.steps import Collapse, Margins


def read_margins(
    survey: Survey,
    wanted: Margins,
    collapse: Collapse | None,
    population: float | None = None,
) -> tuple[list[Margin], dict[str, dict[str, str]]]:
    """The margins with their targets in the order of the levels; and which categories were merged into which."""
    margins, merged = [], {}
    sums = [float(sum(shares.values())) for shares in wanted.values()]
    known = [each for each in sums if not _are_shares(each)]
    if known:
        total = known[0]
    else:
        total = population if population is not None else float(survey.weights.sum())
    for key, shares in wanted.items():
        names = (key,) if isinstance(key, str) else tuple(key)
        targets = {label if isinstance(label, tuple) else (label,): float(count) for label, count in shares.items()}
        margin, changes = _read_margin(
            survey, names, {tuple(map(str, k)): v for k, v in targets.items()}, total, collapse
        )
        margins.append(margin)
        if changes:
            merged[margin.name] = changes
    return margins, merged


def _are_shares(total: float) -> bool:
    return abs(total - 1) < 1e-6  # a population of one person needs no survey


def _read_margin(
    survey: Survey,
    names: tuple[str, ...],
    targets: dict[tuple[str, ...], float],
    total: float,
    collapse: Collapse | None,
) -> tuple[Margin, dict[str, str]]:
    title = " x ".join(names)
    wrong = next((label for label, count in targets.items() if not (count >= 0 and np.isfinite(count))), None)
    if wrong is not None:
        raise ComityError(
            f"The target of '{' x '.join(wrong)}' in '{title}' is {targets[wrong]}.", "Give counts of at least 0."
        )
    if not targets or sum(targets.values()) == 0:
        raise ComityError(f"The targets of '{title}' are empty.", "Give a count for each category.")
    if _are_shares(sum(targets.values())):
        scale = total / sum(targets.values())
        targets = {label: count * scale for label, count in targets.items()}
    parts = [complete_categories(survey, name) for name in names]
    for at, part in enumerate(parts):
        _refuse_unknown(survey, part, [label[at] for label in targets])
    if len(parts) == 1:
        return _single_margin(survey, parts[0], {label[0]: count for label, count in targets.items()}, collapse)
    joint, _ = joint_codes([part.codes for part in parts], [len(part.labels) for part in parts])
    present, codes = np.unique(joint, return_inverse=True)
    labels = []
    for code in present:
        rest, label = int(code), []
        for part in reversed(parts):
            rest, at = divmod(rest, len(part.labels))
            label.append(part.labels[at])
        labels.append(tuple(reversed(label)))
    unmatched = [label for label in labels if label not in targets]
    if unmatched:
        raise ComityError(
            f"The data have the cell {' x '.join(unmatched[0])} of '{title}', and the targets do not.",
            "Give every cell that occurs a target, or merge categories.",
        )
    joined = Categories(title, codes, tuple(" x ".join(label) for label in labels), has_missing=False)
    return _single_margin(survey, joined, {" x ".join(label): count for label, count in targets.items()}, collapse)


def _single_margin(
    survey: Survey, part: Categories, targets: dict[str, float], collapse: Collapse | None
) -> tuple[Margin, dict[str, str]]:
    labels, codes, changes = list(part.labels), part.codes, {}
    missing = [label for label in targets if label not in labels]
    labels += missing
    if collapse is not None:
        order = [label for label in targets if label in labels]
        n = np.bincount(codes[survey.weights != 0], minlength=len(labels))
        changes = collapse_categories({label: int(n[labels.index(label)]) for label in order}, collapse)
        merged_labels = list(dict.fromkeys(changes.get(label, label) for label in labels))
        lookup = np.array([merged_labels.index(changes.get(label, label)) for label in labels])
        codes = lookup[codes]
        sums: dict[str, float] = {}
        for label, count in targets.items():
            sums[changes.get(label, label)] = sums.get(changes.get(label, label), 0.0) + count
        labels, targets = merged_labels, sums
    if not changes and survey.all_weighted and all(targets.get(label, 0) > 0 for label in labels) and not missing:
        return Margin(part.name, codes, tuple(labels), np.array([targets[label] for label in labels])), changes
    present = np.bincount(codes[survey.weights != 0], minlength=len(labels))
    for at, label in enumerate(labels):
        target = targets.get(label, 0.0)
        if present[at] == 0 and target > 0:
            raise ComityError(
                f"Nobody in the sample is in '{label}' of '{part.name}', whose target is {target:,.6g}.",
                "Merge this category with a similar one, in the data and in the targets (collapse does it by rule).",
            )
        if present[at] > 0 and target == 0:
            raise ComityError(
                f"The target of '{label}' of '{part.name}' is 0, and {present[at]} rows are in it.",
                "Correct the target, or leave those rows out of the sample.",
            )
    keep = [at for at in range(len(labels)) if present[at] > 0]
    if len(keep) < len(labels):
        lookup = np.zeros(len(labels), np.int64)
        lookup[keep] = np.arange(len(keep))
        codes, labels = lookup[codes], [labels[at] for at in keep]
    return Margin(part.name, codes, tuple(labels), np.array([targets[label] for label in labels])), changes


def collapse_categories(n_by_category: Mapping[str, int], rule: Collapse) -> dict[str, str]:
    """Which category becomes which so that each has `rule.minimum_n`: {old: merged name}; unchanged ones are left out.

    Ordered: the smallest joins its smaller neighbour. Otherwise the smallest joins the next smallest. Names join with
    " + ".
    """
    groups = [([label], n) for label, n in n_by_category.items()]
    while len(groups) > 1 and min(n for _, n in groups) < rule.minimum_n:
        at = min(range(len(groups)), key=lambda each: groups[each][1])
        if rule.ordered:
            near = [each for each in (at - 1, at + 1) if 0 <= each < len(groups)]
        else:
            near = [each for each in range(len(groups)) if each != at]
        other = min(near, key=lambda each: groups[each][1])
        first, second = sorted((at, other))
        groups[first] = (groups[first][0] + groups[second][0], groups[first][1] + groups[second][1])
        del groups[second]
    return {label: " + ".join(labels) for labels, _ in groups if len(labels) > 1 for label in labels}


def complete_categories(survey: Survey, name: str) -> Categories:
    part = survey.columns.categories(name)
    if not part.has_missing:
        return part
    gone = part.codes < 0
    used = int((gone & (survey.weights != 0)).sum())
    if used:
        raise ComityError(
            f"Weighting column '{name}' is missing in {used} rows.",
            "Fill it in (impute it) or leave those rows out.",
        )
    return Categories(part.name, np.where(gone, 0, part.codes), part.labels, has_missing=False)


def _refuse_unknown(survey: Survey, part: Categories, valid: Sequence[str]) -> None:
    if set(part.labels) <= set(valid):
        return
    used = survey.weights != 0
    present = np.bincount(part.codes[used], minlength=len(part.labels))
    for label, n in zip(part.labels, present, strict=True):
        if n and label not in valid:
            near = nearest(label, sorted(set(valid)))
            hint = f"Did you mean '{near}'?" if near else f"The targets have: {', '.join(sorted(set(valid))[:12])}."
            raise ComityError(
                f"Column '{part.name}' has the category '{label}' ({n} rows), which the targets do not.", hint
            )


def refuse_disagreement(margins: Sequence[Margin], population: float | None = None) -> None:
    sums = [(f"'{m.name}'", float(m.targets.sum())) for m in margins if m.targets is not None]
    if population is not None:
        sums.insert(0, ("the population", population))
    for name, total in sums[1:]:
        if abs(total - sums[0][1]) > 1e-6 * sums[0][1]:
            raise ComityError(
                f"The targets disagree: {sums[0][0]} adds up to {sums[0][1]:,.6f} and {name} to {total:,.6f}.",
                "Take all targets from one population, or rescale one of them.",
            )
