"""The explorer's address holds the whole question, and its download is the answer."""

from __future__ import annotations

import re

TABLE = "/explore/stops/2017/v2/stops_by_place/"


def rows_of(page: str) -> dict[str, list[str]]:
    """Row label -> its cells, as text."""
    body = page[page.index('id="result"') :]
    body = body[body.index("<tbody>") : body.index("</tbody>")]
    found = {}
    for row in re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.DOTALL):
        cells = [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        found[cells[0]] = cells[1:]
    return found


def test_without_a_question_the_whole_table_is_shown_parents_first(get):
    rows = rows_of(get(TABLE))

    assert list(rows)[:3] == ["Precinct 1", "Cedar Riverside", "Downtown West"]
    assert rows["Holland"] == ["suppressed", "420", "suppressed", "369", "111", "96", "86", "1,169"]
    assert rows["All"][-1] == "9,933"


def test_an_address_asks_the_same_question_for_everyone(get):
    page = get(f"{TABLE}?rows=subject_race&columns=&neighborhood=Holland&neighborhood=Waite+Park")

    assert rows_of(page)["Black"] == ["452"]
    assert rows_of(page)["Hispanic"] == ["suppressed"]
    assert len(re.findall(r'name="neighborhood"[^>]* checked', page)) == 2
    assert "never a part passed off as the whole" in page


def test_each_choice_shows_its_count_under_the_other_conditions(get):
    page = get(f"{TABLE}?rows=neighborhood&subject_race=black")

    counts = dict(re.findall(r'data-count="(neighborhood=[^"]+)">(.*?)</span>', page))
    assert counts["neighborhood=Holland"] == "420"
    assert counts["neighborhood=Waite Park"] == "32"


def test_the_download_is_the_answer_on_the_page(client):
    response = client.get(
        "/explore/stops/2017/v2/stops_by_place.csv?rows=neighborhood&subject_race=black&neighborhood=2"
    )

    assert response["Content-Disposition"] == 'attachment; filename="stops-2017-v2-stops_by_place-selection.csv"'
    assert response.content.decode() == "neighborhood,subject_race,count,status\n2,black,767,published\n"


def test_a_question_that_cannot_be_answered_says_so_and_shows_the_table(client):
    response = client.get(f"{TABLE}?rows=neighbourhood")

    assert response.status_code == 400
    assert "Did you mean &#x27;neighborhood&#x27;?" in response.content.decode()
    assert rows_of(response.content.decode())["All"][-1] == "9,933"


def test_a_question_cannot_bring_markup_into_the_page(client):
    response = client.get(f"{TABLE}?rows=<script>alert(1)</script>&neighborhood=<b>")

    assert b"<script>alert" not in response.content
    assert b"<b>" not in response.content


def test_a_long_table_is_cut_on_the_page_and_whole_in_the_download(client, monkeypatch):
    from comity.site.portal.views import explorer

    monkeypatch.setattr(explorer, "ROWS_ON_PAGE", 3)

    page = client.get(TABLE).content.decode()

    assert list(rows_of(page)) == ["Precinct 1", "Cedar Riverside", "Downtown West", "All"]
    assert "The first 3 rows are shown; the download has all of them." in page
    assert client.get("/explore/stops/2017/v2/stops_by_place.csv").content.count(b"\n") == 1 + 11 * 8


def test_what_is_wrong_with_a_question_is_said_in_the_language_of_the_page(client):
    page = client.get(f"/es{TABLE}?neighborhood=Hollan").content.decode()

    assert "&#x27;Hollan&#x27; no es un valor de &#x27;neighborhood&#x27; en esta tabla." in page
    assert "¿Quiso decir &#x27;Holland&#x27;?" in page
