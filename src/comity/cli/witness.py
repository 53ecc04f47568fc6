"""`comity witness`: countersign other people's ledgers, or ask others to countersign one's own."""

from __future__ import annotations

import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO

import click

from comity.errors import ComityError
from comity.ledger.authority import require_witnesses
from comity.ledger.notes import COSIGNATURE, NoteError, Signer, Verifier
from comity.ledger.sources import source_of
from comity.ledger.witness import MOST_REQUEST_BYTES, Answer, Witness, add_signatures, ask_witness, read_signatures

_TIMEOUT_SECONDS = 20


@click.group("witness")
def command() -> None:
    """Countersign ledgers of other instances, so that none can show different people different histories.

    \b
    Become a witness:   comity witness init our-witness --name witness.example.org
                        comity witness follow our-witness police/public/ledger/vkey
                        comity witness serve our-witness --port 8100
    As a publisher:     comity witness ask our-town/public http://127.0.0.1:8100 --vkey our-witness/vkey
    """


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Name of the witness, such as witness.example.org.")
def init(folder: Path, name: str) -> None:
    """Make a witness in FOLDER: its key and its memory.

    \b
    Example:  comity witness init our-witness --name witness.example.org
    """
    witness = Witness.create(folder, name)
    click.echo(f"Witness {name} is in {folder}. Publishers need its key:\n{witness.signer.verifier.vkey}")


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("key", metavar="VKEY_FILE_OR_TEXT")
def follow(folder: Path, key: str) -> None:
    """Follow the ledger that signs with this key; a publisher's new key is followed the same way.

    \b
    Example:  comity witness follow our-witness police/public/ledger/vkey
    """
    verifier = read_key(key)
    Witness(folder).follow(verifier)
    click.echo(f"{folder} countersigns checkpoints of {verifier.name} from now on.")


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def show(folder: Path, as_json: bool) -> None:
    """List the ledgers that the witness in FOLDER follows, and how far each had come.

    \b
    Example:  comity witness show our-witness
    """
    followed = Witness(folder).followed()
    if as_json:
        records = [{"ledger": each.key.name, "vkey": each.key.vkey, "size": each.size} for each in followed]
        click.echo(json.dumps(records, indent=2))
    for each in [] if as_json else followed:
        click.echo(f"{each.key.name}: {each.size:,} entries signed")


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, default=8100, show_default=True, help="Port to listen on.")
def serve(folder: Path, host: str, port: int) -> None:
    """Answer `add-checkpoint` calls (C2SP tlog-witness) until stopped.

    \b
    Example:  comity witness serve our-witness --port 8100
    """
    with witness_server(Witness(folder), host, port) as server:
        click.echo(f"Witness on http://{host}:{server.server_port}/add-checkpoint; stop it with Ctrl-C.")
        server.serve_forever()


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("place", metavar="URL_OR_PATH")
def visit(folder: Path, place: str) -> None:
    """Fetch a ledger's checkpoint as any reader would and countersign it; run it from a scheduler.

    It fails when the publisher shows another history than before, or than it sent to `serve`. Prints the signature:
    give it to the publisher, who adds it with `comity witness add`.

    \b
    Example:  comity witness visit our-witness https://data.example.gov
    """
    signature = Witness(folder).visit(source_of(place), time=int(time.time()))
    click.echo(signature.line, nl=False)


@command.command()
@click.argument("public", type=click.Path(path_type=Path))
@click.argument("lines", metavar="FILE", type=click.File("rb"))
def add(public: Path, lines: IO[bytes]) -> None:
    """Put signatures that witnesses printed (FILE, or - for what is typed) under the checkpoint of a PUBLIC folder.

    \b
    Example:  comity witness add our-town/public signatures.txt
    """
    try:
        signatures = read_signatures(lines.read(MOST_REQUEST_BYTES))
    except NoteError as error:
        raise ComityError(f"{lines.name} does not hold signatures: {error}.", "Give what `visit` printed.") from None
    add_signatures(public, list(signatures))
    click.echo(f"{len(signatures)} signatures added; check them with `comity verify {public}`.")


@command.command()
@click.argument("instance", type=click.Path(path_type=Path))
@click.argument("keys", metavar="VKEY_FILE_OR_TEXT...", nargs=-1)
@click.option("--need", type=int, required=True, help="How many of them must countersign every checkpoint.")
def require(instance: Path, keys: tuple[str, ...], need: int) -> None:
    """Seal in the ledger of an INSTANCE that its checkpoints must be countersigned; `--need 0` ends it.

    From then on a checkpoint without enough signatures does not verify: ask the witnesses after each publishing.

    \b
    Example:  comity witness require our-town witness-a.vkey witness-b.vkey witness-c.vkey --need 2
    """
    from comity.releases.states import next_state, only_publisher

    witnesses = [read_key(each) for each in keys]
    with only_publisher(instance):
        signer = Signer.load(instance / "keys" / "ledger.key")
        with next_state(instance) as state:
            require_witnesses(state, witnesses, need=need, signer=signer)
    click.echo(f"Checkpoints must carry the signatures of {need} of {len(witnesses)} witnesses from now on.")


@command.command()
@click.argument("public", type=click.Path(path_type=Path))
@click.argument("url")
@click.option("--vkey", "key", metavar="FILE_OR_TEXT", required=True, help="The witness's key.")
def ask(public: Path, url: str, key: str) -> None:
    """Ask the witness at URL to countersign the current checkpoint of a PUBLIC folder, and put its signature there.

    \b
    Example:  comity witness ask our-town/public http://127.0.0.1:8100 --vkey witness.vkey
    """
    witness = read_key(key)
    if witness.kind != COSIGNATURE:
        raise ComityError(f"The key of {witness.name} is a ledger's, not a witness's.", "Give the witness's own vkey.")
    signature = ask_witness(public, witness, lambda body: post(f"{url.rstrip('/')}/add-checkpoint", body))
    checkpoint = add_signatures(public, [signature])
    click.echo(f"{witness.name} countersigned the checkpoint of {checkpoint.size:,} entries.")


def witness_server(witness: Witness, host: str, port: int) -> ThreadingHTTPServer:
    """An HTTP server of one witness, not yet running."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = _TIMEOUT_SECONDS

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if self.path != "/add-checkpoint" or not length.isdecimal() or int(length) > MOST_REQUEST_BYTES:
                self.close_connection = True
                self._answer(Answer(404 if self.path != "/add-checkpoint" else 400, "text/plain", b""))
                return
            self._answer(witness.add_checkpoint(self.rfile.read(int(length)), time=int(time.time())))

        def _answer(self, answer: Answer) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Who asked is nobody's business: no log."""

    return ThreadingHTTPServer((host, port), Handler)


def read_key(file_or_text: str) -> Verifier:
    """A verifier key from a file or as text itself."""
    try:
        is_file = os.path.isfile(file_or_text)
        return Verifier.from_vkey((Path(file_or_text).read_text(encoding="utf-8") if is_file else file_or_text).strip())
    except (NoteError, OSError, UnicodeDecodeError) as error:
        raise ComityError(
            f"{file_or_text!r} is neither a key nor a file with one ({error}).", "Give a vkey or its file."
        ) from None


def post(url: str, body: bytes) -> tuple[int, bytes]:
    """Sends `body` to a witness's address; status and body of its answer. Raises ComityError when nobody answers."""
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    try:
        with urlopen(Request(url, data=body, method="POST"), timeout=_TIMEOUT_SECONDS) as response:
            return response.status, response.read(MOST_REQUEST_BYTES)
    except HTTPError as error:
        with error:
            return error.code, error.read(MOST_REQUEST_BYTES)
    except (OSError, HTTPException, ValueError) as error:
        raise ComityError(
            f"The witness at {url} does not answer ({error}).", "Check the address, or try again later."
        ) from None
