"""The tables of planning, and what the database itself refuses."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from comity.site.community.append_only import append_only
from comity.site.planning.triggers import refuse_by_trigger


class Migration(migrations.Migration):
    initial = True

    dependencies: ClassVar = [
        ("community", "0003_mail"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Activity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("text", models.CharField(max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name="Consultation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("statements", "Statements: agree, disagree or pass"),
                            ("approval", "Projects: name all you are for"),
                            ("ranking", "Projects: put them in order"),
                            ("knapsack", "Projects: choose as many as the money buys"),
                            ("pairs", "Pairs: which of two comes first"),
                        ],
                        max_length=10,
                    ),
                ),
                ("question", models.CharField(max_length=300)),
                ("explanation", models.TextField(blank=True, max_length=3000)),
                ("policy", models.TextField(max_length=5000)),
                (
                    "access",
                    models.CharField(
                        choices=[("invited", "Only who has a letter with a code"), ("open", "Whoever has the link")],
                        max_length=10,
                    ),
                ),
                (
                    "rule",
                    models.CharField(
                        blank=True, choices=[("equal-shares", "Equal shares"), ("greedy", "Greedy")], max_length=12
                    ),
                ),
                ("budget", models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ("publishes_ballots", models.BooleanField(default=False)),
                ("questionnaire", models.TextField(blank=True)),
                ("sealed_at", models.DateTimeField(null=True)),
                ("survey", models.SlugField(blank=True)),
                ("voting_at", models.DateTimeField(null=True)),
                ("result", models.JSONField(null=True)),
                ("counted_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Party",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=100)),
            ],
        ),
        migrations.CreateModel(
            name="Contribution",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("day", models.DateField()),
                ("text", models.CharField(max_length=280)),
                ("details", models.TextField(blank=True, max_length=2000)),
                ("receipt", models.CharField(max_length=64, unique=True)),
                ("cost", models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                (
                    "consultation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contributions",
                        to="planning.consultation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_published", models.BooleanField()),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "contribution",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decision", to="planning.contribution"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Plan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200)),
                ("purpose", models.TextField(blank=True, max_length=2000)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="plans", to="community.agency"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Meeting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("place", models.CharField(max_length=300)),
                ("agenda", models.TextField(blank=True, max_length=5000)),
                ("minutes", models.TextField(blank=True, max_length=20000)),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="meetings", to="planning.plan"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="consultation",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="consultations", to="planning.plan"
            ),
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("group", models.CharField(max_length=100)),
                ("people", models.PositiveIntegerField()),
                (
                    "meeting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="presences", to="planning.meeting"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Responsibility",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("responsible", "Responsible"),
                            ("accountable", "Accountable"),
                            ("consulted", "Consulted"),
                            ("informed", "Informed"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "activity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="responsibilities",
                        to="planning.activity",
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="responsibilities",
                        to="planning.party",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Signatory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("speaks_for", models.CharField(max_length=150)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Dissent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(max_length=3000)),
                ("at", models.DateTimeField()),
                (
                    "signatory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="dissents", to="planning.signatory"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "signatory",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="signature", to="planning.signatory"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("document", models.TextField(blank=True)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("asked_at", models.DateTimeField(null=True)),
                ("active_at", models.DateTimeField(null=True)),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="planning.plan"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Term",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("word", models.CharField(max_length=100)),
                ("meaning", models.TextField(max_length=1000)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="terms", to="planning.version"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="signatory",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="signatories", to="planning.version"
            ),
        ),
        migrations.CreateModel(
            name="Reply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("plan", "Taken into the plan"),
                            ("commitment", "Became a commitment"),
                            ("not taken up", "Not taken up"),
                        ],
                        max_length=12,
                    ),
                ),
                ("commitment", models.PositiveIntegerField(null=True)),
                ("reason", models.TextField(blank=True, max_length=2000)),
                ("at", models.DateTimeField()),
                (
                    "contribution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="replies", to="planning.contribution"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="planning.version"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Passage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("goal", "Goals"), ("priority", "Priorities"), ("strategy", "Strategies")],
                        max_length=10,
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("text", models.TextField(max_length=2000)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="passages", to="planning.version"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="party",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="parties", to="planning.version"
            ),
        ),
        migrations.AddField(
            model_name="activity",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="activities", to="planning.version"
            ),
        ),
        migrations.AddConstraint(
            model_name="contribution",
            constraint=models.UniqueConstraint(fields=("consultation", "number"), name="one_contribution_a_number"),
        ),
        migrations.AddConstraint(
            model_name="contribution",
            constraint=models.CheckConstraint(
                condition=models.Q(("cost__isnull", True), ("cost__gt", 0), _connector="OR"),
                name="a_cost_is_more_than_nothing",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_published", True), models.Q(("reason", ""), _negated=True), _connector="OR"),
                name="a_rejection_has_its_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="meeting",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="a_meeting_ends_after_it_starts"
            ),
        ),
        migrations.AddConstraint(
            model_name="consultation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("budget__isnull", True), ("kind__in", ("statements", "pairs")), ("rule", "")),
                    models.Q(
                        ("access", "invited"),
                        ("budget__gt", 0),
                        ("kind__in", ("approval", "ranking", "knapsack")),
                        ("rule__in", ("equal-shares", "greedy")),
                    ),
                    _connector="OR",
                ),
                name="money_is_decided_by_a_rule_and_by_invited_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="consultation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("questionnaire", ""), ("sealed_at__isnull", True)),
                    ("sealed_at__isnull", False),
                    _connector="OR",
                ),
                name="a_ballot_paper_is_sealed",
            ),
        ),
        migrations.AddConstraint(
            model_name="consultation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("survey", ""), ("voting_at__isnull", True)),
                    models.Q(
                        ("sealed_at__isnull", False),
                        ("voting_at__isnull", False),
                        models.Q(("survey", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="voting_comes_after_sealing",
            ),
        ),
        migrations.AddConstraint(
            model_name="consultation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("counted_at__isnull", True), ("result__isnull", True)),
                    models.Q(("counted_at__isnull", False), ("result__isnull", False), ("voting_at__isnull", False)),
                    _connector="OR",
                ),
                name="counting_comes_after_voting",
            ),
        ),
        migrations.AddConstraint(
            model_name="presence",
            constraint=models.UniqueConstraint(fields=("meeting", "group"), name="one_count_a_group"),
        ),
        migrations.AddConstraint(
            model_name="responsibility",
            constraint=models.UniqueConstraint(fields=("activity", "party"), name="one_entry_a_field_of_the_matrix"),
        ),
        migrations.AddConstraint(
            model_name="responsibility",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "accountable")), fields=("activity",), name="one_accountable_party"
            ),
        ),
        migrations.AddConstraint(
            model_name="responsibility",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ("responsible", "accountable", "consulted", "informed"))),
                name="a_known_responsibility",
            ),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.UniqueConstraint(fields=("plan", "number"), name="one_version_a_number"),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.UniqueConstraint(
                condition=models.Q(("asked_at__isnull", True)), fields=("plan",), name="one_draft_of_a_plan"
            ),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("active_at__isnull", True), ("asked_at__isnull", True), ("sha256", "")),
                    models.Q(
                        ("asked_at__isnull", False),
                        models.Q(("sha256", ""), _negated=True),
                        models.Q(("document", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="asked_for_signatures_with_its_digest",
            ),
        ),
        migrations.AddConstraint(
            model_name="term",
            constraint=models.UniqueConstraint(fields=("version", "word"), name="one_meaning_a_word"),
        ),
        migrations.AddConstraint(
            model_name="signatory",
            constraint=models.UniqueConstraint(fields=("version", "account"), name="named_once_in_a_version"),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("commitment__isnull", True), ("kind", "plan"), ("version__isnull", False)),
                    models.Q(("commitment__isnull", False), ("kind", "commitment"), ("version__isnull", True)),
                    models.Q(
                        ("commitment__isnull", True),
                        ("kind", "not taken up"),
                        ("version__isnull", True),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="a_reply_says_where_or_why_not",
            ),
        ),
        migrations.AddConstraint(
            model_name="party",
            constraint=models.UniqueConstraint(fields=("version", "name"), name="one_column_a_party"),
        ),
        migrations.AddConstraint(
            model_name="activity",
            constraint=models.UniqueConstraint(fields=("version", "text"), name="one_row_an_activity"),
        ),
        refuse_by_trigger(),
        *(append_only(f"planning_{name}") for name in ("signature", "dissent", "decision", "reply")),
    ]
