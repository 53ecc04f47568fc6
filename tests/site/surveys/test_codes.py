"""A slip of the finger is noticed before a code is looked up."""

from __future__ import annotations

import pytest


def test_any_one_wrong_character_of_a_code_is_refused(django):
    from comity.site.surveys.codes import ALPHABET, CodeKey, CodeRefused, read_code

    code = CodeKey(bytes(range(32))).code("town", "0001")

    assert read_code(f"{code[:5].lower()}-{code[5:]}") == code
    for place, right in enumerate(code):
        for wrong in ALPHABET.replace(right, ""):
            with pytest.raises(CodeRefused):
                read_code(code[:place] + wrong + code[place + 1 :])
