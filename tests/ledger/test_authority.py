"""A ledger's key passes its office on under its own signature, and a ledger can require witnesses."""

from __future__ import annotations

import stat
from hashlib import sha256
from pathlib import Path

import aics_tlog
import pytest

from comity.errors import ComityError
from comity.ledger import Entry, Log, Signer, create_key, seal_files, verify
from comity.ledger.authority import require_witnesses, rotate_key
from comity.ledger.notes import COSIGNATURE
from comity.ledger.sealing import VKEY, Digest
from comity.ledger.witness import add_signatures, read_signatures

NAME = "data.example.gov/police"
SECOND = Signer.from_seed(NAME, b"\x11" * 32)
THIRD = Signer.from_seed(NAME, b"\x12" * 32)
WITNESSES = [Signer.from_seed(f"w{number}.example.org", bytes([number] * 32), kind=COSIGNATURE) for number in (1, 2, 3)]


def sign(public: Path, *witnesses: Signer) -> None:
    checkpoint = Log(public / "ledger").checkpoint()
    lines = [read_signatures(each.cosign(checkpoint.text, time=1_800_000_000).encode())[0] for each in witnesses]
    add_signatures(public, lines)


def test_a_key_is_made_once_and_readable_by_its_owner_only(tmp_path):
    path = tmp_path / "keys" / "ledger.key"

    made = create_key(path, NAME)

    assert Signer.load(path).verifier == made.verifier
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    right = path.read_text()
    with pytest.raises(ComityError, match="already a key"):
        create_key(path, NAME)
    assert path.read_text() == right
    path.chmod(0o640)
    with pytest.raises(ComityError, match=r"other users \(mode 0640\)\. Run `chmod 600"):
        Signer.load(path)


def test_a_missing_or_damaged_key_is_one_sentence_without_the_key(tmp_path):
    path = tmp_path / "ledger.key"
    with pytest.raises(ComityError, match="is not there"):
        Signer.load(path)
    create_key(path, NAME)
    right = path.read_bytes()
    secret = right.split(b"+", 4)[-1].strip().decode()  # itself base64, so it may hold a +

    for at in range(len(right)):
        path.write_bytes(right[:at] + bytes([right[at] ^ 1]) + right[at + 1 :])
        with pytest.raises(ComityError) as caught:
            Signer.load(path)
        assert secret[:10] not in str(caught.value)
    assert secret not in repr(Signer.from_seed(NAME, b"\x01" * 32))


@pytest.mark.parametrize("name", ["", "two words", "a+b", "tab\tbed", "x" * 256, "\ud800"])
def test_a_name_that_no_key_may_have_is_refused(tmp_path, name):
    with pytest.raises(ComityError, match="cannot be used"):
        create_key(tmp_path / "key", name)

    assert not (tmp_path / "key").exists()


def test_public_keys_are_those_that_other_tools_compute(signer):
    for each in (signer, *WITNESSES):
        theirs = aics_tlog.parse_vkey(each.verifier.vkey)
        assert (theirs.name, theirs.key_id) == (each.name, each.verifier.key_id)


def test_after_rotation_who_kept_the_old_key_or_an_old_checkpoint_is_still_content(public, signer):
    kept = (public / "ledger" / "checkpoint").read_bytes()

    rotate_key(public, old=signer, new=SECOND)
    (public / "calendar.json").write_text("{}")
    seal_files(public, "calendar", ["calendar.json"], signer=SECOND)
    rotate_key(public, old=SECOND, new=THIRD)

    for key in (signer, SECOND, THIRD):
        assert verify(public, vkey=key.verifier.vkey, since=kept).problems == ()
    with pytest.raises(ComityError, match="not signed with the key"):
        seal_files(public, "calendar", ["calendar.json"], signer=signer)
    stranger = Signer.from_seed(NAME, b"\x13" * 32)
    assert [each.path for each in verify(public, vkey=stranger.verifier.vkey).problems] == [VKEY]


def test_a_key_of_another_name_cannot_follow(public, signer):
    with pytest.raises(ComityError, match="cannot follow"):
        rotate_key(public, old=signer, new=Signer.from_seed("other.example", b"\x11" * 32))

    assert verify(public).is_intact


def rotation_entry(public: Path, note: str, new: Signer) -> bytes:
    data = f"{new.verifier.vkey}\n".encode()
    (public / VKEY).parent.mkdir(parents=True)
    (public / VKEY).write_bytes(data)
    return Entry("key", {VKEY: Digest(sha256(data).hexdigest(), len(data))}, {"note": note}).to_bytes()


def test_a_key_that_nobody_passed_the_office_to_has_no_force(public, signer):
    number = Log(public / "ledger").size
    text = f"{NAME}\nkey of the ledger from entry {number} on\n{signer.verifier.vkey}\n{SECOND.verifier.vkey}\n"
    elsewhere = text.replace(f"entry {number}", f"entry {number - 1}")
    right = f"{text}\n{signer.sign(text)}"
    for note, new in (
        ("", SECOND),
        ("x", SECOND),
        (f"{text}\n{SECOND.sign(text)}", SECOND),
        (f"{elsewhere}\n{signer.sign(elsewhere)}", SECOND),
        (right, THIRD),
    ):
        copy = public.parent / f"copy-{sha256(note.encode()).hexdigest()[:8]}"
        Log(copy / "ledger").append([*Log(public / "ledger").entries(), rotation_entry(copy, note, new)], signer=new)

        found = verify(copy)

        assert "entry 4, which has no force: it replaces the ledger's key" in found.problems[0].sentence

    copy = public.parent / "copy-right"
    Log(copy / "ledger").append([*Log(public / "ledger").entries(), rotation_entry(copy, right, SECOND)], signer=SECOND)
    assert not [each for each in verify(copy).problems if "force" in each.sentence]


def test_a_ledger_that_requires_witnesses_must_have_them(public, signer):
    require_witnesses(public, [each.verifier for each in WITNESSES], need=2, signer=signer)
    assert str(verify(public).problems[0]) == (
        "ledger/checkpoint carries signatures of 0 of the ledger's witnesses; it must have 2."
    )

    sign(public, WITNESSES[0])
    assert "signatures of 1 of" in str(verify(public).problems[0])
    sign(public, WITNESSES[2])

    found = verify(public, witnesses=[WITNESSES[2].verifier.vkey])
    assert found.problems == ()
    assert found.witnesses == (("w1.example.org", 1_800_000_000), ("w3.example.org", 1_800_000_000))
    assert "does not carry" in str(verify(public, witnesses=[WITNESSES[1].verifier.vkey]).problems[0])


def test_every_changed_byte_of_a_countersigned_checkpoint_is_found(public, signer):
    require_witnesses(public, [each.verifier for each in WITNESSES], need=1, signer=signer)
    sign(public, *WITNESSES)
    target = public / "ledger" / "checkpoint"
    right = target.read_bytes()

    for at in range(len(right)):
        target.write_bytes(right[:at] + bytes([right[at] ^ 1 << at % 8]) + right[at + 1 :])
        assert [each.path for each in verify(public).problems][:1] == ["ledger/checkpoint"], at


def test_other_tools_accept_our_cosignatures(public, signer):
    sign(public, *WITNESSES)
    note = aics_tlog.parse_note((public / "ledger" / "checkpoint").read_bytes())
    keys = [aics_tlog.parse_vkey(each.verifier.vkey) for each in WITNESSES]

    result = aics_tlog.verify_checkpoint(note, aics_tlog.parse_vkey(signer.verifier.vkey), keys, 3)

    assert (result.ok, result.error) == (True, None)


@pytest.mark.parametrize(("witnesses", "need"), [([0, 0], 1), ([0], 2), ([0], -1), ([0, 1], True)])
def test_witnesses_that_cannot_be_required_are_refused(public, signer, witnesses, need):
    with pytest.raises(ComityError, match="cannot be required"):
        require_witnesses(public, [WITNESSES[each].verifier for each in witnesses], need=need, signer=signer)

    assert verify(public).is_intact
