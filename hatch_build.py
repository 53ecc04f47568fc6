"""Build hook: compiles the translations, adds the bill of materials, and refuses a wheel without the built front end."""

from __future__ import annotations

import runpy
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NO_DAY = datetime(2020, 1, 1, tzinfo=UTC)


class PrepareBuild(BuildHookInterface):
    def initialize(self, version: str, build_data: dict) -> None:
        root = Path(self.root)
        for source in sorted((root / "src" / "comity").rglob("*.po")):
            with source.open("rb") as readable, source.with_suffix(".mo").open("wb") as writable:
                catalog = read_po(readable, locale=source.parts[-3])
                catalog.creation_date = catalog.revision_date = NO_DAY  # else the minute of the build
                write_mo(writable, catalog)
        built = root / "src" / "comity" / "site" / "static" / "built"
        if self.target_name != "wheel" or version != "standard":
            return
        if not built.is_dir():
            raise SystemExit("The front end is not built. Run 'make frontend' first, then build the wheel.")
        bill = root / "build" / "comity.cdx.json"
        bill.parent.mkdir(exist_ok=True)
        bill.write_bytes(runpy.run_path(str(root / "tools" / "components.py"))["bill_of_materials"]())
        build_data["sbom_files"].append(str(bill))
