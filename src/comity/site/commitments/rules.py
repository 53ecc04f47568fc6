"""Who may do what in commitments."""

from __future__ import annotations

from comity.site.community.access import Access

ACCESS: Access = {}
