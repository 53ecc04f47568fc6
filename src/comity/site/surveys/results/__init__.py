"""From responses to a release: tables, findings, pictures and the statement of how the survey was made."""

from comity.site.surveys.results.columns import ResultsError, in_order, response_columns, survey_scale
from comity.site.surveys.results.design import weighted_survey
from comity.site.surveys.results.draft import results_draft
from comity.site.surveys.results.inputs import Results, StatedClusters, Wave
from comity.site.surveys.results.microdata import microdata
from comity.site.surveys.results.publishing import publish_results, refuse_before_the_day
from comity.site.surveys.results.rows import rows_for_release
from comity.site.surveys.results.synthetic import synthetic_rows

__all__ = [
    "Results",
    "ResultsError",
    "StatedClusters",
    "Wave",
    "in_order",
    "microdata",
    "publish_results",
    "refuse_before_the_day",
    "response_columns",
    "results_draft",
    "rows_for_release",
    "survey_scale",
    "synthetic_rows",
    "weighted_survey",
]
