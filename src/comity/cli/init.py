"""`comity init`: a commented instance folder for a real agency."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--origin", default=None, help="The log's name for ever, such as data.example.gov/comity.  [FOLDER's name]"
)
def command(folder: Path, origin: str | None) -> None:
    """Make a commented instance in FOLDER: settings, an example mapping, and the ledger's key.

    \b
    Example:  comity init our-town --origin data.ourtown.gov/comity
    """
    from comity.instance.create import create_instance

    create_instance(folder, origin=origin)
    click.echo(
        f"Made {folder}.\n"
        f"1. Read {folder}/comity.toml from top to bottom; each setting says what it is for.\n"
        f"2. Put your export into {folder}/sources/ and describe it in {folder}/sources/stops.yaml.\n"
        f"3. comity check {folder}/sources/stops.yaml YOUR_EXPORT.csv\n"
        f"4. comity publish --instance {folder}\n"
        f"Keep a copy of {folder}/keys/ledger.key in a safe place: whoever has it can sign as you, and without it you cannot."
    )
