"""Every method is explained in both languages and has its page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from comity.disparity.methods import METHODS, methods_record

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("key", sorted(METHODS))
def test_a_method_has_its_page_and_its_spanish(key):
    record = methods_record([key], ["en", "es"])[key]

    assert (ROOT / "docs" / "methods" / f"{key}.md").exists()
    assert {"question", "how", "assumptions", "limits"} <= set(record)
    for text in (record["question"], record["how"], *record["assumptions"], *record["limits"]):
        assert text["en"] != text["es"]


def test_the_threshold_test_runs_without_numba():
    code = """
import sys
sys.modules["numba"] = None
import numpy as np
from comity.disparity.threshold_kernels import HAS_NUMBA
from comity.disparity.threshold_model import ModelOptions, SamplerOptions, sample_posterior
n = np.array([[900.0, 800], [700, 900], [800, 500]]); s = np.floor(n / 10); h = np.floor(s / 3)
draws = sample_posterior(n, s, h, model=ModelOptions(), sampler=SamplerOptions(warmup=5, draws=5))
assert not HAS_NUMBA and np.isfinite(draws.thresholds).all()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stderr
