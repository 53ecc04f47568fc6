"""How the counts of a release are protected, in the words that its readers see: on its page, in release.json, beside its CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from comity.disclosure import Policy
from comity.disclosure.differential_privacy import noise_interval
from comity.releases.draft import Draft
from comity.wording import Message, message

_DISTINCT = {"officer_id_hash": message("officers")}


def how_protected(policy: Policy, languages: Sequence[str]) -> dict[str, str]:
    """One or two sentences on the policy's method, in each of `languages`."""
    texts = _how(policy).in_languages(languages)
    if policy.method != "suppress":
        return texts
    for column, least in policy.distinct.items():
        more = message(
            "So are counts that rest on fewer than {least} different {things}.",
            least=least,
            things=_DISTINCT.get(column, column),
        ).in_languages(languages)
        texts = {language: f"{texts[language]} {more[language]}" for language in languages}
    return texts


def notes_beside_tables(draft: Draft) -> bytes:
    """notes.txt: what an empty count, a zero and a missing row mean, how counts are protected, and why; every language."""
    symbols: tuple[Message, ...] = (
        message("A count that is empty, with the status “suppressed”, exists and is hidden. It is not a zero."),
        message("A count of 0 is published as 0. “not recorded” is a category of records that say nothing there."),
        message("A code “all” is a total: it is the sum of the others, hidden ones included."),
    )
    if draft.policy.is_noisy:
        symbols = (*symbols[1:2], message("Because of the noise, totals and sums of their parts may differ a little."))
    how = how_protected(draft.policy, draft.languages)
    parts = []
    for language in draft.languages:
        lines = [draft.title[language], "", how[language], draft.policy_reason[language], ""]
        lines += [f"- {each.in_language(language)}" for each in symbols]
        parts.append("\n".join(lines))
    return ("\n\n----\n\n".join(parts) + "\n").encode()


def policy_record(draft: Draft) -> dict[str, Any]:
    """The policy as release.json has it, with what was spent of a privacy budget."""
    budget: Mapping[str, Any] | None = draft.quality.get("privacy_budget") if draft.policy.method == "dp" else None
    return {
        **draft.policy.as_record(),
        "how": how_protected(draft.policy, draft.languages),
        "reason": draft.policy_reason,
        **({"budget": budget} if budget else {}),
    }


def _how(policy: Policy) -> Message:
    if policy.method == "none":
        return message("Every count is published as it is.")
    if policy.method == "cell-key":
        return message(
            "Every count but zero is changed by at most {most}, by chance, so that no count is certain; the same records "
            "are changed alike in every table. Counts from 1 to {least} do not appear.",
            most=policy.perturbation.most,
            least=policy.perturbation.least_shown - 1,
        )
    if policy.method == "dp":
        assert policy.epsilon is not None
        return message(
            "Every count has noise added to it (differential privacy, epsilon {epsilon:g} a table). A count of the finest "
            "kind is within {most} of the true one in 95 of 100 cases; a small count can come out below zero.",
            epsilon=policy.epsilon,
            most=ceil(noise_interval(policy.epsilon, most_records_a_person=policy.most_records_a_person)),
        )
    return message(
        "Counts from 1 to less than {minimum} are suppressed, and as many others as it takes so that none of them can be "
        "worked out.",
        minimum=policy.minimum,
    )
