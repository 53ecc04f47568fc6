"""A mirror moves from one verified state to the next, and never forgets what a publisher once signed."""

from __future__ import annotations

import os
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from comity.cli.mirror import command
from comity.errors import ComityError
from comity.ledger import Checkpoint, Log, Signer, seal_files, start_ledger, verify
from comity.ledger.authority import rotate_key
from comity.ledger.mirror import mirror

TABLE = "releases/stops/2016/v1/tables/stops.csv"


@pytest.fixture
def served(public):
    asked: list[str] = []

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(public)))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def files_of(folder: Path) -> dict[str, bytes]:
    top = folder.resolve()
    return {str(path.relative_to(top)): path.read_bytes() for path in sorted(top.rglob("*")) if path.is_file()}


def add_calendar(public: Path, signer: Signer, text: str = "{}") -> None:
    (public / "calendar.json").unlink(missing_ok=True)
    (public / "calendar.json").write_text(text)
    seal_files(public, "calendar", ["calendar.json"], signer=signer)


def test_a_mirror_is_the_same_byte_for_byte_and_verifies(served, public, tmp_path):
    done = mirror(served[0], tmp_path / "mirror")

    assert files_of(tmp_path / "mirror" / "public") == files_of(public)
    assert verify(tmp_path / "mirror").is_intact
    assert (done.is_new, done.verification.files) == (True, 8)


def test_a_later_run_fetches_only_what_is_new(served, public, tmp_path, signer):
    url, asked = served
    mirror(url, tmp_path / "mirror")
    before = (tmp_path / "mirror/public" / TABLE).stat().st_ino
    add_calendar(public, signer)
    asked.clear()

    done = mirror(url, tmp_path / "mirror")

    assert not [path for path in asked if "/tables/" in path or path.endswith("release.json")]
    assert files_of(tmp_path / "mirror" / "public") == files_of(public)
    assert (tmp_path / "mirror/public" / TABLE).stat().st_ino == before
    assert done.fetched == 7
    assert len(list((tmp_path / "mirror" / ".states").iterdir())) == 2
    asked.clear()
    assert not mirror(url, tmp_path / "mirror").is_new
    assert set(asked) == {"/ledger/checkpoint"}


def test_many_tiles_are_mirrored_and_kept(served, public, tmp_path, signer):
    url, asked = served
    notices = [b'{"files":{},"kind":"notice","number":%d}' % number for number in range(600)]
    Log(public / "ledger").append(notices, signer=signer)
    mirror(url, tmp_path / "mirror")
    add_calendar(public, signer)
    asked.clear()

    mirror(url, tmp_path / "mirror")

    assert files_of(tmp_path / "mirror" / "public") == files_of(public)
    assert not [path for path in asked if path.endswith(("tile/0/000", "tile/0/001", "entries/000", "entries/001"))]


def test_a_rewritten_history_does_not_replace_the_mirror_and_is_kept_as_proof(served, public, tmp_path, signer):
    mirror(served[0], tmp_path / "mirror")
    before = files_of(tmp_path / "mirror" / "public")
    entries = list(Log(public / "ledger").entries())
    shutil.rmtree(public / "ledger" / "tile")
    (public / "ledger" / "checkpoint").unlink()
    Log(public / "ledger").append([entries[0], *reversed(entries[1:]), entries[1]], signer=signer)
    forged = Log(public / "ledger").checkpoint()

    with pytest.raises(ComityError, match=r"does not continue the one you kept[\s\S]* stays as it was"):
        mirror(served[0], tmp_path / "mirror")

    assert files_of(tmp_path / "mirror" / "public") == before
    proofs = list((tmp_path / "mirror").glob("refused-*"))
    assert [Checkpoint.from_bytes(path.read_bytes()) for path in proofs] == [forged]


def test_an_older_state_or_another_key_does_not_replace_the_mirror(served, public, tmp_path, signer):
    older = tmp_path / "older"
    shutil.copytree(public, older)
    add_calendar(public, signer)
    mirror(served[0], tmp_path / "mirror")
    with pytest.raises(ComityError, match="entries were dropped, or an older state"):
        mirror(older, tmp_path / "mirror")

    thief = Signer.from_seed(signer.name, b"\x09" * 32)
    (tmp_path / "other").mkdir()
    start_ledger(tmp_path / "other", signer=thief)
    with pytest.raises(ComityError, match="signed this ledger anew"):
        mirror(tmp_path / "other", tmp_path / "mirror")

    assert files_of(tmp_path / "mirror" / "public") == files_of(public)


def test_a_mirror_follows_a_publisher_to_a_new_key(served, public, tmp_path, signer):
    mirror(served[0], tmp_path / "mirror")
    rotate_key(public, old=signer, new=Signer.from_seed(signer.name, b"\x11" * 32))

    mirror(served[0], tmp_path / "mirror", vkey=signer.verifier.vkey)

    assert files_of(tmp_path / "mirror" / "public") == files_of(public)


def test_a_tampered_or_missing_file_is_never_mirrored(served, public, tmp_path):
    right = (public / TABLE).read_bytes()
    for other in (right[:-1], right + b"x", right.replace(b"12", b"13")):
        (public / TABLE).write_bytes(other)
        with pytest.raises(ComityError, match=TABLE):
            mirror(served[0], tmp_path / "mirror")
    (public / TABLE).unlink()
    with pytest.raises(ComityError, match="is missing"):
        mirror(served[0], tmp_path / "mirror")

    assert not (tmp_path / "mirror" / "public").exists()
    assert list((tmp_path / "mirror" / ".states").iterdir()) == []


def test_a_file_damaged_in_the_mirror_is_fetched_again(served, public, tmp_path, signer):
    mirror(served[0], tmp_path / "mirror")
    (tmp_path / "mirror/public" / TABLE).write_bytes(b"rotten")

    mirror(served[0], tmp_path / "mirror")
    assert files_of(tmp_path / "mirror" / "public") == files_of(public)
    (tmp_path / "mirror/public" / TABLE).write_bytes(b"rotten")
    add_calendar(public, signer)

    mirror(served[0], tmp_path / "mirror")

    assert files_of(tmp_path / "mirror" / "public") == files_of(public)


def test_what_the_ledger_does_not_name_is_not_copied(served, public, tmp_path):
    (public / "unnamed.txt").write_text("x")

    mirror(served[0], tmp_path / "mirror")

    assert not (tmp_path / "mirror" / "public" / "unnamed.txt").exists()
    assert verify(tmp_path / "mirror").is_intact


def test_a_run_that_was_killed_is_finished_by_the_next(served, public, tmp_path, signer):
    mirror(served[0], tmp_path / "mirror")
    before = files_of(tmp_path / "mirror" / "public")
    (tmp_path / "mirror" / ".states" / "new" / "ledger").mkdir(parents=True)
    os.symlink("nowhere", tmp_path / "mirror" / ".public.new")
    add_calendar(public, signer)
    assert files_of(tmp_path / "mirror" / "public") == before

    mirror(served[0], tmp_path / "mirror")

    assert files_of(tmp_path / "mirror" / "public") == files_of(public)
    assert sorted(path.name for path in (tmp_path / "mirror").iterdir()) == [".states", "public"]


def test_the_command_says_what_the_mirror_holds(served, tmp_path):
    run = CliRunner().invoke

    first = run(command, [served[0], str(tmp_path / "mirror")])
    again = run(command, [served[0], str(tmp_path / "mirror"), "--json"])

    assert first.exit_code == again.exit_code == 0
    assert "holds 8 files and 4 ledger entries of data.example.gov/police; " in first.output
    assert '"new": false' in again.output
    assert "Example:" in run(command, ["--help"]).output
