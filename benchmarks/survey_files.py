"""Times of what a survey needs beside its pages: letters, forms, checks of answers, samples, results.

Run: PYTHONPATH=src python benchmarks/survey_files.py [--letters 10000]. One process; under two minutes on two quiet cores.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from comity.estimates import Design
from comity.estimates.specification import Specification
from comity.site.surveys.free_text import propose_marks
from comity.site.surveys.print import Letter, LetterTexts, paper_form, write_letters
from comity.site.surveys.questionnaire import read_questionnaire
from comity.site.surveys.questionnaire.bank import standard_questionnaire
from comity.site.surveys.questionnaire.xlsform import read_xlsform, write_xlsform
from comity.site.surveys.results import Results, Statement, results_draft
from comity.site.surveys.sampling import Frame, Plan, draw_sample

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock and of the processor (all threads)."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


def letters(n: int) -> Callable[[], object]:
    chance = random.Random(1)
    codes = ["".join(chance.choices(ALPHABET, k=10)) for _ in range(n)]
    made = [
        Letter(f"{at:05}", ("Resident", f"{at} Example Street", "Example Town EX 00000"), f"{code[:5]}-{code[5:]}")
        for at, code in enumerate(codes)
    ]
    texts = LetterTexts(
        title={"en": "Survey of residents", "es": "Encuesta a residentes"}, sender="Example Survey Center",
        return_address="12 Example Street", sponsor="The City of Example", place="Example Town",
        url="https://answers.example.org/code/", telephone="555-0100", minutes=12, day=date(2026, 3, 1),
        closes=date(2026, 4, 15), published=date(2026, 6, 1),
    )  # fmt: skip

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder:
            write_letters(Path(folder), made, texts)

    return work


def responses(n: int) -> list[dict[str, object]]:
    chance = random.Random(2)
    questionnaire = standard_questionnaire()
    ones = [each for each in questionnaire.questions.values() if each.kind == "select_one" and "fear" not in each.name]
    return [
        {
            "stratum": chance.choice(["north", "south"]),
            "mode": "web",
            "answers": {each.name: chance.choice(each.choices).name for each in ones},
        }
        for _ in range(n)
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--letters", type=int, default=10_000)
    count = parser.parse_args().letters
    questionnaire = standard_questionnaire()
    data = questionnaire.as_json()
    answers = {
        each.name: each.choices[0].name for each in questionnaire.questions.values() if each.kind == "select_one"
    } | {"contact_kind": ["called"], "contact_times": 3, "fear_list": "control"}
    frame = Frame(
        ("address", "area", "block"),
        [{"address": str(at), "area": f"a{at % 12}", "block": f"b{at // 80}"} for at in range(200_000)],
    )
    draft = Results(
        survey="x", period="2026", agency={"en": "x", "es": "x"}, source={"en": "x", "es": "x"},
        questionnaire=questionnaire, specification=Specification(Design(weights="base_weight", strata="stratum")),
        statement=Statement(strategy={}, sponsor={}, population={}, recruitment={}, modes={}, dates={}, processing={}, limitations={}),
    )  # fmt: skip
    given = responses(5_000)
    text = "I called Officer Ramirez at 555-0142 about 12 Elm Street, and nobody came. " * 5
    form = write_xlsform(questionnaire)
    rows = (
        (f"{count:,} letters of two pages with QR code", letters(count), 1),
        ("one paper form of 7 pages", lambda: paper_form(questionnaire, language="en", arms={"fear_list": "control"}), 1),
        ("read a questionnaire file", lambda: read_questionnaire(data), 20),
        ("check all answers of one person", lambda: questionnaire.validate(answers), 200),
        ("read the questionnaire as XLSForm", lambda: read_xlsform(form), 3),
        ("draw 2,000 of 200,000 addresses, 12 strata", lambda: draw_sample(frame, Plan(n=2000, strata=("area",)), seed=1), 1),
        ("the same in two stages", lambda: draw_sample(frame, Plan(n=2000, strata=("area",), psu="block", per_psu=5), seed=1), 1),
        ("propose marks in a text of 375 letters", lambda: propose_marks(text), 50),
        ("results of 5,000 responses as a draft", lambda: results_draft(replace(draft), given), 1),
    )  # fmt: skip
    print(f"{'work':<48} {'seconds':>9} {'processor':>10}")
    for name, work, times in rows:
        clock, processor = timed(lambda work=work, times=times: [work() for _ in range(times)])
        print(f"{name:<48} {clock / times:>9.4f} {processor / times:>10.4f}", flush=True)


if __name__ == "__main__":
    main()
