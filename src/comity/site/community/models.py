"""Who works on the record: agencies, places, accounts with one role each, and the log of what was done."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower

from comity.site.community.roles import OF_THE_POLICE, Role


class Agency(models.Model):
    """A police department. Each belongs to its own people: nobody acts on another agency's things."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)


class Place(models.Model):
    """A neighbourhood or district, by the name that the agency's areas have."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="places")
    slug = models.SlugField()
    name = models.CharField(max_length=200)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["agency", "slug"], name="one_place_a_slug"),)


class Account(AbstractUser):
    """A person who signs in. Whoever verifies, asks, moderates or audits never works for the police."""

    role = models.CharField(max_length=20, choices=Role.choices)
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, related_name="accounts")
    works_for_police = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(works_for_police=False) | models.Q(role__in=OF_THE_POLICE),
                name="only_roles_of_the_police_work_for_them",
            ),
            models.CheckConstraint(
                condition=models.Q(works_for_police=True) | ~models.Q(role=Role.CHIEF),
                name="a_chief_works_for_the_police",
            ),
            models.UniqueConstraint(Lower("email"), condition=~models.Q(email=""), name="one_account_an_address"),
        )


class Entry(models.Model):
    """One thing that was done. The table refuses changes and deletions; `hash` covers this entry and the hash before.

    actor: username, or "" where nobody acted (a date passed, a release landed). action: "commitments.made". subject:
    "commitment 7". details: for the auditor. public: what the sealed log shows of it; None where it shows nothing.
    """

    number = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=150, blank=True)
    role = models.CharField(max_length=20, blank=True)
    agency = models.ForeignKey(Agency, models.PROTECT, null=True)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=120)
    details = models.JSONField(default=dict)
    public = models.JSONField(null=True)
    before = models.CharField(max_length=64, unique=True)  # unique: the chain cannot fork
    hash = models.CharField(max_length=64, unique=True)

    @property
    def said(self) -> list[tuple[str, object]]:
        """The details as pairs: a template would take a detail called "items" for the dictionary's own."""
        return list(self.details.items())


class Mail(models.Model):
    """A message that waits to be sent, was sent or cannot be. Once it is sent, address, subject and text are erased.

    once: SHA-256 of the key under which it is sent at most once. leave_url: where one POST ends such mail; may be "".
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"  # a worker has claimed it; one that stays so was perhaps sent, and is not sent again
        SENT = "sent"
        REFUSED = "refused"  # by the mail server, for good

    number = models.BigAutoField(primary_key=True)
    once = models.CharField(max_length=64, unique=True)
    address = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    leave_url = models.TextField(blank=True, default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    queued_at = models.DateTimeField()
    try_after = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(state="sent") | models.Q(address="", subject="", text="", leave_url=""),
                name="nothing_stays_of_a_sent_mail",
            ),
        )
        indexes = (models.Index(fields=["state", "try_after"], name="mail_to_send"),)
