"""From responses to a release: tables, findings, pictures and the statement of how the survey was made."""

from comity.site.surveys.results.columns import ResultsError, response_columns, survey_scale
from comity.site.surveys.results.draft import Results, publish_results, results_draft
from comity.site.surveys.results.microdata import microdata
from comity.site.surveys.results.statement import Statement

__all__ = [
    "Results",
    "ResultsError",
    "Statement",
    "microdata",
    "publish_results",
    "response_columns",
    "results_draft",
    "survey_scale",
]
