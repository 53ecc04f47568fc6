"""A town whose public folder may be written to, beside its store."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest


def _load(name: str):
    source = importlib.util.spec_from_file_location(f"commitments_{name}", Path(__file__).parent / f"{name}.py")
    module = importlib.util.module_from_spec(source)
    sys.modules[source.name] = module
    source.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def examples():
    return _load("examples")


@pytest.fixture
def here(town, small_public):
    """The town, with `public`: a copy of the small public folder as the instance's own."""
    from django.test import override_settings

    town.public = shutil.copytree(small_public.resolve(), town.folder / "public")
    with override_settings(PUBLIC=town.public):
        yield town
