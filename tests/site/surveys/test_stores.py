"""The two stores: what is in them, what is not, and what nobody can read out of how they lie on the disk."""

from __future__ import annotations

import os
import random
import re
from datetime import date

import pytest

DAY = date(2027, 3, 1)


@pytest.fixture
def send(fielded):
    """Stores answers with a new token, or with `token`; returns the receipt."""
    from comity.site.surveys.responses import actions, queries
    from comity.site.surveys.tokens import TokenKey

    def work(answers, token=None, mode="web"):
        token = token or TokenKey.read(fielded.keys, "town").issue_here("north").as_text()
        return actions.submit(
            queries.fielded("town"), answers, token=token, stratum="north", keys=fielded.keys, day=DAY, mode=mode,
            language="en",
        )  # fmt: skip

    return work


def test_a_response_is_its_answers_the_day_the_mode_the_language_and_the_stratum(send):
    from comity.site.surveys.responses import actions, queries

    send({"open_keep": "Número uno"}, mode="phone")
    actions.close_survey("town")

    assert queries.responses("town") == [
        {
            "day": "2027-03-01",
            "mode": "phone",
            "language": "en",
            "stratum": "north",
            "answers": {"open_keep": "Número uno"},
        }
    ]


def test_long_responses_go_into_several_slots_and_come_back_whole(send):
    from comity.site.surveys.responses import actions, queries
    from comity.site.surveys.responses.models import Slot

    texts = [letter * length for letter, length in zip("abcde", (0, 1, 985, 4000, 20_000), strict=True)]
    for text in texts:
        send({"open_keep": text})
    actions.close_survey("town")

    assert sorted(each["answers"]["open_keep"] for each in queries.responses("town")) == sorted(texts)
    assert {len(bytes(each.content)) for each in Slot.objects.filter(is_used=True)} == {1000}
    assert Slot.objects.filter(is_used=True).count() > 25


def test_a_response_that_is_too_long_is_refused_whole(send):
    from comity.site.surveys.responses.models import SpentToken
    from comity.site.surveys.responses.slots import ResponseTooLong

    with pytest.raises(ResponseTooLong):
        send({"open_keep": "x" * 70_000})

    assert SpentToken.objects.count() == 0


def test_when_slots_run_out_all_move_to_new_places_and_none_is_lost(send):
    from comity.site.surveys.responses import actions, queries
    from comity.site.surveys.responses.models import Slot, Survey

    first = Survey.objects.get(name="town").first_slot
    for at in range(110):
        send({"open_keep": f"{at:03d} " + "x" * 4200})  # five slots each, of 400
    actions.close_survey("town")

    survey = Survey.objects.get(name="town")
    assert sorted(each["answers"]["open_keep"][:3] for each in queries.responses("town")) == [
        f"{n:03d}" for n in range(110)
    ]
    assert survey.slots == 800
    assert survey.first_slot > first
    assert Slot.objects.count() == 800


def test_responses_can_be_read_only_once_the_survey_has_closed_and_a_closed_one_takes_no_more(send, fielded):
    from comity.site.surveys.responses import actions, queries
    from comity.site.surveys.responses.writer import SurveyClosed
    from comity.site.surveys.tokens import TokenKey

    token = TokenKey.read(fielded.keys, "town").issue_here("north").as_text()
    receipt = send({}, token)
    with pytest.raises(queries.StillOpen):
        queries.responses("town")

    actions.close_survey("town")

    with pytest.raises(SurveyClosed):
        send({})
    assert send({}, token) == receipt  # it had arrived: whoever asks again is told so
    assert len(queries.responses("town")) == 1


def test_what_the_file_of_invitations_holds_does_not_depend_on_the_order_in_which_codes_were_used(fielded):
    """The same codes used in two orders end in the same bytes, but for SQLite's count of changes."""
    from django.db import connections
    from voprf import ristretto

    from comity.site.surveys.codes import CodeKey
    from comity.site.surveys.invitations.actions import issue_token
    from comity.site.surveys.tokens import TokenKey

    path = fielded.folder / "invitations.sqlite3"
    fresh = path.read_bytes()
    used = {
        code: bytes(ristretto.Client.blind(os.urandom(32))[1].serialize()) for code in list(fielded.codes.values())[:60]
    }
    keys = {"codes": CodeKey.read(fielded.keys / "codes.key"), "key": TokenKey.read(fielded.keys, "town")}
    files = []
    for seed in (1, 2):
        order = sorted(used)
        random.Random(seed).shuffle(order)
        for code in order:
            issue_token("town", code, used[code], **keys)
        connections["invitations"].close()
        files.append(bytearray(path.read_bytes()))
        path.write_bytes(fresh)

    assert files[0] != bytearray(fresh)
    assert files[0] == files[1]


def test_where_responses_lie_in_the_file_does_not_depend_on_the_order_in_which_they_came(fielded):
    """The same slots written in two orders, and in one batch, end in the same bytes, but for SQLite's count of changes."""
    from django.db import connections, transaction

    from comity.site.surveys.responses import slots
    from comity.site.surveys.responses.models import Survey

    path = fielded.folder / "responses.sqlite3"
    fresh = path.read_bytes()
    first = Survey.objects.get(name="town").first_slot
    bodies = {first + at: bytes([at % 255]) * 1000 for at in random.Random(3).sample(range(400), 60)}
    forwards = [{number: bodies[number]} for number in sorted(bodies)]
    files = []
    for batches in (forwards, forwards[::-1], [bodies]):
        for batch in batches:
            with transaction.atomic(using="responses"), connections["responses"].cursor() as cursor:
                slots.overwrite(cursor, batch)
        connections["responses"].close()
        content = bytearray(path.read_bytes())
        content[24:28] = content[92:96] = bytes(4)
        files.append(content)
        path.write_bytes(fresh)

    assert files[0] != bytearray(fresh)
    assert files[0] == files[1] == files[2]


def test_what_the_list_of_spent_tokens_holds_does_not_depend_on_the_order_in_which_they_came_once_it_is_mixed(fielded):
    """The same tokens in two orders end in the same bytes, but for SQLite's count of changes; before, they do not."""
    from django.db import connections

    from comity.site.surveys.mixing import mix
    from comity.site.surveys.responses import writer

    path = fielded.folder / "responses.sqlite3"
    fresh = path.read_bytes()
    random_ = random.Random(5)
    receipts = sorted(random_.randbytes(32) for _ in range(1200))
    before, after = [], []
    for seed in (1, 2):
        order = list(receipts)
        random.Random(seed).shuffle(order)
        for at in range(0, len(order), 40):
            with writer._turn() as cursor:
                writer._spend(cursor, dict.fromkeys(order[at : at + 40], "town"))
        for files in (before, after):
            connections["responses"].close()
            content = bytearray(path.read_bytes())
            content[24:28] = content[40:44] = content[92:96] = bytes(4)
            files.append(content)
            mix("responses")
        connections["responses"].close()
        path.write_bytes(fresh)

    assert before[0] != before[1]
    assert after[0] == after[1]
    assert receipts[0] in after[0]


def test_mixing_takes_a_small_part_of_the_time_and_ten_minutes_are_the_longest_wait():
    from comity.site.surveys.mixing import wait_after

    assert [wait_after(seconds) for seconds in (0, 0.01, 0.5, 1.2, 60)] == [60, 60, 250, 600, 600]


def test_a_slot_is_never_written_twice_and_then_nothing_of_the_batch_is_stored(fielded):
    from django.db import connections, transaction

    from comity.site.surveys.responses import slots
    from comity.site.surveys.responses.models import Slot, Survey

    first = Survey.objects.get(name="town").first_slot

    def write(bodies):
        with transaction.atomic(using="responses"), connections["responses"].cursor() as cursor:
            slots.overwrite(cursor, bodies)

    write({first: b"a" * 1000})
    with pytest.raises(slots.SlotsInUse):
        write({first: b"b" * 1000, first + 1: b"b" * 1000})

    assert [bytes(each.content)[:1] for each in Slot.objects.filter(is_used=True)] == [b"a"]


def test_a_token_that_comes_twice_in_one_batch_is_one_response_and_both_hear_of_it(fielded):
    from queue import SimpleQueue

    from comity.site.surveys.responses import actions, queries, writer

    queue = SimpleQueue()
    arrivals = [
        writer.Arrival(survey, receipt, b'{"n":%d}' % at)
        for at, (survey, receipt) in enumerate(
            [("town", b"1" * 32), ("town", b"2" * 32), ("town", b"1" * 32), ("nowhere", b"3" * 32)]
        )
    ]
    for arrival in arrivals[1:]:
        queue.put(arrival)

    writer._settle([arrivals[0]], queue)
    again = writer.Arrival("town", b"2" * 32, b'{"n":9}')
    writer._settle([again], queue)
    actions.close_survey("town")

    assert [each.outcome.result(timeout=0) for each in [*arrivals, again]] == [True, True, False, None, False]
    assert sorted(each["n"] for each in queries.responses("town")) == [0, 1]


def test_no_journal_stays_and_no_store_counts_rows(send, fielded):
    import sqlite3

    send({})
    names = {each.name for each in fielded.folder.iterdir()}

    assert not [name for name in names if name.endswith(("-journal", "-wal", "-shm"))]
    with sqlite3.connect(fielded.folder / "responses.sqlite3") as store:
        columns = [
            row[1]
            for table in ("slot", "spenttoken")
            for row in store.execute(f"PRAGMA table_info(survey_responses_{table})")
        ]
        with pytest.raises(sqlite3.OperationalError):
            store.execute("SELECT rowid FROM survey_responses_spenttoken")
    assert columns == ["number", "is_used", "content", "receipt", "survey"]


def test_a_stratum_too_small_to_hide_in_is_refused(fielded):
    from comity.site.surveys.codes import CodeKey
    from comity.site.surveys.invitations.actions import Case, SampleRefused, invite

    cases = [Case(str(n), "large") for n in range(200)] + [Case(str(n), "small") for n in range(200, 249)]

    with pytest.raises(SampleRefused, match="Stratum 'small' has 49 cases"):
        invite("other", cases, codes=CodeKey(bytes(32)), answers_url="/")


def test_an_open_link_is_labelled_for_ever_and_a_copied_page_makes_two_people_two(fielded):
    from django.test import Client

    from comity.site.surveys.responses import actions, queries

    actions.field_survey("open", fielded.questionnaire.as_json(), strata=None)
    client = Client()
    page = client.get("/survey/open/").content.decode()
    seed = re.search(r'name="_seed" value="(\w+)"', page)[1]

    def post(text):
        fields = {"_go": "send", "_seed": seed, "_data": f'{{"open_keep": "{text}"}}'}
        return client.post("/survey/open/", fields).status_code

    assert [post("first"), post("second"), post("first")] == [200, 200, 200]
    actions.close_survey("open")
    assert len(queries.responses("open")) == 2
    for address in ("/survey/open/", "/survey/open/receipts/", "/survey/open/promise/"):
        assert "stand for nobody else" in client.get(address).content.decode()


def test_a_sealed_receipt_is_found_and_the_ledger_holds_the_list(send, fielded, tmp_path, site):
    from django.test import Client, override_settings

    from comity.ledger import Signer, create_key, verify
    from comity.site.surveys.sealing import seal_receipts

    folder = tmp_path / "instance"
    (folder / "keys").mkdir(parents=True)
    create_key(folder / "keys" / "ledger.key", "town.example/comity")
    signer = Signer.load(folder / "keys" / "ledger.key")
    mine, other = send({}), send({})

    with override_settings(PUBLIC=folder / "public"):
        assert "not sealed yet" in Client().get("/survey/town/receipts/").content.decode()
        assert Client().get("/survey/town/receipts.txt").status_code == 404
        count = seal_receipts(folder, "town", signer=signer, today=DAY)
        late = send({})
        lines = Client().get("/survey/town/receipts.txt").content.decode().split()
        page = Client().get("/survey/town/receipts/").content.decode()

    assert count == 2
    assert lines == sorted([mine.hex(), other.hex()])
    assert late.hex() not in lines
    assert "has 2 entries" in page
    assert verify(folder / "public", vkey=signer.verifier.vkey).problems == ()
    path = folder / "public" / "surveys" / "town" / "spent-tokens.json"
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content.replace(mine.hex().encode(), b"0" * 64))
    assert verify(folder / "public", vkey=signer.verifier.vkey).problems


def test_what_goes_wrong_is_logged_without_what_was_sent(fielded, capfd):
    import logging

    from comity.site.quiet_logs import BareFormatter

    try:
        raise ValueError("the answer was: secret-4711")
    except ValueError as problem:
        record = logging.LogRecord(
            "django.request", logging.ERROR, "x.py", 1, "Internal Server Error: %s", ("/survey/town/?secret-4711",),
            (type(problem), problem, problem.__traceback__),
        )  # fmt: skip

    line = BareFormatter().format(record)

    assert line.startswith("ERROR django.request: ValueError at test_stores.py:")
    assert "secret" not in line


def test_damaged_pages_are_answered_and_store_nothing(fielded):
    from django.test import Client

    from comity.site.surveys.responses.models import SpentToken

    client = Client(raise_request_exception=True)
    for fields in (
        {},
        {"_go": "send"},
        {"_go": "next", "_page": "nowhere", "_seed": "0" * 32},
        {"_go": "next", "_seed": "0" * 32, "_data": "[" * 5000},
        {"_go": "send", "_seed": "0" * 32, "_data": '{"open_keep": ["list"], "unknown": 1}'},
        {"_go": "back", "_seed": "é" * 32},
        {"_go": "send", "_seed": "0" * 32, "_token": "\ud800".encode("utf-8", "surrogatepass"), "_stratum": "north"},
    ):
        assert client.post("/survey/town/", fields).status_code in (200, 422)

    assert SpentToken.objects.count() == 0


def test_a_copied_folder_of_stores_is_only_for_its_owner(fielded_once):
    for name in ("default", "invitations", "responses"):
        assert (fielded_once / f"{name}.sqlite3").stat().st_mode & 0o077 == 0
