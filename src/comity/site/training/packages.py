"""A cmi5 package (quartz): a zip with cmi5.xml, checked whole before any of it is used, and unpacked beside its final place.

What it may not do: be huge, packed or unpacked; name a file outside its folder; hold a link or a password; declare entities.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree
from xml.parsers import expat

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from comity.site.community.log import record
from comity.site.community.models import Account
from comity.site.training.models import CourseVersion, Package, Unit
from comity.site.training.refusals import TrainingRefused

LARGEST = 50_000_000
LARGEST_UNPACKED = 300_000_000
LARGEST_XML = 2_000_000
MOST_FILES = 3_000
NAMESPACE = "{https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd}"


@dataclass(frozen=True)
class Structure:
    identifier: str
    title: str
    units: tuple[Unit, ...]


def content_folder() -> Path:
    """Where packages lie unpacked, each under its SHA-256."""
    return Path(settings.INSTANCE) / "training-content"


def add_package(version: CourseVersion, content: bytes, *, by: Account) -> Package:
    """Checks and unpacks a package. Raises TrainingRefused, with nothing left behind, for one that breaks a rule."""
    if version.course.agency != by.agency:
        raise TrainingRefused(_("This belongs to another agency."), _("Use an account of that agency."))
    if len(content) > LARGEST:
        raise _refused(
            _("The package has %(size)s bytes; at most %(most)s are taken.")
            % {"size": f"{len(content):,}", "most": f"{LARGEST:,}"}
        )
    digest = hashlib.sha256(content).hexdigest()
    if version.packages.filter(digest=digest).exists():
        raise TrainingRefused(_("This version has this package already."), _("Launch it from the course's page."))
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError):
        raise _refused(_("The file is not a zip archive.")) from None
    with archive:
        members = [*_members(archive)]
        structure = read_structure(_xml(archive), {str(path) for _info, path in members})
        with _unpacked(archive, members) as folder:
            return _keep(version, structure, digest, folder, by=by)


@transaction.atomic
def _keep(version: CourseVersion, structure: Structure, digest: str, folder: Path, *, by: Account) -> Package:
    package = Package.objects.create(
        version=version,
        identifier=structure.identifier,
        title=structure.title,
        digest=digest,
        added_at=settings.CLOCK(),
    )
    for unit in structure.units:
        unit.package = package
        unit.save()
    record(
        "training.package", f"package {package.pk}", by=by, details={"sha256": digest, "units": len(structure.units)}
    )
    target = content_folder() / digest
    if not target.exists():
        folder.rename(target)
    return package


class _unpacked:
    """The archive in a folder beside the others, which is removed unless it was renamed away."""

    def __init__(self, archive: zipfile.ZipFile, members: list[tuple[zipfile.ZipInfo, PurePosixPath]]) -> None:
        self._archive, self._members = archive, members

    def __enter__(self) -> Path:
        content_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix=".next-", dir=content_folder()))
        try:
            left = LARGEST_UNPACKED
            for info, path in self._members:
                left -= self._write(info, self._folder / path, left)
        except BaseException:
            shutil.rmtree(self._folder)
            raise
        return self._folder

    def __exit__(self, *exc: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, info: zipfile.ZipInfo, path: Path, left: int) -> int:
        """Counts what really comes out: an archive may lie about its sizes."""
        written = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with self._archive.open(info) as source, path.open("xb") as target:
                while chunk := source.read(1 << 16):
                    written += len(chunk)
                    if written > left:
                        raise _too_large()
                    target.write(chunk)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError):
            raise _refused(_("The archive is damaged, or packed in a way that is not taken.")) from None
        return written


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, PurePosixPath]]:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MOST_FILES or sum(info.file_size for info in infos) > LARGEST_UNPACKED:
        raise _too_large()
    seen: set[str] = set()
    for info in infos:
        name = info.orig_filename
        path = PurePosixPath(name)
        mode = info.external_attr >> 16
        if (
            not name
            or len(name) > 240
            or name.startswith("/")
            or "\\" in name
            or ":" in name
            or ".." in path.parts
            or any(ord(letter) < 32 for letter in name)
            or any(part.startswith(".next-") for part in path.parts)
        ):
            raise _refused(_("The archive names a file outside its own folder."))
        if (mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode)) or info.flag_bits & 0x1:
            raise _refused(_("The archive holds a link or a file with a password."))
        if name.casefold() in seen:
            raise _refused(_("The archive holds two files of the same name."))
        seen.add(name.casefold())
        yield info, path


def _xml(archive: zipfile.ZipFile) -> bytes:
    try:
        with archive.open("cmi5.xml") as file:
            content = file.read(LARGEST_XML + 1)
    except KeyError:
        raise _refused(_("The archive has no cmi5.xml at its top.")) from None
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError):
        raise _refused(_("The archive is damaged, or packed in a way that is not taken.")) from None
    if len(content) > LARGEST_XML:
        raise _too_large()
    return content


def read_structure(xml: bytes, files: set[str]) -> Structure:
    """The course structure. files: of the archive; every unit begins in one of them. Raises TrainingRefused."""
    root = _parsed(xml)
    course = root.find(f"{NAMESPACE}course")
    units = [*root.iter(f"{NAMESPACE}au")]
    if root.tag != f"{NAMESPACE}courseStructure" or course is None or not units:
        raise _refused(_("cmi5.xml describes no course with units."))
    if len(units) > 200:
        raise _too_large()
    read = tuple(_unit(each, number, files) for number, each in enumerate(units, start=1))
    if len({unit.identifier for unit in read}) < len(read):
        raise _refused(_("cmi5.xml has two units of the same id."))
    return Structure(_identifier(course), _title(course), read)


def _parsed(xml: bytes) -> ElementTree.Element:
    """A document type is where entities are declared that grow or reach out; cmi5 needs none, so there may be none."""

    def refuse(*declared: object) -> None:
        raise _refused(_("cmi5.xml declares a document type, which is not taken."))

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(xml, True)
        return ElementTree.fromstring(xml)
    except (expat.ExpatError, ElementTree.ParseError, LookupError, ValueError):
        raise _refused(_("cmi5.xml is not well-formed XML.")) from None


def _unit(element: ElementTree.Element, number: int, files: set[str]) -> Unit:
    address = (element.findtext(f"{NAMESPACE}url") or "").strip()
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or unquote(parts.path) not in files or len(address) > 1000:
        raise _refused(_("Unit %(number)d does not begin in a file of the archive.") % {"number": number})
    move_on = element.get("moveOn", Unit.MoveOn.NOT_APPLICABLE)
    method = element.get("launchMethod", "AnyWindow")
    if move_on not in Unit.MoveOn.values or method not in ("AnyWindow", "OwnWindow"):
        raise _refused(_("Unit %(number)d has a rule that cmi5 does not know.") % {"number": number})
    return Unit(
        number=number,
        identifier=_identifier(element),
        title=_title(element),
        address=address,
        move_on=move_on,
        mastery_score=_mastery(element, number),
        parameters=(element.findtext(f"{NAMESPACE}launchParameters") or "").strip()[:10_000],
        launch_method=method,
    )


def _mastery(element: ElementTree.Element, number: int) -> Decimal | None:
    given = element.get("masteryScore")
    if given is None:
        return None
    try:
        score = Decimal(given)
    except InvalidOperation:
        score = Decimal(-1)
    if not (score.is_finite() and 0 <= score <= 1):
        raise _refused(_("Unit %(number)d has a mastery score that is not from 0 to 1.") % {"number": number})
    return score


def _identifier(element: ElementTree.Element) -> str:
    found = (element.get("id") or "").strip()
    if not urlsplit(found).scheme or len(found) > 500:
        raise _refused(_("A course or unit in cmi5.xml has an id that is not an IRI."))
    return found


def _title(element: ElementTree.Element) -> str:
    texts = element.findall(f"{NAMESPACE}title/{NAMESPACE}langstring")
    return ((texts[0].text if texts else None) or "").strip()[:200] or _("Untitled")


def _too_large() -> TrainingRefused:
    return _refused(_("The package unpacks to more than is taken."))


def _refused(what: str) -> TrainingRefused:
    return TrainingRefused(what, _("Ask whoever made the package for one that follows cmi5."))
