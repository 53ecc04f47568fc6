"""A witness signs only what continues what it signed before, so that no ledger can show two histories."""

from __future__ import annotations

import threading

import aics_tlog
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from comity.cli import witness as cli
from comity.errors import ComityError
from comity.ledger import Checkpoint, Log, Signer, seal_files, verify
from comity.ledger.authority import rotate_key
from comity.ledger.notes import NoteError
from comity.ledger.sources import source_of
from comity.ledger.witness import Witness, add_signatures, ask_witness, read_request, request_bytes

NOW = 1_800_000_000


@pytest.fixture
def witness(tmp_path, signer):
    made = Witness.create(tmp_path / "witness", "witness.example.org")
    made.follow(signer.verifier)
    return made


def post_to(witness, time=NOW):
    def post(body):
        answer = witness.add_checkpoint(body, time=time)
        return answer.status, answer.body

    return post


def add_notice(public, signer, text="{}"):
    (public / "calendar.json").write_text(text)
    return seal_files(public, "calendar", ["calendar.json"], signer=signer)


def test_a_witness_signs_a_ledger_as_it_grows(public, signer, witness):
    key = witness.signer.verifier

    for number in range(5):
        add_signatures(public, [ask_witness(public, key, post_to(witness, NOW + number))])
        found = verify(public, witnesses=[key.vkey])
        assert (found.problems, found.witnesses) == ((), ((key.name, NOW + number),))
        add_notice(public, signer, str(number))

    assert witness.followed()[0].size == 8


def test_an_independent_verifier_accepts_the_signature(public, signer, witness):
    add_signatures(public, [ask_witness(public, witness.signer.verifier, post_to(witness))])

    note = aics_tlog.parse_note((public / "ledger" / "checkpoint").read_bytes())
    key = aics_tlog.parse_vkey(witness.signer.verifier.vkey)

    assert aics_tlog.verify_checkpoint(note, aics_tlog.parse_vkey(signer.verifier.vkey), [key], 1).ok


def test_two_histories_of_the_same_length_cannot_both_be_signed(public, signer, witness, tmp_path):
    ask_witness(public, witness.signer.verifier, post_to(witness))
    entries = list(Log(public / "ledger").entries())
    other = Log(tmp_path / "other" / "ledger")
    other.append([*entries[:-1], b'{"files":{},"kind":"notice"}'], signer=signer)

    with pytest.raises(ComityError, match=r"does not sign .* shows two different histories of 4 entries"):
        ask_witness(tmp_path / "other", witness.signer.verifier, post_to(witness))

    proofs = list(witness.folder.rglob("refused-*"))
    assert [Checkpoint.from_bytes(each.read_bytes()) for each in proofs] == [other.checkpoint()]
    assert not verify(public, since=proofs[0].read_bytes()).is_intact


def test_a_longer_history_that_does_not_continue_the_signed_one_is_refused(public, signer, witness, tmp_path):
    ask_witness(public, witness.signer.verifier, post_to(witness))
    entries = list(Log(public / "ledger").entries())
    other = Log(tmp_path / "other" / "ledger")
    other.append([*entries[:2], *entries], signer=signer)

    with pytest.raises(ComityError, match="Nothing shows that the checkpoint continues"):
        ask_witness(tmp_path / "other", witness.signer.verifier, post_to(witness))

    assert len(list(witness.folder.rglob("refused-*"))) == 1
    assert witness.followed()[0].size == 4


def test_a_shorter_history_is_refused(public, signer, witness, tmp_path):
    entries = list(Log(public / "ledger").entries())
    Log(tmp_path / "older" / "ledger").append(entries[:3], signer=signer)
    ask_witness(public, witness.signer.verifier, post_to(witness))

    with pytest.raises(ComityError, match="does not sign checkpoint 3"):
        ask_witness(tmp_path / "older", witness.signer.verifier, post_to(witness))


def test_every_answer_is_the_one_that_the_specification_gives(public, signer, witness):
    log = Log(public / "ledger")
    first = log.checkpoint()
    proof_of = log.consistency_proof
    stranger = Signer.from_seed("other.example", b"\x03" * 32)
    thief = Signer.from_seed(signer.name, b"\x03" * 32)

    def ask(old, proof, checkpoint):
        answer = witness.add_checkpoint(request_bytes(old, proof, checkpoint), time=NOW)
        return answer.status, answer.body if answer.content_type == "text/x.tlog.size" else None

    assert ask(0, [], Checkpoint.signed(stranger.name, 4, first.root, signer=stranger)) == (404, None)
    assert ask(0, [], Checkpoint.signed(signer.name, 4, first.root, signer=thief)) == (403, None)
    assert ask(5, [], first) == (400, None)
    assert ask(3, [], first) == (409, b"0\n")
    assert ask(0, [b"\x00" * 32], first) == (422, None)
    assert ask(0, [], first) == (200, None)
    assert ask(0, [], first) == (409, b"4\n")
    assert ask(4, [], first) == (200, None)
    second = add_notice(public, signer)
    assert ask(4, [], second) == (422, None)
    assert ask(4, proof_of(4), second) == (200, None)
    assert ask(5, [], Checkpoint.signed(signer.name, 5, b"\x00" * 32, signer=signer)) == (409, None)
    assert witness.add_checkpoint(b"old x\n\n", time=NOW).status == 400


def test_a_witness_remembers_over_restarts_and_refuses_to_sign_without_its_memory(public, signer, witness):
    ask_witness(public, witness.signer.verifier, post_to(witness))

    assert Witness(witness.folder).followed() == witness.followed()
    next(witness.folder.rglob("checkpoint")).write_bytes(b"damaged")
    with pytest.raises(ComityError, match="without its memory, a witness must not sign"):
        ask_witness(public, witness.signer.verifier, post_to(witness))


def test_many_signatures_of_strangers_do_not_spoil_the_memory(public, signer, witness):
    checkpoint = Log(public / "ledger").checkpoint()
    strangers = [Signer.from_seed(f"{'x' * 200}{number}", bytes([number] * 32)) for number in range(250)]
    lines = "".join(each.sign(checkpoint.text) for each in strangers)
    crowded = Checkpoint.from_bytes(checkpoint.to_bytes() + lines.encode())

    assert witness.add_checkpoint(request_bytes(0, [], crowded), time=NOW).status == 200
    assert len(next(witness.folder.rglob("checkpoint")).read_bytes()) < 1_000
    assert witness.followed()[0].size == 4


def test_a_new_key_of_the_ledger_is_followed_beside_the_old(public, signer, witness):
    ask_witness(public, witness.signer.verifier, post_to(witness))
    second = Signer.from_seed(signer.name, b"\x11" * 32)
    rotate_key(public, old=signer, new=second)
    with pytest.raises(ComityError, match="403"):
        ask_witness(public, witness.signer.verifier, post_to(witness))

    witness.follow(second.verifier)

    assert ask_witness(public, witness.signer.verifier, post_to(witness)).name == "witness.example.org"


def test_the_commands_make_follow_serve_and_ask(public, tmp_path, signer):
    folder = str(tmp_path / "w")
    run = CliRunner().invoke
    assert run(cli.command, ["init", folder, "--name", "witness.example.org"]).exit_code == 0
    assert run(cli.command, ["follow", folder, str(public / "ledger" / "vkey")]).exit_code == 0
    server = cli.witness_server(Witness(folder), "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"

    try:
        asked = run(cli.command, ["ask", str(public), url, "--vkey", f"{folder}/vkey"])
        add_notice(public, signer)
        again = run(cli.command, ["ask", str(public), url, "--vkey", f"{folder}/vkey"])
    finally:
        server.shutdown()
        server.server_close()

    assert asked.output == "witness.example.org countersigned the checkpoint of 4 entries.\n"
    assert again.output == "witness.example.org countersigned the checkpoint of 5 entries.\n"
    assert run(cli.command, ["show", folder]).output == "data.example.gov/police: 5 entries signed\n"
    assert verify(public, witnesses=[(tmp_path / "w" / "vkey").read_text()]).is_intact


def test_a_witness_that_visits_sees_a_history_that_it_was_not_shown(public, signer, witness, tmp_path):
    notices = [b'{"files":{},"kind":"notice","number":%d}' % number for number in range(300)]
    witness.visit(source_of(public), time=NOW)
    Log(public / "ledger").append(notices, signer=signer)
    line = witness.visit(source_of(public), time=NOW + 1)
    add_signatures(public, [line])
    assert verify(public, witnesses=[witness.signer.verifier.vkey]).is_intact
    entries = list(Log(public / "ledger").entries())

    Log(tmp_path / "other" / "ledger").append([*entries[:200], b"{}", *entries[200:]], signer=signer)
    with pytest.raises(ComityError, match="Nothing shows that the checkpoint continues"):
        witness.visit(source_of(tmp_path / "other"), time=NOW)
    Log(tmp_path / "older" / "ledger").append(entries[:100], signer=signer)
    with pytest.raises(ComityError, match="shows 100 entries; this witness has signed 304 before"):
        witness.visit(source_of(tmp_path / "older"), time=NOW)
    (public / "ledger" / "checkpoint").write_bytes(b"x")
    with pytest.raises(ComityError, match="Run `comity verify` on it"):
        witness.visit(source_of(public), time=NOW)

    assert witness.followed()[0].size == 304
    assert len(list(witness.folder.rglob("refused-*"))) == 1


@pytest.mark.parametrize("damage", [b"", b"x" * 31, b"x" * 8_193])
def test_a_damaged_tile_is_one_sentence_to_who_visits_or_proves(public, signer, witness, damage):
    witness.visit(source_of(public), time=NOW)
    add_notice(public, signer)
    (public / "ledger" / "tile" / "0" / "000.p" / "5").write_bytes(damage)

    with pytest.raises(ComityError, match="Run `comity verify` on it"):
        witness.visit(source_of(public), time=NOW)
    with pytest.raises(ComityError, match="bytes instead of 160"):
        Log(public / "ledger").inclusion_proof(1)


def test_the_commands_visit_and_add(public, witness, tmp_path):
    run = CliRunner().invoke
    visited = run(cli.command, ["visit", str(witness.folder), str(public)])
    (tmp_path / "lines").write_text(visited.output)

    added = run(cli.command, ["add", str(public), str(tmp_path / "lines")])

    assert (visited.exit_code, added.exit_code) == (0, 0)
    assert verify(public, witnesses=[witness.signer.verifier.vkey]).is_intact
    (tmp_path / "lines").write_text("nothing")
    refused = run(cli.command, ["add", str(public), str(tmp_path / "lines")])
    assert isinstance(refused.exception, ComityError)


def test_of_two_requests_at_once_only_one_history_is_signed(public, signer, witness, tmp_path):
    entries = list(Log(public / "ledger").entries())
    for number in range(8):
        other = Log(tmp_path / f"{number}" / "ledger")
        other.append([*entries, b'{"files":{},"kind":"notice","number":%d}' % number], signer=signer)
    answers = []

    def ask(number):
        checkpoint = Log(tmp_path / f"{number}" / "ledger").checkpoint()
        answers.append(Witness(witness.folder).add_checkpoint(request_bytes(0, [], checkpoint), time=NOW).status)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [200] + [409] * 7


@given(st.binary(max_size=200))
def test_no_request_whatever_makes_a_witness_fail(data):
    for request in (data, b"old 0\n\n" + data, b"old 1\n" + data):
        try:
            read_request(request)
        except NoteError:
            continue
