"""Why one cannot tell whether a number moved, in words for residents."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TOO_WIDE = "too-wide"
BREAK, DEFINITION, WITHDRAWN, NO_RATIO = "break", "definition", "withdrawn", "no-ratio"

REASONS: dict[str, str | Promise] = {
    TOO_WIDE: _("The numbers are too uncertain: the interval of the change reaches over the size that would count."),
    BREAK: _("Counting changed between the two periods, so the numbers do not compare."),
    DEFINITION: _("What the number means has changed since: its wording, groups, definition or method."),
    WITHDRAWN: _("The release that the number comes from was withdrawn."),
    NO_RATIO: _("The number before may be zero, so a change in percent of it says nothing."),
    "suppressed": _("The count is suppressed in one of the releases, so that it points to nobody."),
    "absent": _("One of the releases has no such cell."),
    "no-table": _("One of the releases has no such table, or divides it otherwise."),
    "no-base": _("The cell is not a part of what it would be divided by."),
    "no-days": _("One of the releases does not say which days it covers."),
    "no-finding": _("One of the releases has no such finding."),
    "no-interval": _("One of the releases gives the number without an interval."),
    "finding-cannot-tell": _("The finding itself says that one cannot tell."),
    "noise": _("Noise was added to the counts, and no bound of it is published for this cell."),
}
