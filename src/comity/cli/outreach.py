"""`comity outreach`: seals who works here, and the contacts that enforced nothing, as protected releases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from comity.cli.agreeing import agrees, yes_option
from comity.cli.reasons import because_option, read_reasons

if TYPE_CHECKING:
    from comity.instance.settings import Instance
    from comity.releases.draft import Draft


def _sealing(verb: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every verb that seals."""
    options = (
        click.option("--instance", "folder", type=click.Path(path_type=Path), default=Path(), help="The instance folder.  [.]"),
        click.option("--period", required=True, help="The year, such as 2026."),
        because_option("Why a release that is public already is corrected."),
        click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Date of the entry.  [today]"),
        yes_option,
    )  # fmt: skip
    for option in reversed(options):
        verb = option(verb)
    return verb


@click.group("outreach")
def command() -> None:
    """Publish aggregates of outreach: who works here, and contacts that enforced nothing.

    \b
    Examples:  comity outreach workforce officers.csv --period 2026
               comity outreach contacts --period 2026
    """


@command.command("workforce")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_sealing
def workforce(file: Path, folder: Path, period: str, reasons: tuple[str, ...], day: datetime | None, yes: bool) -> None:
    """Seal counts of officers by group, sex, rank and residence. The single lines of FILE stay where they are.

    FILE is CSV with one line for each officer and the columns group, sex, rank and lives_here (yes or no), and no other.

    \b
    Example:  comity outreach workforce officers.csv --period 2026
    """
    from comity.instance.settings import read_instance
    from comity.site.outreach.aggregates import read_workforce, workforce_draft

    instance = read_instance(folder)
    agency = instance.agency
    officers = read_workforce(file.read_bytes())
    draft = workforce_draft(officers, period=period, agency=agency.name, languages=agency.languages, source=agency.name)
    _seal(instance, draft, reasons=reasons, day=day, yes=yes)


@command.command("contacts")
@_sealing
def contacts(folder: Path, period: str, reasons: tuple[str, ...], day: datetime | None, yes: bool) -> None:
    """Seal one year's contacts that enforced nothing, as the office counted them, by place, kind and month.

    \b
    Example:  comity outreach contacts --period 2026
    """
    from comity.cli.setting_up import open_site
    from comity.instance.settings import read_instance

    instance = read_instance(folder)
    open_site(folder, "community")
    from comity.site.community.here import this_agency
    from comity.site.outreach.aggregates import contacts_draft
    from comity.site.outreach.queries.contacts import counts_of

    agency = instance.agency
    draft = contacts_draft(
        counts_of(this_agency()), period=period, agency=agency.name, languages=agency.languages, source=agency.name
    )
    _seal(instance, draft, reasons=reasons, day=day, yes=yes)


def _seal(instance: Instance, draft: Draft, *, reasons: tuple[str, ...], day: datetime | None, yes: bool) -> None:
    from comity.instance.standing import account_of, standing_files
    from comity.instance.witnesses import countersigning, finish_what_waits
    from comity.ledger import Signer
    from comity.releases.publish import plan_release, seal_plan
    from comity.releases.states import only_publisher

    today = day.date() if day else date.today()
    signer = Signer.load(instance.key)
    draft = replace(draft, correction=read_reasons(reasons, instance.agency.languages) or None)
    with only_publisher(instance.folder):
        finish_what_waits(instance.folder, instance.witnesses, None)
        plan = plan_release(
            instance.folder, draft, standing_files(instance), account_of(instance), signer=signer, today=today
        )
        if plan.is_empty:
            click.echo(f"Already public: {plan.release}.")
            return
        assert plan.built
        report = plan.built.protected.report
        shown = f"{plan.release}: {report.cells} counts, {report.primary + report.secondary} of them hidden."
        if not agrees(shown, "Seal it?", yes=yes):
            return
        countersign = countersigning(instance.public, instance.witnesses, None)
        sealed = seal_plan(instance.folder, plan, signer=signer, today=today, countersign=countersign)
    click.echo(f"Published {sealed.release}.")
