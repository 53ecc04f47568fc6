"""`comity serve`: the public portal of one instance, and its survey pages where it has any."""

from __future__ import annotations

import tomllib
from pathlib import Path

import click

PARTS = ("portal", "codes", "answers", "community")


@click.command("serve")
@click.option("--instance", "folder", type=click.Path(path_type=Path), default=Path(), help="The instance folder.  [.]")
@click.option("--host", default="127.0.0.1", help="Address to listen on.  [127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, help="Port; 0 takes a free one.  [8000]")
@click.option("--workers", type=click.IntRange(1, 64), default=2, help="Processes.  [2]")
@click.option("--url", "site_url", default="", help="The https address that people use, behind a proxy.")
@click.option(
    "--only",
    type=click.Choice(PARTS),
    multiple=True,
    help="Serve this part alone, so that another process or organisation runs the others; may be repeated.",
)
def command(folder: Path, host: str, port: int, workers: int, site_url: str, only: tuple[str, ...]) -> None:
    """Serve the public portal of an instance, or of a copied public folder, and the surveys of the instance.

    \b
    Examples:  comity serve --instance our-town --port 8000
               comity serve --instance our-town --only codes --port 8001
    """
    from comity.cli.setting_up import parts_with_accounts, read_setup
    from comity.site.server import serve

    public = folder if (folder / "agency.json").is_file() else folder / "public"
    others = parts_with_accounts(folder) if _has_accounts(folder) else ()
    parts = tuple(each for each in PARTS if each in only) or ("portal", *others)
    setup = read_setup(folder)[0] if set(parts) - {"portal"} else None
    serve(
        public,
        parts=parts,
        setup=setup,
        host=host,
        port=port,
        workers=workers,
        site_url=site_url,
        announce=click.echo,
    )


def _has_accounts(folder: Path) -> bool:
    """Whether the instance has more than a portal: a [site] in comity.toml, a survey, or a database of accounts."""
    from comity.instance.settings import SETTINGS_FILE

    settings = folder / SETTINGS_FILE
    return (
        any((folder / "keys").glob("tokens-*.key"))
        or (folder / "site.sqlite3").exists()
        or (settings.is_file() and "site" in tomllib.loads(settings.read_text(encoding="utf-8")))
    )
