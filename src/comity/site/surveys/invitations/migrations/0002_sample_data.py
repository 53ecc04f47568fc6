"""Says of a sample whether it is an example of invented people."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("survey_invitations", "0001_initial")]
    operations: ClassVar = [
        migrations.AddField(model_name="sample", name="is_sample_data", field=models.BooleanField(default=False)),
    ]
