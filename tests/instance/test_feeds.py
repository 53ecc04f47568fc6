"""Nothing is published from a feed that changed unexplained, and its readers get the explanation."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime, timedelta

import pytest

from comity.instance.feeds import FeedChanged
from comity.instance.publish import publish
from comity.sources import accept, fetch, read_sources

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def fed(small_agency):
    """An agency whose dataset is read from a watched folder; and a function that leaves a share of the rows there."""
    settings = small_agency / "comity.toml"
    content = settings.read_text()
    line = next(each for each in content.splitlines() if each.startswith("files = "))
    source = next(small_agency.glob(json.loads(line.split("=", 1)[1])[0]))
    rows = source.read_text().splitlines(keepends=True)
    drop = small_agency / "drop"
    drop.mkdir()
    settings.write_text(
        content.replace(line, 'files = ["sources/stops/current.csv"]')
        + f'\n[sources.stops]\nkind = "folder"\nurl = "{drop}/*.csv"\n'
    )

    def leave(share, day):
        path = drop / f"export-{day}.csv"
        path.write_text("".join(rows[: 1 + int((len(rows) - 1) * share)]))
        os.utime(path, (NOW.timestamp() - 600 + day,) * 2)
        fetch(small_agency, read_sources(small_agency)["stops"], now=NOW + timedelta(days=day))

    return small_agency, leave


def test_a_feed_that_shrank_stops_publishing_until_the_reason_is_given_to_readers(fed):
    folder, leave = fed
    leave(1, 0)
    publish(folder, today=date(2026, 11, 20))
    leave(0.9, 1)
    with pytest.raises(FeedChanged, match="rows and has"):
        publish(folder, today=date(2026, 11, 22))

    reason = {"en": "Test entries were removed.", "es": "Se quitaron registros de prueba."}
    accept(folder, "stops", because=reason, now=NOW + timedelta(days=2))
    publish(folder, today=date(2026, 11, 23), because=reason)

    newest = sorted((folder / "public").glob("releases/*/*/v2/quality.json"))[0]
    assert json.loads(newest.read_text())["source_changes"] == [{"day": "2026-11-22", "because": reason}]
