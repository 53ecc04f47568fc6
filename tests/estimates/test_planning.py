"""Sample sizes agree with the textbooks, and a plan delivers the power it promises."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from comity.cli.plan_sample import command
from comity.errors import ComityError
from comity.estimates.planning import (
    Conditions,
    allocate,
    deff_of_clusters,
    margin_of_proportion,
    plan_change,
    plan_proportion,
    power_of_change,
)


def test_the_textbook_sizes_of_a_proportion():
    assert plan_proportion(0.5, 0.05).completes == 385
    assert plan_proportion(0.5, 0.03).completes == 1068
    assert plan_proportion(0.5, 0.05, Conditions(population=1000)).completes == 278
    assert plan_proportion(0.5, 0.05, Conditions(deff=1.5, response_rate=0.25)).invitations == 2308
    assert plan_proportion(0.5, 0.05, domain_share=0.2).completes == 1921


def test_the_margin_of_a_planned_sample_is_the_one_asked_for():
    plan = plan_proportion(0.3, 0.04, Conditions(deff=1.7))

    assert margin_of_proportion(0.3, plan.completes, Conditions(deff=1.7)) == pytest.approx(0.04, rel=1e-3)


def test_fleiss_size_for_two_proportions():
    assert plan_change(0.6, 0.7).completes == 354  # unpooled: (1.96 + 0.84)^2 (.24 + .21) / .01 = 353.2
    assert plan_change(0.6, 0.7).power == pytest.approx(0.8, abs=0.002)


def test_a_panel_needs_fewer_people():
    assert plan_change(0.6, 0.65, overlap=1, correlation=0.6).completes < 0.45 * plan_change(0.6, 0.65).completes


def test_planned_power_is_reached_in_a_simulation():
    plan, rng = plan_change(0.5, 0.6), np.random.default_rng(1)
    first, second = (rng.binomial(plan.completes, share, 4000) / plan.completes for share in (0.5, 0.6))
    se = np.sqrt((first * (1 - first) + second * (1 - second)) / plan.completes)

    assert np.mean(np.abs(second - first) > 1.96 * se) == pytest.approx(0.8, abs=0.02)
    assert power_of_change(0.5, 0.6, plan.completes) == pytest.approx(0.8, abs=0.002)


def test_proportional_optimal_and_equal_allocation():
    sizes = {"a": 5000, "b": 3000, "c": 2000}

    assert allocate(sizes, 100).n == {"a": 50, "b": 30, "c": 20}
    assert allocate(sizes, 100).deff_of_weights == pytest.approx(1)
    assert allocate(sizes, 99, method="equal").n == {"a": 33, "b": 33, "c": 33}
    neyman = allocate(sizes, 100, method="optimal", deviations={"a": 1, "b": 1, "c": 6})
    assert neyman.n == {"a": 25, "b": 15, "c": 60}


def test_small_strata_get_their_minimum_and_no_stratum_more_than_it_has():
    found = allocate({"big": 100_000, "small": 500}, 1000, minimum=200)
    full = allocate({"a": 100, "b": 10_000}, 500, method="optimal", deviations={"a": 1000, "b": 1})

    assert found.n == {"big": 800, "small": 200}
    assert found.deff_of_weights > 1.1
    assert full.n == {"a": 100, "b": 400}


def test_clusters_cost_precision():
    assert deff_of_clusters(11, 0.05) == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plan_proportion(1.2, 0.03), "1.2"),
        (lambda: plan_proportion(0.5, 0), "margin is 0"),
        (lambda: plan_change(0.5, 0.5), "Both waves"),
        (lambda: Conditions(deff=0), "design effect is 0"),
        (lambda: Conditions(response_rate=0), "response rate is 0"),
        (lambda: allocate({"a": 10, "b": 10}, 3), "3 answers"),
        (lambda: allocate({"a": 10, "b": 10}, 5, method="optimal"), "deviation"),
        (lambda: plan_proportion(0.5, 0.01, Conditions(population=5000, response_rate=0.3)), "invited"),
    ],
)
def test_impossible_plans_are_refused(call, words):
    with pytest.raises(ComityError, match=words):
        call()


def run(*arguments):
    result = CliRunner().invoke(command, [str(each) for each in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_plans_a_proportion_and_a_change():
    assert json.loads(run("--proportion", 0.5, "--margin", 0.05, "--json"))["plan"]["completes"] == 385
    assert "354 answers in each wave" in run("--change", 0.6, 0.7)


def test_the_command_spreads_a_sample_over_strata(tmp_path):
    path = tmp_path / "strata.csv"
    path.write_text("stratum,size,deviation\na,5000,1\nb,3000,1\nc,2000,6\n")

    found = json.loads(run("--strata", path, "--n", 100, "--allocation", "optimal", "--json"))

    assert found["allocation"]["n"] == {"a": 25, "b": 15, "c": 60}


def test_the_command_needs_something_to_plan():
    with pytest.raises(ComityError, match="Nothing to plan"):
        CliRunner().invoke(command, [], catch_exceptions=False)
