"""What a release of one survey is made of, beside the responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from comity.disclosure import Policy
from comity.estimates import About, Dispositions, Survey
from comity.estimates.specification import Specification
from comity.site.surveys.free_text import NamedThemes
from comity.site.surveys.questionnaire import Questionnaire, Texts


@dataclass(frozen=True)
class Wave:
    """An earlier wave of the same survey: its questionnaire as it was sealed, and its weighted answers."""

    period: str
    questionnaire: Questionnaire
    survey: Survey


@dataclass(frozen=True)
class StatedClusters:
    """Of a sample in two stages whose answers do not say their group: how alike neighbours are, from elsewhere.

    per_psu: answers in a PSU on average; rho: the intraclass correlation; source: who measured it.
    """

    per_psu: float
    rho: float
    source: Texts

    @property
    def design_effect(self) -> float:
        """1 + (per_psu - 1) rho (Kish 1965, 5.4)."""
        return 1 + (self.per_psu - 1) * self.rho


@dataclass(frozen=True, kw_only=True)
class Results:
    """survey: its name (the dataset is `survey-NAME`); period: the wave, such as 2026. about: what goes into the disclosure statement.

    sizes: {stratum: (in the list, drawn)}. cases: what became of everybody who was invited. stratum_labels: what a stratum is
    called. clustered: whether PSUs were drawn; clusters: stated instead of carried. earlier: waves before, oldest first. approved:
    {digest: text} of what people wrote as it may leave; themes: {question: themes} in it, as a person named them. source: who collected.
    """

    survey: str
    period: str
    agency: Texts
    source: Texts
    questionnaire: Questionnaire
    specification: Specification
    about: About = field(default_factory=About)
    sizes: Mapping[str, tuple[int, int]] | None = None
    cases: Dispositions | None = None
    stratum_labels: Mapping[str, Texts] | None = None
    is_clustered: bool = False
    clusters: StatedClusters | None = None
    earlier: tuple[Wave, ...] = ()
    approved: Mapping[bytes, str] = field(default_factory=dict)
    themes: Mapping[str, NamedThemes] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    next_due: date | None = None
