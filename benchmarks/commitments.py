"""The list of commitments with 10,000 of them, on SQLite: how long each page takes to make, 95 times in 100.

    python benchmarks/commitments.py --public demo-instance/public

Pages are made by Django's client in this process, so the time is that of queries and templates, without a network.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

COMMITMENTS = 10_000
ROUNDS = 60
PAGES = (
    "/commitments/", "/commitments/?page=200", "/commitments/?page=400", "/commitments/?state=overdue", "/commitments/?topic=stops&state=open",
    "/commitments/?place=7", "/es/commitments/?state=closed", "/commitments/5000/", "/commitments/feed.xml", "/office/commitments/",
)  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--public", type=Path, required=True, help="a published folder, such as the demo's")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "COMITY_PARTS": "community", "COMITY_PUBLIC": str(given.public.absolute()), "COMITY_INSTANCE": folder,
            "DJANGO_SETTINGS_MODULE": "comity.site.settings",
        }  # fmt: skip
        import django

        django.setup()
        from django.test import Client, override_settings

        from comity.site.upgrading import upgrade_stores

        upgrade_stores()
        chief = write_commitments()
        with override_settings(ALLOWED_HOSTS=["testserver"], CLOCK=lambda: datetime(2027, 6, 1, tzinfo=UTC)):
            anyone, office = Client(), Client()
            office.force_login(chief)
            for page in PAGES:
                client = office if page.startswith("/office") else anyone
                print(
                    f"{page:<40} {said(timed(lambda client=client, page=page: client.get(page)))} (goal: p95 at most 100 ms)"
                )
            print(
                f"{'/commitments/commitments.csv':<40} {said(timed(lambda: anyone.get('/commitments/commitments.csv').getvalue(), 3))}"
            )


def write_commitments() -> Any:
    """COMMITMENTS rows with three steps each, a measurement for a third of them; returns the chief's account."""
    from django.db import transaction

    from comity.site.commitments.models import Commitment, Measurement, Step, Terms, Topic
    from comity.site.community.actions import add_account
    from comity.site.community.models import Agency, Entry, Place

    agency = Agency.objects.create(slug="large-town", name="Large Town")
    chief = add_account("chief", role="chief", password="a long pass phrase", works_for_police=True, agency=agency)
    places = [Place.objects.create(agency=agency, slug=f"place-{n}", name=f"Place {n}") for n in range(80)]
    first, numbers = date(2027, 1, 1), range(1, COMMITMENTS + 1)
    at = datetime(2027, 1, 1, tzinfo=UTC)
    with transaction.atomic():
        Commitment.objects.bulk_create(
            Commitment(
                agency=agency, place=places[n % 80], topic=Topic.values[n % 8], language="en", title=f"Commitment number {n}",
                said="What the number said. " * 10, plan="What will be done. " * 10, source="meeting", source_words="Meeting",
                source_day=first, owner=chief, made_by=chief, made_on=first, due=first + timedelta(days=n % 400),
            ) for n in numbers
        )  # fmt: skip
        Terms.objects.bulk_create(
            Terms(
                commitment_id=n, number=1, made_on=first, due=first + timedelta(days=n % 400), counted=first + timedelta(days=n % 400),
                kind="count", dataset="stops", period="2026", version=1, table="stops", wants="down", size=10, size_is="absolute",
                first_period="2027", definition="0" * 64, label={"en": "Stops", "es": "Paradas"},
                baseline={"release": "stops/2026/v1", "estimate": 100, "low": 82, "high": 121, "unit": "count", "k": 100, "n": None, "days": 365},
            ) for n in numbers
        )  # fmt: skip
        entries = iter(
            Entry.objects.bulk_create(
                Entry(at=at, action="benchmark", subject=str(n), before=f"{n:064x}", hash=f"{n + 1:064x}") for n in range(3 * COMMITMENTS)
            )
        )  # fmt: skip
        measurements = Measurement.objects.bulk_create(
            Measurement(
                terms_id=n, release="stops/2027/v1", baseline="stops/2026/v1", breaks=0, measured_on=first, change={"estimate": 1, "low": 0, "high": 2},
                verdict="did not move",
            ) for n in numbers[::3]
        )  # fmt: skip
        for number, kind, state, wanted in ((1, "made", "made", numbers), (2, "accepted", "accepted", numbers[::2])):
            Step.objects.bulk_create(
                Step(commitment_id=n, number=number, at=at, by=chief, kind=kind, state=state, entry=next(entries)) for n in wanted
            )  # fmt: skip
        state_of = dict(Commitment.objects.values_list("pk", "state"))
        Step.objects.bulk_create(
            Step(
                commitment_id=each.terms_id, number=3 if state_of[each.terms_id] == "accepted" else 2, at=at, kind="measured",
                state=state_of[each.terms_id], measurement=each, entry=next(entries),
            ) for each in measurements
        )  # fmt: skip
    return chief


def timed(ask: Callable[[], Any], rounds: int = ROUNDS) -> list[float]:
    """Milliseconds of each of `rounds` answers, after one to warm up."""
    ask()
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        answer = ask()
        found.append((time.perf_counter() - start) * 1000)
        assert isinstance(answer, bytes) or answer.status_code == 200, answer.status_code
    return found


def said(times: list[float]) -> str:
    ordered = sorted(times)
    return f"median {statistics.median(times):6.1f} ms, p95 {ordered[int(0.95 * (len(ordered) - 1))]:6.1f} ms"


if __name__ == "__main__":
    main()
