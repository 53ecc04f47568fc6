"""The tables of commitments: what was promised, on which terms, every step since, every measurement, and who is told.

Only `Commitment.state`, `due` and `steps` ever change, and only as the last step and the last terms say:
`database_rules.py` has the database hold that.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from comity.site.community.models import Account, Agency, Entry, Place


class Topic(models.TextChoices):
    STOPS = "stops", _("Stops and searches")
    FORCE = "force", _("Use of force")
    COMPLAINTS = "complaints", _("Complaints")
    TRUST = "trust", _("Trust and respect")
    SAFETY = "safety", _("Feeling safe")
    CALLS = "calls", _("Calls for help")
    TRAFFIC = "traffic", _("Traffic")
    OTHER = "other", _("Other")


class Source(models.TextChoices):
    FINDING = "finding", _("a finding")
    SURVEY = "survey", _("a survey result")
    THEME = "theme", _("a theme of what people wrote")
    MEETING = "meeting", _("a meeting")


class State(models.TextChoices):
    MADE = "made", _("made, not yet accepted by its owner")
    ACCEPTED = "accepted", _("accepted, no evidence yet")
    EVIDENCE = "evidence", _("evidence given, not yet verified")
    VERIFIED = "verified", _("verified, not yet closed")
    REOPENED = "reopened", _("reopened")
    DONE = "done", _("closed: done")
    PARTLY = "partly", _("closed: partly done")
    NOT_DONE = "not-done", _("closed: not done")


CLOSED = (State.DONE, State.PARTLY, State.NOT_DONE)
OPEN = tuple(each for each in State if each not in CLOSED)


class Kind(models.TextChoices):
    """What a step did."""

    MADE = "made", _("made")
    ACCEPTED = "accepted", _("accepted by its owner")
    EVIDENCE = "evidence", _("evidence")
    VERIFIED = "verified", _("verified by someone else")
    CLOSED = "closed", _("closed by the agency")
    REOPENED = "reopened", _("reopened")
    STAND = "stand", _("the community's stand")
    CHANGED = "changed", _("terms changed")
    MEASURED = "measured", _("measured again")


class Verdict(models.TextChoices):
    DONE = "done", _("done")
    PARTLY = "partly", _("partly done")
    NOT_DONE = "not-done", _("not done")


class Moved(models.TextChoices):
    MOVED = "moved", _("moved")
    DID_NOT_MOVE = "did not move", _("did not move")
    CANNOT_TELL = "cannot tell", _("cannot tell")


def _within(field: str, choices: type[models.TextChoices]) -> models.Q:
    return models.Q(**{f"{field}__in": choices.values})


class Commitment(models.Model):
    """What an agency promised because of a number or a meeting.

    said: what the number or the people said. plan: what will be done. language: of these texts. source_release:
    "stops/2017/v2" and source_finding an id in it; source_words and source_day: of a theme or a meeting.
    due: the day that counts. steps: how many there are.
    """

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="commitments")
    place = models.ForeignKey(Place, models.PROTECT, null=True, related_name="commitments")
    topic = models.CharField(max_length=20, choices=Topic.choices)
    language = models.CharField(max_length=10)
    title = models.CharField(max_length=120)
    said = models.TextField(max_length=2000)
    plan = models.TextField(max_length=2000)
    source = models.CharField(max_length=10, choices=Source.choices)
    source_release = models.CharField(max_length=200, blank=True)
    source_finding = models.CharField(max_length=200, blank=True)
    source_words = models.CharField(max_length=300, blank=True)
    source_day = models.DateField(null=True)
    owner = models.ForeignKey(Account, models.PROTECT, related_name="commitments_owned")
    made_by = models.ForeignKey(Account, models.PROTECT, related_name="commitments_made")
    made_on = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.MADE)
    due = models.DateField()
    steps = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = (
            models.Index(fields=["due", "id"], name="commitments_by_due"),
            models.Index(fields=["state", "due"], name="commitments_by_state"),
            models.Index(fields=["topic", "due"], name="commitments_by_topic"),
            models.Index(fields=["agency", "state"], name="commitments_by_agency"),
        )
        constraints = (
            models.CheckConstraint(condition=_within("state", State), name="commitment_state_is_one"),
            models.CheckConstraint(condition=_within("topic", Topic), name="commitment_topic_is_one"),
            models.CheckConstraint(condition=_within("source", Source), name="commitment_source_is_one"),
            models.CheckConstraint(
                condition=~models.Q(title="")
                & ~models.Q(title__contains="\n")
                & ~models.Q(title__contains="\r")
                & ~models.Q(said="")
                & ~models.Q(plan=""),
                name="commitment_is_said_and_its_title_is_one_line",
            ),
            models.CheckConstraint(
                condition=(models.Q(source__in=["finding", "survey"]) & ~models.Q(source_release="") & ~models.Q(source_finding=""))
                | (models.Q(source="theme") & ~models.Q(source_release="") & ~models.Q(source_words=""))
                | (models.Q(source="meeting") & ~models.Q(source_words="") & models.Q(source_day__isnull=False)),
                name="commitment_has_its_source",
            ),
        )  # fmt: skip


class Terms(models.Model):
    """By when, and which released number ought to move by how much. The first are those of the promise; later ones have a reason.

    due: as said. counted: the day that counts, which a later day named too late does not move. kind: "share" (cell of base),
    "count" (cell) or "finding". size: of the change that counts as moved; in the number's unit if `size_is` "absolute", else a
    share of the baseline. definition: fingerprint of what the number means. baseline, label: the number and its name as bound.
    """

    commitment = models.ForeignKey(Commitment, models.PROTECT, related_name="terms")
    number = models.PositiveIntegerField()
    made_on = models.DateField()
    due = models.DateField()
    counted = models.DateField()
    kind = models.CharField(max_length=10)
    dataset = models.CharField(max_length=80)
    period = models.CharField(max_length=20)
    version = models.PositiveIntegerField()
    table = models.CharField(max_length=120, blank=True)
    cell = models.JSONField(default=dict)
    base = models.JSONField(default=dict)
    finding = models.CharField(max_length=200, blank=True)
    figure = models.CharField(max_length=200, blank=True)
    wants = models.CharField(max_length=4)
    size = models.FloatField()
    size_is = models.CharField(max_length=10)
    first_period = models.CharField(max_length=20)
    definition = models.CharField(max_length=64)
    baseline = models.JSONField()
    label = models.JSONField()
    reason = models.TextField(max_length=1000, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["commitment", "number"], name="one_terms_a_number"),
            models.CheckConstraint(
                condition=models.Q(number=1, reason="") | (models.Q(number__gt=1) & ~models.Q(reason="")),
                name="changed_terms_have_a_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="finding", table="") & ~models.Q(finding="")
                | models.Q(kind__in=["share", "count"], finding="") & ~models.Q(table=""),
                name="terms_name_a_cell_or_a_finding",
            ),
            models.CheckConstraint(
                condition=models.Q(wants__in=["up", "down"], size_is__in=["absolute", "relative"], size__gt=0),
                name="terms_say_which_way_and_how_far",
            ),
            models.CheckConstraint(
                condition=models.Q(first_period__gt=models.F("period")), name="terms_count_from_after_the_baseline"
            ),
        )


class Measurement(models.Model):
    """The number of some terms in a later release, against the baseline. release, baseline: "stops/2018/v1".

    baseline: "" where one of the two was withdrawn. breaks: how many series breaks of the dataset were declared by then; with
    another one it is measured anew. change: {"estimate", "low", "high"} on the scale of the terms, null where there is none. reason: why one cannot tell.
    """

    terms = models.ForeignKey(Terms, models.PROTECT, related_name="measurements")
    release = models.CharField(max_length=200)
    baseline = models.CharField(max_length=200)
    breaks = models.PositiveIntegerField()
    measured_on = models.DateField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    change = models.JSONField(null=True)
    verdict = models.CharField(max_length=12, choices=Moved.choices)
    reason = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["terms", "release", "baseline", "breaks"], name="measured_once_a_release"),
            models.CheckConstraint(condition=_within("verdict", Moved), name="measurement_verdict_is_one"),
            models.CheckConstraint(
                condition=(models.Q(verdict="cannot tell") & ~models.Q(reason=""))
                | (~models.Q(verdict="cannot tell") & models.Q(reason="", change__isnull=False)),
                name="cannot_tell_says_why",
            ),
        )


class Step(models.Model):
    """One thing that happened to a commitment; state: after it. entry: in the sealed log. by: None for a measurement."""

    commitment = models.ForeignKey(Commitment, models.PROTECT, related_name="life")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True)
    text = models.TextField(max_length=4000, blank=True)
    link = models.URLField(max_length=500, blank=True)
    file = models.CharField(max_length=64, blank=True)
    file_kind = models.CharField(max_length=4, blank=True)
    terms = models.ForeignKey(Terms, models.PROTECT, null=True, related_name="+")
    measurement = models.OneToOneField(Measurement, models.PROTECT, null=True, related_name="step")
    entry = models.OneToOneField(Entry, models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["commitment", "number"], name="one_step_a_number"),
            models.CheckConstraint(condition=_within("kind", Kind), name="step_kind_is_one"),
            models.CheckConstraint(
                condition=(models.Q(kind__in=["verified", "closed", "stand"]) & _within("verdict", Verdict))
                | (~models.Q(kind__in=["verified", "closed", "stand"]) & models.Q(verdict="")),
                name="step_has_a_verdict_where_one_is_given",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="measured", by__isnull=True, measurement__isnull=False)
                | (~models.Q(kind="measured") & models.Q(by__isnull=False, measurement__isnull=True)),
                name="somebody_did_a_step_that_is_no_measurement",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="evidence") & (~models.Q(text="") | ~models.Q(link="") | ~models.Q(file=""))
                | (~models.Q(kind="evidence") & models.Q(link="", file="", file_kind="")),
                name="evidence_shows_something",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind__in=["verified", "reopened", "stand", "changed"]) & ~models.Q(kind="closed", verdict="not-done")
                | ~models.Q(text=""),
                name="step_says_why",
            ),
        )  # fmt: skip


class Follower(models.Model):
    """An address that is told of a commitment's steps, once it has confirmed. token: in its mails. told: steps it knows of."""

    commitment = models.ForeignKey(Commitment, models.PROTECT, related_name="followers")
    address = models.EmailField(max_length=254)
    language = models.CharField(max_length=10)
    token = models.CharField(max_length=64, unique=True)
    asked_on = models.DateField()
    confirmed_on = models.DateField(null=True)
    told = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["commitment", "address"], name="one_follower_an_address"),)
