"""Surveys in the field, the tokens spent on them, and the responses: three tables that nothing links.

A response lies in slots: rows of one size, made beforehand, of which a free one is drawn at random and overwritten in
place. Neither a row number, nor the place in the file, nor a length says when a response came. The list of spent tokens
does not point to slots. docs/methods/unlinkable-responses.md has the whole argument.
"""

from __future__ import annotations

from django.db import models

SLOT_BYTES = 1000


def empty_slot() -> bytes:
    """The content of a slot before it is used, of the length that it has afterwards."""
    return bytes(SLOT_BYTES)


class Survey(models.Model):
    """A survey as it was frozen. strata: stratum -> public key in hex, all that tokens of this survey say.

    first_slot, slots: the range of slot numbers that is this survey's.
    """

    class State(models.TextChoices):
        OPEN = "open"
        CLOSED = "closed"

    class Access(models.TextChoices):
        INVITED = "invited"
        OPT_IN = "opt-in"

    name = models.SlugField(primary_key=True)
    questionnaire = models.BinaryField()
    fingerprint = models.CharField(max_length=64)
    access = models.CharField(max_length=10, choices=Access.choices)
    strata = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    is_sample_data = models.BooleanField(default=False)
    first_slot = models.IntegerField()
    slots = models.IntegerField()


class SpentToken(models.Model):
    """A token that was spent, by its receipt; 32 bytes."""

    receipt = models.BinaryField(primary_key=True, max_length=32)
    survey = models.CharField(max_length=50)


class Slot(models.Model):
    """A place for one response or a part of one; always SLOT_BYTES long."""

    number = models.IntegerField(primary_key=True)
    is_used = models.BooleanField(default=False)
    content = models.BinaryField(default=empty_slot)


class RedactedText(models.Model):
    """A free text as it may leave, approved by a person. digest: of survey, question and what was written; no link to slots."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    survey = models.CharField(max_length=50)
    question = models.CharField(max_length=70)
    text = models.TextField()
    hidden = models.IntegerField()


class PaperForm(models.Model):
    """A paper form that was received for a token and is not accepted yet; its row goes when it is.

    number: drawn by chance, written on the paper. token: what it will be spent with. first, second: what two people typed, and
    who they are; a keying that is not finished can be gone on with.
    """

    number = models.CharField(max_length=8, primary_key=True)
    survey = models.CharField(max_length=50)
    token = models.CharField(max_length=200)
    stratum = models.CharField(max_length=60)
    first = models.JSONField(default=dict)
    first_by = models.CharField(max_length=150, default="")
    is_first_done = models.BooleanField(default=False)
    second = models.JSONField(default=dict)
    second_by = models.CharField(max_length=150, default="")
    is_second_done = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["survey", "token"], name="one_form_a_token"),
            models.CheckConstraint(
                condition=models.Q(first_by="") | ~models.Q(first_by=models.F("second_by")),
                name="two_people_key_a_form",
            ),
        )
