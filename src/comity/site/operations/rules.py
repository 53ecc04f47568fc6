"""Who may ask: anyone whether the site is well; for the numbers, whoever has the token (the view checks it)."""

from __future__ import annotations

from comity.site.community.access import READ, Access

ACCESS: Access = {"health": READ, "metrics": READ}
