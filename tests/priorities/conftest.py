"""The slow references, and the helper that makes small elections."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def reference():
    spec = spec_from_file_location("priorities_reference", Path(__file__).parents[1] / "reference" / "priorities.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["compiled", "plain"])
def arithmetic(request, monkeypatch):
    """Each test twice: with the compiled steps and without them."""
    monkeypatch.setenv("COMITY_NUMBA", "1" if request.param == "compiled" else "0")
    if request.param == "compiled":
        pytest.importorskip("numba")
    return request.param
