"""The tables of training; what happened is append-only."""

from __future__ import annotations

from typing import ClassVar

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from comity.site.community.append_only import append_only


class Migration(migrations.Migration):
    initial = True

    dependencies: ClassVar = [
        ("community", "0002_agencies_and_log"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Course",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField()),
                ("title", models.CharField(max_length=160)),
                ("qualification", models.CharField(blank=True, max_length=120)),
                ("agency", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="community.agency")),
            ],
        ),
        migrations.CreateModel(
            name="CourseVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("hours", models.DecimalField(decimal_places=1, max_digits=5)),
                ("about", models.TextField(blank=True)),
                ("since", models.DateField()),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="training.course"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EffectStatement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("outcome", models.CharField(max_length=120)),
                ("made_at", models.DateTimeField()),
                ("finding", models.JSONField()),
                ("panel", models.JSONField()),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="effects", to="training.course"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Instructor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "number",
                    models.CharField(
                        max_length=20,
                        validators=[django.core.validators.RegexValidator("\\A[A-Za-z0-9][A-Za-z0-9./_-]{0,19}\\Z")],
                    ),
                ),
                ("agency", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="community.agency")),
            ],
        ),
        migrations.CreateModel(
            name="Officer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "number",
                    models.CharField(
                        max_length=20,
                        validators=[django.core.validators.RegexValidator("\\A[A-Za-z0-9][A-Za-z0-9./_-]{0,19}\\Z")],
                    ),
                ),
                ("unit", models.CharField(blank=True, max_length=80)),
                ("joined_on", models.DateField()),
                ("left_on", models.DateField(null=True)),
                ("agency", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="community.agency")),
            ],
        ),
        migrations.CreateModel(
            name="Launch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("registration", models.UUIDField()),
                ("session", models.UUIDField(unique=True)),
                ("fetch", models.CharField(max_length=64, unique=True)),
                ("token", models.CharField(blank=True, max_length=64)),
                ("made_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("initialized_at", models.DateTimeField(null=True)),
                ("terminated_at", models.DateTimeField(null=True)),
                ("officer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="training.officer")),
            ],
        ),
        migrations.CreateModel(
            name="OfficerGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("agency", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="community.agency")),
            ],
        ),
        migrations.AddField(
            model_name="officer",
            name="groups",
            field=models.ManyToManyField(related_name="officers", to="training.officergroup"),
        ),
        migrations.CreateModel(
            name="Mandate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_on", models.DateField()),
                ("months", models.PositiveIntegerField(null=True)),
                ("days_to_comply", models.PositiveIntegerField(default=90)),
                ("ended_on", models.DateField(null=True)),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="mandates", to="training.course"
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="training.officergroup"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Package",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("identifier", models.CharField(max_length=500)),
                ("title", models.CharField(max_length=200)),
                ("digest", models.CharField(max_length=64)),
                ("added_at", models.DateTimeField()),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="packages",
                        to="training.courseversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Provider",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("key", models.CharField(max_length=40, unique=True)),
                ("digest", models.CharField(max_length=64)),
                ("activity", models.CharField(max_length=500)),
                ("is_open", models.BooleanField(default=True)),
                ("course", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="training.course")),
            ],
        ),
        migrations.CreateModel(
            name="Qualification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("since", models.DateField()),
                ("until", models.DateField(null=True)),
                (
                    "instructor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="qualifications",
                        to="training.instructor",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Quiz",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=160)),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="quizzes", to="training.course"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Item",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("form", models.CharField(max_length=1)),
                ("number", models.PositiveIntegerField()),
                ("text", models.TextField()),
                ("choices", models.JSONField()),
                ("right", models.PositiveIntegerField()),
                (
                    "quiz",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="items", to="training.quiz"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Seat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("officer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="training.officer")),
            ],
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("held_on", models.DateField()),
                ("place", models.CharField(blank=True, max_length=120)),
                ("instructors", models.ManyToManyField(to="training.instructor")),
                ("officers", models.ManyToManyField(through="training.Seat", to="training.officer")),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sessions",
                        to="training.courseversion",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="seat",
            name="session",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="seats", to="training.session"
            ),
        ),
        migrations.CreateModel(
            name="Completion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("completed_on", models.DateField()),
                (
                    "source",
                    models.CharField(
                        choices=[("session", "Session"), ("file", "File"), ("statement", "Statement")], max_length=10
                    ),
                ),
                ("statement", models.UUIDField(null=True)),
                ("recorded_at", models.DateTimeField()),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="completions",
                        to="training.courseversion",
                    ),
                ),
                (
                    "officer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="completions", to="training.officer"
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="training.session"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Sitting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "occasion",
                    models.CharField(
                        choices=[
                            ("pre", "Pre"),
                            ("post", "Post"),
                            ("3-months", "Months 3"),
                            ("6-months", "Months 6"),
                            ("12-months", "Months 12"),
                        ],
                        max_length=10,
                    ),
                ),
                ("form", models.CharField(max_length=1)),
                ("taken_on", models.DateField()),
                ("answers", models.JSONField()),
                ("score", models.FloatField()),
                ("officer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="training.officer")),
                (
                    "quiz",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sittings", to="training.quiz"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Statement",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("verb", models.CharField(max_length=500)),
                ("activity", models.CharField(max_length=500)),
                ("voids", models.UUIDField(null=True, unique=True)),
                ("content", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                ("stored_at", models.DateTimeField()),
                ("agency", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="community.agency")),
                (
                    "launch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="training.launch",
                    ),
                ),
                (
                    "officer",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="training.officer"),
                ),
                (
                    "provider",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="training.provider"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TakenBack",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=300)),
                ("at", models.DateTimeField()),
                (
                    "completion",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="taken_back", to="training.completion"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Unit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("identifier", models.CharField(max_length=500)),
                ("title", models.CharField(max_length=200)),
                ("address", models.CharField(max_length=1000)),
                (
                    "move_on",
                    models.CharField(
                        choices=[
                            ("Passed", "Passed"),
                            ("Completed", "Completed"),
                            ("CompletedAndPassed", "Both"),
                            ("CompletedOrPassed", "Either"),
                            ("NotApplicable", "Not Applicable"),
                        ],
                        default="NotApplicable",
                        max_length=20,
                    ),
                ),
                ("mastery_score", models.DecimalField(decimal_places=4, max_digits=5, null=True)),
                ("parameters", models.TextField(blank=True)),
                ("launch_method", models.CharField(default="AnyWindow", max_length=9)),
                (
                    "package",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="units", to="training.package"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StateDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("registration", models.UUIDField()),
                ("name", models.CharField(max_length=120)),
                ("content_type", models.CharField(max_length=80)),
                ("content", models.BinaryField()),
                ("officer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="training.officer")),
                ("unit", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="training.unit")),
            ],
        ),
        migrations.AddField(
            model_name="launch",
            name="unit",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="launches", to="training.unit"
            ),
        ),
        migrations.AddConstraint(
            model_name="course",
            constraint=models.UniqueConstraint(fields=("agency", "slug"), name="one_course_a_slug"),
        ),
        migrations.AddConstraint(
            model_name="courseversion",
            constraint=models.UniqueConstraint(fields=("course", "number"), name="one_course_version_a_number"),
        ),
        migrations.AddConstraint(
            model_name="courseversion",
            constraint=models.CheckConstraint(condition=models.Q(("hours__gt", 0)), name="a_version_has_hours"),
        ),
        migrations.AddConstraint(
            model_name="instructor",
            constraint=models.UniqueConstraint(fields=("agency", "number"), name="one_instructor_a_number"),
        ),
        migrations.AddConstraint(
            model_name="officergroup",
            constraint=models.UniqueConstraint(fields=("agency", "name"), name="one_group_a_name"),
        ),
        migrations.AddConstraint(
            model_name="officer",
            constraint=models.UniqueConstraint(fields=("agency", "number"), name="one_officer_a_number"),
        ),
        migrations.AddConstraint(
            model_name="officer",
            constraint=models.CheckConstraint(
                condition=models.Q(("left_on__isnull", True), ("left_on__gte", models.F("joined_on")), _connector="OR"),
                name="nobody_leaves_before_joining",
            ),
        ),
        migrations.AddConstraint(
            model_name="mandate",
            constraint=models.CheckConstraint(
                condition=models.Q(("months__isnull", True), ("months__gt", 0), _connector="OR"), name="a_mandate_lasts"
            ),
        ),
        migrations.AddConstraint(
            model_name="mandate",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_on__isnull", True)), fields=("course", "group"), name="one_mandate_a_group"
            ),
        ),
        migrations.AddConstraint(
            model_name="mandate",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_on__isnull", True), ("group__isnull", True)),
                fields=("course",),
                name="one_mandate_for_all",
            ),
        ),
        migrations.AddConstraint(
            model_name="package",
            constraint=models.UniqueConstraint(fields=("version", "digest"), name="one_package_a_version"),
        ),
        migrations.AddConstraint(
            model_name="qualification",
            constraint=models.CheckConstraint(
                condition=models.Q(("until__isnull", True), ("until__gte", models.F("since")), _connector="OR"),
                name="a_qualification_ends_after_it_starts",
            ),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.UniqueConstraint(fields=("quiz", "form", "number"), name="one_item_a_number"),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.CheckConstraint(condition=models.Q(("right__lt", 6)), name="at_most_6_choices"),
        ),
        migrations.AddConstraint(
            model_name="seat",
            constraint=models.UniqueConstraint(fields=("session", "officer"), name="one_seat_an_officer"),
        ),
        migrations.AddConstraint(
            model_name="sitting",
            constraint=models.UniqueConstraint(fields=("quiz", "officer", "occasion"), name="one_sitting_an_occasion"),
        ),
        migrations.AddConstraint(
            model_name="sitting",
            constraint=models.CheckConstraint(
                condition=models.Q(("score__gte", 0), ("score__lte", 1)), name="a_score_is_a_share"
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(("provider__isnull", True), ("launch__isnull", True), _connector="OR"),
                name="a_statement_has_one_sender",
            ),
        ),
        migrations.AddConstraint(
            model_name="takenback",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="taken_back_for_a_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="unit",
            constraint=models.UniqueConstraint(fields=("package", "number"), name="one_unit_a_number"),
        ),
        migrations.AddConstraint(
            model_name="unit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("mastery_score__isnull", True),
                    models.Q(("mastery_score__gte", 0), ("mastery_score__lte", 1)),
                    _connector="OR",
                ),
                name="mastery_from_0_to_1",
            ),
        ),
        migrations.AddConstraint(
            model_name="statedocument",
            constraint=models.UniqueConstraint(
                fields=("unit", "officer", "registration", "name"), name="one_state_document_a_name"
            ),
        ),
        append_only("training_courseversion"),
        append_only("training_completion"),
        append_only("training_takenback"),
        append_only("training_statement"),
        append_only("training_sitting"),
        append_only("training_item"),
        append_only("training_effectstatement"),
    ]
