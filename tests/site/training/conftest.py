"""The examples of this room, for its tests."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def examples():
    """The module tests/site/training/examples.py."""
    name = "training_examples"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("examples.py"))
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture
def officer(town):
    """The training officer's account."""
    return town.people["training-officer"]


@pytest.fixture(scope="session")
def xapi_parts():
    """The module tests/site/training/xapi_parts.py."""
    spec = importlib.util.spec_from_file_location("xapi_parts", Path(__file__).with_name("xapi_parts.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
