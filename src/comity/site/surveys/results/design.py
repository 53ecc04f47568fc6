"""The survey as its design says, with what carries the likeness of neighbours into every interval: groups, or a stated effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from comity.estimates import Survey, read_columns
from comity.estimates.specification import Specification
from comity.site.surveys.questionnaire import Questionnaire
from comity.site.surveys.results.columns import GROUP, Response, ResultsError, response_columns
from comity.site.surveys.results.inputs import StatedClusters


def weighted_survey(
    questionnaire: Questionnaire,
    responses: Sequence[Response],
    specification: Specification,
    *,
    wave: str,
    sizes: Mapping[str, tuple[int, int]] | None = None,
    minimum: int = 10,
    is_clustered: bool = False,
    clusters: StatedClusters | None = None,
) -> Survey:
    """The weighted answers of one wave. wave: marks its groups, so that two waves never seem to share one.

    Where responses say their group of PSUs, the groups are the clusters of the design. Raises ResultsError for a clustered sample
    whose responses say no group and for which no design effect is stated: its intervals would be too narrow.
    """
    table = response_columns(questionnaire, responses, sizes=sizes, minimum=minimum, wave=wave)
    design = replace(specification.design, minimum_n=max(minimum, specification.design.minimum_n))
    is_grouped = GROUP in table.column_names
    if is_grouped and design.kind == "probability":
        # A stratum too small for two groups is taken to vary as the others do.
        rule = "adjust" if design.lonely == "error" else design.lonely
        design = replace(design, clusters=(GROUP,), lonely=rule)
    elif clusters is not None:
        design = replace(design, design_effect=clusters.design_effect)
    elif is_clustered and design.kind == "probability":
        raise ResultsError(
            "The sample was drawn in two stages, and its responses do not say their group of PSUs.",
            "State how alike neighbours are: [clusters] with per_psu, rho and source; docs/methods/random-groups.md.",
        )
    return replace(specification, design=design).apply(read_columns(table))
