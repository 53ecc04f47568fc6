"""A small public folder with a ledger, as `comity publish` leaves one."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from comity.ledger import Signer, seal_files, start_ledger

NAME = "data.example.gov/police"


def write_release(public: Path, folder: str, files: dict[str, bytes]) -> str:
    """Write files and a manifest that names them; answers the manifest's path."""
    for name, data in files.items():
        target = public / folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    named = {name: {"sha256": sha256(data).hexdigest(), "bytes": len(data)} for name, data in files.items()}
    (public / folder / "manifest.json").write_text(json.dumps({"files": named}))
    return f"{folder}/manifest.json"


def make_public(public: Path, signer: Signer) -> Path:
    """Four entries: origin, agency, and two releases."""
    public.mkdir(parents=True)
    (public / "agency.json").write_text('{"name": "Example Police"}')
    start_ledger(public, signer=signer)
    seal_files(public, "agency", ["agency.json"], signer=signer)
    for period in ("2016", "2017"):
        tables = {
            "release.json": b'{"period": "' + period.encode() + b'"}',
            "tables/stops.csv": b"group,count\nall,12\n",
        }
        manifest = write_release(public, f"releases/stops/{period}/v1", tables)
        seal_files(public, "release", [manifest], signer=signer, extra={"dataset": "stops", "period": period})
    return public


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer.from_seed(NAME, b"\x07" * 32)


@pytest.fixture
def public(tmp_path: Path, signer: Signer) -> Path:
    return make_public(tmp_path / "public", signer)
