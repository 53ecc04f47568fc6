"""One address of each page of the portal, in the small public folder."""

from __future__ import annotations

VERSION = {"dataset": "stops", "period": "2017", "version": 2}
TABLE = {**VERSION, "table": "searches_by_group"}


def examples(town) -> dict[str, dict]:
    pages = ("release", "release-changes", "release-dictionary", "release-methods", "release-quality")
    tables = ("explore", "explore-csv", "api:table", "api:crossing", "api:rows")
    return {
        "dataset": {"dataset": "stops"},
        "period": {"dataset": "stops", "period": "2017"},
        "promise": {"dataset": "stops", "period": "2018-q1"},
        "place": {"dimension": "neighborhood", "place": "holland"},
        "public-file": {"name": "agency.json"},
        "api:over_time": {"dataset": "stops", "table": "searches_by_group"},
        "api:finding": {**VERSION, "finding": "search-rate"},
        **dict.fromkeys((*pages, "api:release", "api:changes", "api:findings"), VERSION),
        **dict.fromkeys(tables, TABLE),
    }
