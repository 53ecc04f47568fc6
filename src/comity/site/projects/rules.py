"""Who may do what with small projects: everyone proposes; moderators and community leaders decide; leaders carry on."""

from __future__ import annotations

from comity.site.community.access import EVERYONE, READ, Access, only
from comity.site.community.roles import Role

DECIDING = only(Role.MODERATOR, Role.COMMUNITY_LEADER)
LEADER = only(Role.COMMUNITY_LEADER)
OPEN = {"GET": EVERYONE, "POST": EVERYONE}

ACCESS: Access = {
    "projects:projects": READ,
    "projects:propose": OPEN,
    "projects:follow": OPEN,
    "projects:carry_on": {"POST": EVERYONE},
    "projects:project": READ,
    "projects:picture": READ,
    "projects:office_projects": {"GET": DECIDING},
    "projects:office_project": {"GET": LEADER, "POST": LEADER},
    "projects:office_decide": {"POST": DECIDING},
    "projects:office_picture": {"GET": DECIDING},
}
