"""`comity restore`: an instance from its backup, proved while it is unpacked."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(
    "restore",
    epilog="Example: comity restore our-town-20270104T020000Z.comity-backup --key backup-key.txt --into our-town",
)
@click.argument("archive", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--key", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True, help="The private key."
)
@click.option("--into", type=click.Path(path_type=Path), required=True, help="A new folder.")
@click.option(
    "--database", "databases", multiple=True, metavar="STORE=URL", help="Fill this PostgreSQL database instead."
)
def command(archive: Path, key: Path, into: Path, databases: tuple[str, ...]) -> None:
    """Restore a backup into a new folder: every file, the databases and the ledger are checked against the moment it was made."""
    from comity.errors import UsageError
    from comity.instance.backups import restore
    from comity.instance.site import Site

    instead = dict(each.split("=", 1) for each in databases if "=" in each)
    if len(instead) != len(databases) or not instead.keys() <= Site().databases.keys():
        raise UsageError(
            f"--database {databases[0]} names no store.",
            f"Write STORE=URL; a store is one of {', '.join(Site().databases)}.",
        )
    found = restore(archive, into, identity=key, databases=instead)
    ledger = "nothing was published" if found.entries is None else f"the ledger of {found.entries:,} entries verifies"
    click.echo(f"{found.folder}: {found.files:,} files as of {found.made}; {ledger} against its checkpoint.")
    if found.databases:
        click.echo(f"Databases: {', '.join(found.databases)}.")
    click.echo("Publish, serve and back up from one place only: stop the old instance before this one starts.")
