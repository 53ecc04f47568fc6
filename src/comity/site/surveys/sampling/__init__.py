"""Who is invited: samples of addresses, telephone numbers and contacts, with known chances, and whom to remind."""

from comity.site.surveys.sampling.contacts import ContactRules, select_contacts
from comity.site.surveys.sampling.draw import Plan, Sample, draw_sample
from comity.site.surveys.sampling.follow_up import count_outcomes, draw_follow_up, reminder_list
from comity.site.surveys.sampling.frame import Frame, FrameError, read_frame, write_private_csv
from comity.site.surveys.sampling.groups import FEWEST_IN_GROUP, read_token_group, token_group
from comity.site.surveys.sampling.telephone import draw_numbers

__all__ = [
    "FEWEST_IN_GROUP",
    "ContactRules",
    "Frame",
    "FrameError",
    "Plan",
    "Sample",
    "count_outcomes",
    "draw_follow_up",
    "draw_numbers",
    "draw_sample",
    "read_frame",
    "read_token_group",
    "reminder_list",
    "select_contacts",
    "token_group",
    "write_private_csv",
]
