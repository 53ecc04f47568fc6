"""The tables of small projects: an idea, its steps, what moderators decided, and pictures."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from comity.site.community.models import Account, Agency, Place

LANGUAGES = (("en", "English"), ("es", "Español"))


class Stage(models.TextChoices):
    IDEA = "idea", _("Idea")
    HELPERS = "helpers", _("Who helps")
    PLAN = "plan", _("Plan and budget")
    WORK = "work", _("Under way")
    DONE = "done", _("Done: what changed")
    STOPPED = "stopped", _("Stopped")


class Rule(models.TextChoices):
    """Why a moderator may leave a step out."""

    PERSON = "person", _("It names or shows a private person.")
    PRIVATE = "private", _("It holds an address, a telephone number or other private data.")
    THREAT = "threat", _("It threatens or insults somebody.")
    ADVERTISING = "advertising", _("It advertises something.")
    ELSEWHERE = "elsewhere", _("It is not about a project of neighbors here.")


class Project(models.Model):
    """A small project of neighbours. receipt: digest of the code by which its proposer goes on with it, without an account."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    place = models.ForeignKey(Place, models.PROTECT, null=True, related_name="+")
    title = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=5, choices=LANGUAGES)
    proposed = models.DateTimeField()
    receipt = models.CharField(max_length=64, unique=True)


class Step(models.Model):
    """One thing that was said of a project. Its words are only ever erased, never changed.

    text: the idea, the plan, what was done; of a finished project, what changed. before: how it was, only there. budget: whole
    dollars, only of a plan. by: the account; None where the receipt was shown.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="steps")
    stage = models.CharField(max_length=20, choices=Stage.choices)
    text = models.TextField(max_length=2000, blank=True)
    before = models.TextField(max_length=2000, blank=True)
    budget = models.PositiveIntegerField(null=True)
    once = models.CharField(max_length=64, unique=True)
    by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(before="") | Q(stage="done"), name="only_what_is_done_has_a_before"),
            models.CheckConstraint(condition=Q(budget=None) | Q(stage="plan"), name="only_a_plan_has_a_budget"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="a_known_stage"),
            models.UniqueConstraint(fields=["project"], condition=Q(stage="idea"), name="one_idea_a_project"),
        )


class Decision(models.Model):
    """What a moderator, or a community leader, decided on a step. Never changed."""

    step = models.OneToOneField(Step, models.PROTECT, related_name="decision")
    is_published = models.BooleanField()
    rule = models.CharField(max_length=20, choices=Rule.choices, blank=True)
    by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(is_published=True, rule="") | Q(is_published=False, rule__in=Rule.values),
                name="what_is_left_out_of_a_project_has_its_rule",
            ),
        )


class Picture(models.Model):
    """A picture of before or after, without anything but its pixels. alt: what it shows, in words."""

    step = models.ForeignKey(Step, models.CASCADE, related_name="pictures")
    is_after = models.BooleanField()
    kind = models.CharField(max_length=10, choices=[("image/jpeg", "JPEG"), ("image/png", "PNG")])
    content = models.BinaryField()
    digest = models.CharField(max_length=64)
    alt = models.CharField(max_length=200)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["step", "is_after"], name="one_picture_of_before_and_one_of_after"),
            models.CheckConstraint(condition=~Q(alt=""), name="a_picture_has_words"),
        )
