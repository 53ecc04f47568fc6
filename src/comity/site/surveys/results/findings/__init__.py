"""What the answers say, question by question: weighted beside unweighted, with n, interval and effective n.

The verdict rule is fixed before the data are seen. An opinion from low to high *shows* a side when the interval of the share above
the middle less the share below it leaves out 0; a score when its interval leaves out 50; a change when its interval
leaves out 0, for one question at a level that allows for all questions of its scale (Bonferroni). Any other question *shows* a most common answer when the interval of its lead over the next leaves out 0, at a
level that allows for the choice among all pairs (Bonferroni). An opt-in sample *cannot tell*.
"""

from comity.site.surveys.results.findings.change import opinion_change, scale_change
from comity.site.surveys.results.findings.finding import SurveyFinding, rounded
from comity.site.surveys.results.findings.response import missing_people, response
from comity.site.surveys.results.findings.scores import PLACE_FLOOR, scale_by_place, scale_score
from comity.site.surveys.results.findings.sensitive import sensitive_share
from comity.site.surveys.results.findings.themes import code_answers, themes_finding
from comity.site.surveys.results.findings.toplines import column_name, picked_table, several, topline
from comity.site.surveys.results.findings.ways import mode_difference, modes

__all__ = [
    "PLACE_FLOOR",
    "SurveyFinding",
    "code_answers",
    "column_name",
    "missing_people",
    "mode_difference",
    "modes",
    "opinion_change",
    "picked_table",
    "response",
    "rounded",
    "scale_by_place",
    "scale_change",
    "scale_score",
    "sensitive_share",
    "several",
    "themes_finding",
    "topline",
]
