"""D of one person by the improved algorithm of Greenwald, Nosek and Banaji (2003, J. Pers. Soc. Psychol. 85:197), table 4.

Step by step, as the table numbers them, in exact fractions until the square root.
"""

from __future__ import annotations

import math
from fractions import Fraction


def d_score(trials: list[dict]) -> float | None:
    """trials: block, rt (ms to the first response), correct. None where the person is left out or nothing can be said."""
    step_1 = [each for each in trials if each["block"] in (3, 4, 6, 7)]
    step_2a = [each for each in step_1 if not each["rt"] > 10_000]
    fast = [each for each in step_2a if each["rt"] < 300]
    if not step_2a or Fraction(len(fast), len(step_2a)) > Fraction(1, 10):  # step 2b
        return None
    # Steps 3 and 4: all trials are used, and no extreme value is treated further.
    block_means = {}
    for block in (3, 4, 6, 7):  # step 5
        correct = [Fraction(str(each["rt"])) for each in step_2a if each["block"] == block and each["correct"]]
        if not correct:
            return None
        block_means[block] = sum(correct) / len(correct)
    deviations = []
    for pair in ((3, 6), (4, 7)):  # step 6
        values = [Fraction(str(each["rt"])) for each in step_2a if each["block"] in pair]
        if len(values) < 2:
            return None
        centre = sum(values) / len(values)
        deviations.append(math.sqrt(sum((value - centre) ** 2 for value in values) / (len(values) - 1)))
    averages = {}
    for block in (3, 4, 6, 7):  # steps 7 to 9
        replaced = [
            Fraction(str(each["rt"])) if each["correct"] else block_means[block] + 600
            for each in step_2a
            if each["block"] == block
        ]
        averages[block] = sum(replaced) / len(replaced)
    if 0 in deviations:
        return None
    differences = [averages[6] - averages[3], averages[7] - averages[4]]  # step 10
    quotients = [float(one) / other for one, other in zip(differences, deviations, strict=True)]  # step 11
    return (quotients[0] + quotients[1]) / 2  # step 12
