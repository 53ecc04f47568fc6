"""The table of free texts that a person approved."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("survey_responses", "0001_initial")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="RedactedText",
            fields=[
                ("digest", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ("survey", models.CharField(max_length=50)),
                ("question", models.CharField(max_length=70)),
                ("text", models.TextField()),
                ("hidden", models.IntegerField()),
            ],
        ),
    ]
