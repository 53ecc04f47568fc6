"""Who may do what in training.

The public sees aggregates. Chief, training officer and auditor read what concerns single officers; only the training officer
writes. The xAPI addresses let everyone come to the door: the credentials in the request decide (`receiving.sender`).
"""

from __future__ import annotations

from comity.site.community.access import EVERYONE, READ, Access, only
from comity.site.community.roles import Role

WRITES = only(Role.TRAINING_OFFICER)
READS = only(Role.TRAINING_OFFICER, Role.CHIEF, Role.AUDITOR)

ACCESS: Access = {
    "training:training": READ,
    "training:association": READ,
    **{
        key: {"GET": READS}
        for key in (
            "training:office",
            "training:mandate",
            "training:mandate_file",
            "training:officers",
            "training:officer",
            "training:course",
            "training:package",
            "training:effect",
            "training:quiz",
            "training:quiz_form",
        )
    },
    **{key: {"GET": READS, "POST": WRITES} for key in ("training:courses", "training:instructors", "training:session")},
    **{
        key: {"POST": WRITES}
        for key in (
            "training:end_mandate",
            "training:take_back",
            "training:end_qualification",
            "training:add_version",
            "training:add_mandate",
            "training:add_session",
            "training:add_package",
            "training:add_provider",
            "training:add_quiz",
            "training:close_provider",
            "training:launch",
        )
    },
    **{
        key: {"GET": WRITES, "POST": WRITES}
        for key in ("training:import_roster", "training:import_items", "training:import_sittings", "training:import")
    },
    "training-files:about": READ,
    "training-files:statements": {"GET": EVERYONE, "PUT": EVERYONE, "POST": EVERYONE},
    "training-files:state": {"GET": EVERYONE, "PUT": EVERYONE, "POST": EVERYONE, "DELETE": EVERYONE},
    "training-files:agent_profile": READ,
    "training-files:fetch": {"GET": EVERYONE, "POST": EVERYONE},
    "training-files:content": READ,
}
