"""Blind tokens and codes: RFC 9497, one spelling, and nothing that shows a secret."""

from __future__ import annotations

import os

import pytest
from voprf import ristretto

from comity.site.surveys.codes import CodeKey, CodeRefused, read_code, shown_code
from comity.site.surveys.tokens import Token, TokenKey, TokenRefused, create_token_key, from_text, to_text

# RFC 9497, appendix A.1.2 (VOPRF, ristretto255-SHA512), test vector 1.
RFC_SEED = bytes.fromhex("a3" * 32)
RFC_KEY_INFO = bytes.fromhex("74657374206b6579")
RFC_PUBLIC = "c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e"
RFC_INPUT = bytes.fromhex("00")
RFC_OUTPUT = (
    "b58cfbe118e0cb94d79b5fd6a6dafb98764dff49c14e1770b566e42402da1a7d"
    "a4d8527693914139caee5bd03903af43a491351d23b430948dd50cde10d32b3c"
)


def test_the_library_gives_the_numbers_of_the_standard():
    evaluator = ristretto.Evaluator.from_seed(RFC_SEED, RFC_KEY_INFO)

    assert bytes(evaluator.public_key.serialize()).hex() == RFC_PUBLIC
    assert bytes(evaluator.evaluate_known_input(RFC_INPUT)).hex() == RFC_OUTPUT


def test_a_token_blinded_evaluated_and_unblinded_is_genuine_for_its_stratum_only():
    key = TokenKey("town", bytes(32))
    nonce = os.urandom(32)
    client, blinded = ristretto.Client.blind(nonce)

    data = key.evaluate("north", bytes(blinded.serialize()))
    output = ristretto.VerifiableOutput.deserialize(data[35:] + data[2:34])
    public = ristretto.PublicKey.deserialize(key.public_key("north"))
    token = Token(nonce, bytes(client.finalize(output, public)))

    assert (data[:2], data[34]) == (b"\x00\x01", 1)
    assert key.is_genuine("north", token)
    assert not key.is_genuine("south", token)
    assert not TokenKey("other", bytes(32)).is_genuine("north", token)
    assert not TokenKey("town", b"\x01" * 32).is_genuine("north", token)
    assert not key.is_genuine("north", Token(nonce, bytes(64)))


@pytest.mark.parametrize("text", ["", "A", "!" * 128, "A" * 127, "A" * 129, "é" * 128, "A" * 127 + "=", "\0" * 128])
def test_what_has_not_the_form_of_a_token_is_refused_without_being_repeated(text):
    with pytest.raises(TokenRefused) as refusal:
        Token.from_text(text)

    assert not text or text not in str(refusal.value)


AN_ELEMENT = bytes(ristretto.Client.blind(bytes(32))[1].serialize())


@pytest.mark.parametrize(
    "blinded", [b"", b"\xff" * 32, AN_ELEMENT[:-1], AN_ELEMENT + b"\0"], ids=["none", "ff", "31", "33"]
)
def test_what_is_not_an_element_of_the_group_is_refused(blinded):
    with pytest.raises(TokenRefused):
        TokenKey("town", bytes(32)).evaluate("north", blinded)


def test_no_key_or_token_shows_itself_when_printed():
    key, codes = TokenKey("town", b"\x07" * 32), CodeKey(b"\x07" * 32)
    token = key.issue_here("north")

    assert "07" not in repr(key) + repr(codes)
    assert "nonce" not in repr(token)


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path):
    path = tmp_path / "keys" / "tokens-town.key"
    create_token_key(path)
    first = path.read_text()

    create_token_key(path)

    assert path.read_text() == first
    assert path.stat().st_mode & 0o777 == 0o600


def test_codes_are_read_as_people_type_them_and_slips_are_found():
    code = CodeKey(b"\x01" * 32).code("town", "00017")

    for typed in (code, code.lower(), shown_code(code), f" {code[:5]} {code[5:]} ", code.replace("0", "o")):
        assert read_code(typed) == code
    wrong = 0
    for at in range(len(code)):
        other = "2" if code[at] != "2" else "3"
        try:
            read_code(code[:at] + other + code[at + 1 :])
        except CodeRefused:
            wrong += 1
    assert wrong >= 8


def test_codes_differ_and_nothing_stored_tells_them():
    key = CodeKey(b"\x01" * 32)
    codes = {key.code("town", f"{n:05d}") for n in range(5000)}

    assert len(codes) == 5000
    assert key.digest("ABCDEFGHJK") != CodeKey(b"\x02" * 32).digest("ABCDEFGHJK")


def test_text_and_bytes_go_both_ways():
    for length in (0, 1, 2, 3, 96):
        data = os.urandom(length)
        assert from_text(to_text(data), length) == data
