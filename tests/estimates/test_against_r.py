"""Estimates agree with R's survey package (4.1.1) on 170 combinations of design and estimator.

The numbers are in fixtures/r_survey.csv, made by benchmarks/estimates_oracle.py. Those on R's teaching samples need
../shared/data; those on the made-up town run everywhere.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow.csv
import pytest

from comity.estimates import (
    Calibrate,
    Design,
    PostStratify,
    Rake,
    Survey,
    estimate_mean,
    estimate_proportion,
    estimate_quantile,
    estimate_ratio,
    estimate_total,
    read_survey_file,
    weigh,
    with_replicate_columns,
    with_replicates,
)

ROOT = Path(__file__).parents[2]
FIXTURES = Path(__file__).parent / "fixtures"
SAMPLES = ROOT.parent / "shared" / "data" / "survey"

STYPE = {"E": 4421, "H": 755, "M": 1018}
WIDE = {"No": 1072, "Yes": 5122}
AGE = {"18-34": 6000, "35-54": 8000, "55+": 5000}
SEX = {"female": 10000, "male": 9000}
JOINT = dict(
    zip([(age, sex) for sex in ("female", "male") for age in AGE], [3000, 4200, 2800, 3000, 3800, 2200], strict=True)
)


def api(name: str, **design: object) -> Survey:
    path = SAMPLES / f"api_{name}.csv"
    if not path.exists():
        pytest.skip("R's teaching samples are not in ../shared/data")
    return Survey.read(read_survey_file(path), Design(minimum_n=1, **design))


def town(*, pairs: bool = False, without_half: bool = False, extra: str | None = None, **design: object) -> Survey:
    columns = read_survey_file(FIXTURES / "town.csv")
    if pairs:
        wanted = pyarrow.csv.read_csv(FIXTURES / "town_pairs.csv")["person"].to_pylist()
        columns = columns.where(np.isin(columns.numbers("person"), wanted))
    if without_half:
        gone = (columns.categories("district").codes == 0) & (columns.numbers("half") == 1)
        columns = columns.where(~gone)
    if extra:
        table = pyarrow.csv.read_csv(FIXTURES / extra)
        assert table["person"].to_pylist() == columns.table["person"].to_pylist()
        for name in table.column_names[1:]:
            columns = columns.with_column(name, table[name].to_numpy())
    return Survey.read(columns, Design(weights="weight", strata="district", minimum_n=1, **design))


def with_columns(survey: Survey, method: str, **options: object) -> Survey:
    names = [name for name in survey.columns.names if name[0] == "V" and name[1:].isdigit()]
    return with_replicate_columns(survey, method, names, **options)


STRAT = {"weights": "pw", "strata": "stype", "fpc": "fpc"}
CLUS1 = {"weights": "pw", "clusters": "dnum", "fpc": "fpc"}
NO_FPC = {"weights": "pw", "clusters": "dnum"}
RAKE = Rake({"stype": STYPE, "sch.wide": WIDE}, tolerance=1e-12)
RAKE_TOWN = Rake({"age": AGE, "sex": SEX}, tolerance=1e-12)
API99 = {"api99": 3914069}

SURVEYS = {
    "srs": lambda: api("apisrs", weights="pw", fpc="fpc"),
    "strat": lambda: api("apistrat", **STRAT),
    "strat_nofpc": lambda: api("apistrat", weights="pw", strata="stype"),
    "clus1": lambda: api("apiclus1", **CLUS1),
    "clus1_nofpc": lambda: api("apiclus1", **NO_FPC),
    "clus2": lambda: api("apiclus2", clusters=("dnum", "snum"), fpc=("fpc1", "fpc2")),
    "clus1_ps": lambda: weigh(api("apiclus1", **CLUS1), PostStratify("stype", STYPE)),
    "clus1_raked": lambda: weigh(api("apiclus1", **CLUS1), RAKE),
    "clus1_nofpc_raked": lambda: weigh(api("apiclus1", **NO_FPC), RAKE),
    "clus1_greg": lambda: weigh(api("apiclus1", **CLUS1), Calibrate(API99, margins={"stype": STYPE})),
    "clus1_greg99": lambda: weigh(api("apiclus1", **CLUS1), Calibrate(API99, population=6194)),
    "strat_logit": lambda: weigh(
        api("apistrat", **STRAT), Calibrate(API99, {"stype": STYPE}, distance="logit", bounds=(0.8, 1.2))
    ),
    "strat_raking": lambda: weigh(api("apistrat", **STRAT), Calibrate(API99, {"stype": STYPE}, distance="raking")),
    "strat_ps": lambda: weigh(api("apistrat", **STRAT), PostStratify("sch.wide", WIDE)),
    "clus1_jk1": lambda: with_replicates(api("apiclus1", **NO_FPC), "JK1"),
    "clus1_jk1_raked": lambda: weigh(with_replicates(api("apiclus1", **NO_FPC), "JK1"), RAKE),
    "strat_jkn": lambda: with_replicates(api("apistrat", **STRAT), "JKn"),
    "town": lambda: town(clusters="block"),
    "town_fpc": lambda: town(clusters=("block", "person"), fpc=("blocks", "people")),
    "town_people": lambda: Survey.read(read_survey_file(FIXTURES / "town.csv"), Design(weights="weight", minimum_n=1)),
    "town_ps": lambda: weigh(town(clusters="block"), PostStratify(("age", "sex"), JOINT)),
    "town_raked": lambda: weigh(town(clusters="block"), RAKE_TOWN),
    "town_greg": lambda: weigh(
        town(clusters="block"), Calibrate({"years": 19000 * 19}, margins={"age": AGE, "sex": SEX})
    ),
    "town_fpc_raked": lambda: weigh(town(clusters=("block", "person"), fpc=("blocks", "people")), RAKE_TOWN),
    "town_jkn": lambda: with_replicates(town(clusters="block"), "JKn"),
    "town_jkn_raked": lambda: weigh(with_replicates(town(clusters="block"), "JKn"), RAKE_TOWN),
    "town_brr": lambda: with_columns(town(pairs=True, extra="town_brr.csv"), "BRR"),
    "town_fay": lambda: with_columns(town(pairs=True, extra="town_fay.csv"), "Fay", rho=0.3),
    "town_bootstrap": lambda: with_columns(town(extra="town_bootstrap.csv"), "bootstrap"),
    "lonely_certainty": lambda: town(clusters="block", without_half=True, lonely="certainty"),
    "lonely_adjust": lambda: town(clusters="block", without_half=True, lonely="adjust"),
    "lonely_average": lambda: town(clusters="block", without_half=True, lonely="average"),
}


@cache
def oracle() -> dict[tuple[str, str, str], list[dict[str, str]]]:
    found = defaultdict(list)
    with (FIXTURES / "r_survey.csv").open() as file:
        for row in csv.DictReader(file):
            found[row["design"], row["statistic"], row["variable"]].append(row)
    return dict(found)


def estimates(survey: Survey, statistic: str, variable: str, by: str):
    if statistic == "mean":
        return estimate_mean(survey, variable, by=by or ())
    if statistic == "total":
        return estimate_total(survey, variable, by=by or ())
    if statistic == "ratio":
        return estimate_ratio(survey, *variable.split(" / "))
    if statistic == "proportion":
        return estimate_proportion(survey, variable.split("=")[0], categories=[variable.split("=")[1]])
    return estimate_quantile(survey, variable, float(statistic.split()[1]))


@pytest.mark.parametrize("design", sorted({name for name, _, _ in oracle()}))
def test_estimates_agree_with_r(design):
    survey = SURVEYS[design]()

    compared = 0
    for (name, statistic, variable), rows in oracle().items():
        if name != design:
            continue
        if (name, statistic) == ("lonely_adjust", "total"):
            continue  # R centres a lonely PSU's total on zero, we on the mean of all PSUs, as both say of means
        for row in rows:
            by, _, category = row["domain"].partition("=")
            found = [
                each for each in estimates(survey, statistic, variable, by) if (each.domain_name or "") == category
            ]
            assert len(found) == 1
            for field in ("estimate", "se", "deff", "low", "high"):
                if row[field]:
                    ours, theirs = getattr(found[0], field), float(row[field])
                    if field == "deff" and not (by == "" and statistic in ("mean", "total")):
                        continue
                    if field in ("low", "high") and survey.replicates is not None and statistic == "proportion":
                        continue  # R takes other degrees of freedom for replicates
                    assert math.isclose(ours, theirs, rel_tol=1e-8, abs_tol=1e-9), (
                        statistic,
                        variable,
                        row["domain"],
                        field,
                    )
                    compared += 1
            if row["df"] and survey.replicates is None and variable != "trust":
                assert found[0].df == int(row["df"])

    assert compared >= 2


def test_at_least_forty_combinations_are_compared():
    assert len({(design, statistic) for design, statistic, _ in oracle()}) >= 40
