"""The examples of planning, importable by every test of the room."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def makers(django):
    """The module `examples` beside this file; it needs Django to be set up."""
    path = Path(__file__).with_name("examples.py")
    spec = importlib.util.spec_from_file_location("planning_examples", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
