"""`comity priorities`: budgets decided by fair rules, opinion groups in votes, rankings from pairs; each explained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from comity.priorities import OpinionGroups, Outcome

LANGUAGE = click.option("--language", default="en", show_default=True, help="Language of the explanation.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of an explanation.")
BY = click.option("--by", metavar="COLUMN", help="Say what each group of voters got, such as: --by sex")
INTO = click.option("--into", type=click.Path(path_type=Path), help="Write the result into this .pb file.")
FILE = click.argument("file", type=click.Path(path_type=Path))


@click.group(name="priorities")
def command() -> None:
    """Decide together what comes first.

    \b
    Example:  comity priorities equal-shares ballots.pb
    """


@command.command(name="equal-shares", epilog="Example: comity priorities equal-shares budget.pb --json")
@FILE
@click.option(
    "--completion",
    type=click.Choice(["recorded", "add1 then greedy", "add1", "greedy", "none"]),
    default="recorded",
    show_default=True,
    help="How to spend what is left over; recorded: as the file's rule says, else add1 then greedy.",
)
@click.option(
    "--worth",
    type=click.Choice(["cost", "votes"]),
    default="cost",
    show_default=True,
    help="What a project is worth to those who support it: its cost, or one vote.",
)
@BY
@INTO
@LANGUAGE
@JSON
def equal_shares_command(
    file: Path, completion: str, worth: str, by: str | None, into: Path | None, language: str, as_json: bool
) -> None:
    """Fund the projects in FILE.pb by the Method of Equal Shares: every voter has the same share of the money."""
    from comity.priorities import equal_shares, read_pabulib

    election = read_pabulib(file)
    if completion == "recorded":
        completion = "add1" if election.meta.get("rule", "").startswith("equalshares/add1") else "add1 then greedy"
    _finish(equal_shares(election, completion=completion, worth=worth), by, into, language, as_json)


@command.command(name="greedy", epilog="Example: comity priorities greedy budget.pb --json")
@FILE
@BY
@INTO
@LANGUAGE
@JSON
def greedy_command(file: Path, by: str | None, into: Path | None, language: str, as_json: bool) -> None:
    """Fund the projects in FILE.pb with the most votes that still fit."""
    from comity.priorities import greedy, read_pabulib

    _finish(greedy(read_pabulib(file)), by, into, language, as_json)


@command.command(name="phragmen", epilog="Example: comity priorities phragmen budget.pb --json")
@FILE
@BY
@INTO
@LANGUAGE
@JSON
def phragmen_command(file: Path, by: str | None, into: Path | None, language: str, as_json: bool) -> None:
    """Fund the projects in FILE.pb by the sequential rule of Phragmen, then greedily."""
    from comity.priorities import phragmen, read_pabulib

    _finish(phragmen(read_pabulib(file)), by, into, language, as_json)


@command.command(name="groups", epilog="Example: comity priorities groups votes.csv --json")
@FILE
@click.option("--statements", type=click.Path(path_type=Path), help="CSV file with comment-id and comment-body.")
@click.option("--number", type=click.IntRange(min=2), help="How many groups, instead of the clearest number.")
@click.option(
    "--minimum-votes", type=click.IntRange(min=1), default=7, show_default=True, help="Of each person placed."
)
@click.option("--seed", default=1, show_default=True, help="Of the random starts; the same seed gives the same groups.")
@click.option(
    "--shuffles", type=click.IntRange(min=0), default=19, show_default=True, help="Shuffled votes to compare with."
)
@LANGUAGE
@JSON
def groups_command(
    file: Path,
    statements: Path | None,
    number: int | None,
    minimum_votes: int,
    seed: int,
    shuffles: int,
    language: str,
    as_json: bool,
) -> None:
    """Find the opinion groups in VOTES.csv, what each stands for, what unites and what divides."""
    from comity.priorities import find_groups, read_votes

    votes = read_votes(file, statements=statements)
    found = find_groups(votes, seed=seed, number=number, minimum_votes=minimum_votes, shuffles=shuffles)
    if as_json:
        click.echo(json.dumps(found.as_record(), indent=2, ensure_ascii=False))
    else:
        _explain_groups(found, language)


@command.command(name="pairs", epilog="Example: comity priorities pairs comparisons.csv")
@FILE
@LANGUAGE
@JSON
def pairs_command(file: Path, language: str, as_json: bool) -> None:
    """Rank items from a CSV file of comparisons with the columns preferred and other."""
    from dataclasses import asdict

    from comity.priorities import rank_pairs
    from comity.priorities.words import PAIRS_LIMIT, PAIRS_LINE
    from comity.wording import message

    ranked = rank_pairs(_comparisons(file))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in ranked], indent=2, ensure_ascii=False))
        return
    for place, each in enumerate(ranked, 1):
        click.echo(
            message(
                PAIRS_LINE.text, place=place, id=each.id, strength=f"{each.strength:.2f}", low=f"{each.low:.2f}",
                high=f"{each.high:.2f}", won=each.won, n=each.n,
            ).in_language(language)
        )  # fmt: skip
    click.echo(PAIRS_LIMIT.in_language(language))


def _comparisons(file: Path) -> list[tuple[str, str]]:
    import csv

    from comity.errors import UsageError

    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (UnicodeDecodeError, csv.Error):
        raise UsageError(f"{file.name} is not a CSV file in UTF-8.", "Save it as CSV with UTF-8.") from None
    if not rows or not {"preferred", "other"} <= set(rows[0]):
        raise UsageError(f"{file.name} has no lines under 'preferred' and 'other'.", "Name the two columns so.")
    for line, row in enumerate(rows, 2):
        if not row["preferred"] or not row["other"]:
            raise UsageError(f"{file.name}, line {line}: one of the two items is empty.", "Name both.")
    return [(row["preferred"].strip(), row["other"].strip()) for row in rows]


def _finish(outcome: Outcome, by: str | None, into: Path | None, language: str, as_json: bool) -> None:
    from dataclasses import asdict

    from comity.priorities import share_out, write_pabulib

    shares = share_out(outcome, by)
    if into is not None:
        write_pabulib(outcome.election, into, selected=outcome.selected)
    if as_json:
        record: dict[str, Any] = {**outcome.as_record(), "groups_of_voters": [asdict(each) for each in shares]}
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
        return
    from comity.priorities.words import explain_outcome

    for sentence in explain_outcome(outcome, shares):
        click.echo(sentence.in_language(language))


def _explain_groups(found: OpinionGroups, language: str) -> None:
    from comity.priorities.words import explain_groups

    for sentence in explain_groups(found):
        click.echo(sentence.in_language(language))
