"""An instance's key is replaced in one step, and a run that was stopped half-way is finished by the next."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from comity.cli import rotate_key, witness
from comity.errors import ComityError
from comity.ledger import Signer, create_key, seal_files, start_ledger, verify
from comity.ledger.witness import Witness
from comity.releases.states import next_state


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    folder = tmp_path / "our-town"
    signer = create_key(folder / "keys" / "ledger.key", "our-town/comity")
    with next_state(folder) as state:
        start_ledger(state, signer=signer)
    return folder


def test_who_kept_the_old_key_is_content_and_the_old_key_can_no_longer_sign(instance):
    old = Signer.load(instance / "keys" / "ledger.key")
    kept = (instance / "public" / "ledger" / "checkpoint").read_bytes()

    done = CliRunner().invoke(rotate_key.command, ["--instance", str(instance)])

    new = Signer.load(instance / "keys" / "ledger.key")
    assert done.exit_code == 0
    assert new.verifier.vkey in done.output
    assert verify(instance, vkey=old.verifier.vkey, since=kept).problems == ()
    assert verify(instance).vkey == new.verifier.vkey
    names = sorted(path.name for path in (instance / "keys").iterdir())
    assert names == ["ledger.key", f"ledger.key.{old.verifier.key_id.hex()}"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in (instance / "keys").iterdir()} == {0o600}
    with pytest.raises(ComityError, match="not signed with the key"):
        seal_files(instance / "public", "agency", [], signer=old)


@pytest.mark.parametrize("stopped_at", ["link", "rename"])
def test_a_run_that_was_stopped_is_finished_by_the_next(instance, monkeypatch, stopped_at):
    def stop(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as stopping:
        if stopped_at == "link":
            stopping.setattr(os, "link", stop)
        else:
            stopping.setattr(Path, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            rotate_key.replace_key(instance)
    rotate_key.replace_key(instance)

    current = Signer.load(instance / "keys" / "ledger.key").verifier
    assert verify(instance, vkey=current.vkey).problems == ()
    assert verify(instance).vkey == current.vkey


def test_an_instance_can_require_witnesses(instance, tmp_path):
    made = Witness.create(tmp_path / "witness", "witness.example.org")
    made.follow(Signer.load(instance / "keys" / "ledger.key").verifier)
    server = witness.witness_server(made, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    run, vkey = CliRunner().invoke, str(tmp_path / "witness" / "vkey")

    try:
        required = run(witness.command, ["require", str(instance), vkey, "--need", "1"])
        without = verify(instance)
        url = f"http://127.0.0.1:{server.server_port}"
        asked = run(witness.command, ["ask", str(instance / "public"), url, "--vkey", vkey])
    finally:
        server.shutdown()
        server.server_close()

    assert required.output == "Checkpoints must carry the signatures of 1 of 1 witnesses from now on.\n"
    assert [each.path for each in without.problems] == ["ledger/checkpoint"]
    assert asked.exit_code == 0
    assert verify(instance).is_intact
