"""What an instance states beside its numbers: who it is, its places, its promises and the breaks in its series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from comity.instance.settings import Dataset, Instance
from comity.population import match_areas, read_areas
from comity.releases.publish import Accountability


def standing_files(instance: Instance, dataset: Dataset | None = None, places: Sequence[str] = ()) -> dict[str, Any]:
    """agency.json and, with a dataset, the outlines of its `places`, as release-json.md has them."""
    agency = instance.agency
    files: dict[str, Any] = {
        "agency.json": {
            "name": dict(agency.name),
            "languages": list(agency.languages),
            "notice": dict(agency.notice) or None,
            "sample": agency.is_sample,
            "website": agency.url or None,
            "contact": {"name": dict(agency.name), "email": agency.contact} if agency.contact else None,
            "time_zone": agency.time_zone,
        },
    }
    if dataset and dataset.areas and dataset.place:
        areas = read_areas(instance.folder / dataset.areas, name=dataset.areas_name)
        matched = match_areas(areas, places)
        about = {"attribution": dict(areas.attribution)} if areas.attribution else {}
        files[f"areas/{dataset.place}.geojson"] = {**about, **matched.as_geojson()}
    return files


def account_of(instance: Instance, dataset: Dataset | None = None) -> Accountability:
    """Promises and breaks as comity.toml states them, with what `dataset` leaves out."""
    return Accountability(
        promises=instance.calendar,
        breaks=[each for known in instance.datasets.values() for each in known.breaks],
        left_out=dataset.left_out if dataset else {},
    )
