"""`comity serve` says where it is, or in one sentence why it cannot be."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import urllib.request

import pytest

from comity.errors import UsageError
from comity.site.server import CannotServe, serve

COMITY = [sys.executable, "-c", "from comity.cli.main import main; main()", "serve"]


def test_the_portal_is_served_where_its_last_line_says(django, small_public):
    process = subprocess.Popen(
        [*COMITY, "--instance", str(small_public.parent), "--port", "0", "--workers", "1"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        line = process.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/", line)[0]
        with urllib.request.urlopen(address, timeout=20) as page:
            content = page.read().decode()
        with urllib.request.urlopen(f"{address}public/ledger/checkpoint", timeout=20) as file:
            checkpoint = file.read()
    finally:
        process.terminate()
        process.wait(timeout=20)

    assert "What is due" in content
    assert checkpoint == (small_public / "ledger" / "checkpoint").read_bytes()


def test_a_port_in_use_is_one_sentence(django, small_public):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(CannotServe, match=rf"Port {port} on 127.0.0.1 is in use"):
            serve(small_public, port=port)


def test_a_missing_public_folder_is_one_sentence_and_exit_code_1(tmp_path):
    done = subprocess.run(
        [*COMITY, "--instance", str(tmp_path)], capture_output=True, text=True, check=False, env=os.environ
    )

    assert done.returncode == 1
    assert done.stderr.startswith("There is no public folder at")
    assert done.stderr.count("\n") == 1


def test_serving_to_others_needs_the_address_that_they_use(small_public):
    with pytest.raises(UsageError, match="does not know its own address"):
        serve(small_public, host="0.0.0.0")


def test_an_address_that_is_not_here_is_one_sentence(django, small_public):
    with pytest.raises(CannotServe, match=r"192\.0\.2\.1 port 8000 cannot be opened here"):
        serve(small_public, host="192.0.2.1", site_url="https://records.example.gov")
