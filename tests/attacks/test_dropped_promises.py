"""Attack: a publisher, or who broke into its server, tampers with promises, corrections, tombstones and breaks.

Promises 2 and 5 of ARCHITECTURE.md. The attacker here may even hold the key: what is never changed and never taken away
is so for the key's owner too.
"""

from __future__ import annotations

import json
import shutil
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from comity.ledger import Log, Signer, read_entries, seal_files, start_ledger, verify
from comity.releases.breaks import Break
from comity.releases.promises import Promise
from comity.releases.publish import Accountability, plan_standing, seal_plan, withdraw_release

SIGNER = Signer.from_seed("data.example.gov/police", b"\x07" * 32)
TEXT = {"en": "Stops", "es": "Paradas"}
DAY = date(2026, 1, 5)
PROMISE = "promises/stops/2026-q2/1.json"
CHANGED = "promises/stops/2026-q2/2.json"
BREAK = "breaks/stops/new-rms.json"
TOMBSTONE = "withdrawals/stops/2026-q1/v1.json"
CHANGES = "releases/stops/2026-q1/v2/changes.json"
FILES = (PROMISE, CHANGED, BREAK, TOMBSTONE, CHANGES)


def write_version(public: Path, version: int) -> None:
    folder = public / f"releases/stops/2026-q1/v{version}"
    files = {"release.json": _release(version), "findings.json": b"{}"} | (
        {"changes.json": b'{"from": "stops/2026-q1/v1"}'} if version > 1 else {}
    )
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    named = {name: {"sha256": sha256(each).hexdigest(), "bytes": len(each)} for name, each in files.items()}
    (folder / "manifest.json").write_text(json.dumps({"files": named}))
    seal_files(public, "release", [f"releases/stops/2026-q1/v{version}/manifest.json"], signer=SIGNER)


def _release(version: int) -> bytes:
    about = {"dataset": "stops", "period": "2026-q1", "version": version, "title": TEXT, "published": "2026-01-04"}
    return json.dumps({**about, "tables": [], "policy": {"minimum": 10}}).encode()


def make_instance(folder: Path) -> Path:
    """A promise and its change, two versions of a release, a break, and the tombstone of version 1."""
    state = folder / ".states" / "000001"
    state.mkdir(parents=True)
    start_ledger(state, signer=SIGNER)
    write_version(state, 1)
    write_version(state, 2)
    (folder / "public").symlink_to(".states/000001")
    promise = Promise("stops", "2026-q2", date(2026, 7, 31), TEXT)
    moved = Promise("stops", "2026-q2", date(2026, 8, 31), TEXT, because=TEXT)
    for promises, breaks in (((promise,), ()), ((moved,), (Break("stops", "new-rms", "2026-q1", TEXT),))):
        account = Accountability(promises, breaks)
        seal_plan(folder, plan_standing(folder, {}, account, signer=SIGNER, today=DAY), signer=SIGNER, today=DAY)
    withdraw_release(folder, "stops/2026-q1/v1", by=TEXT, reason=TEXT, signer=SIGNER, today=DAY, keep_differences=True)
    return folder / "public"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory) -> Path:
    return make_instance(tmp_path_factory.mktemp("pristine"))


@pytest.fixture
def public(pristine, tmp_path) -> Path:
    return shutil.copytree(pristine.resolve(), tmp_path / "public")


def wrong(public: Path, **kept: object) -> list[str]:
    return [each.path for each in verify(public, **kept).problems]


def test_the_untouched_folder_is_intact_and_holds_one_of_each(public):
    assert wrong(public) == []
    assert all((public / name).is_file() for name in FILES)
    assert not (public / "releases/stops/2026-q1/v1").exists()
    assert [each.kind for each in read_entries(public)] == [
        "origin", "release", "release", "promise", "promise", "break", "withdrawal",
    ]  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_every_flipped_byte_is_found_and_the_file_named(public, name):
    target = public / name
    right = target.read_bytes()

    for at in range(len(right)):
        target.write_bytes(right[:at] + bytes([right[at] ^ 1 << at % 8]) + right[at + 1 :])
        assert wrong(public)[:1] == [name], at


@pytest.mark.parametrize("name", FILES)
def test_a_deleted_renamed_emptied_or_swapped_file_is_named(public, name):
    target, other = public / name, public / next(each for each in FILES if each != name)
    right, theirs = target.read_bytes(), other.read_bytes()

    target.unlink()
    assert wrong(public)[:1] == [name]
    for content in (b"", right[:-1], right + b"\n", theirs):
        target.write_bytes(content)
        assert wrong(public)[:1] == [name], content
    target.write_bytes(right)
    target.rename(f"{target}0")
    assert set(wrong(public)) == {name, f"{name}0"}


@pytest.mark.parametrize(
    "name", ["promises/stops/2026-q2/3.json", "breaks/stops/x.json", "withdrawals/stops/2026-q1/v2.json"]
)
def test_a_step_break_or_tombstone_that_nobody_sealed_is_named(public, name):
    shutil.copy(public / PROMISE, public / name)

    assert wrong(public) == [name]


def test_a_withdrawn_version_put_back_is_named(public):
    write = public / "releases/stops/2026-q1/v1"
    write.mkdir()
    (write / "release.json").write_bytes(_release(1))

    assert wrong(public) == ["releases/stops/2026-q1/v1/release.json"]


@pytest.mark.parametrize("dropped", range(3, 7))
def test_a_log_without_one_entry_or_with_two_swapped_is_a_fork(public, tmp_path, dropped):
    entries = list(Log(public / "ledger").entries())
    swapped = [*entries]
    swapped[dropped - 1 : dropped + 1] = reversed(swapped[dropped - 1 : dropped + 1])
    kept = (public / "ledger" / "checkpoint").read_bytes()

    for number, other in enumerate((entries[:dropped] + entries[dropped + 1 :], swapped)):
        forged = Log(tmp_path / f"{number}")
        forged.append(other, signer=SIGNER)
        shutil.rmtree(public / "ledger" / "tile")
        shutil.copytree(forged.folder / "tile", public / "ledger" / "tile")
        (public / "ledger" / "checkpoint").write_bytes(kept)
        assert wrong(public)[0].startswith("ledger/")  # the old checkpoint over another log
        (public / "ledger" / "checkpoint").write_bytes((forged.folder / "checkpoint").read_bytes())
        assert "ledger/checkpoint" in wrong(public, since=kept)  # a history signed anew with the publisher's own key


def test_an_older_state_is_found_with_a_checkpoint_from_after_the_promise(pristine, tmp_path):
    kept = (pristine / "ledger" / "checkpoint").read_bytes()
    older = tmp_path / "older"
    older.mkdir()
    start_ledger(older, signer=SIGNER)

    assert "entries were dropped, or an older state was put back" in str(verify(older, since=kept).problems[0])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (PROMISE, "was taken away in entry 7; what it says stays for ever."),
        (BREAK, "was taken away in entry 7; what it says stays for ever."),
        (TOMBSTONE, "was taken away in entry 7; what it says stays for ever."),
        (
            "releases/stops/2026-q1/v2/manifest.json",
            "was taken away in entry 7 without a tombstone that says who and why.",
        ),
    ],
)
def test_who_has_the_key_cannot_take_a_promise_or_a_release_away_without_a_word(public, name, said):
    seal_files(public, "notice", [], withdrawn=[name], signer=SIGNER)
    (public / name).unlink()
    if name.startswith("releases/"):
        shutil.rmtree((public / name).parent)

    assert str(verify(public).problems[0]) == f"{name} {said}"


@pytest.mark.parametrize(("name", "kind"), [(PROMISE, "promise"), (BREAK, "break"), (TOMBSTONE, "withdrawal")])
def test_who_has_the_key_cannot_make_a_promise_break_or_tombstone_say_something_else(public, name, kind):
    (public / name).write_text((public / name).read_text().replace("2026-01-05", "2026-09-30"))
    seal_files(public, "promise", [name], signer=SIGNER)

    assert (
        str(verify(public).problems[0])
        == f"{name} was sealed again with other content in entry 7; a {kind} never changes."
    )


def test_a_withdrawn_version_cannot_be_sealed_back(public, tmp_path):
    write = make_instance(tmp_path / "again")  # has the same version 1 in its private folder
    shutil.copytree(write.parent / "withdrawn/releases/stops/2026-q1/v1", public / "releases/stops/2026-q1/v1")
    seal_files(public, "release", ["releases/stops/2026-q1/v1/manifest.json"], signer=SIGNER)

    assert str(verify(public).problems[0]) == (
        "releases/stops/2026-q1/v1/manifest.json was withdrawn and is put back by entry 7; a withdrawal is for good."
    )
