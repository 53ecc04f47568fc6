"""A server that lies, floods, stalls or talks nonsense gets one sentence from `comity verify` and `comity mirror`."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from comity.errors import ComityError
from comity.ledger import Checkpoint, Log, Signer, seal_files, start_ledger, verify
from comity.ledger.mirror import mirror
from comity.ledger.sources import Served

SIGNER = Signer.from_seed("data.example.gov/police", b"\x07" * 32)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    public = tmp_path / "public"
    public.mkdir()
    (public / "agency.json").write_text('{"name": "Example Police"}')
    start_ledger(public, signer=SIGNER)
    seal_files(public, "agency", ["agency.json"], signer=SIGNER)
    return {f"/{path.relative_to(public)}": path.read_bytes() for path in public.rglob("*") if path.is_file()}


@contextmanager
def server(answer) -> Iterator[str]:
    """Answers every GET by `answer(handler)`, which writes what it likes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                answer(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{running.server_port}"
    finally:
        running.shutdown()
        running.server_close()


def send(handler: BaseHTTPRequestHandler, body: bytes, *, status: int = 200, length: int | None = None) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


def flood(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"0" * 65_536)


def redirect_forever(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(302)
    handler.send_header("Location", handler.path)
    handler.end_headers()


@pytest.mark.parametrize(
    "name", ["/ledger/vkey", "/ledger/tile/entries/000.p/2", "/ledger/tile/0/000.p/2", "/agency.json"]
)
@pytest.mark.parametrize(
    "misbehave",
    [
        flood,
        redirect_forever,
        lambda handler: send(handler, b"", status=500),
        lambda handler: send(handler, b"short", length=5_000),
        lambda handler: send(handler, b"\x00" * 100),
        lambda handler: handler.wfile.write(b"nonsense\r\n\r\n"),
        lambda handler: None,
    ],
    ids=["flood", "redirect", "error", "ends early", "other bytes", "nonsense", "silence"],
)
def test_the_file_that_a_server_does_not_serve_properly_is_named(files, name, misbehave):
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == name:
            misbehave(handler)
        elif handler.path in files:
            send(handler, files[handler.path])
        else:
            send(handler, b"", status=404)

    with server(answer) as url:
        found = verify(url)

    assert found.problems[0].path == name[1:]


@pytest.mark.parametrize(
    "misbehave", [flood, redirect_forever, lambda handler: handler.wfile.write(b"nonsense\r\n\r\n")]
)
def test_a_server_without_a_proper_checkpoint_is_one_sentence(misbehave, tmp_path):
    with server(misbehave) as url:
        with pytest.raises(ComityError, match="ledger/checkpoint is"):
            verify(url)
        with pytest.raises(ComityError, match="ledger/checkpoint is"):
            mirror(url, tmp_path / "mirror")


def test_a_server_that_stalls_is_left(files):
    listening = socket.create_server(("127.0.0.1", 0))

    with pytest.raises(ComityError, match="is not served"):
        Served(f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=0.2)

    listening.close()


def test_a_server_that_drips_is_left(files):
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "90000")
        handler.end_headers()
        for _ in range(90_000):
            handler.wfile.write(b"x")
            time.sleep(0.05)

    with server(drip) as url, pytest.raises(ComityError, match="comes too slowly"):
        Served(url, timeout=0.2, slowest=1_000_000)


def test_a_signed_checkpoint_of_absurd_size_costs_one_request(files):
    asked: list[str] = []
    forged = Checkpoint.signed(SIGNER.name, 19_999_999, b"\x00" * 32, signer=SIGNER)
    files["/ledger/checkpoint"] = forged.to_bytes()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        send(handler, files.get(handler.path, b""), status=200 if handler.path in files else 404)

    with server(answer) as url:
        found = verify(url)

    assert str(found.problems[0]) == "ledger/tile/entries/000 is missing."
    assert len(asked) < 8


def test_a_publisher_who_publishes_meanwhile_is_verified_in_the_new_state(files, tmp_path):
    public = tmp_path / "public"
    asked = 0

    def answer(handler: BaseHTTPRequestHandler) -> None:
        nonlocal asked
        asked += 1
        if asked == 4:  # between the checkpoint and the entries
            (public / "calendar.json").write_text("{}")
            seal_files(public, "calendar", ["calendar.json"], signer=SIGNER)
        target = public / handler.path[1:]
        send(handler, target.read_bytes() if target.is_file() else b"", status=200 if target.is_file() else 404)

    with server(answer) as url:
        found = verify(url)

    assert (found.problems, found.size) == ((), 3)


@pytest.mark.parametrize(
    "name", ["../../outside", "/tmp/outside", "a/../../outside", "a//b", "ledger", "ledger/vkey/x", "x\\u0000y", "."]
)
def test_a_path_in_an_entry_cannot_leave_the_mirror(tmp_path, name):
    public = tmp_path / "public"
    public.mkdir()
    start_ledger(public, signer=SIGNER)
    digest = '{"bytes":1,"sha256":"' + "0" * 64 + '"}'
    Log(public / "ledger").append([f'{{"files":{{"{name}":{digest}}},"kind":"agency"}}'.encode()], signer=SIGNER)

    with pytest.raises(ComityError, match="does not verify"):
        mirror(public, tmp_path / "mirror")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["mirror", "public"]
    assert not (tmp_path / "mirror" / "public").exists()
