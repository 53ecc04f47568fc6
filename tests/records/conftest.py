from __future__ import annotations

import pytest

from comity.records import StandardisedRecords, parse_mapping, standardise

STOPS = """
source: Test stops
record_type: stop
missing: ["", "NA"]
columns:
  date: {from: day, formats: ["%Y-%m-%d", "%m/%d/%Y"]}
"""


@pytest.fixture
def standardised(tmp_path):
    """Standardise text: `standardised(text, extra columns of the mapping, rest of the mapping)`."""

    def run(text: str | bytes, columns: str = "", rest: str = "", name: str = "stops.csv") -> StandardisedRecords:
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return standardise(parse_mapping(STOPS + columns + rest), file, tmp_path / "records")

    return run
