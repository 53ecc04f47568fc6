"""An invented town, and the results of its survey."""

from __future__ import annotations

from datetime import date

import numpy as np

from comity.estimates import About, Design, Dispositions
from comity.estimates.specification import Specification
from comity.ledger import Signer
from comity.releases.promises import Promise
from comity.releases.publish import Accountability, plan_standing, seal_plan
from comity.site.surveys.questionnaire import complete_answers
from comity.site.surveys.questionnaire.bank import standard_questionnaire
from comity.site.surveys.results import Results

AGENCY = {
    "name": {"en": "Our Town", "es": "Nuestro Pueblo"}, "languages": ["en", "es"], "notice": None, "sample": True,
    "website": None, "contact": None, "time_zone": "America/Chicago",
}  # fmt: skip
SIZES = {"north": (8000, 600), "south": (2000, 600), "hills": (500, 60)}
ABOUT = About(
    strategy={"en": "A probability sample of addresses.", "es": "Una muestra probabilística de direcciones."},
    sponsor={"en": "The city.", "es": "La ciudad."},
    population={"en": "Adults of the town.", "es": "Adultos del pueblo."},
    recruitment={"en": "A letter and two reminders.", "es": "Una carta y dos recordatorios."},
    modes={"en": "Web and paper.", "es": "Web y papel."},
    dates={"en": "March 2026.", "es": "Marzo de 2026."},
)
DESIGN = Specification(Design(weights="base_weight", strata="stratum"))


def answers_of(chance, stratum, trust):
    """One invented respondent: the north trusts more, and few answer as they would not dare."""
    five = [str(each) for each in range(1, 6)]
    level = np.array([1, 2, 3, 4, 5]) ** (2.0 if stratum == "north" else -1.0) if trust else np.ones(5)
    level = level / level.sum()
    answers = {"fear_list": str(chance.choice(["control", "treated"]))}
    for name in ("trust_police", "trust_right", "trust_values", "trust_obey"):
        answers[name] = str(chance.choice(five, p=level)) if chance.random() > 0.05 else "dont_know"
    for name in ("safe_day", "safe_night", "safe_home"):
        answers[name] = str(chance.choice(five))
    if chance.random() < 0.004:
        answers["safe_change"] = "1"
    else:
        answers["safe_change"] = str(chance.choice(["2", "3", "4"]))
    answers["contact_kind"] = [
        str(each) for each in chance.choice(["called", "event"], size=chance.integers(1, 3), replace=False)
    ]
    answers["contact_times"] = int(chance.integers(1, 9))
    harmless = int(chance.binomial(3, 0.5))
    arm = answers["fear_list"]
    answers[f"fear_list_{arm}"] = str(harmless + int(arm == "treated" and chance.random() < 0.3))
    answers["open_change"] = "Slow the cars down on Elm Street, says Jo."
    answers["age_group"] = str(
        chance.choice(["1829", "3044", "4564", "65_up", "prefer_not"], p=[0.2, 0.24, 0.3, 0.23, 0.03])
    )
    answers["gender"] = str(chance.choice(["woman", "man"]))
    return answers


def town(seed=1, trust=True, each=(300, 280, 30)):
    chance = np.random.default_rng(seed)
    questionnaire = standard_questionnaire()
    responses = []
    for stratum, n in zip(SIZES, each, strict=True):
        for _ in range(n):
            answers = complete_answers(questionnaire, answers_of(chance, stratum, trust))
            mode = "paper" if chance.random() < 0.2 else "web"
            responses.append({"stratum": stratum, "mode": mode, "language": "en", "day": "2026-03", "answers": answers})
    return responses


def results(**more):
    return Results(
        survey="town", period="2026", agency={"en": "Our Town", "es": "Nuestro Pueblo"},
        source={"en": "Example Survey Center", "es": "Centro de Encuestas"}, questionnaire=standard_questionnaire(),
        specification=DESIGN, about=ABOUT, sizes=SIZES,
        cases=Dispositions(complete=610, refusal=50, unknown_household=600), **more,
    )  # fmt: skip


def promise(folder, due=date(2026, 6, 1), period="2026", today=date(2026, 1, 5)):
    """The day of the results, sealed in the public folder of `folder` before any answer came."""
    signer = Signer.from_seed("town.example/ledger", bytes(range(32)))
    said = Promise("survey-town", period, due, {"en": "Survey", "es": "Encuesta"})
    plan = plan_standing(folder, {"agency.json": AGENCY}, Accountability(promises=[said]), signer=signer, today=today)
    seal_plan(folder, plan, signer=signer, today=today)
    return signer
