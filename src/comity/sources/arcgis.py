"""A layer of an ArcGIS feature service: pages by the object's own number, so that a row added meanwhile shifts nothing.

Address: https://services.example.gov/.../FeatureServer/0. Dates are milliseconds since 1970 and become ISO 8601 in UTC. No
geometry is asked for: a point would be an address.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from comity.sources.pages import Column, Page, SourceRefused
from comity.sources.web import Answer, Web

_START = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = "esriFieldTypeDate"


class ArcGis:
    """One reading of a layer. where: a condition in its SQL, "" for all rows."""

    def __init__(self, web: Web, address: str, *, page_rows: int, where: str = "") -> None:
        self._web, self._address, self._where = web, address.rstrip("/"), where
        described = self._ask("", {}).json()
        try:
            self.columns: Sequence[Column] = [Column(each["name"], each["type"]) for each in described["fields"]]
            self._number = described.get("objectIdField") or next(
                each.name for each in self.columns if each.kind == "esriFieldTypeOID"
            )
        except (KeyError, TypeError, StopIteration):
            raise SourceRefused(
                "The address does not describe a layer with numbered objects.",
                "It ends with the layer's number, such as /FeatureServer/0.",
            ) from None
        self._rows = min(page_rows, int(described.get("maxRecordCount") or page_rows))

    def expected_rows(self) -> int | None:
        found = self._ask("/query", {"where": self._where or "1=1", "returnCountOnly": "true"}).json().get("count")
        return int(found) if found is not None else None

    def pages(self) -> Iterator[Page]:
        last: int | None = None
        while True:
            conditions = [self._where or "1=1", *([f"{self._number} > {last}"] if last is not None else [])]
            answer = self._ask(
                "/query",
                {
                    "where": " AND ".join(f"({each})" for each in conditions),
                    "outFields": "*",
                    "returnGeometry": "false",
                    "orderByFields": f"{self._number} ASC",
                    "resultRecordCount": str(self._rows),
                },
            )
            found = answer.json()
            features = [each.get("attributes", {}) for each in found.get("features", [])]
            if not features:
                return
            if not all(self._number in each for each in features):
                raise SourceRefused(f"The rows have no {self._number}.", "Check that the layer allows queries.")
            yield Page([[self._text(each, column) for column in self.columns] for each in features], answer.content)
            last = int(features[-1][self._number])
            if not found.get("exceededTransferLimit") and len(features) < self._rows:
                return

    def _ask(self, path: str, params: dict[str, str]) -> Answer:
        answer = self._web.get(self._address + path, {"f": "json", **params})
        found = answer.json()
        if not isinstance(found, dict) or "error" in found:  # refusals come with status 200
            said = found.get("error", {}).get("message", "") if isinstance(found, dict) else ""
            raise SourceRefused(
                f"The feature service refused: {said or 'it gave no reason'}.", "Check url and where in [sources]."
            )
        return answer

    def _text(self, row: dict[str, Any], column: Column) -> str | None:
        value = row.get(column.name)
        if value is None or value == "":
            return None
        if column.kind == _DATE and isinstance(value, int | float):
            return (_START + timedelta(milliseconds=value)).isoformat(timespec="seconds")
        return value if isinstance(value, str) else f"{value}"
