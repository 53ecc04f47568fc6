"""`comity serve`: the public portal of one instance."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("serve")
@click.option("--instance", "folder", type=click.Path(path_type=Path), default=Path(), help="The instance folder.  [.]")
@click.option("--host", default="127.0.0.1", help="Address to listen on.  [127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, help="Port; 0 takes a free one.  [8000]")
@click.option("--workers", type=click.IntRange(1, 64), default=2, help="Processes.  [2]")
@click.option("--url", "site_url", default="", help="The https address that people use, behind a proxy.")
def command(folder: Path, host: str, port: int, workers: int, site_url: str) -> None:
    """Serve the public portal of an instance, or of a copied public folder.

    \b
    Example:  comity serve --instance our-town --port 8000
    """
    from comity.site.server import serve

    public = folder if (folder / "agency.json").is_file() else folder / "public"
    serve(public, host=host, port=port, workers=workers, site_url=site_url, announce=click.echo)
