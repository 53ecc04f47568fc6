"""Serves the parts of one instance over HTTP with gunicorn, on this machine unless told otherwise."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from comity.errors import ComityError, UsageError
from comity.site.databases import DATABASE_SETTINGS
from comity.site.operations.counts import shared_counts
from comity.site.parts import ANSWERS, CODES, COMMUNITY, PORTAL

BUILT = Path(__file__).parent / "static" / "built"


class CannotServe(ComityError):
    """The portal cannot start."""


@dataclass(frozen=True)
class SiteSetup:
    """What every part but the portal needs.

    folder: the instance, with its keys and SQLite files. databases: store -> URL, where it is not a file there.
    codes_url, answers_url: where the other page is, when another organisation runs it. mail: host, sender, port, user
    and security of the mail server, as texts.
    """

    folder: Path
    databases: Mapping[str, str] = field(default_factory=dict)
    codes_url: str = ""
    answers_url: str = ""
    time_zone: str = "UTC"
    mail: Mapping[str, str] = field(default_factory=dict)


def serve(
    public: Path,
    *,
    parts: tuple[str, ...] = (PORTAL,),
    setup: SiteSetup | None = None,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int = 2,
    site_url: str = "",
    announce: Callable[[str], None] = print,
) -> None:
    """Serves `parts` until it is stopped; the last line that `announce` is given says the address.

    public: the public folder. setup: needed for every part but the portal.

    site_url: the https address that people use, where a proxy stands in front. Raises CannotServe or UsageError, with
    nothing started, for a missing folder, a front end that is not built, a port in use, or a host that others can
    reach without a `site_url`.
    """
    from comity.site.portal.queries import check_public

    if not site_url and not _is_loopback(host):
        raise UsageError(
            f"{host} can be reached from other machines, and the portal does not know its own address.",
            "Give it with --url https://..., or leave out --host to serve on this machine only.",
        )
    if PORTAL in parts:
        check_public(public)
    if not (BUILT / "manifest.json").is_file():
        raise CannotServe(
            "The styles and scripts of the portal are not built.", "Run 'make frontend', then serve again."
        )
    listener = _listen(host, port)
    os.environ["COMITY_PUBLIC"] = str(public.absolute())
    os.environ["COMITY_SITE_URL"] = site_url
    os.environ["COMITY_PARTS"] = ",".join(parts)
    os.environ["DJANGO_SETTINGS_MODULE"] = "comity.site.settings"
    if setup is not None:
        prepare_site(setup)
    shown = f"[{host}]" if ":" in host else host
    address = site_url or f"http://{shown}:{listener.getsockname()[1]}/"
    what = "The portal is" if parts == (PORTAL,) else f"The {' and the '.join(_NAMES[part] for part in parts)} are"
    with shared_counts():
        _run(listener, parts, workers, lambda: announce(f"{what} at {address} (stop it with Ctrl+C)."))


_NAMES = {PORTAL: "portal", CODES: "code page", ANSWERS: "answer page", COMMUNITY: "community's pages"}


def prepare_site(setup: SiteSetup) -> None:
    """As `configure_site`, and brings the stores to this version's tables."""
    configure_site(setup)
    from comity.site.upgrading import upgrade_stores

    upgrade_stores()


def configure_site(setup: SiteSetup) -> None:
    """Tells Django's settings whose stores and keys to use."""
    os.environ["COMITY_INSTANCE"] = str(setup.folder.absolute())
    os.environ["COMITY_TIME_ZONE"] = setup.time_zone
    os.environ["COMITY_CODES_URL"], os.environ["COMITY_ANSWERS_URL"] = setup.codes_url, setup.answers_url
    for store, name in DATABASE_SETTINGS.items():
        os.environ[name] = setup.databases.get(store, "")
    for name, value in setup.mail.items():
        os.environ.setdefault(f"COMITY_MAIL_{name.upper()}", value)
    os.environ["COMITY_SECRET_KEY"] = _secret(setup.folder / "keys" / "site.key")
    import django

    django.setup()


def _secret(path: Path) -> str:
    """The key that signs sessions, made when there is none: all processes, and the next start, use the same."""
    from comity.site.surveys.tokens import create_token_key

    create_token_key(path)
    return path.read_text().strip()


def _run(listener: socket.socket, parts: tuple[str, ...], workers: int, ready: Callable[[], None]) -> None:
    from gunicorn.app.base import BaseApplication

    class Portal(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            settings: dict[str, Any] = {
                "bind": f"fd://{listener.fileno()}",
                "workers": workers,
                "worker_class": "gthread",
                "threads": 4 if parts == (PORTAL,) else 24,  # answers wait for the disk, many at a time
                "keepalive": 15,
                "timeout": 60,
                "graceful_timeout": 5,
                "preload_app": True,
                "logger_class": "comity.site.quiet_logs.QuietServer",
                "control_socket_disable": True,
                "when_ready": lambda server: ready(),
            }
            for name, value in settings.items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> Callable[..., Any]:
            from comity.site.wsgi import application

            return application

    Portal().run()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as problem:
        listener.close()
        if getattr(problem, "errno", None) == errno.EADDRINUSE:
            raise CannotServe(
                f"Port {port} on {host} is in use by another program.",
                f"Choose another with --port, such as {port + 1 if port < 65535 else 8000}.",
            ) from None
        if getattr(problem, "errno", None) == errno.EACCES:
            raise CannotServe(
                f"Port {port} may not be opened by this user.", "Choose one above 1023 with --port."
            ) from None
        raise CannotServe(
            f"The address {host} port {port} cannot be opened here.", "Check --host and --port."
        ) from None
    listener.listen(512)
    listener.set_inheritable(True)
    return listener


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
