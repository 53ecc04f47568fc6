"""Files of the public folder, byte for byte, and nothing outside it."""

from __future__ import annotations

import mimetypes
import os
import re
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from comity.ledger.page import content_security_policy, verify_page
from comity.site.portal import queries
from comity.site.portal.templatetags.portal import built

TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".geojson": "application/geo+json",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".svg": "image/svg+xml",
}
TEXT_WITHOUT_ENDING = ("checkpoint", "vkey")
DOWNLOADED = (".csv", ".parquet")
# A picture opened by itself may style itself, and can do nothing else.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"


def public_file(request: HttpRequest, name: str) -> HttpResponse:
    """The file `name` of the public folder, with its type, an ETag, and ranges for programs that read parts."""
    root = settings.PUBLIC.resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root) or not path.is_file() or any(part.startswith(".") for part in name.split("/")):
        _refuse_withdrawn(name)
        raise Http404(_("There is no file with this address."))
    found = path.stat()
    etag = f'"{found.st_size:x}-{found.st_mtime_ns:x}"'
    headers = {
        "ETag": etag,
        "Content-Security-Policy": POLICY,
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Accept-Ranges": "bytes",
        "Cache-Control": "public, max-age=31536000, immutable" if _is_immutable(name) else "no-cache",
    }
    newer = _newer(name)
    if newer:
        headers["Link"] = f'<{request.build_absolute_uri(newer)}>; rel="latest-version"'
    if etag in request.headers.get("If-None-Match", ""):
        return HttpResponse(status=304, headers=headers)
    if path.suffix in DOWNLOADED:
        headers["Content-Disposition"] = f'attachment; filename="{download_name(name)}"'
    kind = _type_of(path)
    wanted = _range(request.headers.get("Range", ""), found.st_size)
    if wanted is not None:
        return _part(path, wanted, found.st_size, kind, headers)
    is_saved = path.suffix in DOWNLOADED
    response = FileResponse(
        path.open("rb"), as_attachment=is_saved, filename=download_name(name), content_type=kind, headers=headers
    )
    if not is_saved:
        del response["Content-Disposition"]
    return response


def download_name(name: str) -> str:
    """`releases/stops/2017/v1/tables/x.csv` is saved as `stops-2017-v1-x.csv`: two releases' files can lie together."""
    parts = name.split("/")
    kept = [*parts[1:4], parts[-1]] if parts[0] == "releases" and len(parts) > 4 else parts[-1:]
    return re.sub(r"[^A-Za-z0-9._-]", "_", "-".join(kept))


def verify_in_browser(request: HttpRequest) -> HttpResponse:
    """The page that makes the checks of `comity verify` in the reader's browser."""
    return HttpResponse(verify_page(), headers={"Content-Security-Policy": content_security_policy()})


def robots(request: HttpRequest) -> HttpResponse:
    return HttpResponse("User-agent: *\nAllow: /\n", content_type="text/plain")


def icon(request: HttpRequest) -> HttpResponse:
    return redirect(built("icon.svg"), permanent=True)


def _is_immutable(name: str) -> bool:
    return re.match(r"releases/[^/]+/[^/]+/v\d+/", name) is not None


def _version(name: str) -> tuple[str, str, int] | None:
    """Dataset, period and version of the release that the file `name` is part of."""
    match = re.match(r"releases/([^/]+)/([^/]+)/v(\d{1,9})(/|$)", name)
    return (match[1], match[2], int(match[3])) if match else None


def _refuse_withdrawn(name: str) -> None:
    """Raises Withdrawn for a file of a version that was withdrawn."""
    version = _version(name)
    if version:
        queries.release_or_404(*version)


def _newer(name: str) -> str | None:
    """The page of the newest version, for a file of one that it replaced."""
    version = _version(name)
    found = queries.catalogue()
    release = found.release(*version) if version else None
    successor = found.successor(release) if release else None
    return f"/releases/{successor.id}/" if successor else None


def _type_of(path: Path) -> str:
    if path.suffix in TYPES:
        return TYPES[path.suffix]
    if path.name in TEXT_WITHOUT_ENDING:
        return "text/plain; charset=utf-8"
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _range(header: str, size: int) -> tuple[int, int] | None:
    """(first, last) of a single byte range that can be met, else None: RFC 9110 lets a server answer with the whole."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
    if not match or not any(match.groups()):
        return None
    if not match[1]:
        first, last = max(0, size - int(match[2])), size - 1
    else:
        first, last = int(match[1]), min(int(match[2]) if match[2] else size - 1, size - 1)
    return (first, last) if first <= last else None


def _part(path: Path, wanted: tuple[int, int], size: int, kind: str, headers: dict[str, str]) -> HttpResponse:
    first, last = wanted
    with path.open("rb") as file:
        content = os.pread(file.fileno(), last - first + 1, first)
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return HttpResponse(content, status=206, content_type=kind, headers=headers)
