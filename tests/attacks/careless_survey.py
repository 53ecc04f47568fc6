"""What a survey server usually does: a number and a time for each code used and each response. The attack must beat it."""

from __future__ import annotations

import json
import sqlite3
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qsl


def careless_server(folder: Path, codes: dict[str, str]) -> HTTPServer:
    """A server with both stores as SQLite files in `folder`; /use takes a code, /answer takes answers."""
    invitations = sqlite3.connect(folder / "invitations.sqlite3", isolation_level=None, check_same_thread=False)
    invitations.execute("CREATE TABLE used (id INTEGER PRIMARY KEY AUTOINCREMENT, case_number TEXT, at REAL)")
    responses = sqlite3.connect(folder / "responses.sqlite3", isolation_level=None, check_same_thread=False)
    responses.execute("CREATE TABLE response (id INTEGER PRIMARY KEY AUTOINCREMENT, answers TEXT, at REAL)")
    for store in (invitations, responses):
        store.execute("PRAGMA synchronous=OFF")
    cases = {code: case for case, code in codes.items()}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            fields = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            if self.path == "/use":
                invitations.execute(
                    "INSERT INTO used (case_number, at) VALUES (?, ?)", [cases[fields["code"]], time.time()]
                )
            else:
                responses.execute("INSERT INTO response (answers, at) VALUES (?, ?)", [json.dumps(fields), time.time()])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    return HTTPServer(("127.0.0.1", 0), Handler)
