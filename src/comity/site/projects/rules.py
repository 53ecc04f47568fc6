"""Who may do what in projects."""

from __future__ import annotations

from comity.site.community.access import Access

ACCESS: Access = {}
