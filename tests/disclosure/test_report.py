"""What a release tells of its protection bounds no hidden count."""

from __future__ import annotations

from comity.disclosure import CountTable, Policy, protect


def test_the_public_record_does_not_say_which_rule_hid_a_count():
    import pyarrow as pa

    counts = pa.table({"place": ["a", "b", "c"], "count": pa.array([3, 40, 50], pa.int64())})
    table = CountTable("t", "stops", ("place",), counts, {"place": ("a", "b", "c")})

    record = protect([table], Policy(minimum=10)).report.as_record()

    assert record["hidden"] == 2
    assert not {"primary", "secondary", "loss"} & set(record)
