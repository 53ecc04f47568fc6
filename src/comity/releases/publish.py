"""Seals files into the public folder: a release, who the agency is, what is promised, outlines of places.

Everything of one call becomes public in one step (`states`), and publishing the same again changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from comity.disclosure import PublishedRelease, read_public
from comity.errors import ComityError
from comity.ledger import Log, Signer, seal_files, start_ledger, verify
from comity.releases.build import Built, Progress, build_release
from comity.releases.draft import Draft
from comity.releases.render import json_bytes
from comity.releases.states import next_state, write_file


class CannotSeal(ComityError):
    """The public folder is not what its own log says, so nothing is added to it."""


@dataclass(frozen=True)
class Sealed:
    """What is public after a call. is_new: False when the very same release was there already. checkpoint: its text."""

    release: str
    is_new: bool
    checkpoint: str


def publish_draft(
    folder: Path,
    draft: Draft,
    standing: Mapping[str, Any],
    *,
    signer: Signer,
    today: date,
    progress: Progress = lambda step, share: None,
) -> tuple[Built, Sealed]:
    """Protects, writes and seals `draft` into the public folder of the instance in `folder`; call inside `only_publisher`.

    standing: files that stand beside the releases and may change, path -> JSON value (agency.json, calendar.json,
    areas/<dimension>.geojson). A release equal to its latest version is not published again. Raises CannotSeal when the
    public folder does not verify under this key.
    """
    public = folder / "public"
    earlier: list[PublishedRelease] = []
    if public.exists():
        _refuse_a_damaged_folder(public, signer)
        earlier = [each for each in read_public(public) if each.dataset == draft.dataset]
    version = latest_version(public, draft.folder)
    before = next(
        (at for at, each in enumerate(earlier) if (each.period, each.version) == (draft.period, version)), None
    )
    # The latest version of this period knew only what was public before it.
    built = build_release(draft, earlier=earlier[:before], progress=progress)
    if version and _is_same(built, public, version):
        return built, _seal(folder, built, standing, number=version, is_new=False, signer=signer, today=today)
    if version:
        built = build_release(draft, earlier=earlier, progress=progress)
    return built, _seal(folder, built, standing, number=version + 1, is_new=True, signer=signer, today=today)


def latest_version(public: Path, release_folder: str) -> int:
    """The newest version number below `release_folder` (from the public folder), or 0."""
    folder = public / release_folder
    return max((int(each.name[1:]) for each in folder.glob("v*") if each.name[1:].isdigit()), default=0)


def _seal(
    folder: Path, built: Built, standing: Mapping[str, Any], *, number: int, is_new: bool, signer: Signer, today: date
) -> Sealed:
    """Makes the release (when it is new) and whatever changed in `standing` public in one step."""
    public = folder / "public"
    changed = {
        path: content
        for path, content in ((path, json_bytes(value)) for path, value in standing.items())
        if not (public / path).is_file() or (public / path).read_bytes() != content
    }
    if is_new or changed:
        with next_state(folder) as state:
            if not (state / "ledger").exists():
                start_ledger(state, signer=signer, extra={"date": today.isoformat()})
            for path, content in changed.items():
                write_file(state / path, content)
                kind = path.split("/")[0].removesuffix(".json")
                seal_files(state, kind, [path], signer=signer, extra={"date": today.isoformat()})
            if is_new:
                _add_version(state, built, number, signer=signer, today=today)
    checkpoint = Log(public / "ledger").checkpoint()
    assert checkpoint is not None
    return Sealed(f"{built.draft.dataset}/{built.draft.period}/v{number}", is_new, checkpoint.text)


def _add_version(state: Path, built: Built, version: int, *, signer: Signer, today: date) -> None:
    path = f"{built.draft.folder}/v{version}"
    for name, content in built.versioned(version=version, published=today).items():
        write_file(state / path / name, content)
    about = {
        "date": today.isoformat(),
        "dataset": built.draft.dataset,
        "period": built.draft.period,
        "version": version,
    }
    seal_files(state, "release", [f"{path}/manifest.json"], signer=signer, extra=about)


def _is_same(built: Built, public: Path, version: int) -> bool:
    """Whether the release would be, byte for byte, the version that is there."""
    there = public / built.draft.folder / f"v{version}"
    published = date.fromisoformat(json.loads((there / "release.json").read_bytes())["published"])
    return (
        built.versioned(version=version, published=published)["manifest.json"] == (there / "manifest.json").read_bytes()
    )


def _refuse_a_damaged_folder(public: Path, signer: Signer) -> None:
    verification = verify(public, vkey=signer.verifier.vkey)
    if verification.problems:
        first = verification.problems[0]
        raise CannotSeal(
            f"The public folder is not what its log says: {first}.",
            "Restore it from a backup or a mirror, then publish again; run comity verify to see everything that is wrong.",
        )
