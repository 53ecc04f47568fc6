"""The tables of the response store."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models

from comity.site.surveys.responses.models import empty_slot


def create_spent_tokens(apps, schema_editor):
    """On SQLite a table WITHOUT ROWID, because a hidden row number would count the tokens in the order they came."""
    kind, how = ("BLOB", " WITHOUT ROWID") if schema_editor.connection.vendor == "sqlite" else ("bytea", "")
    schema_editor.execute(
        "CREATE TABLE survey_responses_spenttoken"
        f" (receipt {kind} NOT NULL PRIMARY KEY, survey varchar(50) NOT NULL){how}"
    )


def drop_spent_tokens(apps, schema_editor):
    schema_editor.execute("DROP TABLE survey_responses_spenttoken")


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar = []
    operations: ClassVar = [
        migrations.CreateModel(
            name="Slot",
            fields=[
                ("number", models.IntegerField(primary_key=True, serialize=False)),
                ("is_used", models.BooleanField(default=False)),
                ("content", models.BinaryField(default=empty_slot)),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(create_spent_tokens, drop_spent_tokens)],
            state_operations=[
                migrations.CreateModel(
                    name="SpentToken",
                    fields=[
                        ("receipt", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                        ("survey", models.CharField(max_length=50)),
                    ],
                )
            ],
        ),
        migrations.CreateModel(
            name="Survey",
            fields=[
                ("name", models.SlugField(primary_key=True, serialize=False)),
                ("questionnaire", models.BinaryField()),
                ("fingerprint", models.CharField(max_length=64)),
                ("access", models.CharField(choices=[("invited", "Invited"), ("opt-in", "Opt In")], max_length=10)),
                ("strata", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(choices=[("open", "Open"), ("closed", "Closed")], default="open", max_length=10),
                ),
                ("is_sample_data", models.BooleanField(default=False)),
                ("first_slot", models.IntegerField()),
                ("slots", models.IntegerField()),
            ],
        ),
    ]
