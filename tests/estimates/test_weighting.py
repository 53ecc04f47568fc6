"""Every step of weighting does what it says, says so in its record, and refuses what cannot be done."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.errors import ComityError
from comity.estimates import (
    AdjustEligibility,
    AdjustNonresponse,
    Calibrate,
    Collapse,
    Design,
    PostStratify,
    Rake,
    Survey,
    Trim,
    diagnose_weights,
    estimate_mean,
    estimate_total,
    weigh,
    with_replicates,
)
from comity.estimates.chain import scores_through
from comity.estimates.margins import collapse_categories


def sample(n: int = 400, seed: int = 3, **design: object) -> Survey:
    rng = np.random.default_rng(seed)
    data = {
        "weight": rng.uniform(5, 15, n),
        "block": rng.integers(0, 40, n),
        "age": rng.choice(["young", "middle", "old"], n),
        "sex": rng.choice(["f", "m"], n),
        "income": rng.gamma(3, 10, n),
        "trust": rng.normal(5, 2, n),
        "responded": rng.choice(["yes", "no"], n, p=[0.7, 0.3]),
        "status": rng.choice(["home", "vacant", "unknown"], n, p=[0.7, 0.1, 0.2]),
    }
    return Survey.read(data, Design(weights="weight", clusters="block", **design))


AGE = {"young": 1000, "middle": 1500, "old": 1500}
SEX = {"f": 2200, "m": 1800}
JOINT = {
    ("young", "f"): 600,
    ("young", "m"): 400,
    ("middle", "f"): 800,
    ("middle", "m"): 700,
    ("old", "f"): 800,
    ("old", "m"): 700,
}
CHAIN = [
    AdjustEligibility("status", unknown=["unknown"], ineligible=["vacant"], within="sex"),
    AdjustNonresponse("responded", within="age"),
    PostStratify(("age", "sex"), JOINT),
    Calibrate({"income": 125_000}, population=4000),
    Trim(times_median=2),
]


def by_category(survey: Survey, name: str) -> dict[str, float]:
    found = survey.columns.categories(name)
    return dict(zip(found.labels, np.bincount(found.codes, weights=survey.weights), strict=True))


def test_raked_weights_meet_every_margin():
    raked = weigh(sample(), Rake({"age": AGE, "sex": SEX}))

    assert by_category(raked, "age") == pytest.approx(AGE, rel=1e-9)
    assert by_category(raked, "sex") == pytest.approx(SEX, rel=1e-9)


def test_a_margin_of_two_columns_is_met():
    raked = weigh(sample(), Rake({("age", "sex"): JOINT, "status": {"home": 0.7, "vacant": 0.1, "unknown": 0.2}}))

    assert by_category(raked, "status")["home"] == pytest.approx(0.7 * 4000, rel=1e-9)


def test_shares_are_shares_of_the_present_weight():
    survey = sample()
    raked = weigh(survey, Rake({"sex": {"f": 0.6, "m": 0.4}}))

    assert by_category(raked, "sex")["f"] == pytest.approx(0.6 * survey.weights.sum(), rel=1e-9)


@pytest.mark.parametrize(
    ("distance", "bounds"), [("linear", None), ("raking", None), ("logit", (0.4, 2.5)), ("truncated", (0.5, 2.0))]
)
def test_calibrated_weights_meet_their_totals_within_their_bounds(distance, bounds):
    survey = sample()
    step = Calibrate({"income": 120_000}, margins={"age": AGE}, distance=distance, bounds=bounds)

    weighted = weigh(survey, step)

    factors = weighted.weights / survey.weights
    assert weighted.weights @ survey.columns.numbers("income") == pytest.approx(120_000, rel=1e-8)
    assert by_category(weighted, "age") == pytest.approx(AGE, rel=1e-8)
    if bounds:
        assert factors.min() >= bounds[0] - 1e-12
        assert factors.max() <= bounds[1] + 1e-12


def test_linear_and_cell_forms_agree_with_the_textbook_regression_estimator():
    survey = sample()
    weighted = weigh(survey, Calibrate({"income": 120_000}, margins={"age": AGE, "sex": SEX}))

    d, found = survey.weights, [survey.columns.categories(name) for name in ("age", "sex")]
    x = np.column_stack(
        [*(f.codes == level for f in found for level in range(len(f.labels))), survey.columns.numbers("income")]
    )
    targets = [AGE[label] for label in found[0].labels] + [SEX[label] for label in found[1].labels] + [120_000]
    multipliers = np.linalg.pinv(x.T @ (x * d[:, None])) @ (targets - d @ x)

    np.testing.assert_allclose(weighted.weights, d * (1 + x @ multipliers), rtol=1e-9)


def test_unknown_eligibility_and_nonresponse_keep_the_total_weight():
    survey = sample()
    known = weigh(survey, AdjustEligibility("status", unknown=["unknown"], within="sex"))
    answered = weigh(known, AdjustNonresponse("responded", within=["age", "sex"]))

    assert known.weights.sum() == pytest.approx(survey.weights.sum())
    assert answered.weights.sum() == pytest.approx(survey.weights.sum())
    assert (answered.weights[survey.columns.categories("responded").codes == 0] == 0).all()


def test_propensity_weights_are_inverse_fitted_probabilities():
    survey = sample()
    weighted = weigh(survey, AdjustNonresponse("responded", propensity=["age", "income"]))

    assert weighted.weights.sum() == pytest.approx(survey.weights.sum(), rel=0.05)
    assert (weighted.weights[weighted.weights > 0] >= survey.weights[weighted.weights > 0]).all()


def test_trimming_caps_weights_and_keeps_their_total():
    survey = sample()
    trimmed = weigh(survey, Trim(cap=12))

    assert trimmed.weights.max() == pytest.approx(12)
    assert trimmed.weights.sum() == pytest.approx(survey.weights.sum())


@pytest.mark.parametrize(
    "steps",
    [
        CHAIN,
        CHAIN[:1],
        CHAIN[1:2],
        CHAIN[2:3],
        [Trim(cap=12)],
        [CHAIN[2], Trim(cap=40)],
        [AdjustNonresponse("responded", propensity=["age", "income"])],
    ],
)
def test_scores_are_the_derivative_of_the_estimate_through_the_whole_chain(steps):
    """Slow and obvious: count one row slightly more often, redo the chain, and see how the total moves."""
    survey = weigh(sample(n=160), *steps)
    trust = survey.columns.numbers("trust")
    scores = scores_through(survey, trust[:, None])[:, 0]

    def total(multiplicity):
        weights = survey.base_weights
        for step in survey.steps:
            weights = step.replay(multiplicity, weights)
        return float(multiplicity * weights @ trust)

    for row in (0, 17, 90, 133):
        moved = np.ones(survey.rows)
        moved[row] += 1e-5
        back = np.ones(survey.rows)
        back[row] -= 1e-5
        assert (total(moved) - total(back)) / 2e-5 == pytest.approx(scores[row], rel=1e-4, abs=1e-3)


def test_replicates_by_cells_equal_replicates_by_rows():
    survey = with_replicates(
        weigh(sample(), AdjustNonresponse("responded", within="age"), Rake({"age": AGE, "sex": SEX})), "JKn"
    )
    replicates = survey.replicates

    by_cell = replicates.row_weights(survey, slice(0, 40))

    for at in (0, 7, 39):
        weights, multiplicity = survey.base_weights, replicates.multiplicity[:, at][survey.psu]
        for step in survey.steps:
            weights = step.replay(multiplicity, weights)
        np.testing.assert_allclose(by_cell[:, at], multiplicity * weights, rtol=1e-8)
    values = survey.columns.numbers("trust")[:, None]
    np.testing.assert_allclose(replicates.linear_sums(survey, values), by_cell.T @ values, rtol=1e-10)


def test_the_chain_is_recorded_step_by_step():
    weighted = weigh(sample(), *CHAIN)

    assert [step.record["step"] for step in weighted.steps] == [
        "eligibility",
        "nonresponse",
        "post-stratify",
        "calibrate",
        "trim",
    ]
    assert weighted.steps[2].record["margins"]["age x sex"]["old x m"] == 700


def test_kish_design_effect_of_equal_weights_is_one():
    survey = weigh(Survey.read({"x": [1.0] * 50}), Trim(cap=1.5))

    found = diagnose_weights(survey)

    assert (found.deff_kish, found.effective_n, found.n) == (1.0, 50.0, 50)


def test_small_categories_are_merged_by_rule():
    n = {"18-24": 10, "25-34": 40, "35-44": 50, "45+": 12}

    ordered = collapse_categories(n, Collapse(minimum_n=30, ordered=True))
    unordered = collapse_categories(n, Collapse(minimum_n=20))

    assert ordered == {"18-24": "18-24 + 25-34", "25-34": "18-24 + 25-34", "35-44": "35-44 + 45+", "45+": "35-44 + 45+"}
    assert unordered == {"18-24": "18-24 + 45+", "45+": "18-24 + 45+"}


def test_an_empty_category_is_met_by_collapsing_it():
    margins = {"age": AGE | {"very old": 10}}

    rule = Collapse(minimum_n=5, ordered=True)
    for step in (Rake(margins, collapse=rule), Calibrate(margins=margins, collapse=rule)):
        weighted = weigh(sample(), step)

        assert weighted.weights.sum() == pytest.approx(4010)
        assert weighted.steps[0].record["merged"]["age"]["very old"] == "old + very old"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Rake({"age": AGE, "sex": {"f": 2200, "m": 1700}}), ["disagree", "'age'", "'sex'"]),
        (Rake({"age": {"young": 1000, "midle": 1500, "old": 1500}}), ["'middle'", "Did you mean 'midle'?"]),
        (Rake({"age": AGE | {"very old": 10}}), ["Nobody", "'very old'", "'age'"]),
        (Rake({"sex": {"f": 2200, "m": 0}}), ["'m'", "is 0"]),
        (Rake({"sex": {"f": 2200, "m": -5}}), ["'m'", "-5"]),
        (Rake({"gender": SEX}), ["no column 'gender'"]),
        (Calibrate({"income": 10}, population=4000, distance="logit", bounds=(0.9, 1.1)), ["cannot meet", "income"]),
        (Calibrate({"income": 10}, population=4000, margins={"age": AGE | {"old": 1}}), ["disagree", "population"]),
        (Calibrate({"income": 10}, distance="logit"), ["needs bounds"]),
        (Trim(cap=3), ["cannot hold"]),
        (Trim(), ["needs a cap"]),
        (AdjustEligibility("status", unknown=["unknwon"]), ["Did you mean 'unknown'?"]),
        (AdjustNonresponse("age"), ["yes or no"]),
        (
            PostStratify(("age", "sex"), {("young", "f"): 10, ("middle", "m"): 5, ("old", "f"): 2}),
            ["cell", "targets do not"],
        ),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(step, words):
    with pytest.raises(ComityError) as error:
        weigh(sample(), step)

    for word in words:
        assert word in str(error.value)


def test_margins_that_cannot_be_met_name_the_margin_and_the_empty_cells():
    data = {"age": ["young"] * 50 + ["old"] * 50, "sex": ["f"] * 80 + ["m"] * 20}
    step = Rake({"age": {"young": 20, "old": 80}, "sex": {"f": 10, "m": 90}}, max_sweeps=200)

    with pytest.raises(ComityError) as error:
        weigh(Survey.read(data), step)

    assert "cannot meet its targets" in str(error.value)
    assert "nobody in age=young is in sex=m" in str(error.value) or "nobody in sex=m is in age=young" in str(
        error.value
    )


def test_missing_weighting_variables_are_refused_with_their_number():
    data = {"sex": ["f", None, "m"] * 20}

    with pytest.raises(ComityError, match="missing in 20 rows"):
        weigh(Survey.read(data), Rake({"sex": {"f": 1, "m": 1}}))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.floats(0.01, 1000))
def test_raking_does_not_depend_on_row_order_or_on_the_scale_of_weights(seed, scale):
    survey = sample(n=200, seed=seed)
    order = np.random.default_rng(seed).permutation(200)
    data = {name: np.asarray(survey.columns.table[name])[order] for name in survey.columns.names}
    data["weight"] = data["weight"] * scale
    shuffled = Survey.read(data, survey.design)
    margins = Rake({"age": AGE, "sex": SEX}, tolerance=1e-11)

    first, second = weigh(survey, margins), weigh(shuffled, margins)

    np.testing.assert_allclose(second.weights, first.weights[order], rtol=1e-8)
    assert first.weights.sum() == pytest.approx(4000, rel=1e-10)
    one, two = estimate_mean(first, "trust")[0], estimate_mean(second, "trust")[0]
    assert two.estimate == pytest.approx(one.estimate, rel=1e-8)
    assert two.se == pytest.approx(one.se, rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), shift=st.floats(-50, 50), scale=st.floats(0.1, 20))
def test_estimates_follow_a_change_of_units(seed, shift, scale):
    survey = sample(n=200, seed=seed)
    changed = Survey.read(
        {
            **{n: survey.columns.table[n] for n in survey.columns.names},
            "trust": survey.columns.numbers("trust") * scale + shift,
        },
        survey.design,
    )

    before, after = estimate_mean(survey, "trust")[0], estimate_mean(changed, "trust")[0]

    assert after.estimate == pytest.approx(before.estimate * scale + shift, rel=1e-9, abs=1e-7)
    assert after.se == pytest.approx(before.se * scale, rel=1e-7)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_domain_totals_add_up_to_the_total(seed):
    survey = sample(n=200, seed=seed, minimum_n=1)

    parts = estimate_total(survey, "trust", by=["age", "sex"])

    whole = estimate_total(survey, "trust")[0]
    assert sum(each.estimate for each in parts) == pytest.approx(whole.estimate, rel=1e-10)
    assert parts.covariance.sum() ** 0.5 == pytest.approx(whole.se, rel=1e-9)
