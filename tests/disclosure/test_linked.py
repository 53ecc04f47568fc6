"""Statistics over hidden counts are withheld, or so coarse that they bound nothing."""

from __future__ import annotations

import pyarrow as pa

from comity.disclosure import Cell, CountTable, Policy, protect
from comity.disclosure.linked import may_publish, share_that_tells_nothing


def cell(*conditions):
    return Cell("stops", frozenset(conditions))


def protected():
    rows = [("x", "yes", 4), ("x", "no", 96), ("y", "yes", 30), ("y", "no", 170), ("z", "yes", 50), ("z", "no", 450)]
    group, searched, counts = zip(*rows, strict=True)
    table = CountTable(
        "searches", "stops", ("group", "searched"),
        pa.table({"group": group, "searched": searched, "count": counts}),
        {"group": ("x", "y", "z"), "searched": ("yes", "no")},
    )  # fmt: skip
    return protect([table], Policy())


def test_a_rate_over_published_counts_is_published_and_one_over_a_hidden_count_is_not():
    release = protected()

    assert may_publish(release, [cell(("group", "z"), ("searched", "yes")), cell(("group", "z"))])
    assert not may_publish(release, [cell(("group", "x"), ("searched", "yes")), cell(("group", "x"))])


def test_a_rounded_share_is_the_same_for_every_count_the_hidden_one_could_be():
    release = protected()
    hidden = cell(("group", "x"), ("searched", "yes"))

    interval = release.report.audit.intervals[hidden]
    told = share_that_tells_nothing(release.report.audit, hidden, whole=100)

    if told is not None:
        share, step = told
        for count in range(int(interval.low), int(min(interval.high, 100)) + 1):
            assert abs(count / 100 - share) <= step / 2 + 1e-9
    assert share_that_tells_nothing(release.report.audit, hidden, whole=100_000) is not None
