"""Did it change anything: treatment dates from completions, a panel, and a verdict that is right on planted data."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

MONTHS = [f"{year}-{month:02d}" for year in (2016, 2017) for month in range(1, 13)]
UNITS = [f"Beat {at:02d}" for at in range(24)]


def trained_town(agency, examples, officer, *, at_once=False):
    """A course that the first 18 of 24 units completed at three different times (or all 24 at once); 2 officers a unit."""
    made = examples.course(officer)
    for at, unit in enumerate(UNITS):
        serving = examples.officers(agency, [f"{at}-{one}" for one in range(2)], unit=unit)
        day = date(2017, 1, 10) if at_once else [date(2016, 9, 3), date(2017, 1, 5), date(2017, 5, 20), None][at // 6]
        if day:
            examples.completed(made, serving, day)
    return made


def outcomes(effect, *, seed, adopted):
    """Counts by unit and month with levels of units and months, and `effect` from adoption on."""
    random = np.random.default_rng(seed)
    level, season = random.normal(40, 6, len(UNITS)), random.normal(0, 3, len(MONTHS))
    rows = [
        (
            unit,
            month,
            level[u]
            + season[m]
            + random.normal(0, 2)
            + effect * (adopted[unit] is not None and month >= adopted[unit]),
        )
        for u, unit in enumerate(UNITS)
        for m, month in enumerate(MONTHS)
    ]
    return pa.table(
        {
            name: list(column)
            for name, column in zip(("unit", "period", "outcome"), zip(*rows, strict=True), strict=True)
        }
    )


def test_a_unit_is_trained_from_the_month_after_its_share_completed(town, examples, officer):
    from comity.site.training.effects import trained_from

    made = examples.course(officer)
    north = examples.officers(town.agency, ["1", "2", "3"], unit="North")
    examples.officers(town.agency, ["4"], unit="South")
    examples.completed(made, north[:1], date(2017, 11, 5))
    examples.completed(made, north[1:2], date(2017, 12, 31))

    assert trained_from(made) == {"North": "2018-01", "South": None}
    assert trained_from(made, share=0.3) == {"North": "2017-12", "South": None}
    assert trained_from(made, share=1.0) == {"North": None, "South": None}


def test_a_planted_effect_is_shown_and_stored(town, examples, officer):
    from comity.site.training.effects import evaluate, panel, trained_from
    from comity.site.training.models import EffectStatement

    made = trained_town(town.agency, examples, officer)
    adopted = trained_from(made)
    finding, stored = evaluate(made, panel(outcomes(-6, seed=5, adopted=adopted), adopted), outcome="stops a month")

    assert finding.verdict == "shows"
    assert finding.low < -6 < finding.high
    kept = EffectStatement.objects.get()
    assert kept.pk == stored.pk
    assert kept.finding["verdict"] == "shows"
    assert len(kept.panel["unit"]) == len(UNITS) * len(MONTHS)


def test_planted_nulls_are_not_shown(town, examples, officer):
    """Of 40 worlds without an effect nearly all say *does not show*; a few fail a check by chance; a false *shows* is rare."""
    from comity.site.training.effects import evaluate, panel, trained_from

    made = trained_town(town.agency, examples, officer)
    adopted = trained_from(made)
    said = Counter(
        str(evaluate(made, panel(outcomes(0, seed=seed, adopted=adopted), adopted), outcome="stops a month")[0].verdict)
        for seed in range(40)
    )

    assert said["does not show"] >= 30
    assert said["shows"] <= 2


def test_without_units_to_compare_with_no_sentence_speaks_of_a_cause(town, examples, officer, clients):
    from comity.site.training.effects import evaluate, panel, trained_from

    made = trained_town(town.agency, examples, officer, at_once=True)
    adopted = trained_from(made)
    finding, _ = evaluate(made, panel(outcomes(-9, seed=5, adopted=adopted), adopted), outcome="stops a month")

    assert (finding.verdict, finding.estimate, finding.figures) == ("cannot tell", None, ())
    page = clients["anyone"].get("/training/").content.decode()
    assert "cannot tell" in page
    assert "nothing is said to be caused by it" in page


def test_a_unit_that_no_officer_serves_in_is_refused(town, examples, officer):
    from comity.site.training.effects import panel
    from comity.site.training.refusals import TrainingRefused

    table = pa.table({"unit": ["West"], "period": ["2017-01"], "outcome": [1.0]})
    with pytest.raises(TrainingRefused, match="No officer serves in unit 'West'"):
        panel(table, {"North": None})
    with pytest.raises(TrainingRefused, match="no column 'outcome'"):
        panel(table.drop_columns(["outcome"]), {})


SETTINGS = """
[agency]
name = "Sample Town"
time_zone = "UTC"

[datasets.stops]
title.en = "Police stops"
title.es = "Paradas policiales"
mapping = "sources/stops.yaml"
files = ["sources/*.csv"]
period = "2016-2017"
place = "beat"
source.en = "Invented for a test."
source.es = "Inventado para una prueba."

[[datasets.stops.tables]]
name = "stops_by_beat"
title.en = "Stops by beat"
title.es = "Paradas por zona"
dimensions = ["beat"]
"""
MAPPING = """
source: Sample Town
record_type: stop
columns:
  date: {from: day, formats: ["%Y-%m-%d"]}
  beat: beat
"""


def as_records(counts) -> str:
    """One row for each stop that a table of counts counts."""
    rows = (f"{row['period']}-15,{row['unit']}\n" * max(round(row["outcome"]), 0) for row in counts.to_pylist())
    return "day,beat\n" + "".join(rows)


@pytest.mark.slow
@pytest.mark.parametrize("source", ["stops", "trust.csv"])
def test_the_command_stores_a_statement_on_records_and_on_a_survey_scale(town, examples, officer, tmp_path, source):
    """In a process of its own, as an operator runs it."""
    import subprocess
    import sys

    import pyarrow.csv
    from django.db import connections

    from comity.instance.create import create_instance
    from comity.site.training.effects import trained_from
    from comity.site.training.models import EffectStatement

    made = trained_town(town.agency, examples, officer)
    folder, counts = tmp_path / "town", outcomes(8, seed=9, adopted=trained_from(made))
    create_instance(folder, origin="sample-town.example/comity")
    (folder / "comity.toml").write_text(SETTINGS)
    (folder / "sources" / "stops.yaml").write_text(MAPPING)
    (folder / "sources" / "stops.csv").write_text(as_records(counts))
    pyarrow.csv.write_csv(counts, tmp_path / "trust.csv")
    connections["default"].close()
    shutil.copy(connections["default"].settings_dict["NAME"], folder / "site.sqlite3")

    run = subprocess.run(
        [sys.executable, "-m", "comity.cli.main", "training", "effect", made.slug, source, "--instance", folder, "--json"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert run.returncode == 0, run.stderr
    finding = json.loads(run.stdout)["finding"]
    assert (finding["verdict"], finding["n"]) == ("shows", len(UNITS) * len(MONTHS))
    assert finding["low"] < 8 < finding["high"]
    connections["default"].settings_dict["NAME"] = folder / "site.sqlite3"
    assert EffectStatement.objects.get().outcome == f"{source.removesuffix('.csv')} by unit and period"
