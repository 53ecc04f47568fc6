"""A Socrata data set (SODA 2.1): pages by the row's own identifier, so that a row added meanwhile shifts nothing.

Address: https://data.example.gov/resource/abcd-1234. Columns come from the X-SODA2 headers, because JSON rows leave empty
values out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from comity.sources.pages import Column, Page, SourceRefused
from comity.sources.web import Answer, Web

_ROW = ":id"


class Socrata:
    """One reading of a data set. where: a SoQL condition, "" for all rows."""

    def __init__(self, web: Web, address: str, *, page_rows: int, where: str = "") -> None:
        self._web, self._address, self._rows, self._where = (
            web,
            f"{address.removesuffix('.json')}.json",
            page_rows,
            where,
        )
        first = self._ask({"$select": f"{_ROW},*", "$order": _ROW, "$limit": "0"})
        self.columns: Sequence[Column] = _columns(first)

    def expected_rows(self) -> int | None:
        answer = self._ask({"$select": "count(*) as n"}).json()
        try:
            return int(answer[0]["n"])
        except (LookupError, TypeError, ValueError):
            return None

    def pages(self) -> Iterator[Page]:
        last = ""
        while True:
            beyond = f"{_ROW} > '{last}'" if last else ""
            answer = self._ask({"$select": f"{_ROW},*", "$order": _ROW, "$limit": str(self._rows)}, beyond)
            rows = answer.json()
            if not isinstance(rows, list) or not all(isinstance(row, dict) and _ROW in row for row in rows):
                raise SourceRefused(
                    "The answer is not a list of rows with their identifiers.", "Check that url names a data set."
                )
            if not rows:
                return
            yield Page([[_text(row.get(each.name)) for each in self.columns] for row in rows], answer.content)
            if rows[-1][_ROW] == last:
                raise SourceRefused("The same page came twice.", "Try again later; nothing was changed.")
            last = rows[-1][_ROW]

    def _ask(self, params: dict[str, str], also: str = "") -> Answer:
        conditions = " AND ".join(f"({each})" for each in (self._where, also) if each)
        return self._web.get(self._address, {**params, **({"$where": conditions} if conditions else {})})


def _columns(answer: Answer) -> list[Column]:
    try:
        names = json.loads(answer.headers["x-soda2-fields"])
        kinds = json.loads(answer.headers["x-soda2-types"])
    except (KeyError, ValueError):
        raise SourceRefused(
            "The service does not say which columns it has, so it is not Socrata.", "Check kind and url in [sources]."
        ) from None
    return [Column(name, kind) for name, kind in zip(names, kinds, strict=True) if name != _ROW]


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
