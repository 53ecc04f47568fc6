"""Killed at any writing system call, an act leaves the whole old state or the whole new one, and the next run finishes it.

Acts: to promise, publish, correct, withdraw, and to rotate the key; with and without a witness that must sign before.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pyarrow as pa
import pytest

from comity.cli.rotate_key import replace_key
from comity.disclosure import CountTable, Policy
from comity.instance.settings import WitnessAddress
from comity.instance.witnesses import countersigning, finish_what_waits
from comity.ledger import Signer, create_key, verify
from comity.ledger.authority import require_witnesses
from comity.ledger.witness import Witness
from comity.releases.draft import Code, Column, Draft, DraftTable
from comity.releases.promises import Promise
from comity.releases.publish import Accountability, plan_standing, publish_draft, seal_plan, withdraw_release
from comity.releases.states import next_state, only_publisher

_spec = spec_from_file_location("killed", Path(__file__).parents[1] / "reference" / "killed.py")
_killed = module_from_spec(_spec)
_spec.loader.exec_module(_killed)
is_killed = _killed.is_killed

DAY = date(2026, 4, 2)
TEXT = {"en": "Stops"}
PROMISE = Promise("stops", "2026-q2", date(2026, 7, 31), TEXT)

Act = Callable[[Path], None]


def draft(*, beat_1: int) -> Draft:
    """A release with one table, nothing in it to hide."""
    counts = pa.table({"beat": ["1", "2"], "count": pa.array([beat_1, 40], pa.int64())})
    table = CountTable("stops_by_beat", "stops", ("beat",), counts, {"beat": ("1", "2")})
    column = Column("beat", TEXT, TEXT, [Code("1", TEXT), Code("2", TEXT)])
    return Draft(
        dataset="stops",
        period="2026-q1",
        title=TEXT,
        languages=["en"],
        agency=TEXT,
        measure_label=TEXT,
        tables=[DraftTable(table, TEXT)],
        columns={"beat": column},
        policy=Policy(minimum=10),
        policy_reason=TEXT,
        correction=TEXT,
    )


class Town:
    """An instance with or without a witness: how it acts, as the verbs do."""

    def __init__(self, witness: Witness | None) -> None:
        self.witness = witness
        self.day = DAY
        self.addresses = [WitnessAddress("witness:", witness.signer.verifier.vkey)] if witness else []

    def post(self, url: str, body: bytes) -> tuple[int, bytes]:
        assert self.witness
        answer = self.witness.add_checkpoint(body, time=1_790_000_000)
        return answer.status, answer.body

    def act(self, folder: Path, seal: Callable[[Path, Signer, object], None]) -> None:
        signer = Signer.load(folder / "keys" / "ledger.key")
        with only_publisher(folder):
            finish_what_waits(folder, self.addresses, self.post)
            seal(folder, signer, countersigning(folder / "public", self.addresses, self.post))

    def promise(self, folder: Path) -> None:
        def seal(folder, signer, countersign):
            plan = plan_standing(folder, {}, Accountability([PROMISE]), signer=signer, today=self.day)
            seal_plan(folder, plan, signer=signer, today=self.day, countersign=countersign)

        self.act(folder, seal)

    def publish(self, folder: Path, *, beat_1: int = 30) -> None:
        def seal(folder, signer, countersign):
            made = draft(beat_1=beat_1)
            about = {"signer": signer, "today": self.day, "countersign": countersign}
            publish_draft(folder, made, {"agency.json": TEXT}, **about)

        self.act(folder, seal)

    def correct(self, folder: Path) -> None:
        self.publish(folder, beat_1=35)

    def withdraw(self, folder: Path) -> None:
        def seal(folder, signer, countersign):
            if (folder / "public/withdrawals/stops/2026-q1/v1.json").exists():
                return  # the killed run had come to its end
            about = {"by": TEXT, "reason": TEXT, "signer": signer, "today": self.day, "countersign": countersign}
            withdraw_release(folder, "stops/2026-q1/v1", **about)

        self.act(folder, seal)

    def rotate_key(self, folder: Path) -> None:
        if not list((folder / "keys").glob("ledger.key.????????")):
            replace_key(folder)


def contents(folder: Path) -> dict[str, bytes]:
    public = folder / "public"
    return {str(each.relative_to(public)): each.read_bytes() for each in public.rglob("*") if each.is_file()}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """An instance with a published release, and before it one without anything public."""
    folder = tmp_path_factory.mktemp("base") / "town"
    create_key(folder / "keys" / "ledger.key", "our-town/comity")
    empty = shutil.copytree(folder, folder.with_name("empty"))
    Town(None).publish(folder)
    return {"empty": empty, "published": folder}


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    monkeypatch.setattr(os, "sync", lambda: None)


ACTS = [
    ("promise", "empty"),
    ("promise", "published"),
    ("publish", "empty"),
    ("correct", "published"),
    ("withdraw", "published"),
    ("rotate_key", "published"),
]


def run(base: Path, tmp_path: Path, name: str, *, witnessed: bool, every: int) -> tuple[int, list[str]]:
    """Kill the act before each `every`-th writing call; how many kills, and which state each left."""
    started = base
    if witnessed:
        started = shutil.copytree(base, tmp_path / "witnessed", symlinks=True)
        made = Witness.create(tmp_path / "witness", "witness.example.org")
        signer = Signer.load(started / "keys" / "ledger.key")
        made.follow(signer.verifier)
        with next_state(started) as state:
            require_witnesses(state, [made.signer.verifier], need=1, signer=signer)
        Town(made).act(started, lambda *_: None)
    old, left, at = contents(started), [], 0
    while True:
        folder = shutil.copytree(started, tmp_path / f"{at}", symlinks=True)
        town = Town(None)
        if witnessed:
            shutil.copytree(tmp_path / "witness", tmp_path / f"witness-{at}")
            town = Town(Witness(tmp_path / f"witness-{at}"))
        act: Act = getattr(town, name)
        killed = is_killed(lambda folder=folder, act=act: act(folder), at=at)
        found = contents(folder)
        if found:
            assert verify(folder / "public").problems == (), at
        left.append("old" if found == old else "new")

        if witnessed:
            town.day += timedelta(days=1)  # so that an act made anew would be another history
        act(folder)

        finished = contents(folder)
        assert verify(folder / "public").problems == (), at
        assert finished != old
        assert left[-1] == "old" or finished == found, at
        left_over = {each.name for each in (folder / ".states").iterdir() if not each.name.isdigit()}
        assert left_over <= {f"{(folder / 'public').resolve().name}.waiting"}, at  # the next act removes that
        names = {name: content for name, content in finished.items() if not name.startswith("ledger/")}
        if at == 0:
            wanted = names
        assert witnessed or names == wanted, at
        if not killed:
            return at // every, left
        for each in (folder, tmp_path / f"witness-{at}"):
            shutil.rmtree(each, ignore_errors=True)
        at += every


@pytest.mark.parametrize(("name", "start"), ACTS)
def test_a_kill_leaves_the_old_state_or_the_new_and_the_next_run_finishes(base, tmp_path, name, start):
    kills, left = run(base[start], tmp_path, name, witnessed=False, every=19)

    assert kills >= 3
    assert left == sorted(left, reverse=True)  # old, old, ..., new


@pytest.mark.slow
@pytest.mark.parametrize(("name", "start"), ACTS)
def test_a_kill_at_every_writing_call_leaves_the_old_state_or_the_new(base, tmp_path, name, start):
    kills, left = run(base[start], tmp_path, name, witnessed=False, every=1)

    assert kills >= 30
    assert left == sorted(left, reverse=True)
    assert set(left) == {"old", "new"}


@pytest.mark.parametrize("name", ["promise", "withdraw"])
def test_with_a_witness_no_kill_makes_it_see_a_second_history(base, tmp_path, name):
    kills, left = run(base["published"], tmp_path, name, witnessed=True, every=13)

    assert kills >= 5
    assert set(left) == {"old", "new"}
