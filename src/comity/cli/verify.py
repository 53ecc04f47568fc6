"""`comity verify`: anybody checks a public folder or a served one, with nothing but its files."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from comity.errors import ComityError
from comity.ledger.log import write_file
from comity.ledger.verify import Verification, verify

_MOST_SHOWN = 20


@click.command("verify")
@click.argument("place", metavar="PATH_OR_URL")
@click.option(
    "--since", type=click.Path(path_type=Path), help="A checkpoint kept from before: was history changed since?"
)
@click.option(
    "--vkey", "key", metavar="FILE_OR_TEXT", help="The publisher's key kept from before: is it the same publisher?"
)
@click.option(
    "--witness", "witnesses", metavar="FILE_OR_TEXT", multiple=True, help="Key of a witness who must have signed."
)
@click.option("--keep", type=click.Path(path_type=Path), help="Write the checkpoint here, for --since next time.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option(
    "--page",
    type=click.Path(path_type=Path),
    is_eager=True,
    expose_value=False,
    callback=lambda context, _, path: _write_page(context, path),
    help="Write a page that verifies in a browser, offline, and stop.",
)
@click.pass_context
def command(
    context: click.Context,
    place: str,
    since: Path | None,
    key: str | None,
    witnesses: tuple[str, ...],
    keep: Path | None,
    as_json: bool,
) -> None:
    """Verify that nothing in a public folder was altered, added, dropped or put back.

    Works offline: checks signatures, every log entry and every file. Exit code 0 when all is as it was sealed, 1 when
    something is wrong; the first thing wrong is named first.

    \b
    Example:  comity verify our-town/public --keep our-town.checkpoint
    Later:    comity verify our-town/public --since our-town.checkpoint --keep our-town.checkpoint
    Served:   comity verify http://127.0.0.1:8000
    """
    kept = _content(since) if since else None
    vkey = key_text(key) if key else None
    trusted = [key_text(each) for each in witnesses]
    found = verify(place, since=kept, vkey=vkey, witnesses=trusted, progress=shown_progress())
    click.echo(json.dumps(found.as_record(), indent=2) if as_json else _report(found, place, keep))
    if not found.is_intact:
        context.exit(1)
    if keep and found.checkpoint:
        write_file(keep, found.checkpoint)


def _write_page(context: click.Context, path: Path | None) -> None:
    if path is None:
        return
    from comity.ledger.page import verify_page

    write_file(path, verify_page())
    click.echo(f"{path} verifies public folders in a browser; open it from disk.")
    context.exit()


def _report(found: Verification, place: str, keep: Path | None) -> str:
    if not found.is_intact:
        lines = [f"WRONG: {found.problems[0]}"]
        lines += [f"also:  {problem}" for problem in found.problems[1:_MOST_SHOWN]]
        if len(found.problems) > _MOST_SHOWN:
            lines.append(f"and {len(found.problems) - _MOST_SHOWN:,} more; --json lists them all.")
        return "\n".join([*lines, *found.limits])
    lines = [
        f"Intact: {found.files:,} files and {found.entries:,} ledger entries are as they were sealed.",
        f"Ledger  {found.origin}",
        f"Root    {found.root} (of {found.size:,} entries)",
        f"Key     {found.vkey}",
        *(f"Witness {name}, {_when(time)}" for name, time in found.witnesses),
        *found.limits,
    ]
    if keep:
        lines.append(f"The checkpoint is in {keep}: next time, add --since {keep}")
    else:
        lines.append(
            f"To see next time whether history was changed:  comity verify {place} --keep FILE, then --since FILE"
        )
    return "\n".join(lines)


def _when(time: int) -> str:
    try:
        return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return f"at the time {time}, which is no date"


def key_text(file_or_text: str) -> str:
    """A key given as text, or as the path of a file with it."""
    if "+" in file_or_text and not os.path.isfile(file_or_text):
        return file_or_text
    return _content(Path(file_or_text)).decode("utf-8", "replace")


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ComityError(
            f"{path} cannot be read ({error.strerror}).", "Give the path of a file that you kept."
        ) from None


def shown_progress() -> Callable[[int, int], None] | None:
    """Draws "1,234 of 5,678 files" on a terminal; None elsewhere."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        if done % 100 == 0 or done == total:
            click.echo(f"\r{done:,} of {total:,} files", nl=done == total, err=True)

    return show
