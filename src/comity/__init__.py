"""Comity: one honest record that a police department and its community share.

The calls of a notebook, the same that the command line makes: `comity.check`, `comity.publish`, `comity.verify` and the
others in `__all__`. Each is imported when it is first used, so that `import comity` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_WHERE = {
    "check": "comity.records",
    "count": "comity.records",
    "open_records": "comity.records",
    "read_mapping": "comity.records",
    "standardise": "comity.records",
    "create_instance": "comity.instance.create",
    "read_instance": "comity.instance.settings",
    "publish": "comity.instance.publish",
    "publish_demo": "comity.demo.minneapolis",
    "picture": "comity.disparity.pictures",
    "search_rate_findings": "comity.disparity.rates",
    "stop_findings": "comity.disparity.stops",
    "veil_of_darkness": "comity.disparity.veil_of_darkness",
    "CountTable": "comity.disclosure",
    "Policy": "comity.disclosure",
    "protect": "comity.disclosure",
    "verify": "comity.ledger",
}

__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"comity has no '{name}'; it has {', '.join(__all__)}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
