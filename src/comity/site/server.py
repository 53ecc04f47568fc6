"""Serves one public folder over HTTP with gunicorn, on this machine unless told otherwise."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from comity.errors import ComityError, UsageError

BUILT = Path(__file__).parent / "static" / "built"


class CannotServe(ComityError):
    """The portal cannot start."""


def serve(
    public: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int = 2,
    site_url: str = "",
    announce: Callable[[str], None] = print,
) -> None:
    """Serves the public folder `public` until it is stopped; the last line that `announce` is given says the address.

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
    check_public(public)
    if not (BUILT / "manifest.json").is_file():
        raise CannotServe(
            "The styles and scripts of the portal are not built.", "Run 'make frontend', then serve again."
        )
    listener = _listen(host, port)
    os.environ["COMITY_PUBLIC"] = str(public.absolute())
    os.environ["COMITY_SITE_URL"] = site_url
    os.environ["DJANGO_SETTINGS_MODULE"] = "comity.site.settings"
    shown = f"[{host}]" if ":" in host else host
    address = site_url or f"http://{shown}:{listener.getsockname()[1]}/"
    _run(listener, workers, lambda: announce(f"The portal is at {address} (stop it with Ctrl+C)."))


def _run(listener: socket.socket, workers: int, ready: Callable[[], None]) -> None:
    from gunicorn.app.base import BaseApplication

    class Portal(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            settings: dict[str, Any] = {
                "bind": f"fd://{listener.fileno()}",
                "workers": workers,
                "worker_class": "gthread",
                "threads": 4,
                "keepalive": 15,
                "timeout": 60,
                "graceful_timeout": 5,
                "preload_app": True,
                "loglevel": "warning",
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
