"""The sample town's training goes through the room's own actions, and every page shows something."""

from __future__ import annotations

from django.conf import settings


def test_the_sample_town_has_training_to_look_at(town, clients):
    from comity.site.training import demo
    from comity.site.training.models import Completion, EffectStatement

    demo.fill(town.agency, town.people, now=settings.CLOCK(), folder=town.folder)

    page = clients["anyone"].get("/training/").content.decode()
    assert "Fair and lawful stops" in page
    assert "75%" in page
    assert "at least 91%" in page
    assert EffectStatement.objects.get().finding["verdict"] == "does not show"
    assert Completion.objects.count() == 90 + 114 + 72
    assert 'class="late"' in clients["chief"].get("/office/training/").content.decode()
