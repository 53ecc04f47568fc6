"""The tables of outreach."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from comity.site.community.append_only import append_only
from comity.site.community.refusals import refuse_update


class Migration(migrations.Migration):
    initial = True

    dependencies: ClassVar = [
        ("community", "0005_mail_leave_url"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Answer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(max_length=4000)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Judgement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_answer", models.BooleanField()),
                ("at", models.DateTimeField()),
                (
                    "answer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="judgement", to="outreach.answer"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Question",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(blank=True, max_length=1000)),
                ("language", models.CharField(choices=[("en", "English"), ("es", "Español")], max_length=5)),
                ("asked", models.DateTimeField()),
                ("receipt", models.CharField(max_length=64, unique=True)),
                ("once", models.CharField(max_length=64, unique=True)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="community.agency"
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="community.place"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_published", models.BooleanField()),
                (
                    "rule",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("person", "It names or shows a private person."),
                            ("private", "It holds an address, a telephone number or other private data."),
                            ("threat", "It threatens or insults somebody."),
                            ("advertising", "It advertises something."),
                            ("elsewhere", "It is not about the police and this community."),
                            ("repeated", "The same was asked and is answered here already."),
                        ],
                        max_length=20,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "question",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decision", to="outreach.question"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="answer",
            name="question",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="outreach.question"
            ),
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.TextField()),
                ("index", models.CharField(max_length=64)),
                (
                    "topic",
                    models.CharField(
                        choices=[
                            ("releases", "New numbers and corrections"),
                            ("events", "Events"),
                            ("questions", "Questions and answers"),
                        ],
                        max_length=20,
                    ),
                ),
                ("language", models.CharField(choices=[("en", "English"), ("es", "Español")], max_length=5)),
                ("asked", models.DateTimeField()),
                ("confirmed", models.DateTimeField(null=True)),
                ("told", models.DateTimeField(null=True)),
                ("confirming", models.CharField(max_length=43, unique=True)),
                ("leaving", models.CharField(max_length=43, unique=True)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="community.agency"
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="community.place"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ContactCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("school", "School visit"),
                            ("walk", "Walk or block visit"),
                            ("meeting", "Community meeting"),
                            ("sport", "Sport or play"),
                            ("help", "Help that was not about a crime"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                    ),
                ),
                ("month", models.DateField()),
                ("count", models.PositiveIntegerField()),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="community.agency"
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="community.place"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("agency", "place", "kind", "month"), name="one_count_a_kind_place_and_month"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("month__day", 1)), name="a_month_begins_on_its_first_day"
                    ),
                    models.CheckConstraint(condition=models.Q(("count__lte", 100000)), name="a_count_that_can_be"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(unique=True)),
                ("sequence", models.PositiveIntegerField(default=0)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("listening", "Listening session"),
                            ("walk", "Neighborhood walk"),
                            ("open-house", "Open house"),
                            ("youth", "With young people"),
                            ("meeting", "Meeting"),
                            ("other", "Something else"),
                        ],
                        max_length=20,
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                ("title_es", models.CharField(blank=True, max_length=120)),
                ("about", models.TextField(blank=True, max_length=2000)),
                ("about_es", models.TextField(blank=True, max_length=2000)),
                ("venue", models.CharField(max_length=200)),
                ("starts", models.DateTimeField()),
                ("ends", models.DateTimeField()),
                ("is_cancelled", models.BooleanField(default=False)),
                ("announced", models.DateTimeField()),
                ("changed", models.DateTimeField()),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="community.agency"
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="community.place"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["agency", "starts"], name="events_by_start")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends__gt", models.F("starts"))), name="an_event_ends_after_it_starts"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["listening", "walk", "open-house", "youth", "meeting", "other"])
                        ),
                        name="a_known_kind_of_event",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Profile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("rank", models.CharField(max_length=60)),
                ("languages", models.CharField(blank=True, max_length=120)),
                ("words", models.TextField(max_length=1000)),
                ("invited", models.DateTimeField()),
                ("invitation", models.CharField(max_length=64, unique=True)),
                ("withdrawal", models.CharField(max_length=64, null=True, unique=True)),
                ("consented", models.DateTimeField(null=True)),
                ("expires", models.DateTimeField(null=True)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="community.agency"
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="community.place"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("consented", None), ("expires", None), ("withdrawal", None)),
                            models.Q(
                                ("consented__isnull", False), ("expires__isnull", False), ("withdrawal__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="consent_always_expires",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("consented", None), ("expires__gt", models.F("consented")), _connector="OR"
                        ),
                        name="consent_ends_after_it_begins",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="question",
            index=models.Index(fields=["agency", "asked"], name="questions_by_age"),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_published", True), ("rule", "")),
                    models.Q(
                        ("is_published", False),
                        ("rule__in", ["person", "private", "threat", "advertising", "elsewhere", "repeated"]),
                    ),
                    _connector="OR",
                ),
                name="what_is_left_out_has_its_rule",
            ),
        ),
        migrations.AddConstraint(
            model_name="answer",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="an_answer_has_words"
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.UniqueConstraint(
                condition=models.Q(("place__isnull", False)),
                fields=("agency", "index", "topic", "place"),
                name="one_subscription_a_topic_and_place",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.UniqueConstraint(
                condition=models.Q(("place__isnull", True)),
                fields=("agency", "index", "topic"),
                name="one_subscription_a_topic",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("confirmed", None), ("told__isnull", False), _connector="OR"),
                name="who_confirmed_was_told_up_to_a_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("address__contains", "@"), _negated=True), name="addresses_are_encrypted"
            ),
        ),
        append_only("outreach_decision"),
        append_only("outreach_answer"),
        append_only("outreach_judgement"),
        refuse_update(
            "outreach_event",
            "sequence",
            when="NEW.sequence <= OLD.sequence OR NEW.uid <> OLD.uid OR NEW.agency_id <> OLD.agency_id OR OLD.is_cancelled",
            because="an event keeps its identity, and each change raises its sequence",
        ),
        refuse_update(
            "outreach_question",
            "words",
            when="(NEW.text <> OLD.text AND NEW.text <> '') OR NEW.asked <> OLD.asked OR NEW.receipt <> OLD.receipt",
            because="a question is erased or kept, and never changed",
        ),
        refuse_update(
            "outreach_profile",
            "words",
            when="OLD.consented IS NOT NULL OR NEW.name <> OLD.name OR NEW.rank <> OLD.rank OR NEW.words <> OLD.words"
            " OR NEW.languages <> OLD.languages OR NEW.agency_id <> OLD.agency_id",
            because="what an officer consents to cannot be changed",
        ),
    ]
