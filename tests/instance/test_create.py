"""comity init makes a whole instance or none."""

from __future__ import annotations

import pytest

from comity.errors import ComityError
from comity.instance.create import CannotCreate, create_instance
from comity.instance.settings import read_instance
from comity.ledger import Signer
from comity.records import read_mapping


def test_a_new_instance_has_valid_settings_a_valid_mapping_and_a_private_key(tmp_path):
    folder = tmp_path / "our-town"

    create_instance(folder, origin="data.example.gov/comity")

    instance = read_instance(folder)
    assert read_mapping(folder / instance.dataset(None).mapping).record_type.name == "stop"
    assert Signer.load(instance.key).name == "data.example.gov/comity"
    assert instance.key.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_holds_something_is_not_touched(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(CannotCreate, match="not empty"):
        create_instance(tmp_path)

    assert [each.name for each in tmp_path.iterdir()] == ["mine.txt"]


def test_a_failure_leaves_nothing_behind(tmp_path):
    with pytest.raises(ComityError, match="key name"):
        create_instance(tmp_path / "our-town", origin="has a space")

    assert list(tmp_path.iterdir()) == []
