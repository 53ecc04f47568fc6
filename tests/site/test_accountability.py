"""The portal shows promises as the day has them, what corrections changed, tombstones and breaks; nobody presses anything."""

from __future__ import annotations

import io
import json
import shutil
from datetime import UTC, datetime

import pytest

V1, V2 = "/releases/stops/2017/v1/", "/releases/stops/2017/v2/"


def at(site, *moment: int) -> None:
    site.CLOCK = lambda: datetime(*moment, tzinfo=UTC)


def test_a_promise_becomes_overdue_at_the_agency_s_midnight_also_on_pages_that_were_kept(site):
    from django.test import override_settings

    from comity.site.wsgi import build_application

    application = build_application()
    seen = []

    for moment in ((2018, 7, 1, 4, 59), (2018, 7, 1, 5, 1)):  # 23:59 and 00:01 in Chicago
        with override_settings(CLOCK=lambda moment=moment: datetime(*moment, tzinfo=UTC), ALLOWED_HOSTS=["localhost"]):
            environ = {
                "REQUEST_METHOD": "GET", "PATH_INFO": "/promises/stops/2018-q1/", "QUERY_STRING": "",
                "wsgi.url_scheme": "http", "HTTP_HOST": "localhost", "SERVER_NAME": "localhost", "SERVER_PORT": "80",
                "wsgi.input": io.BytesIO(),
            }  # fmt: skip
            page = b"".join(application(environ, lambda *_: None)).decode()
            seen.append("overdue" if 'class="badge overdue"' in page else "due" if 'class="badge due"' in page else "?")

    assert seen == ["due", "overdue"]


def test_the_promises_page_has_every_state_with_its_reason(get):
    page = get("/promises/")

    assert page.index('class="badge overdue"') < page.index('class="badge due"') < page.index('class="badge broken"')
    assert 'class="badge kept"' in page
    assert "The vendor lost the records." in page
    assert "El proveedor perdió los registros." in get("/es/promises/")


def test_the_life_of_a_promise_stays_visible_and_leads_to_its_sealed_files(get):
    page = get("/promises/stops/2018-q1/")

    assert "promised: by May 31, 2018" in page
    assert "changed: by June 30, 2018" in page
    assert "The new system starts in May." in page
    assert 'href="/public/promises/stops/2018-q1/1.json"' in page
    assert "prometida" in get("/es/promises/stops/2018-q1/")
    get("/promises/nothing/2017/", status=404)


def test_a_day_named_too_late_is_said_to_move_nothing(get, site, small_public, tmp_path):
    public = shutil.copytree(small_public.resolve(), tmp_path / "public")
    step = public / "promises/stops/2018-q1/2.json"
    step.write_text(json.dumps({**json.loads(step.read_text()), "sealed": "2018-06-02"}))
    site.PUBLIC = public
    at(site, 2018, 6, 10, 12)

    page = get("/promises/stops/2018-q1/")

    assert "promised for May 31, 2018; 10 days late" in page
    assert "A new day was named only after that one had passed: June 30, 2018." in page


def test_a_replaced_version_points_forward_from_every_page_of_it_and_from_its_files(client, get):
    for page in (V1, f"{V1}dictionary/", f"{V1}methods/", f"{V1}quality/", "/explore/stops/2017/v1/stops_by_place/"):
        assert "This version has been replaced." in get(page), page
        assert f'href="{V2}"' in get(page)
    old = client.get("/public/releases/stops/2017/v1/tables/stops_by_place.csv")
    new = client.get("/public/releases/stops/2017/v2/tables/stops_by_place.csv")

    assert old["Link"] == f'<http://testserver{V2}>; rel="latest-version"'
    assert "Link" not in new
    assert client.get("/api/v1/releases/stops/2017/v1").json()["newest"] == "http://testserver/releases/stops/2017/"


def test_the_diff_page_says_which_cells_moved_by_how_much_and_why(get):
    page = get(f"{V2}changes/")

    assert "What version 2 changed of version 1" in page
    assert "Version 1 counted East African people as Black" in page
    assert "5 of 32 cells moved." in page
    assert '<td class="number">1,354</td><td class="number">1,344</td><td class="number">−10</td>' in page
    assert "3.5 (3.09–3.92), n = 17,939" in page
    assert f'href="{V2}changes/"' in get(V2)
    get(f"{V1}changes/", status=404)


def test_zero_suppressed_and_absent_stay_apart_in_a_diff(get):
    page = get(f"{V2}changes/")

    zero = '<td class="number">3</td><td class="number">0</td><td class="number">−3</td>'
    hidden = '<td class="number">12</td><td class="number"><span class="suppressed">suppressed</span></td><td class="number"></td>'
    absent = '<td class="number"><span class="no-figure">no figure</span></td><td class="number">28</td>'
    for each in (zero, hidden, absent):
        assert each in page


@pytest.mark.parametrize(
    "address",
    [
        "/releases/stops/2016/v1/", "/releases/stops/2016/v1/dictionary/", "/releases/stops/2016/v1/changes/",
        "/releases/stops/2016/", "/explore/stops/2016/v1/anything/", "/explore/stops/2016/v1/anything.csv",
        "/public/releases/stops/2016/v1/tables/stops.csv", "/public/releases/stops/2016/v1/release.json",
        "/es/releases/stops/2016/v1/",
    ],
)  # fmt: skip
def test_whatever_was_withdrawn_answers_410_with_its_tombstone(get, address):
    page = get(address, status=410)

    assert "ab" * 32 in page
    said = ("Records Division", "April 2, 2017", "A table pointed to a person.")
    if address.startswith("/es"):
        said = ("División de Registros", "2 de abril de 2017", "Una tabla señalaba a una persona.")
    assert all(each in page for each in said)


def test_the_api_answers_410_with_the_tombstone_and_lists_it(client):
    gone = client.get("/api/v1/releases/stops/2016/v1/tables/stops")

    assert gone.status_code == 410
    assert gone.json()["detail"] == "stops/2016/v1 was withdrawn on 2017-04-02."
    assert [each["release"] for each in client.get("/api/v1/withdrawals").json()] == ["stops/2016/v1"]
    assert client.get("/api/v1/releases/stops/2015/v1").status_code == 404


def test_a_break_stands_wherever_figures_could_be_compared_across_it(client, get):
    said = "From 2018 on, East African is a group of its own."

    for page in (V2, "/releases/stops/", "/explore/stops/2017/v2/stops_by_place/", "/corrections/"):
        assert said in get(page), page
    assert "Desde 2018, el grupo de África Oriental" in get(f"/es{V2}")
    cross = client.get("/api/v1/releases/stops/2017/v2/tables/stops_by_place/cross").json()
    assert [each["name"] for each in cross["breaks"]] == ["new-groups"]
    assert client.get("/api/v1/breaks").json()[0]["period"] == "2018-q1"


def test_a_series_is_cut_where_counting_changed(client, get, site, small_public, tmp_path):
    public = shutil.copytree(small_public.resolve(), tmp_path / "public")
    for period in ("2018", "2019"):
        shutil.copytree(public / "releases/stops/2017/v2", public / f"releases/stops/{period}/v1")
        path = public / f"releases/stops/{period}/v1/release.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "period": period, "version": 1}))
    change = public / "breaks/stops/new-groups.json"
    change.write_text(json.dumps({**json.loads(change.read_text()), "period": "2018-q1"}))
    site.PUBLIC = public

    answer = client.get("/api/v1/series/stops/searches_by_group").json()

    assert [[point["period"] for point in part["points"]] for part in answer["parts"]] == [["2017", "2018"], ["2019"]]
    assert [[each["name"] for each in part["breaks"]] for part in answer["parts"]] == [[], ["new-groups"]]
    page = get("/releases/stops/")
    assert page.index(">2018</a>") < page.index('class="series-break"') < page.index(">2019</a>")
    assert client.get("/api/v1/series/stops/nothing").status_code == 404


def test_what_was_promised_and_left_out_stands_on_the_release_with_its_reason(get, site, small_public, tmp_path):
    public = shutil.copytree(small_public.resolve(), tmp_path / "public")
    reason = {"kind": "table", "name": "deaths", "reason": {"en": "The coroner keeps them.", "es": "El forense."}}
    (public / "releases/stops/2017/v2/left_out.json").write_text(json.dumps({"left_out": [reason]}))
    site.PUBLIC = public

    assert "The coroner keeps them." in get(V2)
    assert "El forense." in get(f"/es{V2}")
    assert "The coroner keeps them." not in get(V1)


def test_the_portal_serves_the_page_that_verifies_in_a_browser_under_its_own_policy(client, get):
    from comity.ledger.page import content_security_policy, verify_page

    answer = client.get("/verify/in-browser/")

    assert answer.content == verify_page()
    assert answer["Content-Security-Policy"] == content_security_policy()
    assert 'href="/verify/in-browser/"' in get("/verify/")


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_the_served_page_verifies_this_portal_and_names_a_changed_file(browser, django, demo_instance, tmp_path):
    from threading import Thread
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    from django.core.wsgi import get_wsgi_application
    from django.test import override_settings
    from playwright.sync_api import expect

    public = shutil.copytree(demo_instance / "public", tmp_path / "public")
    quiet = type("Quiet", (WSGIRequestHandler,), {"log_message": lambda *_: None})
    with override_settings(PUBLIC=public, ALLOWED_HOSTS=["127.0.0.1"]):
        server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=quiet)
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        page = browser.new_context(locale="en-US").new_page()
        try:
            page.goto(f"http://127.0.0.1:{server.server_port}/verify/in-browser/")
            page.click("button")
            expect(page.locator("#result h2")).to_have_text("Intact", timeout=60_000)
            target = public / "promises/stops/2018/1.json"
            target.write_bytes(target.read_bytes().replace(b"2027-03-31", b"2028-03-31"))
            page.click("button")
            expect(page.locator("#result")).to_contain_text("promises/stops/2018/1.json was altered", timeout=60_000)
        finally:
            page.context.close()
            server.shutdown()
            server.server_close()
