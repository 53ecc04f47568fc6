"""What every page promises, in both languages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

RELEASE = "/releases/stops/2017/v2/"
PAGES = [
    "/",
    "/releases/",
    "/releases/stops/",
    "/releases/stops/2017/v1/",
    RELEASE,
    f"{RELEASE}dictionary/",
    f"{RELEASE}methods/",
    f"{RELEASE}quality/",
    "/places/",
    "/places/neighborhood/holland/",
    "/places/neighborhood/1/",
    "/explore/",
    "/explore/stops/2017/v2/stops_by_place/",
    "/explore/stops/2017/v2/searches_by_group/?rows=search_person&subject_race=black&subject_race=white",
    "/dictionary/",
    "/methods/",
    "/quality/",
    "/promises/",
    "/promises/stops/2018-q1/",
    f"{RELEASE}changes/",
    "/corrections/",
    "/verify/",
    "/api/",
]
IN_BOTH = [f"{prefix}{page}" for page in PAGES for prefix in ("", "/es")]


class Links(HTMLParser):
    """Collects addresses, ids and whatever a strict policy would block."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: list[str] = []
        self.blocked: list[str] = []
        self.unnamed: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        held = dict(attributes)
        self.found += [held[name] for name in ("href", "src", "srcset", "action", "data-areas") if held.get(name)]
        self.ids += [held["id"]] if "id" in held else []
        self.blocked += [f"{tag} {name}" for name in held if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in held and held.get("type") != "application/json"):
            self.blocked.append(tag)
        if tag == "img" and not held.get("alt"):
            self.unnamed.append(held.get("src", "img"))


@pytest.mark.parametrize("page", IN_BOTH)
def test_every_page_keeps_to_the_strict_policy_sets_no_cookie_and_carries_the_notice(client, page):
    response = client.get(page)
    text = response.content.decode()
    links = Links(text)

    assert response.status_code == 200
    assert response.cookies == {}
    assert links.blocked == []
    assert links.unnamed == []
    assert len(links.ids) == len(set(links.ids))
    assert "'unsafe" not in response["Content-Security-Policy"]
    assert response["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
    assert (response["X-Frame-Options"], response["X-Content-Type-Options"]) == ("DENY", "nosniff")
    assert response["Referrer-Policy"] == "no-referrer"
    notice, language = ("Una demostración", "es") if page.startswith("/es") else ("A demonstration", "en")
    assert notice in text
    assert f'<html lang="{language}">' in text
    assert 'class="skip" href="#content"' in text
    assert text.count("<h1") == 1


def test_no_link_of_any_page_leads_nowhere(client, django, town):
    built = {f"/static/{path.name}" for path in django.BUILT.iterdir()}
    seen, waiting = set(), ["/", "/es/"]
    anchors: dict[str, set[str]] = {}
    wanted: set[tuple[str, str]] = set()
    while waiting:
        address = waiting.pop()
        if address in seen or address.startswith(("http", "mailto:", "/static/")):
            assert not address.startswith("/static/") or address in built
            continue
        seen.add(address)
        response = client.get(address)
        assert response.status_code == (410 if address.endswith("/stops/2016/v1/") else 200), address
        if response["Content-Type"].startswith("text/html"):
            links = Links(response.content.decode())
            anchors[address] = set(links.ids)
            for link in links.found:
                path, _, anchor = link.partition("#")
                if anchor:
                    wanted.add((path or address, anchor))
                if path and path not in seen:
                    waiting.append(path)

    assert len(seen) > 100
    assert {each for each in wanted if each[0] in anchors and each[1] not in anchors[each[0]]} == set()


@pytest.mark.parametrize("page", PAGES)
def test_the_language_switch_keeps_the_page_and_its_question(get, page):
    english, spanish = get(page), get(f"/es{page}")

    assert f'href="/es{page.replace("&", "&amp;")}" lang="es"' in english
    assert f'href="{page.replace("&", "&amp;")}" lang="en"' in spanish


def test_the_release_page_states_its_finding_with_all_that_belongs_to_it(get):
    page = get(RELEASE)

    assert "Black people in stopped vehicles were searched 3.48 times as often as White people.</h1>" in page
    head = page[page.index("finding-search-rate-black-white") : page.index("finding-outcome-contraband")]
    for part in ("shows</span>", "3.09 to 3.92", "n = 17,929 records", "City of Minneapolis, police stop data"):
        assert part in head
    assert "A difference is not proof of bias" in head
    assert 'srcset="/public/releases/stops/2017/v2/charts/search_rate.en.narrow.svg"' in head
    assert re.search(r'<img src="[^"]+wide.svg" alt="Bars: [^"]+" width="720" height="220"', head)
    for ending in ("csv", "parquet", "svg"):
        assert f".{ending}" in head
    assert "13.8%" in head
    assert "51,920" in page


def test_a_verdict_stands_with_its_reason(get):
    page = get(RELEASE)

    assert re.search(r"cannot tell</span>\s*<span>The agency&#x27;s file has no column for contraband", page)
    assert re.search(r"does not show</span>\s*<span>The interval includes 1", page)


def test_zero_suppressed_not_recorded_and_not_reported_look_different(get):
    release, quality = get(RELEASE), get("/quality/")

    assert '<td class="number">0</td>' in release
    assert '<span class="suppressed">suppressed</span>' in release
    assert '<span class="not-recorded">Not recorded</span>' in release
    october, november = re.findall(r'2017-1[01]</th><td class="number">(.*?)</td>', quality)
    assert october == '<span class="not-reported">not reported</span>'
    assert november == "0"


def test_a_suppressed_row_of_a_finding_shows_no_number(get):
    row = re.search(r"<tr><th scope=\"row\">Asian/Pacific Islander</th>(.*?)</tr>", get(RELEASE))

    assert re.sub(r"<[^>]+>", " ", row[1]).split() == ["suppressed"] * 4


def test_a_replaced_version_says_so_and_the_new_one_says_what_changed(get):
    old, new = get("/releases/stops/2017/v1/"), get(RELEASE)

    assert "This version has been replaced." in old
    assert 'href="/releases/stops/2017/v2/">Read version 2' in old
    assert "This version has been replaced." not in new
    assert "Correction, version 2 of April 12, 2018." in new


def test_a_period_leads_to_its_newest_version(client):
    response = client.get("/es/releases/stops/2017/")

    assert (response.status_code, response["Location"]) == (302, "/es/releases/stops/2017/v2/")


def test_overdue_shows_by_itself_when_the_day_has_passed_where_the_agency_is(get, site):
    assert get("/").count("badge overdue") == 1
    assert "15 days late" in get("/")

    site.CLOCK = lambda: datetime(2018, 7, 1, 4, 59, tzinfo=UTC)  # still 30 June in Minneapolis
    assert get("/").count("badge overdue") == 1
    site.CLOCK = lambda: datetime(2018, 7, 1, 5, 0, tzinfo=UTC)
    assert get("/").count("badge overdue") == 2
    assert "Overdue: Use of force, 2017, promised for April 30, 2018." in get("/verify/")


def test_sample_data_carry_a_watermark_on_every_page(get, site, write_public_folder, tmp_path):
    assert "data-watermark" not in get("/")
    site.PUBLIC = write_public_folder(tmp_path, sample=True)

    assert 'data-watermark="SAMPLE DATA"' in get("/")
    assert 'data-watermark="DATOS DE MUESTRA"' in get("/es/places/")


@pytest.mark.parametrize(
    "address", ["/nothing", "/es/nada", "/releases/stops/2017/v9/", "/places/neighborhood/atlantis/"]
)
def test_a_wrong_address_is_answered_in_plain_words(get, address):
    page = get(address, status=404)

    assert (
        "No hay nada en esta dirección" if address.startswith("/es") else "There is nothing at this address"
    ) in page


def test_a_missing_public_folder_is_said_in_plain_words(get, site, tmp_path):
    site.PUBLIC = tmp_path / "gone"

    assert "There is no public folder at" in get("/", status=503)
    assert "Nothing about the record has changed." in get("/releases/stops/2017/v2/", status=503)


def test_what_breaks_is_answered_without_what_broke(site):
    from comity.site.portal.views.errors import bad_request, server_error

    assert "Something broke on this site" in server_error(None).content.decode()
    assert "could not be understood" in bad_request(None, Exception("secret")).content.decode()
    assert "secret" not in bad_request(None, Exception("secret")).content.decode()


def test_a_place_page_shows_its_cells_its_neighbours_and_works_without_a_map(get, site, write_public_folder, tmp_path):
    page = get("/places/neighborhood/holland/")
    assert "1,169" in page
    assert 'href="/places/neighborhood/2/">Precinct 2' in page
    assert '"Holland": {"label": "Holland", "shown": "1,169"' in page

    site.PUBLIC = write_public_folder(tmp_path)
    (site.PUBLIC / "areas" / "neighborhood.geojson").unlink()
    without = get("/places/neighborhood/holland/")
    assert "1,169" in without
    assert "data-map" not in without
    assert "map-" not in without


def test_the_verify_page_shows_the_checkpoint_the_key_and_the_command(get, small_public):
    page = get("/verify/")

    assert "comity verify http://testserver</code>" in page
    assert "T8j0i0vnWWyqMiYkSgoVNkvDb1x2xpYQNmzYYKqTCxU=" in page
    assert "The log has 6 entries." in page


@pytest.mark.parametrize("parts", ["portal", "portal,codes,answers,community"])
def test_production_settings_pass_the_deployment_check(parts):
    import os
    import subprocess
    import sys

    settings = {
        "COMITY_SITE_URL": "https://records.example.gov",
        "COMITY_PARTS": parts,
        "DJANGO_SETTINGS_MODULE": "comity.site.settings",
    }
    ours = {name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"}  # of other tests
    done = subprocess.run(
        [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"],
        capture_output=True,
        text=True,
        env={**ours, **settings},
        check=False,
    )

    assert (done.returncode, "no issues" in done.stdout) == (0, True), done.stderr


def test_the_release_page_loads_in_a_hundred_kilobytes(client, site):
    """Page, style, script and fonts as they are sent, and the picture at the head; the map is not on this page."""
    import brotli

    response = client.get(RELEASE)
    page = response.content.decode()
    links = [each for each in Links(page).found if each.startswith("/static/")]
    fonts = {path.name for path in site.BUILT.glob("*.woff2")}
    sent = {each.removeprefix("/static/") for each in links} | fonts
    smallest = [min(site.BUILT.glob(f"{name}*"), key=lambda path: path.stat().st_size) for name in sent]
    picture = (site.PUBLIC / "releases/stops/2017/v2/charts/search_rate.en.wide.svg").stat().st_size

    weight = len(brotli.compress(response.content, quality=5)) + sum(path.stat().st_size for path in smallest) + picture

    assert not any("map" in name for name in sent)
    assert 60_000 < weight <= 100_000
