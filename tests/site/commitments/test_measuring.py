"""A later release is compared with the baseline by itself: moved, did not move, or cannot tell with the reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

NOW = datetime(2019, 4, 1, tzinfo=UTC)


def work(here) -> list:
    """Runs the job twice: the second round must find nothing to do."""
    from comity.site.commitments.jobs import measure_commitments
    from comity.site.commitments.models import Measurement

    done = measure_commitments(here.folder, NOW)
    assert measure_commitments(here.folder, NOW) == 0
    found = list(Measurement.objects.order_by("pk"))
    assert len(found) >= done
    return found


def test_a_share_that_fell_far_enough_moved_and_the_step_is_sealed(here, examples):
    found = examples.accepted(here)
    assert work(here) == []
    examples.release_2018(here.public, searched=900, stopped=9000)

    measured = work(here)

    assert [(each.verdict, each.release, each.baseline) for each in measured] == [
        ("moved", "stops/2018/v1", "stops/2017/v2")
    ]
    step = found.life.get(kind="measured")
    assert (step.by, step.state) == (None, "accepted")
    assert step.entry.actor == ""
    assert step.entry.public["moved"] == "moved"
    assert step.entry.public["change"] == measured[0].change
    change = measured[0].change
    assert change["estimate"] == pytest.approx(900 / 9000 - 1344 / 9762)
    assert change["low"] == pytest.approx(-0.0468, abs=1e-4)
    assert change["high"] == pytest.approx(-0.0285, abs=1e-4)


@pytest.mark.parametrize(
    ("terms", "searched", "verdict", "reason"),
    [
        ({}, 1240, "did not move", ""),
        ({}, 1500, "did not move", ""),
        ({}, 1050, "cannot tell", "too-wide"),
        ({"wants": "up"}, 1600, "moved", ""),
        ({"size": 0.15, "size_is": "relative"}, 900, "moved", ""),
        ({"size": 0.5, "size_is": "relative"}, 900, "did not move", ""),
        ({}, None, "cannot tell", "suppressed"),
    ],
)
def test_the_rule_is_fixed(here, examples, terms, searched, verdict, reason):
    examples.make(here, **terms)
    examples.release_2018(here.public, searched=searched, stopped=9000)

    (measured,) = work(here)

    assert (measured.verdict, measured.reason) == (verdict, reason)


def test_a_count_is_compared_for_as_many_days(here, examples):
    examples.make(here, measure_=examples.measure("count"), size=0.25, size_is="relative")
    folder = examples.release_2018(here.public, searched=500)
    examples.change_json(
        folder / "release.json", lambda said: said.update(covers={"from": "2018-01-01", "to": "2018-06-30"})
    )

    (measured,) = work(here)

    assert measured.change["estimate"] == pytest.approx(500 / 181 / (1344 / 365) - 1)
    assert measured.verdict == "cannot tell"


def test_a_finding_is_compared_by_its_published_interval(here, examples):
    examples.make(here, measure_=examples.measure("finding"), size=1.0)
    folder = examples.release_2018(here.public)

    def lower(said):
        for each in said["findings"]:
            if each["id"] == "search-rate:black:white":
                each.update(estimate=1.5, low=1.3, high=1.73)

    examples.change_json(folder / "findings.json", lower)

    (measured,) = work(here)

    assert (measured.verdict, measured.before["unit"]) == ("moved", "ratio")


@pytest.mark.parametrize("case", ["break", "label", "definition", "table", "wording", "withdrawn", "noise"])
def test_what_does_not_compare_is_cannot_tell(here, examples, case):
    measure = examples.measure("finding" if case == "wording" else "share")
    examples.make(here, measure_=measure)
    folder = examples.release_2018(here.public)
    reason = {"break": "break", "table": "no-table", "withdrawn": "withdrawn", "noise": "noise"}.get(case, "definition")
    if case == "break":
        path = here.public / "breaks" / "stops" / "new-groups.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "period": "2018"}))
        examples.change_json(folder / "release.json", lambda said: None)
    elif case == "label":

        def rename(said):
            said["tables"][0]["dimensions"][0]["codes"].append(
                {"code": "east african", "label": {"en": "East African"}}
            )

        examples.change_json(folder / "release.json", rename)
    elif case == "definition":

        def redefine(said):
            for column in said["columns"]:
                column["definition"] = {"en": "Something else."}

        examples.change_json(folder / "dictionary.json", redefine)
    elif case == "table":
        examples.change_json(folder / "release.json", lambda said: said["tables"].pop(0))
    elif case == "wording":

        def reword(said):
            for each in said["findings"]:
                each["question"] = {"en": "Asked otherwise?"}

        examples.change_json(folder / "findings.json", reword)
    elif case == "withdrawn":
        import shutil

        shutil.rmtree(here.public / "releases" / "stops" / "2017")
        examples.change_json(folder / "release.json", lambda said: None)
    else:
        examples.change_json(folder / "release.json", lambda said: said["policy"].update(method="dp"))

    (measured,) = work(here)

    assert (measured.verdict, measured.reason) == ("cannot tell", reason)


def test_what_protection_may_have_changed_makes_the_interval_wider(here, examples):
    examples.make(here)
    folder = examples.release_2018(here.public, searched=900, stopped=9000)
    noisy = {"method": "cell-key", "perturbation": {"most": 80, "variance": 3.0, "least_shown": 3}}
    examples.change_json(folder / "release.json", lambda said: said.update(policy=noisy))

    (measured,) = work(here)

    assert measured.after["low"] < 820 / 9080
    assert measured.after["high"] > 980 / 8920
    assert (measured.verdict, measured.reason) == ("cannot tell", "too-wide")


def test_a_correction_is_measured_anew_and_both_stand(here, examples, client):
    found = examples.make(here)
    examples.release_2018(here.public, searched=900)
    assert [each.verdict for each in work(here)] == ["moved"]
    examples.release_2018(here.public, searched=1240, version=2)

    assert [(each.release, each.verdict) for each in work(here)] == [
        ("stops/2018/v1", "moved"),
        ("stops/2018/v2", "did not move"),
    ]
    page = client.get(f"/commitments/{found.pk}/").content.decode()
    assert "The number did not move by as much as was promised." in page
    assert page.count('<th scope="row"><a href="/releases/stops/2018/') == 2


def test_periods_before_the_earliest_and_of_another_kind_do_not_count(here, examples):
    examples.make(here, first_period="2019")
    examples.release_2018(here.public)
    examples.release_2018(here.public, period="2019-q1")

    assert work(here) == []

    examples.release_2018(here.public, period="2020")
    assert [each.release for each in work(here)] == ["stops/2020/v1"]


def test_scatter_of_earlier_periods_widens_the_interval(here, examples):
    for period, searched in (("2013", 900), ("2014", 1300), ("2015", 1000), ("2016", 1500)):
        examples.release_2018(here.public, period=period, searched=searched, stopped=9000)
    examples.make(here)
    examples.release_2018(here.public, searched=900, stopped=9000)

    (measured,) = work(here)

    assert (measured.verdict, measured.reason) == ("cannot tell", "too-wide")


def test_followers_are_told_once_and_leave_with_one_button(here, examples, client):
    import re

    from comity.site.commitments.jobs import forget_followers, tell_followers
    from comity.site.commitments.models import Follower
    from comity.site.community.models import Mail

    found = examples.accepted(here)
    client.post(f"/es/commitments/{found.pk}/follow/", {"address": " Resident@Example.org "})
    (mail,) = Mail.objects.filter(address="resident@example.org")
    assert "siete días" in mail.text
    token = re.search(r"/es/commitments/following/([^/]+)/", mail.text)[1]
    assert tell_followers(here.folder, NOW) == 0
    assert client.get(f"/commitments/following/{token}/").status_code == 200
    assert not Follower.objects.filter(confirmed_on__isnull=False).exists()
    client.post(f"/commitments/following/{token}/")
    assert tell_followers(here.folder, NOW) == 0
    examples.release_2018(here.public)
    work(here)

    assert tell_followers(here.folder, NOW) == 1
    assert tell_followers(here.folder, NOW) == 0
    news = Mail.objects.filter(address="resident@example.org").order_by("number").last()
    assert "medido de nuevo: se movió" in news.text
    assert f"/es/commitments/leaving/{token}/" in news.text
    client.post(f"/commitments/leaving/{token}/")
    assert not Follower.objects.exists()
    assert client.post(f"/commitments/following/{token}/").status_code == 404
    client.post(f"/commitments/{found.pk}/follow/", {"address": "other@example.org"})
    assert forget_followers(here.folder, NOW) == 0
    Follower.objects.update(asked_on="2018-05-01")
    assert forget_followers(here.folder, NOW) == 1


def test_a_break_that_is_declared_afterwards_and_a_withdrawal_take_the_verdict_back(here, examples, client):
    import shutil

    found = examples.make(here)
    folder = examples.release_2018(here.public, searched=900)
    assert [each.verdict for each in work(here)] == ["moved"]
    late = json.loads((here.public / "breaks" / "stops" / "new-groups.json").read_text()) | {
        "name": "late",
        "period": "2018",
    }
    (here.public / "breaks" / "stops" / "late.json").write_text(json.dumps(late))
    examples.touch(here.public)

    assert [(each.verdict, each.reason) for each in work(here)] == [("moved", ""), ("cannot tell", "break")]

    shutil.rmtree(folder.parent)
    stone = json.loads((here.public / "withdrawals" / "stops" / "2016" / "v1.json").read_text()) | {
        "release": "stops/2018/v1"
    }
    (here.public / "withdrawals" / "stops" / "2018").mkdir()
    (here.public / "withdrawals" / "stops" / "2018" / "v1.json").write_text(json.dumps(stone))
    examples.touch(here.public)
    assert [each.reason for each in work(here)] == ["", "break", "withdrawn"]
    assert "was withdrawn" in client.get(f"/commitments/{found.pk}/").content.decode()
