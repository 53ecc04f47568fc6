"""What must stand beside a number, in every language: sentences that more than one kind of estimate uses."""

from __future__ import annotations

from comity.wording import Message, message

OPT_IN = message("Opt-in sample: people chose to take part, so no margin of error can be given.")
QUASI_RANDOMISATION = message(
    "Opt-in sample: this interval assumes that, within the weighting cells, taking part does not depend on the answers; "
    "that everyone in the population had some chance of taking part; and that the weighting variables are measured in "
    "the sample as they are in the targets. None of this can be checked from the sample."
)
FEW_PSUS = message("Too few sampling units for a standard error.")
MODEL_ALONE = message("from the model alone: nobody in this area was asked")
MOSTLY_MODEL = message("mostly from the model: this area's own answers carry less than half")
POOLED = message("pooled with similar areas")


def below_floor(n: int, minimum: int) -> Message:
    """Why there is an n and no number."""
    return message("n = {n} is below the floor of {minimum}: no number is given.", n=n, minimum=minimum)


def together(*notes: Message | None) -> Message | None:
    """The notes that are there, one after the other."""
    given = [each for each in notes if each is not None]
    if not given:
        return None
    found = given[0]
    for each in given[1:]:
        found = message("{first} {second}", first=found, second=each)
    return found


STATISTICS = {
    "mean": message("mean"),
    "total": message("total"),
    "proportion": message("proportion"),
    "ratio": message("ratio"),
    "median": message("median"),
    "difference in means": message("difference in means"),
    "difference in proportions": message("difference in proportions"),
    "change in mean": message("change in mean"),
    "change in proportion": message("change in proportion"),
    "list experiment": message("list experiment"),
    "randomised response": message("randomised response"),
}


def statistic_name(statistic: str, language: str) -> str:
    """The name of an estimate's statistic as readers see it."""
    if statistic.startswith("quantile "):
        return message("quantile {share}", share=statistic.removeprefix("quantile ")).in_language(language)
    return STATISTICS[statistic].in_language(language) if statistic in STATISTICS else statistic
