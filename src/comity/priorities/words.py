"""Results in sentences that residents read: what was funded and why, what nearly won, who got what, who thinks alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from comity.priorities.election import Project, show
from comity.priorities.opinion_groups import OpinionGroups, Standing
from comity.priorities.outcome import Outcome, Purchase
from comity.priorities.shares import NOT_RECORDED, SMALL, GroupShare
from comity.wording import Message, message

RULES = {
    "equal-shares": message(
        "Equal shares: every voter had the same share of the money, and projects were bought whose supporters paid least for what they got."
    ),
    "greedy": message("Greedy: the projects with the most support were bought first, as long as they fit."),
    "phragmen": message(
        "Phragmen: every voter earned money at the same pace, and a project was bought as soon as its supporters could pay."
    ),
}
STEPS = {
    "equal shares": message("bought with equal shares"),
    "equal shares, add1": message("bought with equal shares, each share raised until the budget was used"),
    "greedy": message("bought with what was left, by its support"),
    "phragmen": message("bought when its supporters could pay"),
}
LABELS = {
    SMALL: message("smaller groups"),
    NOT_RECORDED: message("not recorded"),
    "everybody": message("everybody"),
    "under 18": message("under 18"),
    "65 and over": message("65 and over"),
}
TIES = message("Ties went to the project with more supporters, then to the one with the lower number.")
SIDES = {"agree": message("agree"), "disagree": message("disagree")}
DISTINCT = {
    "shows": message(
        "The votes show distinct groups: shuffled votes were parted less clearly in all but {p} of cases."
    ),
    "does not show": message(
        "The votes do not show distinct groups: shuffled votes were parted as clearly in {p} of cases. Read the groups below as one way of sorting people, not as camps."
    ),
    "cannot tell": message("Whether these are distinct groups was not tested (--shuffles 0)."),
}
PAIRS_LINE = message("{place}. {id}: strength {strength} ({low} to {high}), preferred in {won} of {n} comparisons")
PAIRS_LIMIT = message(
    "Strengths are log-odds against the average item, with 95 percent intervals; items whose intervals overlap may be in either order."
)


def explain_outcome(outcome: Outcome, shares: Sequence[GroupShare]) -> Iterator[Message]:
    """The result, sentence by sentence."""
    yield RULES[outcome.rule]
    yield message(
        "{count} of {all} projects were funded for {cost} of {budget}; {voters} people voted.",
        count=len(outcome.selected),
        all=len(outcome.election.projects),
        cost=show(outcome.cost),
        budget=show(outcome.election.budget),
        voters=f"{len(outcome.election.ballots):,}",
    )
    for each in outcome.purchases:
        yield _purchase(each, has_points=outcome.election.kind in ("cumulative", "scoring", "ordinal"))
    if outcome.nearly_won:
        yield message("Not funded:")
    for lacking in outcome.nearly_won[:5]:
        name, values = (
            _named(lacking.project),
            {"supporters": f"{lacking.supporters:,}", "cost": show(lacking.project.cost)},
        )
        if lacking.lacks <= 0:
            yield message("  {name}: cost {cost}, {supporters} supporters; passed over for others", name=name, **values)
        elif outcome.rule == "equal-shares":
            yield message(
                "  {name}: cost {cost}, {supporters} supporters, who had {lacks} too little left",
                name=name,
                lacks=show(lacking.lacks),
                **values,
            )
        else:
            yield message(
                "  {name}: cost {cost}, {supporters} supporters; {lacks} more would have been needed",
                name=name,
                lacks=show(lacking.lacks),
                **values,
            )
    yield message("What voters got:")
    for share in shares:
        group = LABELS.get(share.group, share.group)
        if share.voters is None:
            yield message("  {group}: suppressed, too few voters", group=group)
        else:
            yield message(
                "  {group}: {voters} voters ({share} of all); {reached} have a funded project of theirs, {each} on average; {money} of the money went to their projects",
                group=group,
                voters=f"{share.voters:,}",
                share=_percent(share.share_of_voters),
                reached=f"{share.with_a_project or 0:,}",
                each=f"{share.projects_each or 0:.1f}",
                money=_percent(share.money),
            )
    yield TIES


def explain_groups(found: OpinionGroups) -> Iterator[Message]:
    """The groups, sentence by sentence."""
    yield message(
        "{placed} people in {count} groups, from {votes} votes; {left} people voted too little to be placed.",
        placed=f"{len(found.positions):,}",
        count=len(found.groups),
        votes=f"{found.n_votes:,}",
        left=f"{len(found.without_group):,}",
    )
    yield message(DISTINCT[found.verdict].text, p=_percent(found.p)) if found.p is not None else DISTINCT["cannot tell"]
    for group in found.groups:
        yield message("Group {id}: {size} people", id=group.id, size=f"{len(group.members):,}")
        yield from map(_standing, group.representative)
    if found.unites:
        yield message("What unites all groups:")
        yield from map(_standing, found.unites)
    else:
        yield message("No statement unites all groups.")
    if found.divides:
        yield message("What divides them most:")
        yield from map(_standing, found.divides)


def _purchase(each: Purchase, *, has_points: bool) -> Message:
    values: dict[str, object] = {
        "name": _named(each.project),
        "cost": show(each.project.cost),
        "supporters": f"{each.supporters:,}",
        "how": STEPS[each.how],
    }
    if each.price is None:
        return message("  {name}: {cost}, {supporters} supporters; {how}", **values)
    values |= {"price": show(each.price), "full": f"{each.paid_in_full:,}", "rest": f"{each.paid_the_rest:,}"}
    if has_points:
        return message(
            "  {name}: {cost}, {supporters} supporters; {how}; {full} paid {price} for each point they gave, {rest} paid what they had left",
            **values,
        )
    return message(
        "  {name}: {cost}, {supporters} supporters; {how}; {full} paid {price} each, {rest} paid what they had left",
        **values,
    )


def _standing(each: Standing) -> Message:
    values = {
        "text": "".join(letter for letter in each.text or each.statement if letter.isprintable()),
        "side": SIDES[each.side],
        "share": _percent(each.share),
        "low": _percent(each.low),
        "high": _percent(each.high),
        "n": f"{each.n:,}",
    }
    if each.elsewhere is None:
        return message("  {share} {side} ({low} to {high}, n = {n}): {text}", **values)
    return message(
        "  {share} {side} ({low} to {high}, n = {n}), elsewhere {other} (n = {m}): {text}",
        other=_percent(each.elsewhere),
        m=f"{each.n_elsewhere:,}",
        **values,
    )


def _named(project: Project) -> str:
    return "".join(each for each in f"{project.id} {project.name}".strip() if each.isprintable())


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.0f}%"
