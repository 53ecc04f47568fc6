"""An e-mail address belongs to one account."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("community", "0003_mail"),
    ]

    operations: ClassVar = [
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("email"),
                condition=models.Q(("email", ""), _negated=True),
                name="one_account_an_address",
            ),
        ),
    ]
