"""The table of paper forms that wait to be keyed twice."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("survey_responses", "0002_redacted_texts")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="PaperForm",
            fields=[
                ("number", models.CharField(max_length=8, primary_key=True, serialize=False)),
                ("survey", models.CharField(max_length=50)),
                ("token", models.CharField(max_length=200)),
                ("stratum", models.CharField(max_length=60)),
                ("first", models.JSONField(default=dict)),
                ("first_by", models.CharField(default="", max_length=150)),
                ("is_first_done", models.BooleanField(default=False)),
                ("second", models.JSONField(default=dict)),
                ("second_by", models.CharField(default="", max_length=150)),
                ("is_second_done", models.BooleanField(default=False)),
            ],
            options={
                "constraints": (
                    models.UniqueConstraint(fields=("survey", "token"), name="one_form_a_token"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("first_by", ""),
                            models.Q(("first_by", models.F("second_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="two_people_key_a_form",
                    ),
                ),
            },
        ),
    ]
