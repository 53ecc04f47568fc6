"""A restored instance is the one that was backed up, or there is none: the drill, and every way to spoil it."""

from __future__ import annotations

import os
import sqlite3
import uuid
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest

from comity.errors import ComityError
from comity.instance.backups import BackupError, back_up, last_backup, restore
from comity.instance.backups.keys import create_key
from comity.instance.doctor import examine
from comity.instance.publish import publish
from comity.ledger import verify

pytest.importorskip("pyrage")

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)


@pytest.fixture
def key(tmp_path):
    """(file of the private key, public half)."""
    path = tmp_path / "backup-key.txt"
    return path, create_key(path)


@pytest.fixture
def living(small_agency):
    """A published instance with an answer in its response store."""
    publish(small_agency, today=date(2026, 11, 20))
    with closing(sqlite3.connect(small_agency / "responses.sqlite3")) as store:
        store.execute("CREATE TABLE response (slot TEXT PRIMARY KEY)")
        store.execute("INSERT INTO response VALUES ('a')")
        store.commit()
    (small_agency / "responses.sqlite3").chmod(0o600)
    return small_agency


def contents(folder):
    """Path -> bytes of everything that must come back."""
    left_out = (".states", ".publishing", ".last-backup.json", ".sqlite3")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(each in str(path.relative_to(folder)) for each in left_out)
    } | {
        f"public/{p.relative_to(folder / 'public')}": p.read_bytes()
        for p in (folder / "public").rglob("*")
        if p.is_file()
    }


def test_the_restored_instance_is_the_one_that_was_backed_up(living, key, tmp_path):
    made = back_up(living, tmp_path / "kept", recipients=[key[1]], now=NOW)
    checkpoint = (living / "public" / "ledger" / "checkpoint").read_bytes()

    found = restore(made.file, tmp_path / "again", identity=key[0])

    assert contents(tmp_path / "again") == contents(living)
    with closing(sqlite3.connect(tmp_path / "again" / "responses.sqlite3")) as store:
        assert store.execute("SELECT slot FROM response").fetchall() == [("a",)]
    assert verify(tmp_path / "again" / "public", since=checkpoint).is_intact
    assert (tmp_path / "again" / "public").is_symlink()
    assert (tmp_path / "again" / "keys" / "ledger.key").stat().st_mode & 0o077 == 0
    assert found.entries and found.databases == ("responses",)
    assert {each.state for each in examine(tmp_path / "again", today=date(2026, 11, 23)) if each.name == "keys"} == {
        "well"
    }


def test_the_restored_instance_goes_on_publishing_where_the_log_ended(living, key, tmp_path):
    made = back_up(living, tmp_path / "kept", recipients=[key[1]], now=NOW)
    restore(made.file, tmp_path / "again", identity=key[0])
    kept = (living / "public" / "ledger" / "checkpoint").read_bytes()

    settings = tmp_path / "again" / "comity.toml"
    settings.write_text(settings.read_text().replace("minimum = 5", "minimum = 6"))
    publish(tmp_path / "again", today=date(2026, 11, 24))

    assert verify(tmp_path / "again" / "public", since=kept).is_intact


def test_a_backup_taken_while_answers_are_written_holds_one_moment(living, key, tmp_path):
    with closing(sqlite3.connect(living / "responses.sqlite3", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO response VALUES ('half')")
        made = back_up(living, tmp_path / "kept", recipients=[key[1]], now=NOW)
        writer.execute("COMMIT")

    restore(made.file, tmp_path / "again", identity=key[0])
    with closing(sqlite3.connect(tmp_path / "again" / "responses.sqlite3")) as store:
        assert store.execute("SELECT slot FROM response").fetchall() == [("a",)]


def test_what_was_deleted_is_not_in_a_backup(living, key, tmp_path):
    with closing(sqlite3.connect(living / "responses.sqlite3")) as store:
        store.execute("PRAGMA secure_delete=OFF")
        store.execute("INSERT INTO response VALUES ('a-token-that-went-away')")
        store.commit()
        store.execute("DELETE FROM response WHERE slot LIKE 'a-token%'")
        store.commit()
    assert b"a-token-that-went-away" in (living / "responses.sqlite3").read_bytes()

    made = back_up(living, tmp_path / "kept", recipients=[key[1]], now=NOW)
    restore(made.file, tmp_path / "again", identity=key[0])

    assert b"a-token-that-went-away" not in (tmp_path / "again" / "responses.sqlite3").read_bytes()


@pytest.mark.parametrize("where", [0.02, 0.5, 0.98])
def test_a_changed_byte_is_refused_and_nothing_is_left(living, key, tmp_path, where):
    made = back_up(living, tmp_path / "kept", recipients=[key[1]], now=NOW)
    content = bytearray(made.file.read_bytes())
    content[int(len(content) * where)] ^= 1
    made.file.write_bytes(content)

    with pytest.raises(BackupError):
        restore(made.file, tmp_path / "again", identity=key[0])
    assert not (tmp_path / "again").exists()
    assert not list(tmp_path.glob(".restoring-*"))


def test_a_backup_that_ends_early_is_refused(living, key, tmp_path):
    made = back_up(living, tmp_path / "kept", recipients=[key[1]], now=NOW)
    made.file.write_bytes(made.file.read_bytes()[:-20_000])

    with pytest.raises(BackupError):
        restore(made.file, tmp_path / "again", identity=key[0])


def test_another_key_opens_nothing_and_is_not_shown(living, key, tmp_path):
    made = back_up(living, tmp_path / "kept", recipients=[key[1]], now=NOW)
    other = tmp_path / "other.txt"
    create_key(other)

    with pytest.raises(BackupError) as refused:
        restore(made.file, tmp_path / "again", identity=other)
    assert "SECRET" not in str(refused.value)


def test_a_full_disk_leaves_no_half_backup_and_the_instance_as_it_was(living, key, tmp_path, monkeypatch):
    from comity.instance.backups import make

    def full(*args):
        args[-1].write_bytes(b"half")
        raise OSError(28, "No space left on device", str(args[-1]))

    monkeypatch.setattr(make, "write_archive", full)
    before = contents(living)

    with pytest.raises(OSError, match="No space"):
        back_up(living, tmp_path / "kept", recipients=[key[1]], now=NOW)

    assert list((tmp_path / "kept").iterdir()) == []
    assert contents(living) == before
    assert not list(living.glob(".snapshot-*"))
    assert last_backup(living) is None


def test_only_the_newest_stay(living, key, tmp_path):
    for day in range(4):
        back_up(living, tmp_path / "kept", recipients=[key[1]], now=NOW + timedelta(days=day), keep=2)

    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == [
        "agency-20261124T020000Z.comity-backup",
        "agency-20261125T020000Z.comity-backup",
    ]


@pytest.mark.parametrize(
    ("recipients", "to", "said"),
    [
        ([], "kept", "nobody is named"),
        (["age1nonsense"], "kept", "not a public key"),
        (None, "inside", "inside the instance"),
    ],
)
def test_a_backup_that_could_not_help_is_refused(living, key, tmp_path, recipients, to, said):
    place = living / "backups" if to == "inside" else tmp_path / to
    with pytest.raises(ComityError, match=said):
        back_up(living, place, recipients=[key[1]] if recipients is None else recipients, now=NOW)


def test_nothing_is_restored_over_something(living, key, tmp_path):
    made = back_up(living, tmp_path / "kept", recipients=[key[1]], now=NOW)

    with pytest.raises(BackupError, match="not an empty folder"):
        restore(made.file, living, identity=key[0])


def test_the_doctor_knows_when_the_last_backup_was_made(living, key, tmp_path):
    def state(day):
        return next(each for each in examine(living, today=day) if each.name == "backup").state

    assert state(date(2026, 11, 22)) == "attention"
    back_up(living, tmp_path / "kept", recipients=[key[1]], now=NOW)
    assert (state(date(2026, 11, 23)), state(date(2026, 12, 23))) == ("well", "attention")


def test_a_postgresql_store_comes_back(living, key, tmp_path):
    psycopg = pytest.importorskip("psycopg")
    try:
        admin = psycopg.connect("postgresql://postgres@127.0.0.1/test", autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        pytest.skip("PostgreSQL does not answer on 127.0.0.1:5432")
    names = [f"comity_backup_{uuid.uuid4().hex[:8]}" for _ in range(2)]
    with closing(admin):
        try:
            for name in names:
                admin.execute(f"CREATE DATABASE {name}")
            first, second = (f"postgresql://postgres@127.0.0.1:5432/{name}" for name in names)
            with closing(psycopg.connect(first, autocommit=True)) as store:
                store.execute("CREATE TABLE response (slot text PRIMARY KEY)")
                store.execute("INSERT INTO response VALUES ('b')")
            with (living / "comity.toml").open("a") as file:
                file.write(f'\n[site]\nresponse_database = "{first}"\n')
            made = back_up(living, tmp_path / "kept", recipients=[key[1]], now=NOW)

            with pytest.raises(BackupError, match="did not take its copy"):
                restore(made.file, tmp_path / "again", identity=key[0])
            assert not (tmp_path / "again").exists()
            restore(made.file, tmp_path / "again", identity=key[0], databases={"responses": second})

            with closing(psycopg.connect(second)) as store:
                assert store.execute("SELECT slot FROM response").fetchall() == [("b",)]
        finally:
            for name in names:
                admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def test_a_backup_can_be_read_by_its_owner_only(living, key, tmp_path):
    made = back_up(living, tmp_path / "kept", recipients=[key[1]], now=NOW)

    assert made.file.stat().st_mode & 0o077 == 0
    assert key[0].stat().st_mode & 0o077 == 0
    assert os.listdir(tmp_path / "kept") == [made.file.name]
