"""One of each thing that a page of outreach is about, for the walk over every address."""

from __future__ import annotations

from datetime import timedelta
from typing import Any


def examples(town: Any) -> dict[str, dict[str, Any]]:
    """View name -> the arguments of its address."""
    from django.conf import settings

    from comity.site.community.models import Place
    from comity.site.community.receipts import new_form_token, receipt_for
    from comity.site.outreach.actions.events import About, announce_event
    from comity.site.outreach.actions.profiles import consent, prepare_profile
    from comity.site.outreach.actions.questions import ask, decide

    chief, moderator = town.people["chief"], town.people["moderator"]
    place, _made = Place.objects.get_or_create(agency=town.agency, slug="holland", defaults={"name": "Holland"})
    starts = settings.CLOCK() + timedelta(days=3)
    said = About(
        kind="walk", title="Walk", venue="The park", starts=starts, ends=starts + timedelta(hours=1), place=place
    )
    event = announce_event(said, by=chief)
    invited, token = prepare_profile(name="An officer", rank="Sergeant", words="I like to walk here.", by=chief)
    _other, spent = prepare_profile(name="Another officer", rank="Officer", words="Say hello.", by=chief)
    _shown, withdrawing = consent(spent, months=6)
    question = ask("Why?", agency=town.agency, receipt=receipt_for(new_form_token()), language="en")
    decide(question, publish=True, by=moderator)
    release = {"dataset": "stops", "period": "2017", "version": 2}
    event_uid, question_number = {"uid": event.uid}, {"number": question.pk}
    return {
        "outreach:events_of_place": {"slug": "holland"},
        "outreach:place_calendar": {"slug": "holland"},
        "outreach:event": event_uid,
        "outreach:consent": {"token": token},
        "outreach:withdraw": {"token": withdrawing},
        "outreach:press_release": release,
        "outreach:press_kit": release,
        "outreach:confirm": {"token": "a" * 43},
        "outreach:leave": {"token": "a" * 43},
        "outreach:topic_feed": {"topic": "events"},
        "outreach:place_feed": {"topic": "events", "slug": "holland"},
        "outreach:question": question_number,
        "outreach:office_event": event_uid,
        "outreach:office_event_cancel": event_uid,
        "outreach:office_profile_remove": {"number": invited.pk},
        "outreach:office_decide": question_number,
        "outreach:office_answer": question_number,
    }
