"""Plans and their versions, meetings, consultations, and what people without an account sent to them.

What only holds across tables (an asked version does not change, nobody activates without all signatures) is in `triggers.py`.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from comity.site.community.models import Account, Agency


class Plan(models.Model):
    """What an agency and its community decide together. Its text is in its versions."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="plans")
    title = models.CharField(max_length=200)
    purpose = models.TextField(max_length=2000, blank=True)


class Version(models.Model):
    """One text of a plan. Once signatures are asked it never changes again.

    document: the whole text as canonical JSON, and sha256 its digest, both written when signatures are asked.
    """

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    document = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField(null=True)
    active_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["plan", "number"], name="one_version_a_number"),
            models.UniqueConstraint(
                fields=["plan"], condition=models.Q(asked_at__isnull=True), name="one_draft_of_a_plan"
            ),
            models.CheckConstraint(
                condition=models.Q(asked_at__isnull=True, sha256="", active_at__isnull=True)
                | (models.Q(asked_at__isnull=False) & ~models.Q(sha256="") & ~models.Q(document="")),
                name="asked_for_signatures_with_its_digest",
            ),
        )


class Passage(models.Model):
    """A goal, priority or strategy of a version."""

    class Kind(models.TextChoices):
        GOAL = "goal", _("Goals")
        PRIORITY = "priority", _("Priorities")
        STRATEGY = "strategy", _("Strategies")

    version = models.ForeignKey(Version, models.CASCADE, related_name="passages")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    position = models.PositiveIntegerField()
    text = models.TextField(max_length=2000)


class Term(models.Model):
    """A word and what everybody who signs means by it."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="terms")
    position = models.PositiveIntegerField()
    word = models.CharField(max_length=100)
    meaning = models.TextField(max_length=1000)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["version", "word"], name="one_meaning_a_word"),)


class Party(models.Model):
    """A column of the responsibility matrix, such as "Police department" or "Tenants' council"."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="parties")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=100)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["version", "name"], name="one_column_a_party"),)


class Activity(models.Model):
    """A row of the responsibility matrix."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="activities")
    position = models.PositiveIntegerField()
    text = models.CharField(max_length=300)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["version", "text"], name="one_row_an_activity"),)


class Responsibility(models.Model):
    """What a party has to do with an activity. No activity has two accountable parties."""

    class Kind(models.TextChoices):
        RESPONSIBLE = "responsible", _("Responsible")
        ACCOUNTABLE = "accountable", _("Accountable")
        CONSULTED = "consulted", _("Consulted")
        INFORMED = "informed", _("Informed")

    activity = models.ForeignKey(Activity, models.CASCADE, related_name="responsibilities")
    party = models.ForeignKey(Party, models.CASCADE, related_name="responsibilities")
    kind = models.CharField(max_length=12, choices=Kind.choices)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["activity", "party"], name="one_entry_a_field_of_the_matrix"),
            models.UniqueConstraint(
                fields=["activity"], condition=models.Q(kind="accountable"), name="one_accountable_party"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=("responsible", "accountable", "consulted", "informed")),
                name="a_known_responsibility",
            ),
        )


class Signatory(models.Model):
    """A community leader who must sign a version before it can be active. speaks_for: the group that is named in it."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="signatories")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    speaks_for = models.CharField(max_length=150)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["version", "account"], name="named_once_in_a_version"),)


class Signature(models.Model):
    """A signature under the text whose digest is `sha256`. Never changed or taken away."""

    signatory = models.OneToOneField(Signatory, models.PROTECT, related_name="signature")
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()


class Dissent(models.Model):
    """What a signatory disagrees with, signing or not: printed with the version wherever it is shown."""

    signatory = models.ForeignKey(Signatory, models.PROTECT, related_name="dissents")
    text = models.TextField(max_length=3000)
    at = models.DateTimeField()


class Meeting(models.Model):
    """A meeting about a plan. Who was there is counted by group, never by name."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="meetings")
    title = models.CharField(max_length=200)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    place = models.CharField(max_length=300)
    agenda = models.TextField(max_length=5000, blank=True)
    minutes = models.TextField(max_length=20000, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="a_meeting_ends_after_it_starts"
            ),
        )


class Presence(models.Model):
    """How many people of a group were in the room."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="presences")
    group = models.CharField(max_length=100)
    people = models.PositiveIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["meeting", "group"], name="one_count_a_group"),)


class Consultation(models.Model):
    """A question to the community: first people send in statements or proposals, then they vote on them.

    access: "invited" by letter with a code each, or "open" to whoever has the link. rule, budget: of ballots about money,
    sealed with everything else before the vote. questionnaire: the ballot paper. survey: under which name it is fielded.
    """

    class Kind(models.TextChoices):
        STATEMENTS = "statements", _("Statements: agree, disagree or pass")
        APPROVAL = "approval", _("Projects: name all you are for")
        RANKING = "ranking", _("Projects: put them in order")
        KNAPSACK = "knapsack", _("Projects: choose as many as the money buys")
        PAIRS = "pairs", _("Pairs: which of two comes first")

    class Rule(models.TextChoices):
        EQUAL_SHARES = "equal-shares", _("Equal shares")
        GREEDY = "greedy", _("Greedy")

    class Access(models.TextChoices):
        INVITED = "invited", _("Only who has a letter with a code")
        OPEN = "open", _("Whoever has the link")

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="consultations")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    question = models.CharField(max_length=300)
    explanation = models.TextField(max_length=3000, blank=True)
    policy = models.TextField(max_length=5000)
    access = models.CharField(max_length=10, choices=Access.choices)
    rule = models.CharField(max_length=12, choices=Rule.choices, blank=True)
    budget = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    publishes_ballots = models.BooleanField(default=False)
    questionnaire = models.TextField(blank=True)
    sealed_at = models.DateTimeField(null=True)
    survey = models.SlugField(blank=True)
    voting_at = models.DateTimeField(null=True)
    result = models.JSONField(null=True)
    counted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind__in=("statements", "pairs"), rule="", budget__isnull=True)
                | models.Q(
                    kind__in=("approval", "ranking", "knapsack"),
                    rule__in=("equal-shares", "greedy"),
                    budget__gt=0,
                    access="invited",
                ),
                name="money_is_decided_by_a_rule_and_by_invited_people",
            ),
            models.CheckConstraint(
                condition=models.Q(sealed_at__isnull=True, questionnaire="") | models.Q(sealed_at__isnull=False),
                name="a_ballot_paper_is_sealed",
            ),
            models.CheckConstraint(
                condition=models.Q(voting_at__isnull=True, survey="")
                | (models.Q(voting_at__isnull=False, sealed_at__isnull=False) & ~models.Q(survey="")),
                name="voting_comes_after_sealing",
            ),
            models.CheckConstraint(
                condition=models.Q(counted_at__isnull=True, result__isnull=True)
                | models.Q(counted_at__isnull=False, voting_at__isnull=False, result__isnull=False),
                name="counting_comes_after_voting",
            ),
        )


class Contribution(models.Model):
    """A statement or proposal that somebody sent in. receipt: SHA-256 of the code that its sender keeps, in hex.

    Nothing says who sent it; of the time, only the day is kept.
    """

    consultation = models.ForeignKey(Consultation, models.PROTECT, related_name="contributions")
    number = models.PositiveIntegerField()
    day = models.DateField()
    text = models.CharField(max_length=280)
    details = models.TextField(max_length=2000, blank=True)
    receipt = models.CharField(max_length=64, unique=True)
    cost = models.DecimalField(max_digits=14, decimal_places=2, null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["consultation", "number"], name="one_contribution_a_number"),
            models.CheckConstraint(
                condition=models.Q(cost__isnull=True) | models.Q(cost__gt=0), name="a_cost_is_more_than_nothing"
            ),
        )


class Decision(models.Model):
    """What the moderator decided on a contribution, once and for ever. reason: public, and needed where it is rejected."""

    contribution = models.OneToOneField(Contribution, models.PROTECT, related_name="decision")
    is_published = models.BooleanField()
    reason = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(is_published=True) | ~models.Q(reason=""), name="a_rejection_has_its_reason"
            ),
        )


class Reply(models.Model):
    """Where a contribution went in the end: into a version of the plan, a commitment, or nowhere, because."""

    class Kind(models.TextChoices):
        PLAN = "plan", _("Taken into the plan")
        COMMITMENT = "commitment", _("Became a commitment")
        NOT_TAKEN_UP = "not taken up", _("Not taken up")

    contribution = models.ForeignKey(Contribution, models.PROTECT, related_name="replies")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    version = models.ForeignKey(Version, models.PROTECT, null=True, related_name="+")
    commitment = models.PositiveIntegerField(null=True)
    reason = models.TextField(max_length=2000, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind="plan", version__isnull=False, commitment__isnull=True)
                | models.Q(kind="commitment", commitment__isnull=False, version__isnull=True)
                | (models.Q(kind="not taken up", version__isnull=True, commitment__isnull=True) & ~models.Q(reason="")),
                name="a_reply_says_where_or_why_not",
            ),
        )
