"""Where one POST ends mail of a kind."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("community", "0004_one_account_an_address"),
    ]

    operations: ClassVar = [
        migrations.RemoveConstraint(
            model_name="mail",
            name="nothing_stays_of_a_sent_mail",
        ),
        migrations.AddField(
            model_name="mail",
            name="leave_url",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddConstraint(
            model_name="mail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "sent"), _negated=True),
                    models.Q(("address", ""), ("leave_url", ""), ("subject", ""), ("text", "")),
                    _connector="OR",
                ),
                name="nothing_stays_of_a_sent_mail",
            ),
        ),
    ]
