"""What awaits people of the office in the community's own room."""

from __future__ import annotations

from comity.site.community.duties import Duty
from comity.site.community.models import Account


def duties(account: Account) -> list[Duty]:
    """Nothing yet."""
    return []
