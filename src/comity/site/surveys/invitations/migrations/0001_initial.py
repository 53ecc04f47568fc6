"""The tables of the invitation store."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

from comity.site.surveys.invitations.models import no_element


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar = []
    operations: ClassVar = [
        migrations.CreateModel(
            name="Sample",
            fields=[
                ("survey", models.SlugField(primary_key=True, serialize=False)),
                ("answers_url", models.CharField(max_length=300)),
                ("is_open", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("code_digest", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ("case", models.CharField(max_length=60)),
                ("stratum", models.CharField(max_length=60)),
                ("is_used", models.BooleanField(default=False)),
                ("blinded", models.BinaryField(default=no_element, max_length=32)),
                ("disposition", models.CharField(default="  ", max_length=2)),
                (
                    "sample",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="survey_invitations.sample"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("sample", "case"), name="one_invitation_a_case")],
            },
        ),
    ]
