"""What is new, by topic and place: the one list that the Atom feeds show and subscribers are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from comity.releases.catalogue import in_language
from comity.site.community.models import Agency, Place
from comity.site.outreach.models import Answer, Event, Question, Topic
from comity.site.outreach.queries.public import catalogue, here

DAYS_BACK = 400
MOST = 100


@dataclass(frozen=True)
class Item:
    """One piece of news. id: the same for ever. name, arguments: of its page. at: when it became public; the beginning of
    that day where `is_of_a_day`, because releases know no hour."""

    id: str
    at: datetime
    name: str
    arguments: tuple[object, ...]
    texts: Mapping[str, str]
    is_of_a_day: bool = False

    @property
    def surely_public(self) -> datetime:
        """A moment at which it was public, whatever hour of its day that was."""
        return self.at + timedelta(days=1) if self.is_of_a_day else self.at

    def said(self, language: str) -> str:
        return self.texts.get(language) or self.texts["en"]

    def address(self, language: str) -> str:
        with translation.override(language):
            return reverse(self.name, args=self.arguments)


def news(agency: Agency, *, topic: str, place: Place | None, now: datetime) -> list[Item]:
    """Newest first; of one place, or of all where `place` is None. What concerns no place in particular concerns each."""
    since = now - timedelta(days=DAYS_BACK)
    found = {Topic.RELEASES: _releases, Topic.EVENTS: _events, Topic.QUESTIONS: _questions}[Topic(topic)](
        agency, place, since
    )
    return sorted(
        (each for each in found if since <= each.at <= now), key=lambda each: (each.at, each.id), reverse=True
    )[:MOST]


def _releases(agency: Agency, place: Place | None, since: datetime) -> list[Item]:
    published = catalogue()
    if published is None:
        return []
    return [
        Item(
            f"release:{each.id}",
            datetime.combine(each.published, time(), UTC),
            "release",
            (each.dataset, each.period, each.version),
            {
                language: in_language(each.title, language)
                + (f": {in_language(each.correction, language)}" if each.correction else "")
                for language in ("en", "es")
            },
            is_of_a_day=True,
        )
        for each in published.releases
    ]


def _events(agency: Agency, place: Place | None, since: datetime) -> list[Item]:
    found = Event.objects.filter(agency=agency, changed__gte=since)
    if place is not None:
        found = found.filter(place__in=[place]) | found.filter(place=None)
    return [
        Item(f"event:{each.uid}:{each.sequence}", each.changed, "outreach:event", (each.uid,), _event_texts(each))
        for each in found.order_by("-changed")[:MOST]
    ]


def _event_texts(event: Event) -> dict[str, str]:
    texts = {}
    for language in ("en", "es"):
        with translation.override(language):
            title = event.title_es if language == "es" and event.title_es else event.title
            when = date_format(here(event.starts), "DATETIME_FORMAT")
            said = _("%(title)s, %(when)s, %(venue)s") % {"title": title, "when": when, "venue": event.venue}
            texts[language] = _("Cancelled: %(what)s") % {"what": said} if event.is_cancelled else said
    return texts


def _questions(agency: Agency, place: Place | None, since: datetime) -> list[Item]:
    asked = Question.objects.filter(agency=agency, decision__is_published=True, decision__at__gte=since)
    answers = Answer.objects.filter(question__agency=agency, question__decision__is_published=True, at__gte=since)
    if place is not None:
        asked = asked.filter(place=place) | asked.filter(place=None)
        answers = answers.filter(question__place=place) | answers.filter(question__place=None)
    items = [
        Item(f"question:{each.pk}", each.decision.at, "outreach:question", (each.pk,), {"en": each.text})
        for each in asked.select_related("decision").order_by("-decision__at")[:MOST]
    ]
    for each in answers.select_related("question").order_by("-at")[:MOST]:
        texts = {}
        for language in ("en", "es"):
            with translation.override(language):
                texts[language] = _("Answered: %(question)s") % {"question": each.question.text}
        items.append(Item(f"answer:{each.pk}", each.at, "outreach:question", (each.question_id,), texts))
    return items
