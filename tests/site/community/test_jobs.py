"""What `comity work` does for the community itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NOON = datetime(2018, 5, 15, 12, tzinfo=UTC)


def test_places_come_from_what_is_published_and_only_once(town):
    from comity.site.community.jobs import name_places
    from comity.site.community.models import Place

    counts = [name_places(town.folder, NOON) for _ in range(2)]

    assert counts == [Place.objects.count(), 0]
    assert Place.objects.get(slug="holland").name == "Holland"
    assert set(Place.objects.values_list("agency", flat=True)) == {town.agency.pk}


def test_without_a_public_folder_there_are_no_places(town, site, tmp_path):
    from django.test import override_settings

    from comity.site.community.jobs import name_places

    with override_settings(PUBLIC=tmp_path / "nothing"):
        assert name_places(town.folder, NOON) == 0


def test_ended_sessions_and_old_attempts_are_forgotten(town, clients):
    from django.contrib.sessions.models import Session
    from django.db import connection
    from django.utils import timezone

    from comity.site.community.jobs import forget_expired

    clients["anyone"].post("/office/sign-in/", {"login": "nobody", "password": "guess"})
    with connection.cursor() as cursor:
        assert cursor.execute("SELECT count(*) FROM community_attempt").fetchone()[0] > 0
    sessions = Session.objects.count()

    assert forget_expired(town.folder, timezone.now()) == 0
    forget_expired(town.folder, timezone.now() + timedelta(days=30))

    assert sessions > 0
    assert not Session.objects.exists()
    with connection.cursor() as cursor:
        assert cursor.execute("SELECT count(*) FROM community_attempt").fetchone()[0] == 0
