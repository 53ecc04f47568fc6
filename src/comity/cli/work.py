"""`comity work`: what happens without anybody's click: overdue things, re-measurement, the log's sealing, mail."""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

import click


@click.command("work")
@click.option("--instance", "folder", type=click.Path(path_type=Path), default=Path(), help="The instance folder.  [.]")
@click.option("--once", is_flag=True, help="One round, then end; so it is unless --every is given.")
@click.option("--every", "seconds", type=click.IntRange(1), help="Go on, with a round every so many seconds.")
@click.pass_context
def command(context: click.Context, folder: Path, once: bool, seconds: int | None) -> None:
    """Do what is due: every room's jobs, the log's sealing, the mail that waits. Two at once do no harm.

    Exit code 1 when a job of the only round failed; the others were done all the same.

    \b
    Examples:  comity work --instance our-town --every 60
               comity work --instance our-town --once
    """
    if once and seconds:
        raise click.UsageError("Give either --once or --every, not both.")
    from comity.cli.setting_up import open_site, parts_with_accounts

    open_site(folder, ",".join(parts_with_accounts(folder)))
    round_ = _round(folder)
    if seconds is None:
        context.exit(round_())
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    while not stop.is_set():
        round_()
        stop.wait(seconds)


def _round(folder: Path) -> Callable[[], int]:
    """One round as a function that says what it did, and returns 1 where a job failed."""
    from django.conf import settings

    from comity.site.community.work import jobs, work_once

    first, mail = jobs()[:-1], jobs()[-1]
    todo = [*first, ("community.seal_log", _sealing(settings.TIME_ZONE_OF_AGENCY)), mail]

    def run() -> int:
        done = work_once(todo, folder, settings.CLOCK())
        for each in done:
            if each.failure:
                click.echo(f"{each.job} failed: {each.failure}. comity doctor may say why.", err=True)
            elif each.count:
                click.echo(f"{each.job}: {each.count:,}")
        return int(any(each.failure for each in done))

    return run


def _sealing(time_zone: str) -> Any:
    """The job that seals the log, with the signatures of the instance's witnesses."""

    def seal(folder: Path, now: datetime) -> int:
        from comity.cli.witness import post
        from comity.instance.settings import read_instance
        from comity.instance.witnesses import countersigning, finish_what_waits
        from comity.ledger import Signer
        from comity.releases.states import only_publisher
        from comity.site.community.sealing import seal_log

        instance = read_instance(folder)
        with only_publisher(folder):
            finish_what_waits(folder, instance.witnesses, post)
        return seal_log(
            folder,
            signer=Signer.load(instance.key),
            today=now.astimezone(ZoneInfo(time_zone)).date(),
            countersign=countersigning(instance.public, instance.witnesses, post),
        )

    return seal
