"""The files of an archive: in a folder, in a ZIP archive, or on the old site."""

import http.client
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol
from unicodedata import normalize
from urllib.request import Request

from django.conf import settings

from articles.importing.addresses import make_media_key
from articles.importing.records import MediaRecord
from ecfr_site.importing.archives import BROKEN, open_archive
from ecfr_site.security.outbound import build_opener, encode_address

# For one file; in bytes those of an upload at the desk (IMAGE_MAX_BYTES).
SECONDS = 30
_CHUNK = 1 << 16
_MOST_ENTRIES = 500_000
_IS_UTF8 = 1 << 11


class NoFile(Exception):
    """There is no such file, or it cannot be had; says why."""


class Files(Protocol):
    """The place of the files of an archive."""

    def read(self, record: MediaRecord) -> bytes:
        """The file's content, no more than IMAGE_MAX_BYTES. Raises NoFile."""


class NoFiles:
    def read(self, record: MediaRecord) -> bytes:
        raise NoFile("no images came with the archive")


class Folder:
    def __init__(self, path: str) -> None:
        self._root = Path(path).resolve()

    def read(self, record: MediaRecord) -> bytes:
        for name in _list_names(record):
            try:
                path = (self._root / name).resolve()
                # Nothing but what is in the folder, whatever the archive says.
                if path.is_relative_to(self._root) and path.is_file():
                    with path.open("rb") as file:
                        return _read(file.read)
            # A name that no file can have, or one that this user may not read.
            except (OSError, ValueError) as error:
                raise NoFile("it cannot be opened") from error
        raise NoFile("it is not in the folder of images")


class Archive:
    """A ZIP archive, which is never unpacked as a whole."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = open_archive(file)
        except BROKEN as error:
            raise NoFile("The images are not a ZIP archive.") from error
        entries = self._zip.infolist()
        if len(entries) > _MOST_ENTRIES:
            raise NoFile("The archive of images has too many files. Split it.")
        self._entries = {_strip_root(read_name(entry)): entry for entry in entries}

    def read(self, record: MediaRecord) -> bytes:
        for name in _list_names(record):
            if entry := self._entries.get(normalize("NFC", name)):
                try:
                    with self._zip.open(entry) as file:
                        return _read(file.read)
                except BROKEN as error:
                    raise NoFile("it is damaged in the archive") from error
        raise NoFile("it is not in the archive of images")


class Fetched:
    """The old site itself, where the files are not at hand."""

    def __init__(self, first: Files) -> None:
        self._first = first
        self._opener = build_opener()

    def read(self, record: MediaRecord) -> bytes:
        try:
            return self._first.read(record)
        except NoFile:
            return self._fetch(record.url)

    def _fetch(self, url: str) -> bytes:
        until = time.monotonic() + SECONDS
        try:
            request = Request(encode_address(url))  # noqa: S310 only http and https
            with self._opener.open(request, timeout=SECONDS) as answer:
                return _read(answer.read, until)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoFile(f"it cannot be fetched: {str(error)[:100]}") from error


def open_files(path: str, upload: BinaryIO | None, fetches: bool) -> Files:
    """Open the place of the files: a folder or ZIP archive on the server, or an upload.

    Raises NoFile, as a sentence, if that cannot be opened.
    """
    files: Files = NoFiles()
    if upload is not None:
        files = Archive(upload)
    elif path and Path(path).is_dir():
        files = Folder(path)
    elif path:
        try:
            files = Archive(open(path, "rb"))  # noqa: SIM115 read as long as it is used
        except OSError as error:
            raise NoFile("The archive of images cannot be opened.") from error
    return Fetched(files) if fetches else files


def _list_names(record: MediaRecord) -> list[str]:
    names = [record.path, make_media_key(record.url)]
    kept = [name.lstrip("/") for name in names if name and ".." not in name.split("/")]
    return list(dict.fromkeys(kept))


def read_name(entry: zipfile.ZipInfo) -> str:
    """The entry's name, composed (NFC).

    Many programs write UTF-8 without saying so in bit 11 (APPNOTE.TXT, appendix D),
    which is read as the encoding of old PCs.
    """
    name = entry.filename
    if not entry.flag_bits & _IS_UTF8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode()
    return normalize("NFC", name)


def _strip_root(name: str) -> str:
    """The entry's name below the media folder, which may be packed with it."""
    for root in ("wp-content/uploads/", "uploads/", "content/images/", "images/"):
        before, found, below = name.partition(root)
        if found and (not before or before.endswith("/")):
            return below
    return name


def _read(read: Callable[[int], bytes], until: float | None = None) -> bytes:
    return read_limited(read, settings.IMAGE_MAX_BYTES, NoFile, until)


def read_limited(
    read: Callable[[int], bytes],
    most: int,
    refused: type[Exception],
    until: float | None = None,
) -> bytes:
    """All of it. Raises `refused` if it has more bytes or comes too slowly."""
    content = bytearray()
    while chunk := read(_CHUNK):
        content += chunk
        if len(content) > most:
            raise refused("it is too large")
        if until and time.monotonic() > until:
            raise refused("it takes too long to fetch")
    return bytes(content)
