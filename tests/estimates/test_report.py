"""A report shows every number with its n and interval, in the reader's language, and says how the survey was made."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from comity.cli.estimate import command
from comity.errors import ComityError
from comity.estimates import Design, Survey, estimate_mean, read_survey_file
from comity.estimates.pictures import draw_estimates, draw_weights, svg_of, write_svg
from comity.estimates.report import write_report
from comity.estimates.statement import ITEMS

TOWN = Path(__file__).parent / "fixtures" / "town.csv"


@pytest.fixture(scope="module")
def survey():
    return Survey.read(read_survey_file(TOWN), Design(weights="weight", strata="district", clusters="block"))


def test_the_page_has_pictures_n_intervals_and_the_eleven_items(survey, tmp_path):
    found = estimate_mean(survey, "trust", by="sex")

    write_report(tmp_path / "r.html", survey, found, title="Trust <2026>")

    page = (tmp_path / "r.html").read_text()
    assert page.count("<svg") == 1
    assert "Trust &lt;2026&gt;" in page
    assert "<script" not in page
    assert all(str(name) in page for name in ITEMS.values())
    assert all(f"{each.n:,}" in page for each in found)


def test_the_report_speaks_spanish_where_translations_are_compiled(survey, tmp_path):
    compiled = Path(__file__).parents[2] / "src" / "comity" / "locale" / "es" / "LC_MESSAGES" / "comity.mo"
    if not compiled.exists():
        pytest.skip("translations are not compiled here")

    write_report(tmp_path / "r.html", survey, estimate_mean(survey, "trust"), title="Confianza", language="es")

    assert "Cómo se hizo esta encuesta" in (tmp_path / "r.html").read_text()


def test_the_pdf_is_one_page_of_the_same(survey, tmp_path):
    pytest.importorskip("typst")

    write_report(tmp_path / "r.pdf", survey, estimate_mean(survey, "trust", by="age"), title="Trust #1 [draft]")

    content = (tmp_path / "r.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert content.count(b"/Type /Page\n") + content.count(b"/Type/Page\n") <= 1


def test_the_command_writes_a_report(tmp_path):
    (tmp_path / "d.yaml").write_text("weights: weight\nabout: {sponsor: City of Springfield}\n")
    arguments = [TOWN, "--design", tmp_path / "d.yaml", "--mean", "trust", "--report", tmp_path / "r.html"]

    result = CliRunner().invoke(command, [str(each) for each in arguments], catch_exceptions=False)

    assert result.exit_code == 0
    assert "City of Springfield" in (tmp_path / "r.html").read_text()


@pytest.mark.parametrize("name", ["r.docx", "nowhere/r.html"])
def test_a_report_that_cannot_be_written_is_refused(survey, tmp_path, name):
    with pytest.raises(ComityError):
        write_report(tmp_path / name, survey, estimate_mean(survey, "trust"), title="Trust")

    assert list(tmp_path.iterdir()) == []


def test_pictures_are_svg(survey, tmp_path):
    write_svg(draw_weights(survey), tmp_path / "weights.svg")

    assert (tmp_path / "weights.svg").read_text().startswith("<svg")
    assert "trust" in svg_of(draw_estimates(estimate_mean(survey, "trust")))


def test_results_show_as_tables_and_pictures_in_notebooks(survey):
    found = estimate_mean(survey, "trust", by="sex")

    assert "<table>" in found._repr_html_()
    assert found._repr_html_().count("<svg") == 1
    assert found.as_arrow().num_rows == 2
    assert "female" in repr(found)


def test_results_go_to_polars_and_pandas(survey):
    polars, pandas = pytest.importorskip("polars"), pytest.importorskip("pandas")
    found = estimate_mean(survey, "trust", by="sex")

    assert polars.from_arrow(found.as_arrow())["domain"].to_list() == ["female", "male"]
    assert pandas.DataFrame(found.as_records())["n"].sum() == sum(each.n for each in found)


def test_surveys_are_read_from_polars_and_pandas(survey):
    polars, pandas = pytest.importorskip("polars"), pytest.importorskip("pandas")
    expected = estimate_mean(survey, "trust", by="sex").as_records()

    for frame in (polars.from_arrow(survey.columns.table), survey.columns.table.to_pandas()):
        again = Survey.read(frame, survey.design)
        assert estimate_mean(again, "trust", by="sex").as_records() == expected
    assert isinstance(frame, pandas.DataFrame)


def test_an_opt_in_sample_is_announced_before_the_first_number(tmp_path):
    opt_in = Survey.read(read_survey_file(TOWN), Design(weights="weight", kind="opt-in"))

    write_report(tmp_path / "r.html", opt_in, estimate_mean(opt_in, "trust"), title="Poll")

    page = (tmp_path / "r.html").read_text()
    assert page.index("no margin of error") < page.index("<svg")


def test_the_picture_of_the_weights_says_what_they_cost(survey):
    drawn = svg_of(draw_weights(survey))

    assert "equally weighted ones" in drawn
    assert "Kish design effect" in drawn
