"""`comity backup`: one encrypted file with everything that an instance is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click


@click.command(
    "backup",
    epilog="""Example: comity backup --new-key backup-key.txt   (once; keep that file off this machine)

Example: comity backup --instance our-town --to /mnt/backups --for age1...""",
)
@click.option("--instance", "folder", type=click.Path(path_type=Path), default=Path(), help="The instance folder.  [.]")
@click.option("--to", type=click.Path(path_type=Path), help="Folder for the backup.  [[backup] of comity.toml]")
@click.option("--for", "recipients", multiple=True, help="Public key of age that may open it; may be repeated.")
@click.option("--keep", type=click.IntRange(0), help="How many backups stay in that folder; 0 for all.  [14]")
@click.option("--new-key", type=click.Path(path_type=Path), help="Only make a private key, into this file.")
def command(folder: Path, to: Path | None, recipients: tuple[str, ...], keep: int | None, new_key: Path | None) -> None:
    """Back up an instance: settings, keys, records, public folder and all databases, as of one moment, encrypted."""
    from comity.errors import UsageError
    from comity.instance.backups import back_up
    from comity.instance.backups.keys import create_key
    from comity.instance.backups.settings import read_backup_settings

    if new_key:
        public = create_key(new_key)
        click.echo(f"The private key is in {new_key}: keep it off this machine. Back up with: --for {public}")
        return
    settings = read_backup_settings(folder)
    place = to or (Path(settings.to) if settings.to else None)
    if place is None:
        raise UsageError("Nobody said where the backup goes.", 'Give --to FOLDER, or to = "..." under [backup].')
    made = back_up(
        folder,
        place,
        recipients=recipients or settings.recipients,
        now=datetime.now(UTC),
        keep=settings.keep if keep is None else keep,
    )
    click.echo(f"{made.file} ({made.size / 1e6:,.1f} MB). Prove it now and then with: comity restore")
    for path in made.removed:
        click.echo(f"Removed the older {path.name}.")
