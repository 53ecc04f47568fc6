"""The sample town's planning shows every step, with or without ballot boxes in the process."""

from __future__ import annotations


def test_the_sample_town_has_a_plan_in_force_a_dissent_a_counted_vote_and_a_rejection(town, monkeypatch, get):
    from django.conf import settings

    from comity.site.planning import demo, queries
    from comity.site.planning.models import Consultation, Plan
    from comity.site.surveys.responses import queries as responses
    from comity.site.surveys.responses import writer

    monkeypatch.setattr(writer, "_process", None)
    responses.fielded.cache_clear()

    demo.fill(town.agency, town.people, now=settings.CLOCK(), folder=town.folder)

    plan = queries.plan(Plan.objects.get().pk)
    assert [state for _version, state in plan.versions] == ["asked", "active"]
    vote = Consultation.objects.get(kind="approval")
    assert vote.result["voters"] == demo.VOTERS
    assert "Advertising, rule 3." in get(
        f"/plans/consultations/{Consultation.objects.get(kind='statements').pk}/moderation/"
    )


def test_without_ballot_boxes_the_vote_stays_sealed(town, monkeypatch):
    from django.apps import apps
    from django.conf import settings

    from comity.site.planning import demo
    from comity.site.planning.models import Consultation

    monkeypatch.setattr(type(apps), "is_installed", lambda self, name: "surveys" not in name)

    demo.fill(town.agency, town.people, now=settings.CLOCK(), folder=town.folder)

    vote = Consultation.objects.get(kind="approval")
    assert (vote.sealed_at is not None, vote.voting_at) == (True, None)
