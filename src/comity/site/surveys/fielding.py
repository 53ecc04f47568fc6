"""Puts a survey into the field where one organisation runs both pages: keys, frozen questionnaire, sample, codes.

Where two organisations do, the answer page's calls `field` and hands over the token key; the code page's calls `invite`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from comity.site.surveys.codes import CodeKey
from comity.site.surveys.invitations import actions as invitations
from comity.site.surveys.invitations.actions import SMALLEST_STRATUM, Case
from comity.site.surveys.responses import actions as responses
from comity.site.surveys.tokens import TokenKey, create_token_key


def field(
    name: str, questionnaire: bytes, *, keys: Path, strata: Sequence[str], expected: int, is_sample_data: bool = False
) -> None:
    """Makes the token key of the survey `name` in the folder `keys`, and opens the survey to its tokens."""
    create_token_key(keys / f"tokens-{name}.key")
    key = TokenKey.read(keys, name)
    responses.field_survey(
        name,
        questionnaire,
        strata={stratum: key.public_key(stratum) for stratum in strata},
        expected=expected,
        is_sample_data=is_sample_data,
    )


def field_and_invite(
    name: str,
    questionnaire: bytes,
    cases: Sequence[Case],
    *,
    keys: Path,
    answers_url: str,
    is_sample_data: bool = False,
    smallest_stratum: int = SMALLEST_STRATUM,
) -> dict[str, str]:
    """Both at once; returns the code of each case, for the letters. Raises what `invite` and `field_survey` raise."""
    create_token_key(keys / "codes.key")
    codes = invitations.invite(
        name,
        cases,
        codes=CodeKey.read(keys / "codes.key"),
        answers_url=answers_url,
        smallest_stratum=smallest_stratum,
    )
    strata = sorted({each.stratum for each in cases})
    field(name, questionnaire, keys=keys, strata=strata, expected=len(cases), is_sample_data=is_sample_data)
    return codes
