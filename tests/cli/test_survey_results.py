"""`comity survey` after the last answer: themes, rows and results, from files to a sealed release, and never before the day."""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from comity.cli.main import verbs as comity
from comity.cli.survey import command
from comity.errors import ComityError
from comity.instance.create import create_instance
from comity.site.surveys.free_text import text_digest

sys.path.insert(0, str(Path(__file__).parents[1] / "site" / "surveys" / "results"))

from town import town

SAID = [
    "Cars speed near the school crossing",
    "Nobody answers the phone, calls wait hours",
    "More respect, listen to people",
]
DESIGN = "weights: base_weight\nstrata: stratum\nweighting:\n  - step: rake\n    margins:\n      age_group.filled: {1829: 0.4, 3044: 0.2, 4564: 0.2, 65_up: 0.2}\n"
ABOUT = """\
period = "2026"
promised = 2026-06-01
source = {en = "Example Survey Center", es = "Centro de Encuestas"}
[strata]
north = {en = "North", es = "Norte"}
[sizes]
north = [8000, 600]
south = [2000, 600]
hills = [500, 60]
[cases]
I = 610
RF = 50
none = 600
[statement]
dates = {en = "March 2026", es = "Marzo de 2026"}
[[earlier]]
period = "2025"
survey = "town"
responses = "before.json"
design = "survey.yaml"
sizes = {north = [8000, 600], south = [2000, 600], hills = [500, 60]}
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs `comity survey LINE` in an empty folder; answers what it printed."""
    monkeypatch.chdir(tmp_path)

    def call(line, group=command):
        return CliRunner().invoke(group, line.split(), standalone_mode=False, catch_exceptions=False).output

    call.folder = tmp_path
    return call


def written(responses):
    return [
        {**each, "answers": {**each["answers"], "open_change": f"{SAID[at % 5 % 3]} ({(at % 2 and 'Ann') or 'Bo'})"}}
        for at, each in enumerate(responses)
    ]


@pytest.fixture
def surveyed(run):
    """An instance with a sealed questionnaire and a sealed day, exported responses of two waves, approved texts."""
    folder = run.folder
    create_instance(folder / "town", origin="town.example/ledger")
    toml = folder / "town" / "comity.toml"
    text = toml.read_text().replace('languages = ["en"]', 'languages = ["en", "es"]')
    toml.write_text(
        text
        + '\n[[calendar]]\ndataset = "survey-town"\nperiod = "2026"\ndue = 2026-06-01\ntitle.en = "Survey"\ntitle.es = "Encuesta"\n'
    )
    run("promise --instance town --date 2026-01-05 --yes", comity)
    run("new town --for residents --out town.json")
    run("freeze town town.json --instance town --date 2026-02-01")
    responses = written(town(1))
    (folder / "responses.json").write_text(json.dumps(responses))
    (folder / "before.json").write_text(json.dumps(town(7, trust=False)))
    (folder / "survey.yaml").write_text(DESIGN)
    (folder / "results.toml").write_text(ABOUT)
    texts = {each["answers"]["open_change"] for each in responses}
    approved = {text_digest("town", "open_change", text).hex(): text.split(" (")[0] + " [name]" for text in texts}
    (folder / "approved.json").write_text(json.dumps({"survey": "town", "approved": approved}))
    return run


GIVEN = "town responses.json --design survey.yaml --about results.toml --instance town"


def test_results_with_themes_rows_and_change_are_sealed_on_the_promised_day(surveyed):
    run, folder = surveyed, surveyed.folder
    printed = run(f"themes {GIVEN} --question open_change --count 3 --approved approved.json --out themes.toml")
    toml = (folder / "themes.toml").read_text()
    assert "3 themes in 610 texts" in printed
    assert "%" not in printed + toml
    assert "Ann" not in toml
    named = toml.replace('{en = "", es = ""}', '{en = "Speeding cars", es = "Exceso de velocidad"}', 1)
    named = named.replace('{en = "", es = ""}', '{en = "Waiting on the phone", es = "Espera al teléfono"}', 1)
    named = named.replace("quotes = []", 'quotes = ["Cars speed near the school crossing [name]"]', 1)
    (folder / "named.toml").write_text(named)
    line = f"results {GIVEN} --approved approved.json --themes named.toml --rows age_group,gender --date"

    with pytest.raises(ComityError, match="nobody has them"):
        run(f"{line} 2026-05-31")
    assert not (folder / "town/public/releases").exists()
    assert "Published survey-town/2026/v1" in run(f"{line} 2026-06-01")

    release = folder / "town/public/releases/survey-town/2026/v1"
    findings = {each["id"]: each for each in json.loads((release / "findings.json").read_text())["findings"]}
    themes = findings["themes:open_change"]
    assert {row["label"]["en"] for row in themes["figures"]} == {"Speeding cars", "Waiting on the phone"}
    assert all(row["low"] < row["estimate"] < row["high"] and row["k"] >= 10 for row in themes["figures"])
    assert "“Cars speed near the school crossing [name]”" in themes["sentence"]["es"]
    assert findings["change:legitimacy"]["verdict"] == "shows"
    assert findings["nonresponse"]["figures"][0]["population"] == 0.4
    assert len((release / "rows/responses.csv").read_text().splitlines()) > 400
    everything = b"".join(path.read_bytes() for path in release.rglob("*") if path.is_file())
    assert b"(Ann)" not in everything
    assert b"2026-03" not in everything
    verified = run("verify town/public", comity)
    assert "problem" not in verified.casefold() or "no problem" in verified.casefold()


def test_the_day_is_the_sealed_one_and_not_what_a_file_or_a_flag_says(surveyed):
    run, folder = surveyed, surveyed.folder
    later = date.today() + timedelta(days=1)

    with pytest.raises(ComityError, match=f"The day of publication is {later}"):
        run(f"results {GIVEN} --date {later}")
    (folder / "results.toml").write_text(ABOUT.replace("2026-06-01", "2026-02-01"))
    with pytest.raises(ComityError, match="the sealed promise says 2026-06-01"):
        run(f"results {GIVEN} --date 2026-03-01")
    (folder / "results.toml").write_text(ABOUT.replace('"2026"', '"2025"'))
    with pytest.raises(ComityError, match="No day is promised for the results of survey-town 2025"):
        run(f"results {GIVEN} --date 2026-06-01")


def test_results_of_a_sample_town_say_so_in_the_name_of_every_file(surveyed):
    run, folder = surveyed, surveyed.folder
    toml = folder / "town" / "comity.toml"
    toml.write_text(toml.read_text().replace("[agency]\n", "[agency]\nis_sample = true\n", 1))

    with pytest.raises(ComityError, match=r"would (not say so|be a file that does not say so)"):
        run(f"results {GIVEN} --date 2026-06-01")


def test_a_text_that_nobody_decided_on_stops_themes_and_results(surveyed):
    run, folder = surveyed, surveyed.folder
    content = json.loads((folder / "approved.json").read_text())
    content["approved"].popitem()
    (folder / "approved.json").write_text(json.dumps(content))

    with pytest.raises(ComityError, match="texts of 'open_change' were not decided by a redactor"):
        run(f"themes {GIVEN} --question open_change --approved approved.json --out themes.toml")
    assert not (folder / "themes.toml").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda toml: toml.replace('words = ["', 'words = ["zebra", "', 1), "not those that were named"),
        (lambda toml: toml.replace("quotes = []", 'quotes = ["Cars speed"]', 1), "not word for word an approved text"),
        (lambda toml: toml.replace('es = "A"', 'es = ""'), "has no name in 'es'"),
        (lambda toml: toml.replace('en = "A", es = "A"', 'en = "", es = ""'), "No theme of 'open_change' has a name"),
        (lambda toml: toml.replace("count = 3", ""), "no count, seed or list of themes"),
    ],
)
def test_a_mistake_in_the_themes_is_one_sentence(surveyed, change, sentence):
    run, folder = surveyed, surveyed.folder
    run(f"themes {GIVEN} --question open_change --count 3 --approved approved.json --out themes.toml")
    named = (folder / "themes.toml").read_text().replace('en = "", es = ""', 'en = "A", es = "A"', 1)
    (folder / "named.toml").write_text(change(named))

    with pytest.raises(ComityError, match=sentence):
        run(f"results {GIVEN} --approved approved.json --themes named.toml --date 2026-06-01")


def test_rows_can_be_looked_at_before(surveyed):
    run, folder = surveyed, surveyed.folder

    real = run("microdata town responses.json --identifying age_group,gender --instance town --out rows.csv")
    run(
        "microdata town responses.json --identifying age_group,gender --synthetic --seed 1 --instance town --out new.csv"
    )

    assert "withheld; each is like at least" in real
    head = (folder / "new.csv").read_text().splitlines()
    assert head[0].startswith("synthetic,stratum,age_group,gender,")
    assert len(head) == 611
    with pytest.raises(ComityError, match="Invented rows need a seed"):
        run("microdata town responses.json --identifying age_group --synthetic --instance town --out x.csv")
