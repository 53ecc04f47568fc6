"""`comity fetch`: pulls an instance's sources, and says aloud when one has changed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from comity.cli.reasons import because_option, read_reasons


@click.command(
    "fetch",
    epilog="""Example: comity fetch --instance our-town

Example: comity fetch stops --accept --because en='The new form asks for the reason.'""",
)
@click.argument("names", nargs=-1)
@click.option("--instance", "folder", type=click.Path(path_type=Path), default=Path(), help="The instance folder.  [.]")
@click.option("--accept", "is_accepting", is_flag=True, help="Take the fetch that waits because it gave alarm.")
@because_option("With --accept: what changed and why, for the readers of the release.")
@click.pass_context
def command(
    context: click.Context, names: tuple[str, ...], folder: Path, is_accepting: bool, reasons: tuple[str, ...]
) -> None:
    """Fetch the sources of an instance: all of [sources] in comity.toml, or those NAMES.

    Exit code 1 when a source gave alarm: it changed its shape, shrank or fell silent.
    """
    from comity.errors import ComityError, UsageError
    from comity.instance.settings import read_instance
    from comity.sources import accept, fetch, read_sources

    sources = read_sources(folder)
    for name in names:
        if name not in sources:
            raise UsageError(
                f"There is no source '{name}'.", f"Use one of: {', '.join(sorted(sources)) or 'none yet'}."
            )
    now = datetime.now(UTC)
    if is_accepting:
        if len(names) != 1:
            raise UsageError("One source is accepted at a time.", "Name it: comity fetch NAME --accept --because ...")
        taken = accept(folder, names[0], because=read_reasons(reasons, read_instance(folder).agency.languages), now=now)
        click.echo(f"{taken.source}: {taken.fetch.rows:,} rows are in use now.")
        return
    if not sources:
        raise UsageError("comity.toml has no [sources].", "Add one; see docs/how-to/fetch-from-a-source.md.")
    failed = False
    for name in names or sorted(sources):
        try:
            found = fetch(folder, sources[name], now=now)
        except ComityError as problem:
            click.echo(f"{name}: {problem}", err=True)
            failed = True
            continue
        click.echo(f"{name}: {found.fetch.rows:,} rows {'wait' if found.is_waiting else 'are in use'}.")
        for alarm in found.fetch.alarms:
            click.echo(f"  ALARM  {alarm}")
            failed = True
        if found.is_waiting:
            click.echo(
                f"  The rows before stay in use. Look at {found.path}, then: comity fetch {name} --accept --because ..."
            )
    context.exit(1 if failed else 0)
