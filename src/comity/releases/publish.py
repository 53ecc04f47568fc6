"""Seals files into the public folder: a release, who the agency is, what is promised, what counts otherwise from when.

First a `Plan` says everything that would become public, then `seal_plan` makes it so in one step (`states`); planning the
same again gives a plan that changes nothing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from comity.disclosure import PublishedRelease, read_public
from comity.errors import ComityError
from comity.ledger import Log, Signer, read_entries, seal_files, start_ledger, verify
from comity.releases.breaks import Break, breaks_to_seal
from comity.releases.build import Built, Progress, build_release
from comity.releases.changes import CHANGES, Side, changes_between, digests
from comity.releases.draft import Draft
from comity.releases.promises import Missing, Promise, PromiseError, Step, missing_from, read_promises, steps_to_seal
from comity.releases.render import json_bytes
from comity.releases.states import Countersign, link_or_copy, next_state, write_file
from comity.releases.withdrawals import Withdrawal, WithdrawalError, read_withdrawals

Text = Mapping[str, str]

LEFT_OUT = "left_out.json"
WITHDRAWN = "withdrawn"  # private: what was public once still counts as known


class CannotSeal(ComityError):
    """The public folder is not what its own log says, or time would run backwards, so nothing is added to it."""


class CorrectionUnexplained(ComityError):
    """What is public already would be replaced without a word on why."""


@dataclass(frozen=True)
class Accountability:
    """What the agency owes its readers beside the numbers, as it states it now.

    promises, breaks: all that it has. left_out: promised table or finding -> why this release lacks it.
    """

    promises: Sequence[Promise] = ()
    breaks: Sequence[Break] = ()
    left_out: Mapping[str, Text] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What would become public. standing: files beside the releases that are new or changed, path -> content.

    built, version: the release, None and 0 where only the rest is sealed. is_new: False when the very same release is
    public. files: of the new release, path in its folder -> content. changes: against the version before it, where
    there is one that is public.
    """

    standing: Mapping[str, bytes]
    steps: tuple[Step, ...]
    breaks: tuple[Break, ...]
    built: Built | None = None
    version: int = 0
    is_new: bool = False
    files: Mapping[str, bytes] = field(default_factory=dict)
    changes: Mapping[str, Any] | None = None
    left_out: Mapping[Missing, Text] = field(default_factory=dict)

    @property
    def release(self) -> str:
        assert self.built
        return f"{self.built.draft.dataset}/{self.built.draft.period}/v{self.version}"

    @property
    def is_empty(self) -> bool:
        """True when sealing it would change nothing."""
        return not (self.is_new or self.standing or self.steps or self.breaks)


@dataclass(frozen=True)
class Sealed:
    """What is public after a call. release: "" where there was none. checkpoint: its text."""

    release: str
    is_new: bool
    checkpoint: str


def plan_standing(
    folder: Path, standing: Mapping[str, Any], account: Accountability, *, signer: Signer, today: date
) -> Plan:
    """The plan that seals promises, breaks and `standing` files (path -> JSON value), and no release.

    Raises CannotSeal when the public folder does not verify under this key, PromiseError and BreakError.
    """
    public = folder / "public"
    if public.exists():
        _refuse_a_damaged_folder(public, signer)
    plan = _plan_standing(public, standing, account, None, today)
    _refuse_an_earlier_day(public, plan, today)
    return plan


def plan_release(
    folder: Path,
    draft: Draft,
    standing: Mapping[str, Any],
    account: Accountability = Accountability(),
    *,
    signer: Signer,
    today: date,
    progress: Progress = lambda step, share: None,
) -> Plan:
    """Protects and audits `draft` and says what sealing it would make public; call inside `only_publisher`.

    `draft.correction` is the reason for a correction. Raises what `plan_standing` and `build_release` raise;
    CorrectionUnexplained when the release is not the one that is public and gives no reason; PromiseError when it lacks
    what was promised and does not say why.
    """
    public = folder / "public"
    earlier: list[PublishedRelease] = []
    if public.exists():
        _refuse_a_damaged_folder(public, signer)
        earlier = _earlier(folder, draft.dataset)
    key = (draft.dataset, draft.period)
    newest = latest_version(public, draft.folder)
    used = max([newest, *(each.version for each in read_withdrawals(public) if (each.dataset, each.period) == key)])
    plan = _plan_standing(public, standing, account, key, today)
    before = next((at for at, each in enumerate(earlier) if (each.period, each.version) == (draft.period, newest)), 0)
    # The newest version knew only what was public before it, and said then why it came and what comes next.
    as_then = _as_then(draft, public / draft.folder / f"v{newest}") if newest else draft
    built, left_out = _built(as_then, public, earlier[:before] if newest else earlier, account, progress)
    if newest:
        there = public / draft.folder / f"v{newest}"
        published = date.fromisoformat(json.loads((there / "release.json").read_bytes())["published"])
        same, _ = _with_changes(built, public, newest, published)
        if same["manifest.json"] == (there / "manifest.json").read_bytes():
            plan = replace(plan, built=built, version=newest, left_out=left_out)
            _refuse_an_earlier_day(public, plan, today)
            return plan
    if used:
        built, left_out = _built(draft, public, earlier, account, progress)
    files, changes = _with_changes(built, public, used + 1, today)
    plan = replace(plan, built=built, version=used + 1, is_new=True, files=files, changes=changes, left_out=left_out)
    if used:
        _refuse_without_reason(draft, plan)
    _refuse_an_earlier_day(public, plan, today)
    return plan


def seal_plan(
    folder: Path, plan: Plan, *, signer: Signer, today: date, countersign: Countersign | None = None
) -> Sealed:
    """Makes the plan public in one step, and answers what is public then; call inside `only_publisher`."""
    if not plan.is_empty:
        with next_state(folder, countersign=countersign) as state:
            about = {"date": today.isoformat()}
            if not (state / "ledger").exists():
                start_ledger(state, signer=signer, extra=about)
            for path, content in plan.standing.items():
                write_file(state / path, content)
                seal_files(state, path.split("/")[0].removesuffix(".json"), [path], signer=signer, extra=about)
            for step in plan.steps:
                write_file(state / step.path, json_bytes(step.as_record()))
                more = {"dataset": step.dataset, "period": step.period, "event": step.event}
                seal_files(state, "promise", [step.path], signer=signer, extra={**about, **more})
            for each in plan.breaks:
                write_file(state / each.path, json_bytes(each.as_record()))
                more = {"dataset": each.dataset, "period": each.period}
                seal_files(state, "break", [each.path], signer=signer, extra={**about, **more})
            if plan.is_new:
                _add_version(state, plan, signer=signer, today=today)
    checkpoint = Log(folder / "public" / "ledger").checkpoint()
    return Sealed(plan.release if plan.built else "", plan.is_new, checkpoint.text if checkpoint else "")


def publish_draft(
    folder: Path,
    draft: Draft,
    standing: Mapping[str, Any],
    account: Accountability = Accountability(),
    *,
    signer: Signer,
    today: date,
    countersign: Countersign | None = None,
    progress: Progress = lambda step, share: None,
) -> tuple[Built, Sealed]:
    """`plan_release` and `seal_plan` in one, where nobody is to be asked; call inside `only_publisher`."""
    plan = plan_release(folder, draft, standing, account, signer=signer, today=today, progress=progress)
    assert plan.built
    return plan.built, seal_plan(folder, plan, signer=signer, today=today, countersign=countersign)


def withdraw_release(
    folder: Path,
    release: str,
    *,
    by: Text,
    reason: Text,
    signer: Signer,
    today: date,
    keep_differences: bool = False,
    countersign: Countersign | None = None,
) -> Withdrawal:
    """Takes the version `release` ("stops/2017/v1") out of the public folder and leaves a tombstone in one step.

    The files move to `withdrawn/` of the instance: what was public once stays known to the audit of later releases. Call
    inside `only_publisher`. Raises WithdrawalError when no such version is public, or when a version that corrected it is
    and repeats its cells in changes.json (unless keep_differences); CannotSeal as `plan_release`.
    """
    public = folder / "public"
    place = public / "releases" / release
    if release.count("/") != 2 or ".." in release or not (place / "manifest.json").is_file():
        gone = next((each for each in read_withdrawals(public) if each.id == release), None)
        there = ", ".join(str(each.parent.relative_to(public / "releases")) for each in _releases(public))
        raise WithdrawalError(
            f"{release} was withdrawn on {gone.withdrawn}." if gone else f"There is no release '{release}'.",
            f"Name one that is public: {there or 'there is none'}.",
        )
    if not keep_differences:
        _refuse_if_repeated(public, release)
    _refuse_a_damaged_folder(public, signer)
    manifest = f"releases/{release}/manifest.json"
    digest = next(each.files[manifest] for each in read_entries(public) if manifest in each.files)
    assert digest
    record = json.loads((place / "release.json").read_bytes())
    tombstone = Withdrawal(
        dataset=record["dataset"],
        period=record["period"],
        version=record["version"],
        title=record["title"],
        published=date.fromisoformat(record["published"]),
        withdrawn=today,
        by=by,
        reason=reason,
        sha256=digest.sha256,
        bytes=digest.bytes,
    )
    _refuse_an_earlier_day(public, None, today)
    _keep_private(place, folder / WITHDRAWN / "releases" / release)
    with next_state(folder, countersign=countersign, keep_last=False) as state:
        shutil.rmtree(state / "releases" / release)
        _remove_if_empty(state / "releases" / record["dataset"] / record["period"], state / "releases")
        write_file(state / tombstone.path, json_bytes(tombstone.as_record()))
        about = {"date": today.isoformat(), "release": tombstone.id}
        seal_files(state, "withdrawal", [tombstone.path], withdrawn=[manifest], signer=signer, extra=about)
    return tombstone


def latest_version(public: Path, release_folder: str) -> int:
    """The newest version number below `release_folder` (from the public folder), or 0."""
    folder = public / release_folder
    return max((int(each.name[1:]) for each in folder.glob("v*") if each.name[1:].isdigit()), default=0)


def _plan_standing(
    public: Path, standing: Mapping[str, Any], account: Accountability, release: tuple[str, str] | None, today: date
) -> Plan:
    changed = {
        path: content
        for path, content in ((path, json_bytes(value)) for path, value in standing.items())
        if not (public / path).is_file() or (public / path).read_bytes() != content
    }
    done = {(each.parts[-4], each.parts[-3]) for each in _releases(public)} | ({release} if release else set())
    steps = steps_to_seal(public, account.promises, published=done, today=today)
    breaks = tuple(replace(each, sealed=today) for each in breaks_to_seal(public, account.breaks))
    return Plan(changed, steps, breaks)


def _earlier(folder: Path, dataset: str) -> list[PublishedRelease]:
    """What was ever public of `dataset`, in the order in which it was sealed; withdrawn versions too."""
    public = folder / "public"
    places = [each for each in (public, folder / WITHDRAWN) if _releases(each)]
    read = [each for place in places for each in read_public(place) if each.dataset == dataset]
    releases = {(each.period, each.version): each for each in reversed(read)}.values()
    named = [path for entry in read_entries(public) for path, digest in entry.files.items() if digest]
    order = {path: number for number, path in enumerate(named)}

    def sealed(each: PublishedRelease) -> int:
        return order.get(f"releases/{each.dataset}/{each.period}/v{each.version}/manifest.json", len(order))

    return sorted(releases, key=sealed)


def _releases(public: Path) -> list[Path]:
    return sorted(public.glob("releases/*/*/v*/release.json"))


def _as_then(draft: Draft, there: Path) -> Draft:
    """`draft` with what the version in `there` says about itself and nothing in the data decides."""
    record = json.loads((there / "release.json").read_bytes())
    due = record.get("next_due")
    return replace(draft, correction=record.get("correction"), next_due=date.fromisoformat(due) if due else None)


def _built(
    draft: Draft,
    public: Path,
    earlier: Sequence[PublishedRelease],
    account: Accountability,
    progress: Progress,
) -> tuple[Built, dict[Missing, Text]]:
    """The release, with the explanation of whatever was promised for it and is not there."""
    built = build_release(draft, earlier=earlier, progress=progress)
    steps = (read_promises(public) if public.exists() else {}).get((draft.dataset, draft.period), ())
    missing = missing_from(steps[-1], built.protected.tables, built.findings) if steps else ()
    for each in missing:
        if not account.left_out.get(each.name):
            raise PromiseError(
                f"The promise of {draft.dataset} {draft.period} names the {each.kind} '{each.name}', which this release "
                "does not have.",
                f"Add it, or explain its absence, for all to read: [datasets.{draft.dataset}.left_out] "
                f'"{each.name}".en = "...".',
            )
    explained = {each: account.left_out[each.name] for each in missing}
    if explained:
        records = [{"kind": each.kind, "name": each.name, "reason": dict(text)} for each, text in explained.items()]
        built = replace(built, files={**built.files, LEFT_OUT: json_bytes({"left_out": records})})
    return built, explained


def _with_changes(
    built: Built, public: Path, version: int, published: date
) -> tuple[dict[str, bytes], dict[str, Any] | None]:
    """The files of version `version`, with what it changed of the public version before it."""
    draft = built.draft
    numbers = (int(each.parent.name[1:]) for each in (public / draft.folder).glob("v*/release.json"))
    before = max((number for number in numbers if number < version), default=0)
    if not before:
        return built.versioned(version=version, published=published), None
    there = public / draft.folder / f"v{before}"
    old = next(
        each
        for each in read_public(public)
        if (each.dataset, each.period, each.version) == (draft.dataset, draft.period, before)
    )
    name = f"{draft.dataset}/{draft.period}/v"
    changes = changes_between(
        Side(
            f"{name}{before}",
            {table.name: table.rows for table in old.tables},
            json.loads((there / "findings.json").read_bytes())["findings"],
            digests((there / "manifest.json").read_bytes()),
        ),
        Side(
            f"{name}{version}",
            built.protected.tables,
            built.findings,
            digests(built.versioned(version=version, published=published)["manifest.json"]),
        ),
    )
    changes = {"reason": draft.correction, **changes}
    with_changes = replace(built, files={**built.files, CHANGES: json_bytes(changes)})
    return with_changes.versioned(version=version, published=published), changes


def _add_version(state: Path, plan: Plan, *, signer: Signer, today: date) -> None:
    assert plan.built
    path = f"{plan.built.draft.folder}/v{plan.version}"
    for name, content in plan.files.items():
        write_file(state / path / name, content)
    about = {
        "date": today.isoformat(),
        "dataset": plan.built.draft.dataset,
        "period": plan.built.draft.period,
        "version": plan.version,
    }
    seal_files(state, "release", [f"{path}/manifest.json"], signer=signer, extra=about)


def _refuse_if_repeated(public: Path, release: str) -> None:
    for path in sorted((public / "releases" / release).parent.glob(f"v*/{CHANGES}")):
        if json.loads(path.read_bytes())["from"] == release:
            other = path.parent.relative_to(public / "releases")
            raise WithdrawalError(
                f"{other} corrected {release} and repeats cells of it in {CHANGES}, which would stay public.",
                f"Withdraw {other} first and publish again, or say --keep-differences if those cells may be read.",
            )


def _refuse_without_reason(draft: Draft, plan: Plan) -> None:
    missing = [each for each in draft.languages if not (draft.correction or {}).get(each)]
    if not missing:
        return
    moved = sum(len(each["changes"]) for each in plan.changes["tables"]) if plan.changes else 0
    what = f"{moved:,} cells would move" if plan.changes else "its last version was withdrawn"
    raise CorrectionUnexplained(
        f"{draft.dataset}/{draft.period} is public as something else ({what}), and no reason is given in "
        f"{', '.join(missing)}.",
        "Say why in each language: comity publish "
        + " ".join(f'--because {each}="..."' for each in draft.languages)
        + ". The reason becomes public.",
    )


def _refuse_an_earlier_day(public: Path, plan: Plan | None, today: date) -> None:
    """Days of a ledger never run backwards, so nobody can seal today what was due yesterday as if in time."""
    if not public.exists() or (plan is not None and plan.is_empty):
        return
    days = [str(each.more.get("date", "")) for each in read_entries(public)]
    if today.isoformat() < max(days):
        raise CannotSeal(
            f"The ledger has an entry of {max(days)}, so nothing can be dated {today}.",
            "Check the machine's date, or --date; an entry never comes before the ones before it.",
        )


def _refuse_a_damaged_folder(public: Path, signer: Signer) -> None:
    verification = verify(public, vkey=signer.verifier.vkey)
    if verification.problems:
        first = verification.problems[0]
        raise CannotSeal(
            f"The public folder is not what its log says: {first}.",
            "Restore it from a backup or a mirror, then publish again; run comity verify to see everything that is wrong.",
        )


def _keep_private(source: Path, target: Path) -> None:
    """A copy of `source` at `target` and nothing half-copied; a copy that is there already stays."""
    if target.exists():
        return
    private = target.parents[3]
    private.mkdir(mode=0o700, exist_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    making = target.with_name(f".{target.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    shutil.copytree(source, making, copy_function=link_or_copy)
    making.rename(target)


def _remove_if_empty(folder: Path, top: Path) -> None:
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
