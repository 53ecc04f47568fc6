"""The invented town of `comity demo`: a survey to answer on one's own phone, and generated answers with their results."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from comity.site.surveys.questionnaire import Questionnaire

SURVEY = "sample-town"
PEOPLE = 200
LAST_WAVE, LAST_YEAR = "sample-town-2026", "2026"
ANSWERED = {"north": 310, "south": 390}
SEED = 20260301
NEXT_YEAR, NEXT_DUE = "2027", "2027-06-30"
PROMISE = """
[[calendar]]
dataset = "survey-{wave}"
period = "{year}"
title.en = "SAMPLE DATA: survey of residents, {year}"
title.es = "DATOS DE MUESTRA: encuesta a residentes, {year}"
due = {day}
"""
ABOUT = """\
period = "{year}"
promised = {day}
source = {{en = "Nobody: drawn by chance from a seed", es = "Nadie: sacado al azar de una semilla"}}
strata.north = {{en = "North", es = "Norte"}}
strata.south = {{en = "South", es = "Sur"}}
[sizes]
{sizes}
[statement]
sponsor = {{en = "Nobody. The answers are invented.", es = "Nadie. Las respuestas son inventadas."}}
population = {{en = "People of a town that does not exist.", es = "Personas de un pueblo que no existe."}}
"""


def publish_town(folder: Path, *, today: date) -> None:
    """The town in `folder` with its stops, its promises and the results of its last survey; made once, and left as it is afterwards."""
    from comity.cli.survey_results import results
    from comity.demo.town.publishing import publish_town as publish_stops
    from comity.instance.promising import promise
    from comity.ledger import Signer
    from comity.releases.states import only_publisher
    from comity.site.surveys.questionnaire.freeze import freeze_questionnaire
    from comity.site.surveys.sample_town import DRAWN, LISTED, generated_responses

    folder.parent.mkdir(parents=True, exist_ok=True)
    publish_stops(folder, today=today)
    if any((folder / "public" / "releases").glob(f"survey-{LAST_WAVE}/*")):
        return
    if LAST_WAVE not in (folder / "comity.toml").read_text(encoding="utf-8"):
        with (folder / "comity.toml").open("a", encoding="utf-8") as settings:
            settings.write(PROMISE.format(wave=LAST_WAVE, year=LAST_YEAR, day=today.isoformat()))
            settings.write(PROMISE.format(wave=SURVEY, year=NEXT_YEAR, day=NEXT_DUE))
    promise(folder, today=today)
    asked = _questionnaire()
    with only_publisher(folder):
        freeze_questionnaire(
            folder, asked, survey=LAST_WAVE, signer=Signer.load(folder / "keys" / "ledger.key"), today=today
        )
    wave = folder / LAST_WAVE
    wave.mkdir(exist_ok=True)
    drawn = generated_responses(asked, ANSWERED, day=date(2026, 3, 1), seed=SEED)
    sizes = "\n".join(f"{name} = [{LISTED[name]}, {DRAWN[name]}]" for name in DRAWN)
    strata = {name: {"used": ANSWERED[name] + 25, "RF": 40, "NC": 60, "none": DRAWN[name] - ANSWERED[name] - 125} for name in DRAWN}  # fmt: skip
    for name, content in (
        ("responses.json", json.dumps(list(drawn), ensure_ascii=False)),
        ("outcomes.json", json.dumps({"survey": LAST_WAVE, "strata": strata})),
        ("survey.yaml", "weights: base_weight\nstrata: stratum\n"),
        ("results.toml", ABOUT.format(year=LAST_YEAR, day=today.isoformat(), sizes=sizes)),
    ):
        (wave / name).write_text(content, encoding="utf-8")
    results.main(
        [LAST_WAVE, str(wave / "responses.json"), "--design", str(wave / "survey.yaml"), "--about",
         str(wave / "results.toml"), "--outcomes", str(wave / "outcomes.json"), "--instance", str(folder), "--date",
         today.isoformat()],
        standalone_mode=False,
    )  # fmt: skip


def sample_survey(folder: Path, *, site_url: str = "") -> str:
    """Fields the survey of the invented town in the instance `folder` once; returns a code that was not used yet."""
    from comity.site.parts import PARTS
    from comity.site.server import SiteSetup, prepare_site

    os.environ["COMITY_PARTS"] = ",".join(PARTS)
    os.environ["COMITY_PUBLIC"] = str((folder / "public").absolute())
    os.environ["COMITY_SITE_URL"] = site_url
    os.environ["DJANGO_SETTINGS_MODULE"] = "comity.site.settings"
    prepare_site(SiteSetup(folder))
    from comity.ledger import Signer
    from comity.releases.states import only_publisher
    from comity.site.surveys.codes import CodeKey
    from comity.site.surveys.fielding import field_and_invite
    from comity.site.surveys.invitations.actions import Case
    from comity.site.surveys.invitations.queries import cases_to_remind
    from comity.site.surveys.questionnaire.freeze import freeze_questionnaire
    from comity.site.surveys.responses.queries import surveys

    if all(each.name != SURVEY for each in surveys()):
        town = [Case(f"{number:04d}", "north" if number % 2 else "south") for number in range(PEOPLE)]
        asked = _questionnaire()
        if is_town(folder):
            with only_publisher(folder):
                signer = Signer.load(folder / "keys" / "ledger.key")
                freeze_questionnaire(folder, asked, survey=SURVEY, signer=signer, today=date.today())
        field_and_invite(
            SURVEY,
            asked.as_json(),
            town,
            keys=folder / "keys",
            answers_url=f"/survey/{SURVEY}/",
            is_sample_data=True,
        )
    unused = cases_to_remind(SURVEY)
    return CodeKey.read(folder / "keys" / "codes.key").code(SURVEY, unused[0] if unused else "0000")


def fill_rooms(folder: Path) -> None:
    """Commitments, plans, training, events, questions and small projects of the town, once, through the rooms' own actions.

    Their people have accounts that nobody can sign in with. Call after `sample_survey`.
    """
    from django.conf import settings

    from comity.site.commitments import demo as commitments
    from comity.site.community.actions import name_agency
    from comity.site.community.models import Account, Agency
    from comity.site.community.roles import OF_THE_POLICE, Role
    from comity.site.outreach import demo as outreach
    from comity.site.planning import demo as planning
    from comity.site.projects import demo as projects
    from comity.site.training import demo as training

    name_agency("sample-town", "Sample Town (invented)")
    agency = Agency.objects.get(slug="sample-town")
    if Account.objects.filter(agency=agency).exists():
        return
    people = {
        role: Account.objects.create_user(
            f"sample-{role}", role=role, works_for_police=role in OF_THE_POLICE, agency=agency
        )
        for role in Role.values
    }
    for room in (outreach, projects, commitments, training, planning):
        room.fill(agency, people, now=settings.CLOCK(), folder=folder)


def _questionnaire() -> Questionnaire:
    """Our own resident survey, with the mark in its title."""
    from comity.releases.watermark import marked
    from comity.site.surveys.questionnaire.bank import standard_questionnaire

    asked = standard_questionnaire()
    return replace(asked, title=marked(asked.title))


def is_town(folder: Path) -> bool:
    """Whether the instance is the invented town, and not that of the real stops, whose public record stays free of it."""
    return (folder / LAST_WAVE).is_dir()
