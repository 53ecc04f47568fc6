"""Who may do what in outreach: everyone reads, asks and subscribes; the agency announces and answers; a moderator decides."""

from __future__ import annotations

from comity.site.community.access import EVERYONE, READ, Access, only
from comity.site.community.roles import Role

ANNOUNCING = only(Role.CHIEF, Role.ANALYST, Role.COMMUNITY_LEADER)
AGENCY = only(Role.CHIEF, Role.ANALYST)
MODERATOR = only(Role.MODERATOR)
OPEN = {"GET": EVERYONE, "POST": EVERYONE}

ACCESS: Access = {
    "outreach:events": READ,
    "outreach:calendar": READ,
    "outreach:events_of_place": READ,
    "outreach:place_calendar": READ,
    "outreach:event": READ,
    "outreach:officers": READ,
    "outreach:consent": OPEN,  # the link is the officer's alone
    "outreach:withdraw": OPEN,
    "outreach:press": READ,
    "outreach:press_release": READ,
    "outreach:press_kit": READ,
    "outreach:subscribe": OPEN,
    "outreach:confirm": OPEN,
    "outreach:leave": OPEN,
    "outreach:topic_feed": READ,
    "outreach:place_feed": READ,
    "outreach:questions": READ,
    "outreach:ask": OPEN,
    "outreach:follow": OPEN,
    "outreach:judge": {"POST": EVERYONE},
    "outreach:moderation": READ,
    "outreach:question": READ,
    "outreach:office_events": {"GET": ANNOUNCING, "POST": ANNOUNCING},
    "outreach:office_event": {"GET": ANNOUNCING, "POST": ANNOUNCING},
    "outreach:office_event_cancel": {"POST": ANNOUNCING},
    "outreach:office_contacts": {"GET": AGENCY, "POST": AGENCY},
    "outreach:office_profiles": {"GET": AGENCY, "POST": AGENCY},
    "outreach:office_profile_remove": {"POST": AGENCY},
    "outreach:office_questions": {"GET": AGENCY | MODERATOR},
    "outreach:office_decide": {"POST": MODERATOR},
    "outreach:office_answer": {"POST": AGENCY},
}
