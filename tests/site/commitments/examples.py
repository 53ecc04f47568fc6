"""Commitments to look at: a public folder beside the store, measures bound to its numbers, and a commitment in each state."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

RELEASE = "stops/2017/v2"
SEARCHED = {"cell": {"subject_race": "black", "search_person": "yes"}, "base": {"subject_race": "black"}}


def measure(kind: str = "share", **more):
    from comity.site.commitments.released import Measure

    if kind == "finding":
        return Measure("finding", "stops", finding="search-rate:black:white", **more)
    cell = SEARCHED if kind == "share" else {"cell": SEARCHED["cell"]}
    return Measure(kind, "stops", table="searches_by_group", **{**cell, **more})


def proposal(measure_=None, **more):
    from comity.site.commitments.terms import Proposal

    given = {
        "due": date(2018, 9, 30), "release": RELEASE, "measure": measure_ or measure(), "wants": "down", "size": 0.02,
        "size_is": "absolute", "first_period": "2018",
    }  # fmt: skip
    return Proposal(**{**given, **more})


def wording(**more):
    from comity.site.commitments.actions import Wording

    given = {
        "title": "Fewer searches of people in stopped cars", "said": "One in seven Black people in stopped cars is searched.",
        "plan": "A supervisor approves each consent search.", "language": "en", "topic": "stops", "source": "finding",
        "source_release": RELEASE, "source_finding": "search-rate:black:white",
    }  # fmt: skip
    return Wording(**{**given, **more})


def make(town, *, owner="chief", **more):
    """A commitment of the sample town. more: fields of its wording and of its proposal."""
    from django.conf import settings

    from comity.site.commitments.actions import make_commitment
    from comity.site.commitments.released import catalogue

    of_terms = {
        key: more.pop(key) for key in ("measure_", "due", "wants", "size", "size_is", "first_period") if key in more
    }
    people = town.people
    return make_commitment(
        wording(**more), proposal(**of_terms), owner=people[owner], by=people["chief"], found=catalogue(settings.PUBLIC)
    )


def accepted(town, **more):
    from comity.site.commitments.actions import accept_commitment

    found = make(town, **more)
    accept_commitment(found, by=found.owner)
    return found


def with_evidence(town, **more):
    from comity.site.commitments.actions import give_evidence

    found = accepted(town, **more)
    give_evidence(found, by=town.people["chief"], text="The order is in force.", link="https://example.org/order")
    return found


def verified(town, verdict="partly", **more):
    from comity.site.commitments.actions import verify_commitment

    found = with_evidence(town, **more)
    verify_commitment(found, by=town.people["community-leader"], verdict=verdict, text="We read the order.")
    return found


def closed(town, verdict="done", **more):
    from comity.site.commitments.actions import close_commitment

    found = verified(town, **more)
    close_commitment(found, by=town.people["chief"], verdict=verdict, text="The order is in force since June.")
    return found


def release_2018(
    public: Path, *, searched: int = 900, stopped: int = 9000, period: str = "2018", version: int = 1
) -> Path:
    """A later release like that of 2017, in which `searched` of `stopped` Black people were searched; None hides the count."""
    folder = public / "releases" / "stops" / period / f"v{version}"
    shutil.copytree(public / "releases" / "stops" / "2017" / "v2", folder)
    described = json.loads((folder / "release.json").read_text())
    described |= {
        "id": f"stops/{period}/v{version}", "period": period, "version": version, "published": "2019-03-29",
        "covers": {"from": "2018-01-01", "to": "2018-12-31"}, "supersedes": None,
    }  # fmt: skip
    (folder / "release.json").write_text(json.dumps(described))
    path = folder / "tables" / "searches_by_group.parquet"
    rows = pq.read_table(path).to_pylist()
    for row in rows:
        if row["subject_race"] == "black" and row["search_person"] in ("yes", "all"):
            row["count"] = searched if row["search_person"] == "yes" else stopped
            row["status"] = "published" if row["count"] is not None else "suppressed"
    pq.write_table(pa.Table.from_pylist(rows, schema=pq.read_schema(path)), path)
    _seal_digests(folder)
    touch(public)
    return folder


def change_json(path: Path, change) -> None:
    """Rewrites a JSON file of a release as `change` leaves it."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    _seal_digests(path.parent)
    touch(path.parents[4])


def _seal_digests(folder: Path) -> None:
    import hashlib

    files = {
        path.relative_to(folder).as_posix(): {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }
    (folder / "manifest.json").write_text(json.dumps({"files": files}))


def touch(public: Path) -> None:
    """A new state of the folder, as publishing leaves one."""
    checkpoint = public / "ledger" / "checkpoint"
    content = checkpoint.read_bytes()
    checkpoint.unlink()
    checkpoint.write_bytes(content + b" ")


def examples(town) -> dict[str, dict]:
    """View name -> the arguments of an address of it that exists, of the sample town."""
    from comity.site.commitments import evidence
    from comity.site.commitments.actions import give_evidence
    from comity.site.commitments.following import ask_to_follow, receipt_code
    from comity.site.commitments.models import Follower

    found = with_evidence(town)
    digest, kind = evidence.keep(PNG)
    step = give_evidence(found, by=town.people["chief"], file=digest, file_kind=kind)
    ask_to_follow(found, "resident@example.org")
    token = Follower.objects.get(commitment=found).token
    number = {"number": found.pk}
    return {
        **dict.fromkeys(
            (
                "commitments:commitment", "commitments:commitment_feed", "commitments:follow", "commitments:office_commitment",
                "commitments:accept", "commitments:evidence", "commitments:verify", "commitments:close", "commitments:reopen",
                "commitments:stand", "commitments:change", "commitments:receipt", "commitments:move_due",
            ),
            number,
        ),
        "commitments-files:evidence_file": {**number, "step": step.number},
        "commitments:following": {"token": token},
        "commitments:leaving": {"token": token},
        "commitments:since": {"code": receipt_code(found.pk, 1)},
    }  # fmt: skip


def _chunk(kind: bytes, content: bytes) -> bytes:
    import zlib

    return len(content).to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", bytes([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]))
    + _chunk(b"tEXt", b"Comment\x00taken at home")
    + _chunk(b"IDAT", bytes.fromhex("789c6360000000020001"))
    + _chunk(b"IEND", b"")
)
