"""The town that attacks on the community's pages are made on: the same as in the tests of the site."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_SPEC = spec_from_file_location("site_fixtures", Path(__file__).parents[1] / "site" / "conftest.py")
_fixtures = module_from_spec(_SPEC)
_SPEC.loader.exec_module(_fixtures)

django, site, empty_store, town, clients, on_sqlite = (
    getattr(_fixtures, name) for name in ("django", "site", "empty_store", "town", "clients", "on_sqlite")
)
