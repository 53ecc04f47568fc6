"""Who is current, due and overdue, at every turn of the dates; and what of it the public may see."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from django.test import override_settings
from django.urls import reverse


def mandate(due, *, months=12, days=90):
    return SimpleNamespace(due_on=due, months=months, days_to_comply=days)


@pytest.mark.parametrize(
    ("completed", "on", "state", "deadline"),
    [
        (None, date(2018, 3, 1), "due", date(2018, 3, 1)),
        (None, date(2018, 3, 2), "overdue", date(2018, 3, 1)),
        (date(2017, 2, 28), date(2018, 2, 28), "current", date(2018, 3, 1)),  # valid to that day
        (date(2017, 2, 27), date(2018, 2, 28), "due", date(2018, 3, 1)),  # has run out before anything was due
        (date(2017, 6, 1), date(2018, 6, 1), "current", date(2018, 6, 1)),
        (date(2017, 6, 1), date(2018, 6, 2), "overdue", date(2018, 6, 1)),
    ],
)
def test_a_completion_is_valid_for_its_months_and_then_there_is_a_deadline(site, completed, on, state, deadline):
    from comity.site.training.standing import state_of

    officer = SimpleNamespace(joined_on=date(2015, 1, 1))
    found = state_of(mandate(date(2018, 3, 1)), officer, completed, on)

    assert (found.state, found.deadline) == (state, deadline)


def test_who_joins_later_has_the_days_to_comply_and_a_completion_may_be_valid_for_ever(site):
    from comity.site.training.standing import state_of

    new = SimpleNamespace(joined_on=date(2018, 5, 1))
    forever = mandate(date(2018, 3, 1), months=None)

    assert state_of(mandate(date(2018, 3, 1)), new, None, date(2018, 7, 30)).state == "due"
    assert state_of(mandate(date(2018, 3, 1)), new, None, date(2018, 7, 31)).state == "overdue"
    assert state_of(forever, new, date(2001, 1, 1), date(2050, 1, 1)).state == "current"


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2016, 2, 29), 12, date(2017, 2, 28)),
        (date(2017, 8, 31), 1, date(2017, 9, 30)),
        (date(2017, 12, 31), 2, date(2018, 2, 28)),
        (date(2017, 11, 5), 14, date(2019, 1, 5)),
    ],
)
def test_months_end_on_the_same_day_or_the_last_one(site, day, months, then):
    from comity.site.training.standing import add_months

    assert add_months(day, months) == then


@pytest.fixture
def ninety_three(town, examples, officer):
    """100 officers: 93 hold the course, 7 are overdue."""
    from comity.site.training import actions

    serving = examples.officers(town.agency, [f"{at:03d}" for at in range(100)])
    made = examples.course(officer)
    actions.add_mandate(made, group="", due_on=date(2018, 3, 1), months=24, days_to_comply=90, by=officer)
    examples.completed(made, serving[:93], date(2018, 2, 1))
    return made, serving


def test_the_office_says_93_percent_and_seven_overdue(ninety_three, clients):
    from comity.site.training.models import Mandate

    page = clients["chief"].get(reverse("training:mandate", kwargs={"pk": Mandate.objects.get().pk})).content.decode()

    assert "93% of 100 officers are current." in page
    assert "7 are overdue." in page


def test_overdue_comes_with_the_day_and_without_a_click(ninety_three, clients):
    def page():
        return clients["auditor"].get(reverse("training:office")).content.decode()

    with override_settings(CLOCK=lambda: datetime(2018, 3, 1, 23, tzinfo=UTC)):
        assert 'class="late"' not in page()
    with override_settings(CLOCK=lambda: datetime(2018, 3, 2, 0, tzinfo=UTC)):
        assert '<strong class="late">7</strong>' in page()


def test_the_public_page_gives_a_bound_and_no_number_of_an_officer(ninety_three, clients):
    page = clients["anyone"].get(reverse("training:training")).content.decode()

    assert "at least 90%" in page
    assert ">100<" in page
    assert "93%" not in page
    assert "099" not in page
    assert clients["anyone"].cookies == {}


def test_the_public_page_does_not_move_between_two_firsts_of_a_month(ninety_three, examples):
    from comity.site.training.aggregates import public_shares

    made, serving = ninety_three
    agency = serving[0].agency
    examples.completed(made, serving[:50], date(2016, 2, 1), at=datetime(2018, 5, 14, tzinfo=UTC))

    def shown(day):
        with override_settings(CLOCK=lambda: day):
            return [(each.n, each.percent, each.bound) for each in public_shares(agency)]

    before = shown(datetime(2018, 5, 31, 23, tzinfo=UTC))
    from comity.site.training import actions
    from comity.site.training.models import Completion

    with override_settings(CLOCK=lambda: datetime(2018, 5, 20, tzinfo=UTC)):
        for each in Completion.objects.filter(officer__in=serving[50:70]):
            actions.take_back(each, reason="A mistake.", by=None)

    assert shown(datetime(2018, 5, 31, 23, tzinfo=UTC)) == before == [(100, 90, "at least")]
    assert shown(datetime(2018, 6, 1, tzinfo=UTC)) == [(100, 73, "exactly")]


def test_an_officer_whom_two_mandates_bind_counts_once_and_must_meet_both(town, examples, officer):
    from comity.site.training import actions
    from comity.site.training.aggregates import public_shares

    serving = examples.officers(town.agency, [f"{at:03d}" for at in range(40)], groups=["patrol"])
    made = examples.course(officer)
    actions.add_mandate(made, group="", due_on=date(2018, 3, 1), months=24, days_to_comply=90, by=officer)
    actions.add_mandate(made, group="patrol", due_on=date(2018, 3, 1), months=12, days_to_comply=90, by=officer)
    examples.completed(made, serving[:20], date(2018, 2, 1))
    examples.completed(made, serving[20:28], date(2017, 1, 5))

    assert [(each.n, each.percent) for each in public_shares(town.agency)] == [(40, 50)]


def test_no_published_share_tells_a_count_closer_than_the_policy_allows(site):
    """Everything an outsider can infer: all pairs (current, n) that give the same public words."""
    from comity.site.training.aggregates import protected_share

    minimum = 10
    for n in range(120):
        by_words = {}
        for current in range(n + 1):
            found = protected_share(None, current=current, n=n, minimum=minimum)
            by_words.setdefault((found.n, found.percent, found.bound), []).append(current)
        for (shown, _percent, bound), possible in by_words.items():
            if bound == "hidden":
                assert shown is None
            for small in ([*possible], [n - each for each in possible]):
                if min(small) <= minimum and bound != "hidden":
                    assert (min(small), max(small)) == (0, minimum)
