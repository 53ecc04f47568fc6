"""The slow, obvious reference for the numbers of a survey release: loops over responses, no matrices, nothing shared with the code."""

from __future__ import annotations

from math import exp, log, sqrt

from scipy.stats import t as student


def shares(responses, sizes, question, codes, *, joined):
    """{code: (k, n, share, unweighted, low, high, effective n)} of a stratified sample. joined: {answer: code it is shown as}."""
    rows = [
        (
            each["stratum"],
            sizes[each["stratum"]][0] / sizes[each["stratum"]][1],
            joined.get(each["answers"].get(question)),
        )
        for each in responses
    ]
    found = {}
    for code in codes:
        given = [(stratum, weight, shown == code) for stratum, weight, shown in rows if shown is not None]
        total = sum(weight for _, weight, _ in given)
        share = sum(weight for _, weight, hit in given if hit) / total
        scores = {}
        for stratum, weight, shown in rows:
            score = 0.0 if shown is None else weight * ((shown == code) - share) / total
            scores.setdefault(stratum, []).append(score)
        found[code] = _numbers([hit for _, _, hit in given], share, total, scores, len(given), given, is_share=True)
    return found


def mean(responses, sizes, score):
    """(k, n, mean, unweighted, low, high, effective n) of score(answers), None where there is none."""
    rows = [
        (each["stratum"], sizes[each["stratum"]][0] / sizes[each["stratum"]][1], score(each["answers"]))
        for each in responses
    ]
    given = [row for row in rows if row[2] is not None]
    total = sum(weight for _, weight, _ in given)
    centre = sum(weight * value for _, weight, value in given) / total
    scores = {}
    for stratum, weight, value in rows:
        scores.setdefault(stratum, []).append(0.0 if value is None else weight * (value - centre) / total)
    return _numbers([value for _, _, value in given], centre, total, scores, len(given), given, is_share=False)


def _numbers(values, centre, total, scores, n, given, *, is_share):
    variance = 0.0
    for each in scores.values():
        middle = sum(each) / len(each)
        variance += len(each) / (len(each) - 1) * sum((score - middle) ** 2 for score in each)
    inside = {stratum for stratum, _, _ in given}
    df = len(given) - len(inside)
    quantile, se = float(student.ppf(0.975, df)), sqrt(variance)
    if is_share:
        spread = quantile * se / (centre * (1 - centre))
        at = log(centre / (1 - centre))
        low, high = (1 / (1 + exp(-(at + sign * spread))) for sign in (-1, 1))
    else:
        low, high = centre - quantile * se, centre + quantile * se
    squared = sum(weight * (value - centre) ** 2 for _, weight, value in given) / total
    simple = squared / (n - 1) * (total - n) / total
    return (sum(values), n, centre, sum(values) / n, low, high, n / (variance / simple))
