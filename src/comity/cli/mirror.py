"""`comity mirror`: keep a verified copy of a public folder that its publisher cannot take back."""

from __future__ import annotations

import json
from pathlib import Path

import click

from comity.cli.verify import key_text, shown_progress
from comity.ledger.mirror import mirror


@click.command("mirror")
@click.argument("place", metavar="URL_OR_PATH")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--vkey", "key", metavar="FILE_OR_TEXT", help="The publisher's key, if you have it from elsewhere.")
@click.option(
    "--witness", "witnesses", metavar="FILE_OR_TEXT", multiple=True, help="Key of a witness who must have signed."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(place: str, folder: Path, key: str | None, witnesses: tuple[str, ...], as_json: bool) -> None:
    """Copy a public folder to FOLDER/public, or bring the copy there up to date; run it as often as you like.

    Everything is verified before it replaces what is there: a publisher who changed history is refused, and what was
    signed is kept beside the mirror as proof.

    \b
    Example:  comity mirror https://data.example.gov police-mirror
              comity verify police-mirror
    """
    done = mirror(
        place,
        folder,
        vkey=key_text(key) if key else None,
        witnesses=[key_text(each) for each in witnesses],
        progress=shown_progress(),
    )
    if as_json:
        click.echo(json.dumps(done.as_record(), indent=2))
        return
    found = done.verification
    news = f"{done.fetched:,} fetched" if done.is_new else "nothing new"
    click.echo(
        f"{folder}/public holds {found.files:,} files and {found.entries:,} ledger entries of {found.origin}; {news}."
    )
