"""Who may do what in training."""

from __future__ import annotations

from comity.site.community.access import Access

ACCESS: Access = {}
