"""Survey statistics that are right and fast: designs, weighting chains, estimates with honest intervals.

The methods are described one a page in docs/methods/.
"""

from comity.estimates.aapor import Dispositions, count_dispositions, outcome_rates
from comity.estimates.adjusted import estimate_adjusted_difference
from comity.estimates.change import estimate_change, estimate_difference
from comity.estimates.columns import Columns, read_columns
from comity.estimates.design import Design, SecondPhase, Survey
from comity.estimates.diagnostics import WeightDiagnostics, diagnose_weights
from comity.estimates.estimators import estimate_mean, estimate_proportion, estimate_ratio, estimate_total
from comity.estimates.mrp import estimate_mrp
from comity.estimates.multilevel import MultilevelModel
from comity.estimates.quantiles import estimate_quantile
from comity.estimates.reading import read_survey_file
from comity.estimates.replicates import with_replicate_columns, with_replicates
from comity.estimates.results import Estimate, Estimates
from comity.estimates.scales import Scale, check_invariance, estimate_alpha, estimate_omega, score_scale
from comity.estimates.sensitive import (
    RandomisedResponse,
    check_list_experiment,
    estimate_list_experiment,
    estimate_randomised_response,
)
from comity.estimates.small_area import fay_herriot
from comity.estimates.specification import Specification, parse_specification, read_specification
from comity.estimates.statement import About, DisclosureItem, disclosure_statement
from comity.estimates.steps import (
    AdjustEligibility,
    AdjustNonresponse,
    Calibrate,
    Collapse,
    PostStratify,
    Rake,
    Trim,
)
from comity.estimates.targets import targets_from_population
from comity.estimates.weighting import weigh

__all__ = [
    "About",
    "AdjustEligibility",
    "AdjustNonresponse",
    "Calibrate",
    "Collapse",
    "Columns",
    "Design",
    "DisclosureItem",
    "Dispositions",
    "Estimate",
    "Estimates",
    "MultilevelModel",
    "PostStratify",
    "Rake",
    "RandomisedResponse",
    "Scale",
    "SecondPhase",
    "Specification",
    "Survey",
    "Trim",
    "WeightDiagnostics",
    "check_invariance",
    "check_list_experiment",
    "count_dispositions",
    "diagnose_weights",
    "disclosure_statement",
    "estimate_adjusted_difference",
    "estimate_alpha",
    "estimate_change",
    "estimate_difference",
    "estimate_list_experiment",
    "estimate_mean",
    "estimate_mrp",
    "estimate_omega",
    "estimate_proportion",
    "estimate_quantile",
    "estimate_randomised_response",
    "estimate_ratio",
    "estimate_total",
    "fay_herriot",
    "outcome_rates",
    "parse_specification",
    "read_columns",
    "read_specification",
    "read_survey_file",
    "score_scale",
    "targets_from_population",
    "weigh",
    "with_replicate_columns",
    "with_replicates",
]
