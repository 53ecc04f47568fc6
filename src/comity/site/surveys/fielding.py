"""Puts a survey into the field where one organisation runs both pages: keys, frozen questionnaire, sample, codes.

Where two organisations do, the answer page's calls `field` and hands over the token key; the code page's calls `invite_sample`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from comity.site.surveys.codes import CodeKey
from comity.site.surveys.tokens import TokenKey, create_token_key

if TYPE_CHECKING:
    from comity.site.surveys.invitations.actions import Case


def field(
    name: str, questionnaire: bytes, *, keys: Path, strata: Sequence[str], expected: int, is_sample_data: bool = False
) -> None:
    """Makes the token key of the survey `name` in the folder `keys`, and opens the survey to its tokens."""
    from comity.site.surveys.responses import actions as responses  # a process opens only the store it serves

    create_token_key(keys / f"tokens-{name}.key")
    key = TokenKey.read(keys, name)
    responses.field_survey(
        name,
        questionnaire,
        strata={stratum: key.public_key(stratum) for stratum in strata},
        expected=expected,
        is_sample_data=is_sample_data,
    )


def invite_sample(
    name: str, cases: Sequence[Case], *, keys: Path, answers_url: str, is_sample_data: bool = False
) -> dict[str, str]:
    """Stores the sample and returns the code of each case, for the letters. Raises what `invite` raises."""
    from comity.site.surveys.invitations import actions as invitations

    create_token_key(keys / "codes.key")
    return invitations.invite(
        name,
        cases,
        codes=CodeKey.read(keys / "codes.key"),
        answers_url=answers_url,
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
) -> dict[str, str]:
    """Both at once; returns the code of each case. Raises what `invite_sample` and `field` raise."""
    codes = invite_sample(name, cases, keys=keys, answers_url=answers_url, is_sample_data=is_sample_data)
    strata = sorted({each.stratum for each in cases})
    field(name, questionnaire, keys=keys, strata=strata, expected=len(cases), is_sample_data=is_sample_data)
    return codes
