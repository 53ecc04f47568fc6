"""Commitments, their terms, steps and measurements, who is told of them; and what the database itself refuses."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from comity.site.commitments.database_rules import hold_rules
from comity.site.community.append_only import append_only


class Migration(migrations.Migration):
    initial = True

    dependencies: ClassVar = [
        ("community", "0003_mail"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Measurement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("release", models.CharField(max_length=200)),
                ("baseline", models.CharField(max_length=200)),
                ("breaks", models.PositiveIntegerField()),
                ("measured_on", models.DateField()),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
                ("change", models.JSONField(null=True)),
                (
                    "verdict",
                    models.CharField(
                        choices=[("moved", "moved"), ("did not move", "did not move"), ("cannot tell", "cannot tell")],
                        max_length=12,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=20)),
            ],
        ),
        migrations.CreateModel(
            name="Commitment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "topic",
                    models.CharField(
                        choices=[
                            ("stops", "Stops and searches"),
                            ("force", "Use of force"),
                            ("complaints", "Complaints"),
                            ("trust", "Trust and respect"),
                            ("safety", "Feeling safe"),
                            ("calls", "Calls for help"),
                            ("traffic", "Traffic"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                    ),
                ),
                ("language", models.CharField(max_length=10)),
                ("title", models.CharField(max_length=120)),
                ("said", models.TextField(max_length=2000)),
                ("plan", models.TextField(max_length=2000)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("finding", "a finding"),
                            ("survey", "a survey result"),
                            ("theme", "a theme of what people wrote"),
                            ("meeting", "a meeting"),
                        ],
                        max_length=10,
                    ),
                ),
                ("source_release", models.CharField(blank=True, max_length=200)),
                ("source_finding", models.CharField(blank=True, max_length=200)),
                ("source_words", models.CharField(blank=True, max_length=300)),
                ("source_day", models.DateField(null=True)),
                ("made_on", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("made", "made, not yet accepted by its owner"),
                            ("accepted", "accepted, no evidence yet"),
                            ("evidence", "evidence given, not yet verified"),
                            ("verified", "verified, not yet closed"),
                            ("reopened", "reopened"),
                            ("done", "closed: done"),
                            ("partly", "closed: partly done"),
                            ("not-done", "closed: not done"),
                        ],
                        default="made",
                        max_length=10,
                    ),
                ),
                ("due", models.DateField()),
                ("steps", models.PositiveIntegerField(default=0)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="commitments", to="community.agency"
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commitments_made",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commitments_owned",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commitments",
                        to="community.place",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Follower",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.EmailField(max_length=254)),
                ("language", models.CharField(max_length=10)),
                ("token", models.CharField(max_length=64, unique=True)),
                ("asked_on", models.DateField()),
                ("confirmed_on", models.DateField(null=True)),
                ("told", models.PositiveIntegerField(default=0)),
                (
                    "commitment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="followers",
                        to="commitments.commitment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Terms",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("made_on", models.DateField()),
                ("due", models.DateField()),
                ("counted", models.DateField()),
                ("kind", models.CharField(max_length=10)),
                ("dataset", models.CharField(max_length=80)),
                ("period", models.CharField(max_length=20)),
                ("version", models.PositiveIntegerField()),
                ("table", models.CharField(blank=True, max_length=120)),
                ("cell", models.JSONField(default=dict)),
                ("base", models.JSONField(default=dict)),
                ("finding", models.CharField(blank=True, max_length=200)),
                ("figure", models.CharField(blank=True, max_length=200)),
                ("wants", models.CharField(max_length=4)),
                ("size", models.FloatField()),
                ("size_is", models.CharField(max_length=10)),
                ("first_period", models.CharField(max_length=20)),
                ("definition", models.CharField(max_length=64)),
                ("baseline", models.JSONField()),
                ("label", models.JSONField()),
                ("reason", models.TextField(blank=True, max_length=1000)),
                (
                    "commitment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="terms", to="commitments.commitment"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("made", "made"),
                            ("accepted", "accepted by its owner"),
                            ("evidence", "evidence"),
                            ("verified", "verified by someone else"),
                            ("closed", "closed by the agency"),
                            ("reopened", "reopened"),
                            ("stand", "the community's stand"),
                            ("changed", "terms changed"),
                            ("measured", "measured again"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("made", "made, not yet accepted by its owner"),
                            ("accepted", "accepted, no evidence yet"),
                            ("evidence", "evidence given, not yet verified"),
                            ("verified", "verified, not yet closed"),
                            ("reopened", "reopened"),
                            ("done", "closed: done"),
                            ("partly", "closed: partly done"),
                            ("not-done", "closed: not done"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[("done", "done"), ("partly", "partly done"), ("not-done", "not done")],
                        max_length=10,
                    ),
                ),
                ("text", models.TextField(blank=True, max_length=4000)),
                ("link", models.URLField(blank=True, max_length=500)),
                ("file", models.CharField(blank=True, max_length=64)),
                ("file_kind", models.CharField(blank=True, max_length=4)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "commitment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="life", to="commitments.commitment"
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="community.entry"
                    ),
                ),
                (
                    "measurement",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="step",
                        to="commitments.measurement",
                    ),
                ),
                (
                    "terms",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="commitments.terms"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="measurement",
            name="terms",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="measurements", to="commitments.terms"
            ),
        ),
        migrations.AddIndex(
            model_name="commitment",
            index=models.Index(fields=["due", "id"], name="commitments_by_due"),
        ),
        migrations.AddIndex(
            model_name="commitment",
            index=models.Index(fields=["state", "due"], name="commitments_by_state"),
        ),
        migrations.AddIndex(
            model_name="commitment",
            index=models.Index(fields=["topic", "due"], name="commitments_by_topic"),
        ),
        migrations.AddIndex(
            model_name="commitment",
            index=models.Index(fields=["agency", "state"], name="commitments_by_agency"),
        ),
        migrations.AddConstraint(
            model_name="commitment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ["made", "accepted", "evidence", "verified", "reopened", "done", "partly", "not-done"],
                    )
                ),
                name="commitment_state_is_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="commitment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("topic__in", ["stops", "force", "complaints", "trust", "safety", "calls", "traffic", "other"])
                ),
                name="commitment_topic_is_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="commitment",
            constraint=models.CheckConstraint(
                condition=models.Q(("source__in", ["finding", "survey", "theme", "meeting"])),
                name="commitment_source_is_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="commitment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("title", ""), _negated=True),
                    models.Q(("title__contains", "\n"), _negated=True),
                    models.Q(("title__contains", "\r"), _negated=True),
                    models.Q(("said", ""), _negated=True),
                    models.Q(("plan", ""), _negated=True),
                ),
                name="commitment_is_said_and_its_title_is_one_line",
            ),
        ),
        migrations.AddConstraint(
            model_name="commitment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("source__in", ["finding", "survey"]),
                        models.Q(("source_release", ""), _negated=True),
                        models.Q(("source_finding", ""), _negated=True),
                    ),
                    models.Q(
                        ("source", "theme"),
                        models.Q(("source_release", ""), _negated=True),
                        models.Q(("source_words", ""), _negated=True),
                    ),
                    models.Q(
                        ("source", "meeting"),
                        models.Q(("source_words", ""), _negated=True),
                        ("source_day__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="commitment_has_its_source",
            ),
        ),
        migrations.AddConstraint(
            model_name="follower",
            constraint=models.UniqueConstraint(fields=("commitment", "address"), name="one_follower_an_address"),
        ),
        migrations.AddConstraint(
            model_name="terms",
            constraint=models.UniqueConstraint(fields=("commitment", "number"), name="one_terms_a_number"),
        ),
        migrations.AddConstraint(
            model_name="terms",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("number", 1), ("reason", "")),
                    models.Q(("number__gt", 1), models.Q(("reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="changed_terms_have_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="terms",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "finding"), ("table", ""), models.Q(("finding", ""), _negated=True)),
                    models.Q(("finding", ""), ("kind__in", ["share", "count"]), models.Q(("table", ""), _negated=True)),
                    _connector="OR",
                ),
                name="terms_name_a_cell_or_a_finding",
            ),
        ),
        migrations.AddConstraint(
            model_name="terms",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("size__gt", 0), ("size_is__in", ["absolute", "relative"]), ("wants__in", ["up", "down"])
                ),
                name="terms_say_which_way_and_how_far",
            ),
        ),
        migrations.AddConstraint(
            model_name="terms",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_period__gt", models.F("period"))), name="terms_count_from_after_the_baseline"
            ),
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.UniqueConstraint(fields=("commitment", "number"), name="one_step_a_number"),
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "made",
                            "accepted",
                            "evidence",
                            "verified",
                            "closed",
                            "reopened",
                            "stand",
                            "changed",
                            "measured",
                        ],
                    )
                ),
                name="step_kind_is_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind__in", ["verified", "closed", "stand"]), ("verdict__in", ["done", "partly", "not-done"])
                    ),
                    models.Q(models.Q(("kind__in", ["verified", "closed", "stand"]), _negated=True), ("verdict", "")),
                    _connector="OR",
                ),
                name="step_has_a_verdict_where_one_is_given",
            ),
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("by__isnull", True), ("kind", "measured"), ("measurement__isnull", False)),
                    models.Q(
                        models.Q(("kind", "measured"), _negated=True),
                        ("by__isnull", False),
                        ("measurement__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="somebody_did_a_step_that_is_no_measurement",
            ),
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "evidence"),
                        models.Q(
                            models.Q(("text", ""), _negated=True),
                            models.Q(("link", ""), _negated=True),
                            models.Q(("file", ""), _negated=True),
                            _connector="OR",
                        ),
                    ),
                    models.Q(
                        models.Q(("kind", "evidence"), _negated=True), ("file", ""), ("file_kind", ""), ("link", "")
                    ),
                    _connector="OR",
                ),
                name="evidence_shows_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("kind__in", ["verified", "reopened", "stand", "changed"]), _negated=True),
                        models.Q(("kind", "closed"), ("verdict", "not-done"), _negated=True),
                    ),
                    models.Q(("text", ""), _negated=True),
                    _connector="OR",
                ),
                name="step_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="measurement",
            constraint=models.UniqueConstraint(
                fields=("terms", "release", "baseline", "breaks"), name="measured_once_a_release"
            ),
        ),
        migrations.AddConstraint(
            model_name="measurement",
            constraint=models.CheckConstraint(
                condition=models.Q(("verdict__in", ["moved", "did not move", "cannot tell"])),
                name="measurement_verdict_is_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="measurement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("verdict", "cannot tell"), models.Q(("reason", ""), _negated=True)),
                    models.Q(
                        models.Q(("verdict", "cannot tell"), _negated=True), ("change__isnull", False), ("reason", "")
                    ),
                    _connector="OR",
                ),
                name="cannot_tell_says_why",
            ),
        ),
        append_only("commitments_terms"),
        append_only("commitments_measurement"),
        append_only("commitments_step"),
        hold_rules(),
    ]
