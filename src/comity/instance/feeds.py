"""The feeds of a dataset: nothing is built on one that changed unexplained, and every explanation reaches the readers."""

from __future__ import annotations

from typing import Any

from comity.errors import ComityError
from comity.instance.settings import Dataset, Instance
from comity.sources import read_history, read_sources
from comity.sources.history import ACCEPTED, WAITING


class FeedChanged(ComityError):
    """A feed changed, and nobody has said why."""


def feeds_of(instance: Instance, dataset: Dataset) -> tuple[str, ...]:
    """Names of the sources in comity.toml whose rows are among the files of `dataset`."""
    files = {path.resolve() for pattern in dataset.files for path in instance.folder.glob(pattern)}
    return tuple(
        name
        for name in read_sources(instance.folder)
        if (instance.folder / "sources" / name / "current.csv").resolve() in files
    )


def check_feeds(instance: Instance, dataset: Dataset) -> None:
    """Raises FeedChanged while a fetch of a source of `dataset` waits to be accepted."""
    for name in feeds_of(instance, dataset):
        history = read_history(instance.folder, name)
        if history and history[-1].state == WAITING:
            raise FeedChanged(
                f"The source '{name}' has changed since its rows were taken: {' '.join(history[-1].alarms)}",
                f"Find out why, then: comity fetch {name} --accept --because ...",
            )


def source_changes(instance: Instance, dataset: Dataset) -> dict[str, list[dict[str, Any]]]:
    """`source_changes` of the account of quality: day and reason of every change of a source that was accepted; or nothing."""
    found = [
        {"day": each.at[:10], "because": dict(each.because)}
        for name in feeds_of(instance, dataset)
        for each in read_history(instance.folder, name)
        if each.state == ACCEPTED
    ]
    return {"source_changes": found} if found else {}
