"""The tables of training. Officers are known by the number that their agency uses inside, and by nothing else.

What happened (versions, completions, statements, sittings, findings) is append-only by trigger: a mistake is taken back by
a row of its own. Nothing here says whether somebody is due; that is worked out when it is read (`standing`).
"""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from comity.site.community.models import Agency

NUMBER = RegexValidator(r"\A[A-Za-z0-9][A-Za-z0-9./_-]{0,19}\Z")
"""An officer's or instructor's number. No spaces, so that a name does not get in by mistake."""


class OfficerGroup(models.Model):
    """Officers who share duties, such as patrol; a mandate names one."""

    agency = models.ForeignKey(Agency, models.PROTECT)
    name = models.CharField(max_length=80)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["agency", "name"], name="one_group_a_name"),)


class Officer(models.Model):
    """unit: where the officer serves, by the name that the records have (a precinct, a beat); a roll-out is judged by it."""

    agency = models.ForeignKey(Agency, models.PROTECT)
    number = models.CharField(max_length=20, validators=[NUMBER])
    unit = models.CharField(max_length=80, blank=True)
    groups = models.ManyToManyField(OfficerGroup, related_name="officers")
    joined_on = models.DateField()
    left_on = models.DateField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["agency", "number"], name="one_officer_a_number"),
            models.CheckConstraint(
                condition=Q(left_on__isnull=True) | Q(left_on__gte=F("joined_on")), name="nobody_leaves_before_joining"
            ),
        )


class Course(models.Model):
    """qualification: what an instructor must hold to teach it; empty where anybody may."""

    agency = models.ForeignKey(Agency, models.PROTECT)
    slug = models.SlugField()
    title = models.CharField(max_length=160)
    qualification = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["agency", "slug"], name="one_course_a_slug"),)


class CourseVersion(models.Model):
    """What a course was from a day on. It is never edited: a change is a new version."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    hours = models.DecimalField(max_digits=5, decimal_places=1)
    about = models.TextField(blank=True)
    since = models.DateField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["course", "number"], name="one_course_version_a_number"),
            models.CheckConstraint(condition=Q(hours__gt=0), name="a_version_has_hours"),
        )


class Instructor(models.Model):
    agency = models.ForeignKey(Agency, models.PROTECT)
    number = models.CharField(max_length=20, validators=[NUMBER])

    class Meta:
        constraints = (models.UniqueConstraint(fields=["agency", "number"], name="one_instructor_a_number"),)


class Qualification(models.Model):
    """What an instructor holds, from when and until when; without an end it does not expire."""

    instructor = models.ForeignKey(Instructor, models.PROTECT, related_name="qualifications")
    name = models.CharField(max_length=120)
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="a_qualification_ends_after_it_starts"
            ),
        )


class Mandate(models.Model):
    """Who must hold a course, and by when. group: None for every officer. months: how long a completion is valid; None for ever.

    days_to_comply: an officer who joins later has this long. ended_on: from then on nobody is due.
    """

    course = models.ForeignKey(Course, models.PROTECT, related_name="mandates")
    group = models.ForeignKey(OfficerGroup, models.PROTECT, null=True)
    due_on = models.DateField()
    months = models.PositiveIntegerField(null=True)
    days_to_comply = models.PositiveIntegerField(default=90)
    ended_on = models.DateField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(months__isnull=True) | Q(months__gt=0), name="a_mandate_lasts"),
            models.UniqueConstraint(
                fields=["course", "group"], condition=Q(ended_on__isnull=True), name="one_mandate_a_group"
            ),
            models.UniqueConstraint(
                fields=["course"], condition=Q(group__isnull=True, ended_on__isnull=True), name="one_mandate_for_all"
            ),
        )


class Session(models.Model):
    version = models.ForeignKey(CourseVersion, models.PROTECT, related_name="sessions")
    held_on = models.DateField()
    place = models.CharField(max_length=120, blank=True)
    instructors = models.ManyToManyField(Instructor)
    officers = models.ManyToManyField(Officer, through="Seat")


class Seat(models.Model):
    """An officer on the roster of a session."""

    session = models.ForeignKey(Session, models.PROTECT, related_name="seats")
    officer = models.ForeignKey(Officer, models.PROTECT)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["session", "officer"], name="one_seat_an_officer"),)


class Completion(models.Model):
    """An officer completed a version on a day. recorded_at: when Comity learned of it."""

    class Source(models.TextChoices):
        SESSION = "session"
        FILE = "file"
        STATEMENT = "statement"

    officer = models.ForeignKey(Officer, models.PROTECT, related_name="completions")
    version = models.ForeignKey(CourseVersion, models.PROTECT, related_name="completions")
    completed_on = models.DateField()
    source = models.CharField(max_length=10, choices=Source.choices)
    session = models.ForeignKey(Session, models.PROTECT, null=True)
    statement = models.UUIDField(null=True)
    recorded_at = models.DateTimeField()


class TakenBack(models.Model):
    """A completion that does not count, because of a mistake."""

    completion = models.OneToOneField(Completion, models.PROTECT, related_name="taken_back")
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(condition=~Q(reason=""), name="taken_back_for_a_reason"),)


class Provider(models.Model):
    """Somebody whose activities send xAPI statements, with basic credentials. digest: SHA-256 of the secret, in hex.

    activity: the activity's id; its *completed* or *passed* counts for the course.
    """

    course = models.ForeignKey(Course, models.PROTECT)
    name = models.CharField(max_length=80)
    key = models.CharField(max_length=40, unique=True)
    digest = models.CharField(max_length=64)
    activity = models.CharField(max_length=500)
    is_open = models.BooleanField(default=True)


class Package(models.Model):
    """A cmi5 package, unpacked into the instance's folder under its SHA-256."""

    version = models.ForeignKey(CourseVersion, models.PROTECT, related_name="packages")
    identifier = models.CharField(max_length=500)
    title = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    added_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["version", "digest"], name="one_package_a_version"),)


class Unit(models.Model):
    """An assignable unit of a package: what is launched, and which statements satisfy it."""

    class MoveOn(models.TextChoices):
        PASSED = "Passed"
        COMPLETED = "Completed"
        BOTH = "CompletedAndPassed"
        EITHER = "CompletedOrPassed"
        NOT_APPLICABLE = "NotApplicable"

    package = models.ForeignKey(Package, models.PROTECT, related_name="units")
    number = models.PositiveIntegerField()
    identifier = models.CharField(max_length=500)
    title = models.CharField(max_length=200)
    address = models.CharField(max_length=1000)
    move_on = models.CharField(max_length=20, choices=MoveOn.choices, default=MoveOn.NOT_APPLICABLE)
    mastery_score = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    parameters = models.TextField(blank=True)
    launch_method = models.CharField(max_length=9, default="AnyWindow")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["package", "number"], name="one_unit_a_number"),
            models.CheckConstraint(
                condition=Q(mastery_score__isnull=True) | Q(mastery_score__gte=0, mastery_score__lte=1),
                name="mastery_from_0_to_1",
            ),
        )


class Launch(models.Model):
    """One session of one officer in one unit. The fetch token is good once; the session token until `until`.

    fetch, token: SHA-256 in hex, so that the store opens nothing.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="launches")
    officer = models.ForeignKey(Officer, models.PROTECT)
    registration = models.UUIDField()
    session = models.UUIDField(unique=True)
    fetch = models.CharField(max_length=64, unique=True)
    token = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField()
    until = models.DateTimeField()
    initialized_at = models.DateTimeField(null=True)
    terminated_at = models.DateTimeField(null=True)


class Statement(models.Model):
    """An xAPI statement as it came. digest: of what may not differ when the same id comes again."""

    id = models.UUIDField(primary_key=True)
    agency = models.ForeignKey(Agency, models.PROTECT)
    provider = models.ForeignKey(Provider, models.PROTECT, null=True)
    launch = models.ForeignKey(Launch, models.PROTECT, null=True, related_name="statements")
    officer = models.ForeignKey(Officer, models.PROTECT, null=True)
    verb = models.CharField(max_length=500)
    activity = models.CharField(max_length=500)
    voids = models.UUIDField(null=True, unique=True)
    content = models.JSONField()
    digest = models.CharField(max_length=64)
    stored_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(provider__isnull=True) | Q(launch__isnull=True), name="a_statement_has_one_sender"
            ),
        )


class StateDocument(models.Model):
    """What a unit keeps about an officer between launches, such as the last page."""

    unit = models.ForeignKey(Unit, models.PROTECT)
    officer = models.ForeignKey(Officer, models.PROTECT)
    registration = models.UUIDField()
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=80)
    content = models.BinaryField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["unit", "officer", "registration", "name"], name="one_state_document_a_name"
            ),
        )


class Quiz(models.Model):
    """A test of what a course taught, given before it and after, and again later. Each form has its own items."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="quizzes")
    title = models.CharField(max_length=160)


class Item(models.Model):
    """A question of one form. choices: 2 to 6 texts; right: position of the right one, from 0."""

    quiz = models.ForeignKey(Quiz, models.PROTECT, related_name="items")
    form = models.CharField(max_length=1)
    number = models.PositiveIntegerField()
    text = models.TextField()
    choices = models.JSONField()
    right = models.PositiveIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["quiz", "form", "number"], name="one_item_a_number"),
            models.CheckConstraint(condition=Q(right__lt=6), name="at_most_6_choices"),
        )


class Sitting(models.Model):
    """One officer's answers to one form on one occasion. score: the share of items answered right."""

    class Occasion(models.TextChoices):
        PRE = "pre"
        POST = "post"
        MONTHS_3 = "3-months"
        MONTHS_6 = "6-months"
        MONTHS_12 = "12-months"

    quiz = models.ForeignKey(Quiz, models.PROTECT, related_name="sittings")
    officer = models.ForeignKey(Officer, models.PROTECT)
    occasion = models.CharField(max_length=10, choices=Occasion.choices)
    form = models.CharField(max_length=1)
    taken_on = models.DateField()
    answers = models.JSONField()
    score = models.FloatField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["quiz", "officer", "occasion"], name="one_sitting_an_occasion"),
            models.CheckConstraint(condition=Q(score__gte=0, score__lte=1), name="a_score_is_a_share"),
        )


class EffectStatement(models.Model):
    """What a roll-out evaluation said, with the panel it was computed from."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="effects")
    outcome = models.CharField(max_length=120)
    made_at = models.DateTimeField()
    finding = models.JSONField()
    panel = models.JSONField()
