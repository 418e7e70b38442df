"""An archive in several files, read as if it were one.

WordPress and its plugins split a large export. The parts come as a ZIP archive or as a
folder on the server, in the order of their names, with numbers by their value.
"""

import re
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, BinaryIO, cast

from articles.importing.addresses import OldSite
from articles.importing.media import read_name
from articles.importing.records import NotAnExport, Record, Site, Unreadable
from articles.models import ArchiveImport
from ecfr_site.importing.archives import BROKEN, open_archive

# One after the other, without these limits, a small file could keep a worker for days.
MOST_PARTS = 500
_MOST_UNPACKED = 20 * 1024**3
_ZIP = b"PK\x03\x04"
_OFFICE = ("[Content_Types].xml", "mimetype")
_NOT_PARTS = (
    "This is a ZIP archive or an Office file without an .xml file from WordPress. "
    "Unpack it and choose the export in it, or save a spreadsheet as “CSV UTF-8”."
)


@dataclass(frozen=True)
class Part:
    """A file of an archive; without a name it is the only one."""

    name: str
    open: Callable[[], IO[bytes]]


@contextmanager
def open_parts(found: ArchiveImport) -> Iterator[list[Part]]:
    """The files of an import. Raises NotAnExport and OSError."""
    path = Path(found.path)
    if found.path and path.is_dir():
        yield list_folder(path)
        return
    with found.open_file() as file:
        yield list_parts(file)


def list_parts(file: BinaryIO) -> list[Part]:
    """The .xml files of a ZIP archive, or the file itself. Raises NotAnExport."""
    file.seek(0)
    head = file.read(len(_ZIP))
    file.seek(0)
    if head != _ZIP:
        return [Part("", lambda: file)]
    try:
        package = open_archive(file)
        entries = [entry for entry in package.infolist() if not entry.is_dir()]
    except BROKEN as error:
        raise NotAnExport("This ZIP archive is damaged. Create it again.") from error
    names = {entry.filename for entry in entries}
    found = [
        Part(name, partial(package.open, entry))
        for entry in entries
        if _is_export(name := read_name(entry))
    ]
    if not found or names.intersection(_OFFICE):
        raise NotAnExport(_NOT_PARTS)
    if sum(entry.file_size for entry in entries) > _MOST_UNPACKED:
        raise NotAnExport("This ZIP archive is larger than 20 GB when unpacked.")
    return _sort(found)


def list_folder(path: Path) -> list[Part]:
    """The .xml files in a folder. Raises NotAnExport."""
    found = [
        Part(file.name, partial(_open, file))
        for file in path.iterdir()
        if _is_export(file.name) and file.is_file()
    ]
    if not found:
        raise NotAnExport("There is no .xml file in this folder.")
    return _sort(found)


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")


def _is_export(name: str) -> bool:
    """Not what a Mac or an editor keeps beside it. "../a.xml" is one: it is read from
    where it is, and written nowhere."""
    is_hidden = any(
        part.startswith((".", "__MACOSX")) and part not in (".", "..")
        for part in re.split(r"[/\\]", name)
    )
    return name.lower().endswith(".xml") and not is_hidden


def _sort(parts: list[Part]) -> list[Part]:
    if len(parts) > MOST_PARTS:
        raise NotAnExport(f"An archive can have up to {MOST_PARTS} files.")
    return sorted(parts, key=lambda part: (_split(part.name), part.name))


def _split(name: str) -> list[tuple[int, str]]:
    """“part-10” after “part-9”."""
    return [
        (int(word), "") if word.isdecimal() else (0, word.casefold())
        for word in re.split(r"(\d+)", name)
    ]


def pack(files: Iterable[tuple[str, IO[bytes]]]) -> BinaryIO:
    """A ZIP archive of {name: file}, to be kept as one."""
    packed = cast(BinaryIO, TemporaryFile())  # noqa: SIM115  it is returned
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for name, file in files:
            file.seek(0)
            with package.open(name, "w", force_zip64=True) as entry:
                shutil.copyfileobj(file, entry, 1 << 20)
    packed.seek(0)
    return packed


def describe(names: list[str]) -> str:
    """“a.xml and 2 more”."""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}{more}"


def read_parts(
    parts: list[Part], read: Callable[[BinaryIO, Site], Iterator[Record]], site: Site
) -> Iterator[Record]:
    """The records of all parts; `site` is as the first describes it.

    Raises NotAnExport. It and what cannot be read name the part.
    """
    if not parts[0].name:
        yield from read(cast(BinaryIO, parts[0].open()), site)
        return
    known = replace(site)
    first: Site | None = None
    for part in parts:
        # Reusable blocks are of all parts.
        own = replace(known, blocks=site.blocks)
        try:
            with part.open() as file:
                is_new = True
                for record in read(cast(BinaryIO, file), own):
                    if is_new and first is None:
                        first = own
                        _copy(own, site)
                    elif is_new:
                        _check_site(own, cast(Site, first))
                    is_new = False
                    yield _name(record, part)
        except NotAnExport as error:
            raise NotAnExport(f"{part.name}: {error}") from error
        except BROKEN as error:
            reason = f"{part.name}: The file is damaged. {error}"
            yield Unreadable("", reason[:300])


def _copy(own: Site, site: Site) -> None:
    site.title, site.address = own.title, own.address
    site.language, site.version = own.language, own.version


def _check_site(own: Site, first: Site) -> None:
    one, other = OldSite(first.address), OldSite(own.address)
    if (one.host, one.home.rstrip("/")) != (other.host, other.home.rstrip("/")):
        raise NotAnExport(
            f"This is an export of {own.address}, not of {first.address} like those "
            "before it. Bring it as an import of its own."
        )


def _name(record: Record, part: Part) -> Record:
    if isinstance(record, Unreadable):
        return replace(record, reason=f"{part.name}: {record.reason}")
    return record
