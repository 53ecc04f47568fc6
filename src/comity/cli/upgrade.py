"""`comity upgrade`: says what a new version changes in an instance's databases, and does it."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("upgrade", epilog="Example: comity upgrade --instance our-town --dry-run")
@click.option("--instance", "folder", type=click.Path(path_type=Path), default=Path(), help="The instance folder.  [.]")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--without-backup", is_flag=True, help="Even though there is none of today.")
def command(folder: Path, dry_run: bool, without_backup: bool) -> None:
    """Bring the databases of an instance to this version's tables. What is public stays as it is, byte for byte.

    Refuses a database that a newer Comity has changed. The old version can go on running beside the new tables, so one
    process after the other can be restarted.
    """
    from datetime import UTC, datetime

    from comity.cli.setting_up import configure_site, parts_with_accounts
    from comity.errors import ComityError
    from comity.instance.backups import last_backup

    configure_site(folder, ",".join(parts_with_accounts(folder)))
    from comity.site.upgrading import pending_steps, upgrade_stores

    steps = pending_steps()
    for each in steps:
        click.echo(f"{each.store}: {each.name}")
    if not steps:
        click.echo("The databases are as this version wants them.")
        return
    if dry_run:
        click.echo(f"{len(steps)} changes; nothing was changed.")
        return
    made = last_backup(folder)
    if not without_backup and (made is None or made.date() != datetime.now(UTC).date()):
        raise ComityError("There is no backup of today.", "Make one with comity backup, or say --without-backup.")
    upgrade_stores()
    click.echo(f"{len(steps)} changes are made. Restart comity serve and comity work.")
