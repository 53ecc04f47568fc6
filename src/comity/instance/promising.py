"""Sealing promises and series breaks by themselves, and withdrawing a version: the acts that publish no new numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from comity.errors import ComityError
from comity.instance.settings import read_instance
from comity.instance.standing import account_of, standing_files
from comity.instance.witnesses import Post, countersigning, finish_what_waits
from comity.ledger import Signer
from comity.releases.publish import Plan, plan_standing, seal_plan, withdraw_release
from comity.releases.states import only_publisher
from comity.releases.withdrawals import Withdrawal, WithdrawalError, read_withdrawals


@dataclass(frozen=True)
class Promised:
    """What `promise` sealed: lines for a person, in the order of the ledger; empty when all was sealed before."""

    lines: tuple[str, ...]
    public: Path


def promise(
    folder: Path | str,
    *,
    today: date,
    confirm: Callable[[tuple[str, ...]], bool] | None = None,
    post: Post | None = None,
) -> Promised:
    """Seals what comity.toml promises and declares and is not sealed yet; no record is read.

    confirm: is shown one line for each thing that would be sealed. Raises PromiseError, BreakError and CannotSeal, and
    ComityError when `confirm` answers False; nothing is public then.
    """
    instance = read_instance(Path(folder))
    signer = Signer.load(instance.key)
    with only_publisher(instance.folder):
        finish_what_waits(instance.folder, instance.witnesses, post)
        plan = plan_standing(
            instance.folder, standing_files(instance), account_of(instance), signer=signer, today=today
        )
        lines = lines_of(plan)
        if not plan.is_empty:
            if confirm and not confirm(lines):
                raise ComityError("Nothing was sealed.", "Run it again when you are ready.")
            countersign = countersigning(instance.public, instance.witnesses, post)
            seal_plan(instance.folder, plan, signer=signer, today=today, countersign=countersign)
    return Promised(lines, instance.public)


def withdraw(
    folder: Path | str,
    release: str,
    *,
    because: Mapping[str, str],
    today: date,
    by: str = "",
    keep_differences: bool = False,
    post: Post | None = None,
) -> Withdrawal:
    """Takes a version out of the public folder and leaves its tombstone. by: who decided; the agency unless given.

    because: why, in each language of the agency. keep_differences: also when a correction of it, which stays, repeats the
    cells that it moved. Raises WithdrawalError without a reason or without such a version.
    """
    instance = read_instance(Path(folder))
    languages = instance.agency.languages
    missing = [each for each in languages if not because.get(each)]
    if missing:
        raise WithdrawalError(
            f"A withdrawal needs its reason in every language of the agency; it has none in {', '.join(missing)}.",
            "Give it: " + " ".join(f'--because {each}="..."' for each in languages),
        )
    signer = Signer.load(instance.key)
    with only_publisher(instance.folder):
        if finish_what_waits(instance.folder, instance.witnesses, post):
            for each in read_withdrawals(instance.public):
                if each.id == release.strip("/"):  # what waited was this withdrawal
                    return each
        return withdraw_release(
            instance.folder,
            release.strip("/"),
            by=dict.fromkeys(languages, by) if by else instance.agency.name,
            reason=dict(because),
            signer=signer,
            today=today,
            keep_differences=keep_differences,
            countersign=countersigning(instance.public, instance.witnesses, post),
        )


def lines_of(plan: Plan) -> tuple[str, ...]:
    """What a plan seals beside a release, one line each."""
    said = {"promised": "promised", "changed": "promise changed", "broken": "promise broken"}
    return (
        *(
            f"{said[each.event]}: {each.dataset} {each.period} by {each.due}"
            + (f" ({', '.join((*each.tables, *each.findings))})" if each.tables or each.findings else "")
            + (f", because: {next(iter(each.reason.values()))}" if each.reason else "")
            for each in plan.steps
        ),
        *(
            f"{each.kind}: {each.dataset} from {each.period} on: {next(iter(each.text.values()))}"
            for each in plan.breaks
        ),
        *(f"{path} is new or changed" for path in plan.standing),
    )
