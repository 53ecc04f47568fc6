"""Who may do what with accounts and the log."""

from __future__ import annotations

from comity.site.community.access import Access

ACCESS: Access = {}
