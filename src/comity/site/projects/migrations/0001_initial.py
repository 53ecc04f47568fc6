"""The tables of small projects."""

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
            name="Project",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(blank=True, max_length=100)),
                ("language", models.CharField(choices=[("en", "English"), ("es", "Español")], max_length=5)),
                ("proposed", models.DateTimeField()),
                ("receipt", models.CharField(max_length=64, unique=True)),
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
            name="Step",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("idea", "Idea"),
                            ("helpers", "Who helps"),
                            ("plan", "Plan and budget"),
                            ("work", "Under way"),
                            ("done", "Done: what changed"),
                            ("stopped", "Stopped"),
                        ],
                        max_length=20,
                    ),
                ),
                ("text", models.TextField(blank=True, max_length=2000)),
                ("before", models.TextField(blank=True, max_length=2000)),
                ("budget", models.PositiveIntegerField(null=True)),
                ("once", models.CharField(max_length=64, unique=True)),
                ("at", models.DateTimeField()),
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
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="projects.project"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Picture",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_after", models.BooleanField()),
                ("kind", models.CharField(choices=[("image/jpeg", "JPEG"), ("image/png", "PNG")], max_length=10)),
                ("content", models.BinaryField()),
                ("digest", models.CharField(max_length=64)),
                ("alt", models.CharField(max_length=200)),
                (
                    "step",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="pictures", to="projects.step"
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
                            ("elsewhere", "It is not about a project of neighbors here."),
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
                    "step",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decision", to="projects.step"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.CheckConstraint(
                condition=models.Q(("before", ""), ("stage", "done"), _connector="OR"),
                name="only_what_is_done_has_a_before",
            ),
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.CheckConstraint(
                condition=models.Q(("budget", None), ("stage", "plan"), _connector="OR"),
                name="only_a_plan_has_a_budget",
            ),
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.CheckConstraint(
                condition=models.Q(("stage__in", ["idea", "helpers", "plan", "work", "done", "stopped"])),
                name="a_known_stage",
            ),
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.UniqueConstraint(
                condition=models.Q(("stage", "idea")), fields=("project",), name="one_idea_a_project"
            ),
        ),
        migrations.AddConstraint(
            model_name="picture",
            constraint=models.UniqueConstraint(
                fields=("step", "is_after"), name="one_picture_of_before_and_one_of_after"
            ),
        ),
        migrations.AddConstraint(
            model_name="picture",
            constraint=models.CheckConstraint(
                condition=models.Q(("alt", ""), _negated=True), name="a_picture_has_words"
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_published", True), ("rule", "")),
                    models.Q(
                        ("is_published", False),
                        ("rule__in", ["person", "private", "threat", "advertising", "elsewhere"]),
                    ),
                    _connector="OR",
                ),
                name="what_is_left_out_of_a_project_has_its_rule",
            ),
        ),
        append_only("projects_decision"),
        refuse_update(
            "projects_step",
            "words",
            when="(NEW.text <> OLD.text AND NEW.text <> '') OR (NEW.before <> OLD.before AND NEW.before <> '')"
            " OR NEW.stage <> OLD.stage OR NEW.at <> OLD.at",
            because="a step is erased or kept, and never changed",
        ),
    ]
