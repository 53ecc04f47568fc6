"""Agencies, places, and the append-only log."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

from comity.site.community.append_only import append_only


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("community", "0001_initial"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Agency",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(unique=True)),
                ("name", models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("actor", models.CharField(blank=True, max_length=150)),
                ("role", models.CharField(blank=True, max_length=20)),
                ("action", models.CharField(max_length=60)),
                ("subject", models.CharField(max_length=120)),
                ("details", models.JSONField(default=dict)),
                ("public", models.JSONField(null=True)),
                ("before", models.CharField(max_length=64, unique=True)),
                ("hash", models.CharField(max_length=64, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="Place",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField()),
                ("name", models.CharField(max_length=200)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="account",
            name="only_analysts_work_for_the_police",
        ),
        migrations.AlterField(
            model_name="account",
            name="role",
            field=models.CharField(
                choices=[
                    ("chief", "Chief"),
                    ("analyst", "Agency analyst"),
                    ("training-officer", "Training officer"),
                    ("custodian", "Survey custodian"),
                    ("interviewer", "Interviewer"),
                    ("redactor", "Redactor"),
                    ("community-leader", "Community leader"),
                    ("moderator", "Moderator"),
                    ("auditor", "Auditor"),
                    ("resident", "Resident"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="agency",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="accounts", to="community.agency"
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("works_for_police", False), ("role__in", ("chief", "analyst", "training-officer")), _connector="OR"
                ),
                name="only_roles_of_the_police_work_for_them",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("works_for_police", True), models.Q(("role", "chief"), _negated=True), _connector="OR"
                ),
                name="a_chief_works_for_the_police",
            ),
        ),
        migrations.AddField(
            model_name="entry",
            name="agency",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="community.agency"),
        ),
        migrations.AddField(
            model_name="place",
            name="agency",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="places", to="community.agency"
            ),
        ),
        migrations.AddConstraint(
            model_name="place",
            constraint=models.UniqueConstraint(fields=("agency", "slug"), name="one_place_a_slug"),
        ),
        append_only("community_entry"),
    ]
