"""Tests before and after: scores, change with its interval, what is left after months, and who is missing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

ITEMS = "form,number,text,right,a,b,c\n" + "".join(
    f"{form},{at},Question {at} of {form}?,b,One,Two,Three\n" for form in "AB" for at in range(1, 11)
)


@pytest.fixture
def quiz(town, examples, officer):
    """A test with forms A and B of ten items each; 40 officers."""
    from comity.site.training import importing, quizzes

    examples.officers(town.agency, [f"{at:02d}" for at in range(40)])
    made = quizzes.add_quiz(examples.course(officer), "Fair stops", by=officer)
    kind = importing.items(made)
    importing.write(kind, ITEMS, digest=importing.check(kind, ITEMS).digest, by=officer)
    return made


def sit(quiz, by, occasion, right, *, form=lambda at: "A", officers=None):
    """Officers sit a form with so many right answers each. right: of each officer, 0 to 10; None did not come."""
    from comity.site.training import importing

    lines = [
        f"{at:02d},{occasion},2018-0{2 if occasion == 'pre' else 3}-01,{form(at)},{'b' * count + 'a' * (10 - count)}"
        for at, count in enumerate(right)
        if count is not None
    ]
    text = "number,occasion,taken,form,answers\n" + "\n".join(lines) + "\n"
    kind = importing.sittings(quiz)
    return importing.write(kind, text, digest=importing.check(kind, text).digest, by=by)


def scores(seed, mean):
    return [int(each) for each in np.random.default_rng(seed).binomial(10, mean, 40)]


def test_change_is_of_those_who_sat_both_with_the_paired_interval(quiz, officer):
    from comity.site.training.quizzes import changes

    before, after = scores(1, 0.4), scores(2, 0.7)
    sit(quiz, officer, "pre", before)
    sit(quiz, officer, "post", [None] * 3 + after[3:])

    first, change = changes(quiz)
    paired = stats.ttest_1samp((np.array(after[3:]) - np.array(before[3:])) / 10, 0).confidence_interval()
    assert (first.occasion, first.n, first.verdict) == ("pre", 40, None)
    assert (change.n, change.both, change.lost) == (37, 37, 3)
    assert change.points == pytest.approx(np.mean(np.array(after[3:]) - np.array(before[3:])) / 10)
    assert (change.low, change.high) == pytest.approx((paired.low, paired.high), rel=1e-6)
    assert change.lost_before == pytest.approx(np.mean(before[:3]) / 10)
    assert change.verdict == "shows"


def test_what_is_left_after_months_is_compared_with_before(quiz, officer):
    from comity.site.training.quizzes import changes

    sit(quiz, officer, "pre", scores(1, 0.4))
    for occasion, mean in (("post", 0.8), ("3-months", 0.7), ("12-months", 0.4)):
        sit(quiz, officer, occasion, scores(len(occasion), mean))

    assert [(each.occasion, each.verdict) for each in changes(quiz)] == [
        ("pre", None),
        ("post", "shows"),
        ("3-months", "shows"),
        ("12-months", "does not show"),
    ]


def test_too_few_too_many_lost_or_another_form_cannot_tell(quiz, officer):
    from comity.site.training.quizzes import changes

    sit(quiz, officer, "pre", scores(1, 0.4))
    sit(quiz, officer, "post", scores(2, 0.9), form=lambda at: "B")
    sit(quiz, officer, "3-months", scores(2, 0.9)[:9])
    sit(quiz, officer, "6-months", scores(2, 0.9)[:27])

    found = {each.occasion: each for each in changes(quiz)}
    assert "forms were not the same" in found["post"].reason_said
    assert "Fewer than 10" in found["3-months"].reason_said
    assert found["3-months"].points is None
    assert "30 percent" in found["6-months"].reason_said
    assert {each.verdict for each in found.values()} == {None, "cannot tell"}


def test_forms_in_turn_are_comparable(quiz, officer):
    from comity.site.training.quizzes import changes

    sit(quiz, officer, "pre", scores(1, 0.4), form=lambda at: "AB"[at % 2])
    sit(quiz, officer, "post", scores(2, 0.9), form=lambda at: "BA"[at % 2])

    assert changes(quiz)[1].verdict == "shows"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("01,never,2018-02-01,A,bbbbbbbbbb", "no occasion"),
        ("01,pre,2018-02-01,C,bbbbbbbbbb", "no form"),
        ("01,pre,2018-02-01,A,bbb", "3 answers to 10 items"),
        ("01,pre,2018-02-01,A,bbbbbbbbbd", "answer 10 is none of the choices"),
        ("01,pre,2019-02-01,A,bbbbbbbbbb", "not come yet"),
        ("77,pre,2018-02-01,A,bbbbbbbbbb", "no officer 77"),
    ],
)
def test_answers_that_cannot_be_are_rejected(quiz, row, said):
    from comity.site.training.importing import check, sittings

    found = check(sittings(quiz), f"number,occasion,taken,form,answers\n{row}\n")

    assert said in found.rejected[0].reasons[0]


def test_a_form_that_was_sat_gets_no_new_items_and_an_officer_sits_an_occasion_once(quiz, officer):
    from comity.site.training import importing
    from comity.site.training.refusals import TrainingRefused

    sit(quiz, officer, "pre", [5])
    with pytest.raises(TrainingRefused, match="1 rows cannot"):
        sit(quiz, officer, "pre", [6])
    text = "form,number,text,right,a,b\nA,11,New?,a,Yes,No\n"
    kind = importing.items(quiz)
    with pytest.raises(TrainingRefused, match="Form A has been sat"):
        importing.write(kind, text, digest=importing.check(kind, text).digest, by=officer)


def test_the_printed_form_does_not_say_what_is_right(quiz, clients, officer):
    from comity.site.training.models import Item

    assert Item.objects.filter(right=1).count() == 20
    page = clients["training-officer"].get(f"/office/training/tests/{quiz.pk}/forms/A/").content.decode()
    assert page.count("<li>Two</li>") == 10
    assert "right" not in page.split("<main")[1].split("</main>")[0]
