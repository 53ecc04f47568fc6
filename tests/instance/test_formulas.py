"""Attack: a formula in the export must not become a cell of a public table."""

from __future__ import annotations

from datetime import date

import pytest

from comity.errors import ComityError
from comity.instance.publish import publish


@pytest.mark.parametrize("formula", ["=HYPERLINK(A1)", "@SUM(A1)", "+1+cmd", "-1+cmd"])
def test_a_formula_is_never_published_as_a_place(small_agency, formula):
    path = small_agency / "sources" / "stops.csv"
    path.write_text(path.read_text().replace(",Beat 1,", f",{formula},"))

    with pytest.raises(ComityError, match="a spreadsheet that opens the published table would run"):
        publish(small_agency, today=date(2026, 11, 22))

    assert not (small_agency / "public").exists()
