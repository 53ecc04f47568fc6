"""The tables of outreach: events, contacts, profiles of officers, public questions, subscriptions."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from comity.site.community.models import Account, Agency, Place

LANGUAGES = (("en", "English"), ("es", "Español"))


class EventKind(models.TextChoices):
    LISTENING = "listening", _("Listening session")
    WALK = "walk", _("Neighborhood walk")
    OPEN_HOUSE = "open-house", _("Open house")
    YOUTH = "youth", _("With young people")
    MEETING = "meeting", _("Meeting")
    OTHER = "other", _("Something else")


class ContactKind(models.TextChoices):
    SCHOOL = "school", _("School visit")
    WALK = "walk", _("Walk or block visit")
    MEETING = "meeting", _("Community meeting")
    SPORT = "sport", _("Sport or play")
    HELP = "help", _("Help that was not about a crime")
    OTHER = "other", _("Other")


class Rule(models.TextChoices):
    """Why a moderator may leave a text out; the policy that is published says the same."""

    PERSON = "person", _("It names or shows a private person.")
    PRIVATE = "private", _("It holds an address, a telephone number or other private data.")
    THREAT = "threat", _("It threatens or insults somebody.")
    ADVERTISING = "advertising", _("It advertises something.")
    ELSEWHERE = "elsewhere", _("It is not about the police and this community.")
    REPEATED = "repeated", _("The same was asked and is answered here already.")


class Event(models.Model):
    """Something people can come to. `uid` never changes; each change raises `sequence`, as calendars expect (RFC 5545)."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    place = models.ForeignKey(Place, models.PROTECT, null=True, related_name="+")
    uid = models.UUIDField(unique=True)
    sequence = models.PositiveIntegerField(default=0)
    kind = models.CharField(max_length=20, choices=EventKind.choices)
    title = models.CharField(max_length=120)
    title_es = models.CharField(max_length=120, blank=True)
    about = models.TextField(max_length=2000, blank=True)
    about_es = models.TextField(max_length=2000, blank=True)
    venue = models.CharField(max_length=200)
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    is_cancelled = models.BooleanField(default=False)
    announced = models.DateTimeField()
    changed = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["agency", "starts"], name="events_by_start"),)
        constraints = (
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="an_event_ends_after_it_starts"),
            models.CheckConstraint(condition=Q(kind__in=EventKind.values), name="a_known_kind_of_event"),
        )


class ContactCount(models.Model):
    """How many contacts that enforced nothing there were, of one kind, in one place, in one month. Of nobody in particular."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=ContactKind.choices)
    month = models.DateField()
    count = models.PositiveIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["agency", "place", "kind", "month"], name="one_count_a_kind_place_and_month"
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="a_month_begins_on_its_first_day"),
            models.CheckConstraint(condition=Q(count__lte=100_000), name="a_count_that_can_be"),
        )


class Profile(models.Model):
    """What an officer lets the public know of them, for as long as they do. There is no field for where they live.

    invitation, withdrawal: digests of the two links. Nothing is public before `consented`, after `expires`, or once the
    row is gone. What was consented to cannot be changed: a new text is a new profile.
    """

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    place = models.ForeignKey(Place, models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=80)
    rank = models.CharField(max_length=60)
    languages = models.CharField(max_length=120, blank=True)
    words = models.TextField(max_length=1000)
    invited = models.DateTimeField()
    invitation = models.CharField(max_length=64, unique=True)
    withdrawal = models.CharField(max_length=64, unique=True, null=True)
    consented = models.DateTimeField(null=True)
    expires = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(consented=None, expires=None, withdrawal=None)
                | Q(consented__isnull=False, expires__isnull=False, withdrawal__isnull=False),
                name="consent_always_expires",
            ),
            models.CheckConstraint(
                condition=Q(consented=None) | Q(expires__gt=F("consented")), name="consent_ends_after_it_begins"
            ),
        )


class Question(models.Model):
    """A question of somebody without an account. Its text is only ever erased, never changed."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    place = models.ForeignKey(Place, models.PROTECT, null=True, related_name="+")
    text = models.TextField(max_length=1000, blank=True)
    language = models.CharField(max_length=5, choices=LANGUAGES)
    asked = models.DateTimeField()
    receipt = models.CharField(max_length=64, unique=True)
    once = models.CharField(max_length=64, unique=True)

    class Meta:
        indexes = (models.Index(fields=["agency", "asked"], name="questions_by_age"),)


class Decision(models.Model):
    """A moderator's decision on a question: published, or left out by a rule of the policy. Never changed."""

    question = models.OneToOneField(Question, models.PROTECT, related_name="decision")
    is_published = models.BooleanField()
    rule = models.CharField(max_length=20, choices=Rule.choices, blank=True)
    by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(is_published=True, rule="") | Q(is_published=False, rule__in=Rule.values),
                name="what_is_left_out_has_its_rule",
            ),
        )


class Answer(models.Model):
    """The agency's answer to a question. Never changed; a better one follows it."""

    question = models.ForeignKey(Question, models.PROTECT, related_name="answers")
    text = models.TextField(max_length=4000)
    by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(condition=~Q(text=""), name="an_answer_has_words"),)


class Judgement(models.Model):
    """What the asker says of an answer: that it is one, or that it is not. Never changed."""

    answer = models.OneToOneField(Answer, models.PROTECT, related_name="judgement")
    is_answer = models.BooleanField()
    at = models.DateTimeField()


class Topic(models.TextChoices):
    RELEASES = "releases", _("New numbers and corrections")
    EVENTS = "events", _("Events")
    QUESTIONS = "questions", _("Questions and answers")


class Subscription(models.Model):
    """Somebody who wants mail. address: encrypted. index: a keyed digest of it, by which it is found again.

    place: None for all places. told: what came before it was told already.
    """

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    address = models.TextField()
    index = models.CharField(max_length=64)
    topic = models.CharField(max_length=20, choices=Topic.choices)
    place = models.ForeignKey(Place, models.PROTECT, null=True, related_name="+")
    language = models.CharField(max_length=5, choices=LANGUAGES)
    asked = models.DateTimeField()
    confirmed = models.DateTimeField(null=True)
    told = models.DateTimeField(null=True)
    confirming = models.CharField(max_length=43, unique=True)
    leaving = models.CharField(max_length=43, unique=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["agency", "index", "topic", "place"],
                condition=Q(place__isnull=False),
                name="one_subscription_a_topic_and_place",
            ),
            models.UniqueConstraint(
                fields=["agency", "index", "topic"],
                condition=Q(place__isnull=True),
                name="one_subscription_a_topic",
            ),
            models.CheckConstraint(
                condition=Q(confirmed=None) | Q(told__isnull=False), name="who_confirmed_was_told_up_to_a_moment"
            ),
            models.CheckConstraint(condition=~Q(address__contains="@"), name="addresses_are_encrypted"),
        )
