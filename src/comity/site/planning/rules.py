"""Who may do what in planning.

Plans are written by the agency and the community's leaders together; only leaders sign, only moderators decide what is
published, only custodians, who are never police, open a vote and count it. What was rejected, only the auditor sees.
"""

from __future__ import annotations

from comity.site.community.access import EVERYONE, READ, Access, only
from comity.site.community.roles import Role

PLANNERS = only(Role.CHIEF, Role.ANALYST, Role.COMMUNITY_LEADER)
VOTE_KEEPERS = only(Role.CUSTODIAN)
CHIEF = only(Role.CHIEF)
LEADER = only(Role.COMMUNITY_LEADER)
MODERATOR = only(Role.MODERATOR)
AUDITOR = only(Role.AUDITOR)

ACCESS: Access = {
    "planning:plans": READ,
    "planning:plan": READ,
    "planning:version": READ,
    "planning:difference": READ,
    "planning:version_pdf": READ,
    "planning:meeting": READ,
    "planning:consultation": READ,
    "planning:contribute": {"GET": EVERYONE, "POST": EVERYONE},
    "planning:moderation": READ,
    "planning:result": READ,
    "planning:receipt": {"GET": EVERYONE, "POST": EVERYONE},
    "planning-files:calendar": READ,
    "planning-files:meeting_calendar": READ,
    "planning-files:document": READ,
    "planning-files:ballots": READ,
    "planning:office_plans": {"GET": PLANNERS | VOTE_KEEPERS, "POST": PLANNERS},
    "planning:office_plan": {"GET": PLANNERS | VOTE_KEEPERS},
    "planning:office_draft": {"POST": PLANNERS},
    "planning:office_version": {"GET": PLANNERS, "POST": PLANNERS},
    "planning:office_ask": {"POST": CHIEF},
    "planning:office_sign": {"GET": LEADER, "POST": LEADER},
    "planning:office_activate": {"POST": CHIEF},
    "planning:office_new_meeting": {"GET": PLANNERS, "POST": PLANNERS},
    "planning:office_meeting": {"GET": PLANNERS, "POST": PLANNERS},
    "planning:office_new_consultation": {"GET": PLANNERS, "POST": PLANNERS},
    "planning:office_consultation": {"GET": PLANNERS | VOTE_KEEPERS},
    "planning:office_costs": {"POST": PLANNERS},
    "planning:office_projects": {"POST": PLANNERS},
    "planning:office_seal": {"POST": PLANNERS},
    "planning:office_open_voting": {"POST": VOTE_KEEPERS},
    "planning:office_count": {"POST": VOTE_KEEPERS},
    "planning:office_reply": {"POST": PLANNERS},
    "planning:office_moderation": {"GET": MODERATOR | AUDITOR},
    "planning:office_decide": {"POST": MODERATOR},
}
