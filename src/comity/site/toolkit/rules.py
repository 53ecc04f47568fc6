"""Who may use the toolkit: everyone; what is filled in comes back as a page or file and is kept nowhere."""

from __future__ import annotations

from comity.site.community.access import EVERYONE, READ, Access

ACCESS: Access = {
    "toolkit": READ,
    "toolkit-template": {"GET": EVERYONE, "POST": EVERYONE},
    "toolkit-blank": READ,
}
