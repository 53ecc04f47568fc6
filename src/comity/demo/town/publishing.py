"""Makes the invented town's instance once and publishes its two quarters; afterwards leaves it as it was."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from comity.demo.town.records import SEARCHED, write_stops
from comity.instance.create import create_instance
from comity.instance.publish import Progress, publish
from comity.instance.settings import SETTINGS_FILE

SEED = 2015


def publish_town(folder: Path, *, today: date, progress: Progress = lambda step, share: None) -> None:
    """The instance in `folder` with two quarters published. Raises what `create_instance` and `publish` raise."""
    if not (folder / SETTINGS_FILE).exists():
        create_instance(folder, origin="comity-demo/sample-town", template="comity.demo.town")
    for period in SEARCHED:
        if not list((folder / "public").glob(f"releases/sample_stops/{period}")):
            write_stops(folder / "sources" / f"sample-stops-{period}.csv", period, seed=SEED)
            _name_period(folder / SETTINGS_FILE, period)
            publish(folder, today=today, progress=progress)


def _name_period(settings: Path, period: str) -> None:
    """Lets the dataset read `period`, as an analyst does each quarter."""
    content = settings.read_text(encoding="utf-8")
    for each in SEARCHED:
        content = content.replace(f"sample-stops-{each}.csv", f"sample-stops-{period}.csv")
        content = content.replace(f'\nperiod = "{each}"', f'\nperiod = "{period}"')
    settings.write_text(content, encoding="utf-8")
