"""The toolkit: every template in both languages, filled in on the page, as PDF and as DOCX; the reach record's arithmetic."""

from __future__ import annotations

import io
import re
import sys
import zipfile
from datetime import UTC, datetime

import pytest

from comity.site.toolkit.reach import Line, compare_reach

NAMES = [
    "after-incident-meeting", "ask-for-data", "block-meeting-agenda", "commitment-follow-up", "door-knocking-script",
    "event-flyer", "facilitators-guide", "ground-rules", "how-to-read-a-stop-report", "listening-session",
    "meeting-flyer", "meeting-minutes", "neighborhood-walk", "officer-introduction", "praise-or-complaint",
    "reach-plan", "reach-record", "release-briefing", "ride-along", "sign-in-sheet", "small-project-plan",
    "small-project-report", "survey-flyer", "youth-panel",
]  # fmt: skip
REACH = {
    f"reach-{row}-{column}": value
    for row, line in enumerate(
        [("18-29", "11,200", "12"), ("30-44", "9,800", "55"), ("65 and over", "3,100", "0"), ("Under 18", "6000", "")],
        1,
    )
    for column, value in zip(("group", "living", "reached"), line, strict=True)
}


def pdf_pages(content: bytes) -> list[str]:
    pdfium = pytest.importorskip("pypdfium2")
    return [page.get_textpage().get_text_range() for page in pdfium.PdfDocument(content)]


def docx_text(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return re.sub(r"<[^>]+>", " ", archive.read("word/document.xml").decode())


@pytest.fixture
def documents(django):
    from comity.site.toolkit.catalogue import documents

    return documents()


@pytest.fixture
def fill(client):
    """Posts a filled-in template and gives the answer."""

    def post(name, values, *, kind="page", language=""):
        return client.post(f"{language}/toolkit/{name}/", {**values, "as": kind}, **FORM)

    return post


FORM = {"content_type": "application/x-www-form-urlencoded"}


@pytest.fixture(autouse=True)
def encoded(monkeypatch):
    """The test client sends forms as a browser does without files."""
    from urllib.parse import urlencode

    from django.test import Client

    original = Client.post

    def post(self, path, data=None, **options):
        if options.get("content_type") == FORM["content_type"] and isinstance(data, dict):
            data = urlencode(data)
        return original(self, path, data, **options)

    monkeypatch.setattr(Client, "post", post)


def test_at_least_twenty_templates_are_listed_in_both_languages(get, documents):
    assert list(documents) == NAMES
    for address, language in (("/toolkit/", "en"), ("/es/toolkit/", "es")):
        page = get(address)
        for document in documents.values():
            assert document.title.said(language).replace("'", "&#x27;") in page


def test_every_text_of_every_template_is_said_in_both_languages(documents):
    same = {"n", "Total", "911"}
    for document in documents.values():
        texts = [document.title, document.use]
        texts += [text for part in document.parts for text in part.texts]
        texts += [field.label for _, field in document.cells()]
        for text in texts:
            assert text.en.strip() and text.es.strip()
            assert text.en != text.es or text.en in same, f"{document.id}: {text.en!r} has no Spanish"


def test_no_template_uses_a_field_twice(documents):
    for document in documents.values():
        names = [name for name, _ in document.cells()]
        assert len(names) == len(set(names)), document.id
        assert len(names) < 200


@pytest.mark.parametrize("language", ["", "/es"])
def test_every_template_opens_and_gives_a_blank_pdf_and_docx(client, documents, language):
    for document in documents.values():
        title = document.title.said("es" if language else "en")
        page = client.get(f"{language}/toolkit/{document.id}/")
        pdf = client.get(f"{language}/toolkit/{document.id}/blank.pdf")
        docx = client.get(f"{language}/toolkit/{document.id}/blank.docx")

        assert page.status_code == pdf.status_code == docx.status_code == 200
        words = re.sub(r"\s+", " ", " ".join(pdf_pages(pdf.content)))
        assert title in words, document.id
        assert title in docx_text(docx.content)
        assert len(pdf_pages(pdf.content)) <= (1 if document.layout == "flyer" else 2), document.id
        assert pdf["Content-Disposition"] == f'attachment; filename="{document.id}-{"es" if language else "en"}.pdf"'


def test_what_is_typed_stands_on_the_page_in_the_pdf_and_in_the_docx(fill):
    values = {"street": "Calle 26", "topics-1-topic": "Luces & aceras", "topics-1-minutes": "15"}

    page = fill("block-meeting-agenda", values, language="/es").content.decode()
    pdf = " ".join(pdf_pages(fill("block-meeting-agenda", values, kind="pdf", language="/es").content))
    docx = docx_text(fill("block-meeting-agenda", values, kind="docx", language="/es").content)

    for text in (page.replace("&amp;", "&"), pdf, docx.replace("&amp;", "&")):
        assert "Calle 26" in text
        assert "Luces & aceras" in text
        assert "Orden del día de la reunión de cuadra" in text
    assert 'name="street" value="Calle 26"' in page  # so that the file can be made from the shown page


def test_changing_a_filled_in_page_keeps_what_was_typed(fill):
    page = fill("block-meeting-agenda", {"street": "26th"}, kind="form").content.decode()

    assert '<input type="text" id="f-street" name="street" value="26th"' in page


def test_the_budget_is_added_up(fill):
    values = {"budget-1-item": "Lamps", "budget-1-cost": "$1,250", "budget-2-cost": "80.50"}

    page = fill("small-project-plan", values).content.decode()

    assert "<td>Total</td><td></td><td>1,330.50</td>" in page


def test_the_reach_record_says_whom_we_did_not_reach(fill):
    page = fill("reach-record", REACH).content.decode()
    row = re.findall(r"<tr[^>]*>(.*?)</tr>", page)
    cells = [re.findall(r"<td>(.*?)</td>", each) for each in row if "<td>" in each]

    assert cells == [
        ["18-29", "11,200", "46%", "12", "18% (11% to 29%)", "reached less than their share"],
        ["30-44", "9,800", "41%", "55", "82% (71% to 89%)", "reached more than their share"],
        ["65 and over", "3,100", "13%", "0", "0% (0% to 5%)", "nobody reached"],
        ["Under 18", "6,000", "–", "not filled in", "–", "cannot tell"],
        ["All of these", "24,100", "", "67", "", ""],
    ]
    assert "18-29: 46% of the people who live here, 18% of the people we reached" in page
    assert "n = 67 people reached" in page
    assert "left out of the shares: 1" in page


def test_reach_tells_missing_from_zero_and_few_from_many():
    few = compare_reach([Line("a", 100, 1), Line("b", 100, 2)])
    none = compare_reach([Line("a", 100, 0), Line("b", 100, 0)])
    missing = compare_reach([Line("a", 100, None), Line("b", None, 3)])
    even = compare_reach([Line("a", 100, 30), Line("b", 100, 30)])

    assert [each.verdict for each in few.lines] == ["cannot tell", "cannot tell"]
    assert [each.verdict for each in none.lines] == ["cannot tell", "cannot tell"]
    assert [each.verdict for each in missing.lines] == ["cannot tell", "cannot tell"]
    assert missing.left_out == 2
    assert [each.verdict for each in even.lines] == ["in line", "in line"]


def test_equal_reach_is_rarely_called_unequal():
    """Two thousand meetings of 40 people drawn evenly from four equal groups: about one verdict in twenty is wrong."""
    import numpy as np

    counts = np.random.default_rng(1).multinomial(40, [0.25] * 4, size=2000)
    wrong = sum(
        each.verdict in ("less", "more", "nobody")
        for row in counts
        for each in compare_reach([Line(str(at), 500, int(count)) for at, count in enumerate(row)]).lines
    )

    assert wrong / 8000 < 0.07


def test_who_lives_here_comes_from_the_population_file_with_its_source(get, django, tmp_path):
    from django.test import override_settings

    (tmp_path / "people.csv").write_text("place,total,young,old\nnorth,100,60,40\nsouth,50,20,30\n")
    (tmp_path / "people.yaml").write_text(
        "source: Census\nyear: 2020\nfile: people.csv\nplace: place\ntotal: total\n"
        "groups: {young: {count: young}, old: {count: old}}\n"
    )
    with override_settings(POPULATION=str(tmp_path / "people.yaml")):
        page = get("/toolkit/reach-record/")

    assert 'name="reach-1-group" value="young"' in page
    assert 'name="reach-1-living" value="80"' in page
    assert "Who lives here comes from: Census, 2020." in page


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"reach-1-living": "many"}, "This is not a number"),
        ({"reach-1-living": "-4"}, "This is not a number"),
        ({"event": "x" * 201}, "This has 201 characters; 200 fit."),
    ],
)
@pytest.mark.parametrize("kind", ["page", "pdf", "docx"])
def test_a_slip_is_said_beside_its_field_and_nothing_typed_is_lost(fill, values, says, kind):
    answer = fill("reach-record", {**values, "place": "North side"}, kind=kind)

    assert answer["Content-Type"].startswith("text/html")
    page = answer.content.decode()
    assert says in page
    name = next(iter(values))
    assert f'aria-describedby="p-{name}"' in page
    assert 'value="North side"' in page


def test_files_are_the_same_bytes_every_time(client):
    for kind in ("pdf", "docx"):
        address = f"/toolkit/meeting-flyer/blank.{kind}"
        assert client.get(address).content == client.get(address).content


def test_sample_data_are_marked_in_every_file(client, site, write_public_folder, tmp_path):
    site.PUBLIC = write_public_folder(tmp_path, sample=True)

    assert "SAMPLE DATA" in " ".join(pdf_pages(client.get("/toolkit/reach-plan/blank.pdf").content))
    with zipfile.ZipFile(io.BytesIO(client.get("/es/toolkit/reach-plan/blank.docx").content)) as archive:
        header = next(name for name in archive.namelist() if "header" in name)
        assert "DATOS DE MUESTRA" in archive.read(header).decode()


@pytest.mark.parametrize(("kind", "package"), [("pdf", "typst"), ("docx", "docx")])
def test_without_the_package_the_page_says_so_and_keeps_what_was_typed(fill, monkeypatch, kind, package):
    monkeypatch.setitem(sys.modules, package, None)

    answer = fill("meeting-flyer", {"about": "Lights"}, kind=kind)

    assert answer.status_code == 501
    page = answer.content.decode()
    assert "comity[reports]" in page
    assert 'value="Lights"' in page


def test_the_toolkit_is_in_the_navigation_and_needs_no_clock(get, site):
    site.CLOCK = lambda: datetime(2030, 1, 1, tzinfo=UTC)

    assert '<a href="/toolkit/" aria-current="page">Toolkit</a>' in get("/toolkit/")
    assert '<a href="/es/toolkit/">Herramientas</a>' in get("/es/")


@pytest.mark.parametrize(
    "address", ["/toolkit/none/", "/toolkit/none/blank.pdf", "/toolkit/ride-along/blank.exe", "/es/toolkit/nada/"]
)
def test_what_is_not_there_is_not_found(get, address):
    get(address, status=404)


def test_every_kind_of_template_that_residents_and_departments_need_is_there(django):
    from comity.site.toolkit.catalogue import documents

    needed = {
        "listening-session", "neighborhood-walk", "block-meeting-agenda", "facilitators-guide", "meeting-flyer",
        "door-knocking-script", "small-project-plan", "youth-panel", "ground-rules", "ride-along", "after-incident-meeting",
        "survey-flyer", "how-to-read-a-stop-report", "ask-for-data", "reach-plan",
    }  # fmt: skip

    assert needed <= set(documents())


def test_the_reach_record_knows_who_lives_in_minneapolis(client, site):
    """The bundled description: of 401,606 people in it, the shares of two groups are known, and no other is made up."""
    from importlib.resources import files

    from django.test import override_settings

    described = files("comity.demo") / "data" / "minneapolis_neighborhoods.yaml"
    with override_settings(POPULATION=str(described)):
        page = client.get("/es/toolkit/reach-record/").content.decode()
        filled = client.post(
            "/toolkit/reach-record/",
            "reach-1-group=white&reach-1-living=230000&reach-1-reached=80&reach-2-group=black&reach-2-living=66000"
            "&reach-2-reached=5&as=page",
            content_type="application/x-www-form-urlencoded",
        ).content.decode()

    assert "American Community Survey 2015" in page
    values = dict(re.findall(r'name="(reach-\d+-\w+)" value="([^"]*)"', page))
    assert (values["reach-1-group"], values["reach-2-group"], values["reach-3-group"]) == ("white", "black", "")
    assert (values["reach-1-living"], values["reach-2-living"]) == ("248249", "68278")
    assert "black: 22% of the people who live here, 6% of the people we reached" in filled
