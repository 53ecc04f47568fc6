"""Who may do what on the survey pages.

A custodian keeps the survey and never works for the police. An agency analyst sees what everybody sees, at the same moment.
"""

from __future__ import annotations

from comity.site.community.access import EVERYONE, READ, Access, only
from comity.site.community.roles import Role

CUSTODIAN = only(Role.CUSTODIAN)
INTERVIEWER = only(Role.INTERVIEWER)
REDACTOR = only(Role.REDACTOR)
FIELD_WORK = CUSTODIAN | INTERVIEWER | REDACTOR

ACCESS: Access = {
    "surveys:code": {"GET": EVERYONE, "POST": EVERYONE},
    "surveys:code_token": {"POST": EVERYONE},
    "surveys:surveys": READ,
    "surveys:survey": {"GET": EVERYONE, "POST": EVERYONE},
    "surveys:survey_promise": READ,
    "surveys:survey_receipts": READ,
    "surveys:survey_receipts_file": READ,
    "surveys:office": {"GET": FIELD_WORK},
    "surveys:office_sample": {"GET": CUSTODIAN},
    "surveys:office_disposition": {"POST": CUSTODIAN | INTERVIEWER},
    "surveys:office_close_codes": {"POST": CUSTODIAN},
    "surveys:office_close": {"POST": CUSTODIAN},
    "surveys:office_responses": {"GET": CUSTODIAN},
    "surveys:office_texts": {"GET": REDACTOR},
    "surveys:office_redact": {"POST": REDACTOR},
    "surveys:office_interview": {"GET": INTERVIEWER, "POST": INTERVIEWER},
}
