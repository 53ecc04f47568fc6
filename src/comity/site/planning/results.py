"""From ballots to a result that explains itself: what was chosen, by which rule, and what each group of voters got.

Nothing is told of fewer than `FEWEST` voters by themselves: smaller parts of town are put together, and where an opinion
group, or those in no group, are fewer, only everybody's votes are shown.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from comity.priorities import (
    Election,
    OpinionGroups,
    Outcome,
    PrioritiesError,
    Votes,
    equal_shares,
    find_groups,
    greedy,
    rank_pairs,
    share_out,
)
from comity.priorities.pabulib import as_pabulib
from comity.priorities.words import PAIRS_LIMIT, explain_groups, explain_outcome
from comity.site.planning import ballots
from comity.site.planning.ballots import PART, Response
from comity.site.planning.models import Consultation, Contribution

FEWEST = 10
SEED = 1  # of the random starts of opinion groups: sealed with the program
SHUFFLES = 19
LANGUAGES = ("en", "es")
OTHERS = "smaller groups"
FORMULA = ("=", "+", "-", "@", "\t", "\r")

Result = dict[str, Any]


def count(
    consultation: Consultation, published: Sequence[Contribution], responses: Sequence[Response]
) -> tuple[Result, str]:
    """The result as JSON, and for budgets the ballots as a Pabulib file without anything about voters ("" otherwise).

    The same responses always give the same result.
    """
    if consultation.kind == Consultation.Kind.STATEMENTS:
        return _opinions(published, responses), ""
    if consultation.kind == Consultation.Kind.PAIRS:
        return _order(published, responses), ""
    return _budget(consultation, published, responses)


def apply_rule(rule: str, election: Election) -> Outcome:
    """The outcome of a consultation's rule; equal shares is completed by add1, then greedily."""
    return greedy(election) if rule == Consultation.Rule.GREEDY else equal_shares(election)


def _budget(
    consultation: Consultation, published: Sequence[Contribution], responses: Sequence[Response]
) -> tuple[Result, str]:
    election, blank = ballots.election(consultation, published, responses)
    if not election.ballots:
        return {"kind": consultation.kind, "voters": 0, "blank": blank, "outcome": None}, ""
    election = _join_small_parts(election)
    outcome = apply_rule(consultation.rule, election)
    has_parts = len({ballot.fields[PART] for ballot in election.ballots}) > 1
    shares = share_out(outcome, PART if has_parts else None, minimum=FEWEST)
    file = as_pabulib(_bare(election), selected=outcome.selected)
    result = {
        "kind": consultation.kind,
        "voters": len(election.ballots),
        "blank": blank,
        "outcome": outcome.as_record(),
        "shares": [asdict(each) for each in shares],
        "sentences": _said(explain_outcome(outcome, shares)),
        "ballots_sha256": hashlib.sha256(file.encode()).hexdigest(),
    }
    return result, file


def _bare(election: Election) -> Election:
    """Without anything about voters; words that a spreadsheet would run as a formula become text."""

    def as_text(said: str) -> str:
        return f"'{said}" if said.startswith(FORMULA) else said

    return replace(
        election,
        projects=tuple(replace(each, name=as_text(each.name)) for each in election.projects),
        ballots=tuple(replace(each, fields={}) for each in election.ballots),
        meta={key: as_text(value) for key, value in election.meta.items()},
    )


def _join_small_parts(election: Election) -> Election:
    """Parts of town with too few voters become one; where that is still too few, the next smallest joins them.

    So no line has to be hidden that somebody could work out from the others and the total.
    """
    sizes = Counter(ballot.fields[PART] for ballot in election.ballots)
    by_size = sorted(sizes, key=lambda part: (sizes[part], part))
    joined: list[str] = []
    for part in by_size:
        together = sum(sizes[each] for each in joined)
        if sizes[part] >= FEWEST and (not joined or together >= FEWEST):
            break
        joined.append(part)
    names = dict.fromkeys(joined, OTHERS) if len(joined) > 1 else {}
    return replace(
        election,
        ballots=tuple(
            replace(each, fields={PART: names.get(each.fields[PART], each.fields[PART])}) for each in election.ballots
        ),
    )


def _opinions(published: Sequence[Contribution], responses: Sequence[Response]) -> Result:
    votes = ballots.statement_votes(published, responses)
    everybody = [
        {
            "statement": each,
            "text": votes.texts[each],
            "agree": int(((votes.values[:, at] == 1) & votes.seen[:, at]).sum()),
            "disagree": int(((votes.values[:, at] == -1) & votes.seen[:, at]).sum()),
            "n": int(votes.seen[:, at].sum()),
        }
        for at, each in enumerate(votes.statements)
    ]
    found = _showable_groups(votes)
    result: Result = {
        "kind": Consultation.Kind.STATEMENTS.value,
        "voters": len(votes.voters),
        "blank": len(responses) - len(votes.voters),
        "statements": everybody,
        "groups": [],
        "unites": [],
        "divides": [],
        "verdict": "",
        "sentences": {code: [] for code in LANGUAGES},
    }
    if found is None:
        return result
    shares = {(each.statement, each.group): each for each in found.tallies}
    result["verdict"] = found.verdict
    result["groups"] = [{"id": each.id, "size": len(each.members)} for each in found.groups]
    for name in ("unites", "divides"):
        result[name] = [
            {
                "text": each.text,
                "by_group": [_tally(shares.get((each.statement, group.id))) for group in found.groups],
            }
            for each in getattr(found, name)
        ]
    result["sentences"] = _said(explain_groups(found))
    return result


def _tally(found: Any) -> Mapping[str, int]:
    return (
        {"agree": found.agree, "disagree": found.disagree, "n": found.n}
        if found
        else {"agree": 0, "disagree": 0, "n": 0}
    )


def _showable_groups(votes: Votes) -> OpinionGroups | None:
    """The opinion groups, as many as leave at least FEWEST people in each and outside all (or nobody); else None."""
    try:
        found = find_groups(votes, seed=SEED, shuffles=SHUFFLES)
    except PrioritiesError:
        return None
    for number in range(len(found.groups), 1, -1):
        if number < len(found.groups):
            found = find_groups(votes, seed=SEED, shuffles=SHUFFLES, number=number)
        outside = len(found.without_group)
        if min(len(each.members) for each in found.groups) >= FEWEST and (outside == 0 or outside >= FEWEST):
            return found
    return None


def _order(published: Sequence[Contribution], responses: Sequence[Response]) -> Result:
    texts = {str(each.number): each.text for each in published}
    pairs = ballots.comparisons(published, responses)
    voters = sum(any(name.startswith("q") for name in each["answers"]) for each in responses)
    try:
        ranked = rank_pairs(pairs)
    except PrioritiesError:  # nobody compared, or some items never lost to the others: the counts say what there is
        ranked = ()
    won = Counter(preferred for preferred, _ in pairs)
    met = Counter(each for pair in pairs for each in pair)
    return {
        "kind": Consultation.Kind.PAIRS.value,
        "voters": voters,
        "blank": len(responses) - voters,
        "ranked": [{**asdict(each), "text": texts[each.id]} for each in ranked],
        "counts": [{"text": text, "won": won[item], "n": met[item]} for item, text in texts.items()],
        "sentences": _said([PAIRS_LIMIT] if ranked else []),
    }


def _said(sentences: Any) -> dict[str, list[str]]:
    sentences = list(sentences)
    return {code: [each.in_language(code).strip() for each in sentences] for code in LANGUAGES}
