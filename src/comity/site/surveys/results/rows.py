"""Rows of single responses as a file of the release, with what may and may not be done with them."""

from __future__ import annotations

from collections.abc import Sequence

from comity.disclosure.one_table import as_csv
from comity.releases.draft import Attachment
from comity.site.surveys.questionnaire import Questionnaire
from comity.site.surveys.results.columns import Response
from comity.site.surveys.results.microdata import microdata
from comity.site.surveys.results.synthetic import synthetic_rows
from comity.wording import message


def rows_for_release(
    questionnaire: Questionnaire,
    responses: Sequence[Response],
    *,
    identifying: Sequence[str],
    k: int = 10,
    most_withheld: float = 0.2,
    seed: int | None = None,
) -> Attachment:
    """The file `rows/responses.csv`, or with a `seed` the invented `rows/synthetic.csv`. Raises what `microdata` raises."""
    languages = questionnaire.languages
    if seed is not None:
        rows = synthetic_rows(questionnaire, responses, identifying=identifying, seed=seed)
        return Attachment(
            "rows/synthetic.csv", _INVENTED.in_languages(languages), _INVENTED_NOTE.in_languages(languages), as_csv(rows).encode()
        )  # fmt: skip
    found = microdata(questionnaire, responses, identifying=identifying, k=k, most_withheld=most_withheld)
    return Attachment(
        "rows/responses.csv", _ROWS.in_languages(languages), _ROWS_NOTE.in_languages(languages), as_csv(found.rows).encode()
    )  # fmt: skip


_ROWS = message("Single responses, made coarse")
_ROWS_NOTE = message(
    "Only rows that share place and facts about the person with many others, and not all of those. There are no weights: the file is "
    "for relations between answers, and gives no share of everybody."
)
_INVENTED = message("Invented responses")
_INVENTED_NOTE = message(
    "Nobody gave these answers. They resemble the real ones question by question, for trying out programs and for teaching; no finding, "
    "no test and no number about the city can rest on them."
)
