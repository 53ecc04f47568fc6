"""An attacker who can write to a public folder, or serve another one, is found out; the sentence names what was
touched.

Promise 2 of ARCHITECTURE.md: nothing is quietly changed. What verification cannot see without a checkpoint or key kept
from before is here too, as tests that say so.
"""

from __future__ import annotations

import json
import os
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comity.errors import ComityError
from comity.ledger import Checkpoint, Entry, Log, Signer, Verifier, seal_files, start_ledger, verify
from comity.ledger.notes import Note, NoteError
from comity.ledger.sealing import EntryError, read_manifest

SIGNER = Signer.from_seed("data.example.gov/police", b"\x07" * 32)
THIEF = Signer.from_seed("data.example.gov/police", b"\x09" * 32)  # the same name, another key
TABLE = "releases/stops/2017/v1/tables/stops.csv"
MANIFEST = "releases/stops/2017/v1/manifest.json"


def make_public(public: Path, *, signer: Signer = SIGNER, count: str = "12", entries: int = 0) -> Path:
    """A folder as `comity publish` leaves one, with `entries` more in its ledger."""
    (public / TABLE).parent.mkdir(parents=True)
    (public / "agency.json").write_text('{"name": "Example Police"}')
    (public / TABLE).write_text(f"group,count\nall,{count}\n")
    data = (public / TABLE).read_bytes()
    named = {"tables/stops.csv": {"sha256": sha256(data).hexdigest(), "bytes": len(data)}}
    (public / MANIFEST).write_text(json.dumps({"files": named}))
    start_ledger(public, signer=signer)
    seal_files(public, "agency", ["agency.json"], signer=signer)
    seal_files(public, "release", [MANIFEST], signer=signer, extra={"dataset": "stops"})
    if entries:
        notices = [Entry("notice", {}, {"number": number}).to_bytes() for number in range(entries)]
        Log(public / "ledger").append(notices, signer=signer)
    return public


def files_of(public: Path) -> list[str]:
    return sorted(str(path.relative_to(public)) for path in public.rglob("*") if path.is_file())


def wrong(public: Path, **kept: object) -> list[str]:
    return [each.path for each in verify(public, **kept).problems]


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_public(tmp_path_factory.mktemp("pristine") / "public", entries=255)


@pytest.fixture
def public(pristine: Path, tmp_path: Path) -> Path:
    shutil.copytree(pristine, tmp_path / "public")
    return tmp_path / "public"


@pytest.fixture(scope="module")
def kept(pristine: Path) -> bytes:
    return (pristine / "ledger" / "checkpoint").read_bytes()


def test_the_untouched_folder_is_intact(pristine):
    assert wrong(pristine) == []
    assert files_of(pristine) == [
        "agency.json",
        "ledger/checkpoint",
        "ledger/tile/0/000",
        "ledger/tile/0/001.p/2",
        "ledger/tile/1/000.p/1",
        "ledger/tile/entries/000",
        "ledger/tile/entries/001.p/2",
        "ledger/vkey",
        MANIFEST,
        TABLE,
    ]


def test_every_flipped_byte_of_every_file_is_found_and_the_file_named(tmp_path):
    public = make_public(tmp_path / "public")
    signed = ("ledger/checkpoint", "ledger/vkey")  # letters and case matter here: three bits of each byte

    for name in files_of(public):
        target = public / name
        right = target.read_bytes()
        for at in range(len(right)):
            for bit in {0, 5, at % 8} if name in signed else {at % 8}:
                target.write_bytes(right[:at] + bytes([right[at] ^ 1 << bit]) + right[at + 1 :])
                assert wrong(public)[:1] == [name], (name, at, bit)
        target.write_bytes(right)
    assert wrong(public) == []


def test_a_changed_byte_anywhere_in_a_log_of_several_tiles_names_its_file(public):
    for name in files_of(public):
        target = public / name
        right = target.read_bytes()
        for at in {0, 1, len(right) // 3, len(right) // 2, len(right) - 2, len(right) - 1}:
            target.write_bytes(right[:at] + bytes([right[at] ^ 0x20]) + right[at + 1 :])
            assert wrong(public)[:1] == [name], (name, at)
        target.write_bytes(right)


def test_a_file_cut_short_grown_or_emptied_is_named(public):
    for name in files_of(public):
        target = public / name
        right = target.read_bytes()
        for other in (b"", right[:-1], right + b"\n", right + right, b"\x00" * len(right)):
            target.write_bytes(other)
            assert wrong(public)[:1] == [name], (name, other[:20])
        target.write_bytes(right)


def test_every_deleted_file_is_named(public):
    for name in files_of(public):
        right = (public / name).read_bytes()
        (public / name).unlink()
        assert wrong(public)[:1] == [name]
        (public / name).write_bytes(right)


@pytest.mark.parametrize(
    "name",
    [
        "note.txt",
        "releases/stops/2017/v1/extra.csv",
        "releases/stops/2017/v2/manifest.json",
        "ledger/tile/0/001.p/1",
        "ledger/tile/0/001",
        "ledger/tile/entries/002.p/1",
        "ledger/tile/entries/001.p/3",
        "ledger/tile/2/000.p/1",
        "ledger/.checkpoint.new",
        "ledger/checkpoint.old",
        ".hidden",
    ],
)
def test_every_added_file_is_named(public, name):
    (public / name).parent.mkdir(parents=True, exist_ok=True)
    (public / name).write_bytes(b"added")

    assert wrong(public) == [name]


def test_every_renamed_file_is_named_under_both_names(public):
    for name in files_of(public):
        (public / name).rename(public / f"{name}0")
        found = wrong(public)
        assert found[0] == name, name
        if not name.startswith("ledger/"):
            assert f"{name}0" in found or name == MANIFEST
        (public / f"{name}0").rename(public / name)


def test_two_swapped_files_are_both_named(public):
    table, agency = (public / TABLE).read_bytes(), (public / "agency.json").read_bytes()
    (public / TABLE).write_bytes(agency)
    (public / "agency.json").write_bytes(table)

    assert wrong(public) == ["agency.json", TABLE]


def test_links_pipes_and_folders_in_place_of_files_are_named(public, tmp_path):
    for name in (TABLE, MANIFEST, "ledger/checkpoint", "ledger/tile/entries/000", "ledger/vkey"):
        right = (public / name).read_bytes()
        (tmp_path / "elsewhere").write_bytes(right)
        (public / name).unlink()
        (public / name).symlink_to(tmp_path / "elsewhere")
        assert wrong(public)[:1] == [name]
        (public / name).unlink()
        os.mkfifo(public / name)
        assert wrong(public)[:1] == [name]
        (public / name).unlink()
        (public / name).mkdir()
        assert wrong(public)[:1] == [name]
        (public / name).rmdir()
        (public / name).write_bytes(right)


def test_a_linked_folder_is_named(public, tmp_path):
    (public / "releases").rename(tmp_path / "releases")
    (public / "releases").symlink_to(tmp_path / "releases")

    assert wrong(public) == ["releases"]


def test_a_name_that_would_write_to_the_terminal_is_escaped(public):
    (public / "\x1b[2Jgone\n").write_bytes(b"")
    (public / "caf\udce9").write_bytes(b"")

    assert wrong(public) == ["\\x1b[2Jgone\\n", "caf\\udce9"]


def test_deleted_added_changed_and_reordered_entries_are_found(public):
    entries = list(Log(public / "ledger").entries())
    for other in (
        entries[:5] + entries[6:],
        entries[:-1],
        [*entries[:5], entries[6], entries[5], *entries[7:]],
        [*entries[:5], b'{"files":{},"kind":"notice","number":-1}', *entries[6:]],
        [*entries, b'{"files":{},"kind":"notice"}'],
        entries[:100],
    ):
        forged = public.parent / "forged"
        Log(forged).append(other, signer=THIEF)
        shutil.rmtree(public / "ledger" / "tile")
        shutil.move(forged / "tile", public / "ledger" / "tile")
        shutil.rmtree(forged)

        found = verify(public)

        assert found.problems
        assert found.problems[0].path.startswith("ledger/")
        assert found.files == 0


def test_entries_replaced_together_with_their_hashes_are_a_fork_of_the_log(public):
    entries = list(Log(public / "ledger").entries())
    forged = public.parent / "forged"
    Log(forged).append([*entries[:5], entries[6], entries[5], *entries[7:]], signer=THIEF)
    shutil.rmtree(public / "ledger" / "tile")
    shutil.move(forged / "tile", public / "ledger" / "tile")

    assert str(verify(public).problems[0]) == (
        "ledger/checkpoint is not of the 258 entries in this folder: the log was forked, or entries were replaced, "
        "removed or put in another order."
    )


def test_an_older_checkpoint_put_back_alone_is_found(public, kept):
    (public / "agency.json").write_text('{"name": "Other"}')
    seal_files(public, "agency", ["agency.json"], signer=SIGNER)
    (public / "ledger" / "checkpoint").write_bytes(kept)

    assert str(verify(public).problems[0]) == (
        "ledger/checkpoint is of 258 entries, but the folder holds 259: an older checkpoint was put back, or entries "
        "were added without the publisher's signature."
    )


def test_an_older_checkpoint_whose_files_are_all_there_still_is_found(tmp_path):
    public = make_public(tmp_path / "public", entries=253)
    older = (public / "ledger" / "checkpoint").read_bytes()  # of 256 entries: full tiles, which stay
    seal_files(public, "agency", ["agency.json"], signer=SIGNER)
    (public / "ledger" / "checkpoint").write_bytes(older)

    assert "goes beyond the 256 entries of the checkpoint: an older checkpoint" in str(verify(public).problems[0])


def test_what_an_interrupted_append_left_is_named(public):
    (public / "ledger" / ".appending").touch()

    assert [str(each) for each in verify(public).problems] == [
        "ledger/.appending is left from an interrupted append; publishing again removes it."
    ]


def test_a_whole_older_state_put_back_is_found_with_a_checkpoint_from_before(pristine, public):
    (public / "agency.json").write_text('{"name": "Other"}')
    seal_files(public, "agency", ["agency.json"], signer=SIGNER)
    newer = (public / "ledger" / "checkpoint").read_bytes()

    assert wrong(pristine) == []  # by itself the older state is a good one
    assert "cannot be seen whether an older state was put back" in verify(pristine, vkey=SIGNER.verifier.vkey).limits[0]
    assert str(verify(pristine, since=newer).problems[0]).startswith(
        "ledger/checkpoint is of 258 entries; the one you kept is of 259: entries were dropped, or an older state"
    )


def test_a_history_signed_anew_with_the_publisher_s_own_key_is_found_with_a_checkpoint_from_before(tmp_path, kept):
    other = make_public(tmp_path / "other", count="11", entries=300)

    assert wrong(other) == []
    assert "not that others see the same history" in verify(other).limits[0]
    assert wrong(other, since=kept) == ["ledger/checkpoint"]
    assert "does not continue the one you kept" in str(verify(other, since=kept).problems[0])


def test_a_fork_of_the_same_length_is_found_with_a_checkpoint_from_before(tmp_path, kept):
    other = make_public(tmp_path / "other", count="11", entries=255)

    assert "signed two histories" in str(verify(other, since=kept).problems[0])


def test_a_history_signed_anew_with_another_key_is_found_with_what_was_kept(tmp_path, kept):
    other = make_public(tmp_path / "other", signer=THIEF, entries=255)

    assert wrong(other) == []
    assert wrong(other, since=kept) == ["ledger/vkey"]
    assert wrong(other, vkey=SIGNER.verifier.vkey) == ["ledger/vkey"]
    assert "signed this ledger anew" in str(verify(other, vkey=SIGNER.verifier.vkey).problems[0])


def test_a_replaced_key_file_is_named_not_the_checkpoint(public):
    (public / "ledger" / "vkey").write_text(f"{THIEF.verifier.vkey}\n")

    assert wrong(public) == ["ledger/vkey"]


def test_a_key_that_cannot_be_read_is_wrong_even_if_the_ledger_names_it(tmp_path):
    public = tmp_path / "public"
    (public / "ledger").mkdir(parents=True)
    (public / "ledger" / "vkey").write_text("no key\n")
    seal_files(public, "origin", ["ledger/vkey"], signer=THIEF)

    assert wrong(public) == ["ledger/vkey"]


def test_a_ledger_that_does_not_begin_with_its_origin_is_wrong(tmp_path):
    public = tmp_path / "public"
    (public / "ledger").mkdir(parents=True)
    (public / "ledger" / "vkey").write_text(f"{SIGNER.verifier.vkey}\n")
    (public / "agency.json").write_text("{}")
    seal_files(public, "agency", ["agency.json", "ledger/vkey"], signer=SIGNER)

    assert [str(each) for each in verify(public).problems] == [
        "ledger/tile/entries/000.p/1 does not begin with an origin entry that names ledger/vkey."
    ]


def test_a_checkpoint_signed_by_another_key_is_named(public):
    checkpoint = Log(public / "ledger").checkpoint()
    forged = Checkpoint.signed(checkpoint.origin, checkpoint.size, checkpoint.root, signer=THIEF)
    (public / "ledger" / "checkpoint").write_bytes(forged.to_bytes())

    assert wrong(public) == ["ledger/checkpoint"]


def test_a_signature_added_to_the_checkpoint_is_found(public):
    checkpoint = Log(public / "ledger").checkpoint()
    for line in (THIEF.sign(checkpoint.text), SIGNER.sign(checkpoint.text), THIEF.cosign(checkpoint.text, time=1)):
        (public / "ledger" / "checkpoint").write_bytes(checkpoint.to_bytes() + line.encode())
        assert wrong(public) == ["ledger/checkpoint"]


def test_a_weak_key_under_which_anybody_can_sign_is_refused():
    for point in (0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18):
        for sign in (0, 1 << 255):
            verifier = Verifier("example.com/log", (point | sign).to_bytes(32, "little"))
            with pytest.raises(NoteError, match="weak key"):
                Verifier.from_vkey(verifier.vkey)


def test_a_checkpoint_of_more_entries_than_there_are_ends_at_once(public):
    for size in (2**59, 10_000_000):
        forged = Checkpoint.signed(SIGNER.name, size, b"\x00" * 32, signer=SIGNER)
        (public / "ledger" / "checkpoint").write_bytes(forged.to_bytes())

        assert len(wrong(public)) == 1


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"kind": "agency"}',
        b'{"kind": "agency", "files": []}',
        b'{"kind": "", "files": {}}',
        b'{"kind": "agency", "files": {"../agency.json": null}}',
        b'{"kind": "agency", "files": {"/etc/passwd": null}}',
        b'{"kind": "agency", "files": {"a": {"sha256": "00", "bytes": 1}}}',
        b'{"kind": "agency", "files": {"a": {"sha256": "' + b"0" * 64 + b'", "bytes": true}}}',
        b'{"kind": "agency", "files": {}, "kind": "agency"}',
        b'{"kind": "agency", "files": {}, "x": NaN}',
        b'{"kind": "agency", "files": {}, "x": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b'{"kind": "agency", "files": {}, "x": ' + b"9" * 5_000 + b"}",
    ],
)
def test_an_entry_that_cannot_be_read_is_named_by_its_number(public, entry):
    Log(public / "ledger").append([entry], signer=SIGNER)

    assert str(verify(public).problems[0]).startswith(
        "ledger/tile/entries/001.p/3 holds entry 258, which cannot be read: it "
    )


@given(st.binary(max_size=300))
def test_no_bytes_whatever_make_a_reader_fail_with_anything_but_its_own_error(data):
    for read, error in (
        (Note.from_bytes, NoteError),
        (Checkpoint.from_bytes, NoteError),
        (lambda data: Verifier.from_vkey(data.decode("latin-1")), NoteError),
        (Entry.from_bytes, EntryError),
        (read_manifest, EntryError),
    ):
        try:
            read(data)
        except error:
            continue


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(st.data())
def test_no_change_of_any_kind_passes_or_fails_with_a_traceback(public, data):
    name = data.draw(st.sampled_from(files_of(public)))
    right = (public / name).read_bytes()
    start = data.draw(st.integers(0, len(right)))
    end = data.draw(st.integers(start, min(len(right), start + 40)))
    other = right[:start] + data.draw(st.binary(max_size=40)) + right[end:]

    (public / name).write_bytes(other)
    try:
        found = verify(public)
    finally:
        (public / name).write_bytes(right)

    assert [each.path for each in found.problems][:1] == ([] if other == right else [name])
    assert all(each.sentence.isprintable() and each.sentence.endswith(".") for each in found.problems)


@pytest.mark.parametrize("text", ["", "no key", "a+b", "a+00000000+AAAA", "é" * 500])
def test_a_key_or_checkpoint_of_one_s_own_that_is_none_is_one_sentence(pristine, text):
    with pytest.raises(ComityError, match="The key you gave is not one"):
        verify(pristine, vkey=text)
    with pytest.raises(ComityError, match="The checkpoint you kept is not one"):
        verify(pristine, since=text.encode())
