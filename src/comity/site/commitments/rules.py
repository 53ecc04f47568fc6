"""Who may do what in commitments: everybody reads and follows; who made a promise neither verifies nor reopens it."""

from __future__ import annotations

from comity.site.community.access import EVERYONE, READ, Access, only
from comity.site.community.roles import OF_THE_POLICE, Role

FOR_THE_AGENCY = only(*OF_THE_POLICE)
LEADER = only(Role.COMMUNITY_LEADER)
IN_THE_OFFICE = FOR_THE_AGENCY | only(Role.COMMUNITY_LEADER, Role.MODERATOR, Role.AUDITOR)
BY_TOKEN = {"GET": EVERYONE, "POST": EVERYONE}

ACCESS: Access = {
    "commitments:commitments": READ,
    "commitments:commitment": READ,
    "commitments:commitment_feed": READ,
    "commitments:feed": READ,
    "commitments:receipt": READ,
    "commitments:ask_since": READ,
    "commitments:since": READ,
    "commitments:follow": {"POST": EVERYONE},
    "commitments:following": BY_TOKEN,
    "commitments:leaving": BY_TOKEN,
    "commitments-files:csv": READ,
    "commitments-files:evidence_file": READ,
    "commitments:office_commitments": {"GET": IN_THE_OFFICE},
    "commitments:office_commitment": {"GET": IN_THE_OFFICE},
    "commitments:choose_measure": {"GET": only(Role.CHIEF, Role.ANALYST)},
    "commitments:make": {"GET": only(Role.CHIEF), "POST": only(Role.CHIEF)},
    "commitments:change": {"GET": only(Role.CHIEF), "POST": only(Role.CHIEF)},
    "commitments:move_due": {"POST": only(Role.CHIEF)},
    "commitments:accept": {"POST": FOR_THE_AGENCY},
    "commitments:evidence": {"POST": FOR_THE_AGENCY},
    "commitments:close": {"POST": only(Role.CHIEF)},
    "commitments:verify": {"POST": LEADER},
    "commitments:stand": {"POST": LEADER},
    "commitments:reopen": {"POST": only(Role.COMMUNITY_LEADER, Role.MODERATOR, Role.AUDITOR)},
}
