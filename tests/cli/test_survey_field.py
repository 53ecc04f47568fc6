"""`comity survey` in the field: sealed before anybody is asked, run by one organisation or two, ended with one command on each side."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import pytest

from comity.instance.create import create_instance
from comity.ledger import Log, verify
from comity.site.surveys.questionnaire.bank import standard_questionnaire

ROOT = Path(__file__).parents[2]
TEXTS = '[agency]\nname = "Sample Town"\ntime_zone = "America/Chicago"\n\n[datasets]\n'


@pytest.fixture
def place():
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    (folder / "sample.csv").write_text(
        "case,stratum\n" + "".join(f"{n:05d},{'north' if n % 2 else 'south'}\n" for n in range(120))
    )
    yield folder
    shutil.rmtree(folder)


def instance(folder: Path, **site: str) -> Path:
    create_instance(folder, origin=f"example.org/{folder.name}")
    lines = "".join(f'{name} = "{value}"\n' for name, value in site.items())
    (folder / "comity.toml").write_text(TEXTS + (f"\n[site]\n{lines}" if lines else ""))
    return folder


def run(place: Path, line: str, code: int = 0) -> str:
    done = python(place, "from comity.cli.main import main; main()", *line.split())
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def python(place: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=place, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip


def stored(folder: Path, store: str, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / f"{store}.sqlite3") as connection:
        return connection.execute(query).fetchall()


def test_what_is_asked_is_sealed_before_anybody_can_answer_and_another_text_is_refused(place):
    town = instance(place / "town")
    sealed = standard_questionnaire()
    changed = json.loads(sealed.as_json())
    changed["title"]["en"] += "!"
    (place / "changed.json").write_text(json.dumps(changed))

    run(place, "survey field trust --instance town --sample sample.csv --codes codes.csv")

    path = f"surveys/trust/questionnaire-{sealed.version}.json"
    entries = [json.loads(each) for each in Log(town / "public" / "ledger").entries()]
    assert (town / "public" / path).read_bytes() == sealed.as_json()
    assert [each["kind"] for each in entries if path in each.get("files", {})] == ["questionnaire"]
    assert verify(town / "public").problems == ()
    assert stored(town, "responses", "SELECT name, fingerprint FROM survey_responses_survey") == [
        ("trust", sealed.digest)
    ]
    assert stored(town, "responses", "SELECT count(*) FROM survey_responses_spenttoken") == [(0,)]

    said = run(
        place, "survey field trust --instance town --questionnaire changed.json --sample sample.csv --codes more.csv", 1
    )
    assert "it is another text" in said
    assert not (place / "more.csv").exists()
    assert stored(town, "responses", "SELECT fingerprint FROM survey_responses_survey") == [(sealed.digest,)]


def test_a_survey_that_cannot_be_sealed_is_not_opened(place):
    town = instance(place / "town")
    (town / "keys" / "ledger.key").unlink()

    run(place, "survey field trust --instance town --sample sample.csv --codes codes.csv", 1)

    assert not (place / "codes.csv").exists()
    assert stored(town, "responses", "SELECT count(*) FROM survey_responses_survey") == [(0,)]
    assert stored(town, "invitations", "SELECT count(*) FROM survey_invitations_sample") == [(0,)]


USE_CODES = """\
import csv, json, os, sys
from pathlib import Path
os.environ.update(COMITY_PARTS="codes", DJANGO_SETTINGS_MODULE="comity.site.settings")
from comity.site.server import SiteSetup, prepare_site
prepare_site(SiteSetup(Path("house")))
from comity.site.surveys.codes import CodeKey
from comity.site.surveys.invitations.actions import issue_without_browser, set_disposition
from comity.site.surveys.tokens import TokenKey
keys = Path("house/keys")
codes = list(csv.DictReader(open("codes.csv")))
bought = [
    issue_without_browser("trust", row["code"], codes=CodeKey.read(keys / "codes.key"), key=TokenKey.read(keys, "trust"))
    for row in codes[:44]
]
for row, outcome in zip(codes[44:54], ["RF"] * 5 + ["NC"] * 3 + ["NE"] * 2):
    set_disposition("trust", row["case"], outcome)
print(json.dumps([[token.as_text(), stratum] for token, stratum, _ in bought]))
"""
ANSWER = """\
import json, os, sys
from datetime import date
from pathlib import Path
import numpy as np
os.environ.update(COMITY_PARTS="answers", DJANGO_SETTINGS_MODULE="comity.site.settings")
from comity.site.server import SiteSetup, prepare_site
prepare_site(SiteSetup(Path("school")))
from comity.site.surveys.responses import actions, queries
from comity.site.surveys.sample_town import generated_answers
survey, chance = queries.fielded("trust"), np.random.default_rng(1)
for at, (token, stratum) in enumerate(json.loads(sys.argv[1])):
    answers = generated_answers(survey.questionnaire, stratum, chance)
    if at < 3:
        answers = dict(list(answers.items())[:9])  # most of it left out
    actions.submit(survey, answers, token=token, stratum=stratum, keys=Path("school/keys"),
                   day=date(2027, 3, 1), mode="web", language="en")
"""
EXPORT = """\
import json, os
from pathlib import Path
os.environ.update(COMITY_PARTS="answers", DJANGO_SETTINGS_MODULE="comity.site.settings")
from comity.site.server import SiteSetup, prepare_site
prepare_site(SiteSetup(Path("school")))
from comity.site.surveys.responses import queries
Path("responses.json").write_text(json.dumps(queries.responses("trust")))
"""


@pytest.mark.slow
def test_two_organisations_end_a_survey_each_with_one_command_and_its_rates_come_out_of_both_counts(place):
    school = instance(place / "school", codes_url="https://codes.example.org")
    house = instance(place / "house", answers_url="https://answers.example.org")
    run(place, "survey open-answers trust --instance school --strata north,south --expected 120")
    shutil.copy(school / "keys" / "tokens-trust.key", house / "keys")
    run(place, "survey invite trust --instance house --sample sample.csv --codes codes.csv")
    tokens = json.loads(python(place, USE_CODES).stdout)
    answered = python(place, ANSWER, json.dumps(tokens[:40]))  # four used a code and never sent anything
    assert answered.returncode == 0, answered.stderr

    at_school = run(place, "survey close trust --instance school")
    at_house = run(place, "survey close trust --instance house")

    assert "no response is taken any more." in at_school
    assert "list of 40 spent tokens" in at_school
    assert "no code is exchanged any more." in at_house
    assert not (school / "invitations.sqlite3").exists()
    assert not (house / "responses.sqlite3").exists()
    assert stored(house, "invitations", "SELECT is_open FROM survey_invitations_sample") == [(0,)]
    assert "no survey 'trsut'" in run(place, "survey close trsut --instance house", 1)

    run(place, "survey outcomes trust --instance house --out outcomes.json")
    counted = json.loads((place / "outcomes.json").read_text())["strata"]
    totals: dict[str, int] = {}
    for counts in counted.values():
        for outcome, cases in counts.items():
            totals[outcome] = totals.get(outcome, 0) + cases
    assert totals == {"used": 44, "RF": 5, "NC": 3, "NE": 2, "none": 66}

    assert python(place, EXPORT).returncode == 0
    (place / "survey.yaml").write_text("weights: base_weight\nstrata: stratum\n")
    today = date.today().isoformat()
    (place / "results.toml").write_text(
        f'period = "2027"\npromised = {today}\n[sizes]\nnorth = [8000, 60]\nsouth = [9000, 60]\n'
    )
    with (school / "comity.toml").open("a") as settings:
        settings.write(
            f'\n[[calendar]]\ndataset = "survey-trust"\nperiod = "2027"\ntitle.en = "A"\ntitle.es = "A"\ndue = {today}\n'
        )
    run(place, "promise --instance school --yes")
    run(
        place,
        "survey results trust responses.json --design survey.yaml --about results.toml --outcomes outcomes.json"
        " --instance school",
    )
    statement = "".join(path.read_text() for path in (school / "public" / "releases").rglob("*.json"))
    # I 37, P 3, R 5 refused and 4 break-offs, NC 3, unknown 66, and 2 that do not belong: RR1 = 37 / 118.
    eligible = 37 + 3 + 9 + 3
    e = eligible / (eligible + 2)
    assert f"{37 / (eligible + 66):.1%}" in statement
    assert f"{37 / (eligible + e * 66):.1%}" in statement
    assert f"{37 / (37 + 3 + 9):.1%}" in statement


RECEIVE = """\
import csv, json, os
from pathlib import Path
os.environ.update(COMITY_PARTS="codes,answers", DJANGO_SETTINGS_MODULE="comity.site.settings")
from comity.site.server import SiteSetup, prepare_site
prepare_site(SiteSetup(Path("town")))
from comity.site.surveys.codes import CodeKey
from comity.site.surveys.invitations.actions import issue_without_browser
from comity.site.surveys.responses import paper_forms, queries
from comity.site.surveys.tokens import TokenKey
keys, numbers = Path("town/keys"), []
for row in list(csv.DictReader(open("codes.csv")))[:2]:
    token, stratum, _ = issue_without_browser(
        "trust", row["code"], codes=CodeKey.read(keys / "codes.key"), key=TokenKey.read(keys, "trust"))
    numbers.append(paper_forms.receive_form(queries.fielded("trust"), token.as_text(), stratum, keys=keys))
print(json.dumps(numbers))
"""


def test_two_files_of_keyed_forms_are_counted_once_each_and_what_differs_waits(place):
    town = instance(place / "town")
    run(place, "survey field trust --instance town --sample sample.csv --codes codes.csv")
    one, other = json.loads(python(place, RECEIVE).stdout)
    columns = "form,fear_list,trust_police,open_keep\n"
    (place / "first.csv").write_text(f"{columns}{one},control,4,Walk more\n{other},treated,2,\n999999x,control,1,\n")
    (place / "second.csv").write_text(f"{columns}{one},control,4,Walk more\n{other},treated,3,\n999999x,control,1,\n")

    said = run(place, "survey key trust first.csv second.csv --instance town", 1)
    assert f"form {other}: trust_police differs" in said
    assert "form 999999x: not waiting" in said
    assert "Walk more" not in said
    assert "1 forms counted" in said
    assert "wait to be keyed" in run(place, "survey close trust --instance town", 1)
    shutil.copy(place / "second.csv", place / "first.csv")
    said = run(place, "survey key trust first.csv second.csv --instance town")

    assert f"form {one}: not waiting" in said
    assert "1 forms counted" in said
    assert stored(town, "responses", "SELECT count(*) FROM survey_responses_spenttoken") == [(2,)]
    assert stored(town, "responses", "SELECT count(*) FROM survey_responses_paperform") == [(0,)]
    run(place, "survey close trust --instance town")
