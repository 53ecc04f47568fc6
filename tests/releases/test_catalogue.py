"""The catalogue says what a public folder says, for the state that its link points to."""

from __future__ import annotations

import json
import os
import shutil
from datetime import date

import pytest

from comity.errors import ComityError
from comity.releases.catalogue import BrokenRelease, in_language, read_catalogue, state_of


def test_releases_come_newest_first_with_what_replaced_them(small_public):
    found = read_catalogue(small_public)

    assert [each.id for each in found.releases] == ["stops/2017/v2", "stops/2017/v1"]
    assert [each.id for each in found.newest] == ["stops/2017/v2"]
    assert found.successor(found.release("stops", "2017", 1)).version == 2
    assert [each.id for each in found.corrections] == ["stops/2017/v2"]


def test_the_headline_comes_first_among_the_findings(small_public):
    release = read_catalogue(small_public).release("stops", "2017", 2)

    assert [each["id"] for each in release.findings] == [
        "search-rate:black:white",
        "outcome:contraband",
        "veil-of-darkness",
    ]
    assert release.finding("nothing") is None


def test_codes_know_their_parents_and_places_their_words(small_public):
    found = read_catalogue(small_public)
    dimension = found.release("stops", "2017", 2).table("stops_by_place").dimension("neighborhood")

    tree = [(code.code, depth) for code, depth in dimension.in_tree_order]

    assert tree[:3] == [("1", 0), ("Cedar Riverside", 1), ("Downtown West", 1)]
    assert [each.slug for each in found.places["neighborhood"]][:3] == ["1", "2", "cedar-riverside"]


def test_two_codes_with_the_same_letters_get_two_addresses(small_public, tmp_path):
    folder = _copy(small_public, tmp_path)
    path = folder / "releases" / "stops" / "2017" / "v2" / "release.json"
    record = json.loads(path.read_text())
    codes = record["tables"][1]["dimensions"][0]["codes"]
    codes[:] = [
        {"code": code, "label": {"en": code}} for code in ("North-Loop", "North Loop", "unknown", "not recorded")
    ]
    path.write_text(json.dumps(record))

    slugs = [each.slug for each in read_catalogue(folder).places["neighborhood"]]

    assert slugs == ["north-loop", "north-loop-2"]


@pytest.mark.parametrize(
    ("today", "states"),
    [
        (date(2018, 3, 31), {"2017": "kept", "2018-q1": "due", "force": "due", "calls": "broken"}),
        (date(2018, 4, 30), {"2017": "kept", "2018-q1": "due", "force": "due", "calls": "broken"}),
        (date(2018, 5, 1), {"2017": "kept", "2018-q1": "due", "force": "overdue", "calls": "broken"}),
        (date(2018, 7, 1), {"2017": "kept", "2018-q1": "overdue", "force": "overdue", "calls": "broken"}),
    ],
)
def test_a_promise_is_overdue_the_day_after_its_date_and_kept_by_the_first_version(small_public, today, states):
    promises = read_catalogue(small_public).promises(today)

    assert {each.period if each.dataset == "stops" else each.dataset: each.state for each in promises} == states
    assert promises[0].state == ("overdue" if "overdue" in states.values() else "due")


def _rewrite(path, **keys):
    path.write_text(json.dumps({**json.loads(path.read_text()), **keys}))


def test_a_release_after_its_date_keeps_the_promise_late(small_public, tmp_path):
    folder = _copy(small_public, tmp_path)
    _rewrite(folder / "promises/stops/2017/1.json", due="2018-03-01")

    promise = read_catalogue(folder).promise("stops", "2017", date(2019, 1, 1))

    assert (promise.state, promise.days_late) == ("kept late", 28)


def test_a_later_day_moves_a_promise_only_when_it_was_sealed_in_time(small_public, tmp_path):
    folder = _copy(small_public, tmp_path)
    step = folder / "promises/stops/2018-q1/2.json"
    states = []

    for sealed in ("2018-02-01", "2018-05-31", "2018-06-01"):
        _rewrite(step, sealed=sealed)
        promise = read_catalogue(folder).promise("stops", "2018-q1", date(2018, 6, 15))
        states.append((promise.state, promise.counted, promise.days_late))

    in_time, too_late = ("due", date(2018, 6, 30), 0), ("overdue", date(2018, 5, 31), 15)
    assert states == [in_time, in_time, too_late]


def test_a_release_without_what_was_promised_keeps_nothing_unless_it_says_why(small_public, tmp_path):
    folder = _copy(small_public, tmp_path)
    _rewrite(folder / "promises/stops/2017/1.json", tables=["deaths"], findings=["search_rate"])
    day = date(2018, 5, 15)

    without = read_catalogue(folder).promise("stops", "2017", day)
    reason = {"kind": "table", "name": "deaths", "reason": {"en": "The coroner keeps them."}}
    (folder / "releases/stops/2017/v2/left_out.json").write_text(json.dumps({"left_out": [reason]}))
    explained = read_catalogue(folder).promise("stops", "2017", day)

    assert (without.state, without.release) == ("overdue", None)
    assert (explained.state, explained.days_late) == ("kept late", 12)  # by version 2, of 12 April


def test_what_was_withdrawn_keeps_no_promise(small_public, tmp_path):
    folder = _copy(small_public, tmp_path)
    shutil.rmtree(folder / "releases/stops/2017")

    assert read_catalogue(folder).promise("stops", "2017", date(2018, 5, 15)).state == "overdue"


def test_a_promise_file_that_is_not_one_is_named(small_public, tmp_path):
    folder = _copy(small_public, tmp_path)
    _rewrite(folder / "promises/force/2017/1.json", due="soon")

    with pytest.raises(ComityError, match=r"promises/force/2017/1\.json"):
        read_catalogue(folder).promises(date(2018, 5, 15))


def test_a_folder_without_promises_areas_or_ledger_still_reads(small_public, tmp_path):
    folder = _copy(small_public, tmp_path)
    shutil.rmtree(folder / "promises")
    shutil.rmtree(folder / "areas")
    shutil.rmtree(folder / "ledger")

    found = read_catalogue(folder)

    assert found.promises(date(2020, 1, 1)) == ()
    assert dict(found.areas) == {}
    assert (found.checkpoint, found.verifier_key) == (None, None)
    assert list(found.places) == ["neighborhood"]


@pytest.mark.parametrize("content", ["{", "[]", '{"dataset": "stops"}'])
def test_a_broken_file_is_named(small_public, tmp_path, content):
    folder = _copy(small_public, tmp_path)
    (folder / "releases" / "stops" / "2017" / "v1" / "release.json").write_text(content)

    with pytest.raises(BrokenRelease, match=r"v1/release\.json"):
        read_catalogue(folder)


def test_no_folder_is_one_sentence(tmp_path):
    with pytest.raises(BrokenRelease, match="There is no public folder at"):
        read_catalogue(tmp_path / "public")


def test_the_state_changes_when_the_link_does(small_public, tmp_path):
    (tmp_path / "states").mkdir()
    shutil.copytree(small_public.resolve(), tmp_path / "states" / "1")
    shutil.copytree(small_public.resolve(), tmp_path / "states" / "2")
    link = tmp_path / "public"
    link.symlink_to("states/1")
    first = state_of(link)
    again = state_of(link)

    (tmp_path / "next").symlink_to("states/2")
    os.replace(tmp_path / "next", link)

    assert first == again
    assert state_of(link) != first


def test_a_text_falls_back_to_english():
    assert in_language({"en": "stops", "es": "paradas"}, "es") == "paradas"
    assert in_language({"en": "stops"}, "es") == "stops"
    assert in_language("stops", "es") == "stops"
    assert in_language(None, "es") == ""


def _copy(small_public, tmp_path):
    shutil.copytree(small_public.resolve(), tmp_path / "public")
    return tmp_path / "public"
