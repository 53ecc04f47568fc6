"""`comity survey` on files: from the question bank to letters, each mistake in one sentence."""

from __future__ import annotations

import json
import stat

import pytest
from click.testing import CliRunner

from comity.cli.survey import command
from comity.errors import ComityError


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs `comity survey ...` in an empty folder; gives its exit code and output."""
    monkeypatch.chdir(tmp_path)

    def call(line, code=0):
        result = CliRunner().invoke(command, line.split(), standalone_mode=False, catch_exceptions=False)
        assert (result.return_value or 0) == code, result.output
        return result.output

    call.folder = tmp_path
    return call


def test_a_questionnaire_goes_from_the_bank_through_other_tools_and_back(run):
    run("new town --for residents --out town.json")
    assert run("lint town.json").endswith("0 errors, 0 remarks.\n")
    run("export town.json --out town.xlsx")
    run("import town.xlsx --out again.json")

    assert (run.folder / "again.json").read_bytes() == (run.folder / "town.json").read_bytes()


def test_a_missing_text_is_an_error_with_its_exit_code(run):
    run("new town --construct legitimacy --out town.json")
    record = json.loads((run.folder / "town.json").read_text())
    del record["thanks"]["es"]
    (run.folder / "half.json").write_text(json.dumps(record))

    assert "1 errors, 0 remarks." in run("lint half.json", code=1)


def test_letters_are_printed_for_a_drawn_sample(run):
    rows = "".join(f"{at} Example St,Example,{'north' if at % 3 else 'south'}\n" for at in range(90))
    (run.folder / "addresses.csv").write_text("street,city,area\n" + rows)
    (run.folder / "letter.toml").write_text(
        'title = {en = "Our survey", es = "Nuestra encuesta"}\nsender = "Example Center"\nreturn_address = "1 Example St"\n'
        'sponsor = "The city"\nplace = "Example"\nurl = "https://answers.example.org/code/"\ntelephone = "555-0100"\n'
        "minutes = 10\nday = 2026-03-01\ncloses = 2026-04-01\npublished = 2026-06-01\n"
    )

    printed = run("sample addresses.csv --n 12 --stratum area --oversample south=2 --seed 7 --out sample.csv")
    cases = [line.split(",")[0] for line in (run.folder / "sample.csv").read_text().splitlines()[1:]]
    (run.folder / "codes.csv").write_text("case,code\n" + "".join(f"{case},ABCDEFGH{case}\n" for case in cases))
    run("letters sample.csv --codes codes.csv --texts letter.toml --address street,city --out letters")

    assert "12 cases" in printed
    assert (run.folder / "letters" / "letters-001.pdf").read_bytes()[:5] == b"%PDF-"
    assert stat.S_IMODE((run.folder / "sample.csv").stat().st_mode) == 0o600


def test_reminders_leave_out_who_answered_or_refused(run):
    (run.folder / "sample.csv").write_text("case,stratum,probability\n1,a,0.5\n2,a,0.5\n3,a,0.5\n")
    (run.folder / "outcomes.csv").write_text("case,outcome\n1,I\n2,RF\n")

    run("remind sample.csv --outcomes outcomes.csv --out again.csv")

    assert (run.folder / "again.csv").read_text().splitlines()[1:] == ["3,a,0.5"]


def test_double_entry_says_which_forms_to_look_up(run):
    run("new town --construct legitimacy --out town.json")
    (run.folder / "a.csv").write_text("form,trust_police\n1,4\n2,3\n")
    (run.folder / "b.csv").write_text("form,trust_police\n1,4\n2,2\n")

    printed = run("compare town.json a.csv b.csv --out agreed.json", code=1)

    assert "form 2: trust_police differs" in printed
    assert json.loads((run.folder / "agreed.json").read_text()) == {"1": {"trust_police": "4"}}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("new town --out x.json", "Say what the survey asks"),
        ("new town --construct legitimcy --out x.json", "Did you mean 'legitimacy'"),
        ("lint absent.json", "There is no file absent.json"),
        ("import absent.xlsx --out x.json", "There is no file absent.xlsx"),
        ("sample absent.csv --n 3 --seed 1 --out s.csv", "There is no file absent.csv"),
        ("numbers 555 --n 3 --seed 1 --out s.csv", "eight digits"),
        ("paper there.json --out f.pdf", "'fear_list' needs one arm"),
        ("export there.json --out there.json", "neither .xlsx nor .md"),
        ("new town --for residents --out there.json", "is there already"),
    ],
)
def test_a_mistake_is_one_sentence(run, line, sentence):
    run("new there --for residents --out there.json")

    with pytest.raises(ComityError, match=sentence):
        run(line)


def test_every_command_has_an_explanation():
    runner = CliRunner()

    for name in command.commands:
        assert len(runner.invoke(command, [name, "--help"]).output) > 100
