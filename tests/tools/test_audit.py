"""The audit of dependencies names what is vulnerable, and says when it could not ask."""

from __future__ import annotations

import importlib.util
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def audit():
    spec = importlib.util.spec_from_file_location("audit", ROOT / "tools" / "audit.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def database():
    """The address of a database that knows one vulnerable version of one package."""

    class Database(BaseHTTPRequestHandler):
        def do_POST(self):
            queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            bad = {"package": {"name": "example", "ecosystem": "PyPI"}, "version": "1.0"}
            body = json.dumps({"results": [{"vulns": [{"id": "GHSA-1"}]} if q == bad else {} for q in queries]})
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Database)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def lock(tmp_path, text):
    path = tmp_path / "some.lock"
    path.write_text(text)
    return [str(path)]


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("example==1.0 \\\n    --hash=sha256:0\nother[extra]==2.0\n", 1, "example 1.0: GHSA-1\n2 packages, 1 with"),
        ("example==1.1\n", 0, "1 packages, 0 with"),
    ],
)
def test_a_known_vulnerability_is_named(audit, database, tmp_path, capsys, text, code, said):
    assert audit.main(lock(tmp_path, text), database=database) == code
    assert capsys.readouterr().out.startswith(said)


def test_a_database_that_does_not_answer_is_said_and_counts_as_no_audit(audit, tmp_path, capsys):
    assert audit.main(lock(tmp_path, "example==1.0\n"), database="http://127.0.0.1:9") == audit.NOT_AUDITED
    assert capsys.readouterr().out.startswith("NOT AUDITED: ")


def test_the_lock_files_are_read_whole(audit):
    names = {name.lower() for name, _ in audit.locked((ROOT / "requirements.lock").read_text())}

    assert {"django", "django-allauth", "cryptography", "fido2"} <= names


def test_no_locked_dependency_has_a_known_vulnerability(audit, capsys):
    code = audit.main([])
    said = capsys.readouterr().out.strip()
    if code == audit.NOT_AUDITED:
        pytest.skip(said)

    assert code == 0, said
