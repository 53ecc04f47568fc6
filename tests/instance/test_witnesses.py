"""Publishing asks the witnesses that the ledger requires; what too few have signed waits, and is not public."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import date

import pytest

from comity.cli.rotate_key import replace_key
from comity.cli.witness import post, witness_server
from comity.errors import ComityError
from comity.instance.promising import promise
from comity.instance.witnesses import WitnessesMissing
from comity.ledger import Signer, verify
from comity.ledger.authority import require_witnesses
from comity.ledger.witness import Witness
from comity.releases.states import next_state, waiting_state

TODAY = date(2026, 4, 2)
PROMISE = '[[calendar]]\ndataset = "stops"\nperiod = "{}"\ndue = 2026-07-31\ntitle.en = "Q"\ntitle.es = "T"\n'
DEAD = "http://127.0.0.1:9"


@contextmanager
def serving(witness: Witness, port: int = 0):
    server = witness_server(witness, "127.0.0.1", port)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def town(small_agency, tmp_path):
    """An agency whose ledger requires two of three witnesses."""
    promise(small_agency, today=TODAY)
    signer = Signer.load(small_agency / "keys" / "ledger.key")
    witnesses = [Witness.create(tmp_path / f"witness-{number}", f"w{number}.example.org") for number in range(3)]
    for each in witnesses:
        each.follow(signer.verifier)
    with next_state(small_agency) as state:
        require_witnesses(state, [each.signer.verifier for each in witnesses], need=2, signer=signer)
    return small_agency, witnesses


def write_settings(folder, urls, witnesses, *periods: str) -> None:
    settings = folder / "comity.toml"
    text = settings.read_text().split("\n# witnesses\n")[0] + "\n# witnesses\n"
    text += "".join(PROMISE.format(each) for each in periods)
    for url, each in zip(urls, witnesses, strict=False):
        text += f'[[witnesses]]\nurl = "{url}"\nvkey = "{each.signer.verifier.vkey}"\n'
    settings.write_text(text)


def test_what_is_sealed_is_public_only_with_enough_signatures(town):
    folder, witnesses = town

    with serving(witnesses[0]) as first, serving(witnesses[1]) as second:
        write_settings(folder, [first, second, DEAD], witnesses, "2026-q2")
        promise(folder, today=TODAY, post=post)

    found = verify(folder)
    assert found.problems == ()
    assert [name for name, _ in found.witnesses] == ["w0.example.org", "w1.example.org"]


def test_a_witness_that_does_not_answer_is_named_and_the_next_run_goes_on_with_the_same_state(town):
    folder, witnesses = town
    with serving(witnesses[0]) as first, serving(witnesses[1]) as second:
        write_settings(folder, [first, second], witnesses)
        promise(folder, today=TODAY, post=post)
        before = (folder / "public/ledger/checkpoint").read_bytes()
        write_settings(folder, [first, DEAD], witnesses, "2026-q2")
        with pytest.raises(WitnessesMissing) as caught:
            promise(folder, today=TODAY, post=post)

        assert str(caught.value).startswith(
            "1 of the 2 witnesses that must countersign have done so: The witness at http://127.0.0.1:9/add-checkpoint "
            "does not answer ("
        )
        assert "comity.toml has no [[witnesses]] entry for w2.example.org" in str(caught.value)
        assert (folder / "public/ledger/checkpoint").read_bytes() == before
        assert verify(folder).problems == ()
        assert waiting_state(folder) is not None
        with pytest.raises(ComityError, match="waits for the signatures of its witnesses"):
            replace_key(folder)

        write_settings(folder, [first, second], witnesses, "2026-q2", "2026-q3")
        done = promise(folder, today=date(2026, 4, 9), post=post)

    assert [each[:26] for each in done.lines] == ["promised: stops 2026-q3 by"]  # q2 was in the state that waited
    assert verify(folder).problems == ()
    assert waiting_state(folder) is None
    sealed = (folder / "public/promises/stops/2026-q2/1.json").read_text()
    assert '"sealed": "2026-04-02"' in sealed


def test_signatures_that_a_new_requirement_or_key_left_out_are_fetched_first(town):
    folder, witnesses = town
    assert not verify(folder).is_intact  # two signatures are required, and none is there yet

    with serving(witnesses[0]) as first, serving(witnesses[2]) as third:
        write_settings(folder, [first, third], [witnesses[0], witnesses[2]])
        promise(folder, today=TODAY, post=post)
        assert verify(folder).problems == ()
        key = replace_key(folder)
        with pytest.raises(WitnessesMissing, match="not signed with a key of that ledger"):
            promise(folder, today=TODAY, post=post)
        for each in witnesses:
            each.follow(key)
        promise(folder, today=TODAY, post=post)

    assert verify(folder).problems == ()


def test_a_key_that_is_no_witness_s_is_refused(town):
    folder, _ = town
    ledger = Signer.load(folder / "keys" / "ledger.key").verifier.vkey
    settings = folder / "comity.toml"
    settings.write_text(settings.read_text() + f'[[witnesses]]\nurl = "{DEAD}"\nvkey = "{ledger}"\n')

    with pytest.raises(ComityError, match=r"vkey in \[\[witnesses\]\] for http://127\.0\.0\.1:9 is a ledger's key"):
        promise(folder, today=TODAY, post=post)
