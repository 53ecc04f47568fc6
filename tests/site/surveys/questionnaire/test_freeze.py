"""What people are asked is sealed before they are asked, and nothing of it changes afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from comity.ledger import Signer, read_entries, verify
from comity.site.surveys.questionnaire.bank import standard_questionnaire
from comity.site.surveys.questionnaire.freeze import (
    FrozenError,
    freeze_questionnaire,
    sealed_questionnaire,
    sealed_versions,
)

TODAY = date(2026, 3, 1)


@pytest.fixture
def signer():
    return Signer.from_seed("town.example/ledger", bytes(range(32)))


def freeze(folder, questionnaire, signer):
    return freeze_questionnaire(folder, questionnaire, survey="town", signer=signer, today=TODAY)


def test_the_file_is_sealed_and_verifies(tmp_path, signer):
    path = freeze(tmp_path, standard_questionnaire(), signer)

    assert (tmp_path / "public" / path).read_bytes() == standard_questionnaire().as_json()
    assert read_entries(tmp_path / "public")[-1].kind == "questionnaire"
    assert list(verify(tmp_path / "public", vkey=signer.verifier.vkey).problems) == []
    assert sealed_questionnaire(tmp_path, "town", "1") == standard_questionnaire()


def test_the_same_again_changes_nothing(tmp_path, signer):
    freeze(tmp_path, standard_questionnaire(), signer)
    before = len(read_entries(tmp_path / "public"))

    freeze(tmp_path, standard_questionnaire(), signer)

    assert len(read_entries(tmp_path / "public")) == before


def test_a_change_after_that_is_refused_and_a_new_version_is_not(tmp_path, signer):
    freeze(tmp_path, standard_questionnaire(), signer)
    changed = replace(standard_questionnaire(), title={"en": "Another survey", "es": "Otra encuesta"})

    with pytest.raises(FrozenError, match="never changes"):
        freeze(tmp_path, changed, signer)
    freeze(tmp_path, replace(changed, version="2"), signer)

    assert sealed_versions(tmp_path / "public", "town") == ["1", "2"]
    assert sealed_questionnaire(tmp_path, "town", "1") == standard_questionnaire()


def test_a_file_that_was_changed_by_hand_is_not_asked(tmp_path, signer):
    path = tmp_path / "public" / freeze(tmp_path, standard_questionnaire(), signer)
    data = path.read_bytes().replace(b"How much do you trust", b"How much do you like")
    path.unlink()
    path.write_bytes(data)

    with pytest.raises(FrozenError, match="not what was sealed"):
        sealed_questionnaire(tmp_path, "town", "1")
    with pytest.raises(FrozenError, match="not what its log says"):
        freeze(tmp_path, replace(standard_questionnaire(), version="2"), signer)


def test_a_questionnaire_with_a_text_missing_is_not_sealed(tmp_path, signer):
    half = replace(standard_questionnaire(), thanks={"en": "Thank you."})

    with pytest.raises(FrozenError, match="1 texts are missing"):
        freeze(tmp_path, half, signer)

    assert not (tmp_path / "public").exists()
