"""Archives of several lists, as Mailchimp gives them out, as one CSV file."""

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from ecfr_site.importing.archives import BROKEN, open_archive
from ecfr_site.importing.csv_file import Unreadable, detect_format, read_table

MOST_FILES = 50
MOST_BYTES = 256 * 1024 * 1024
STATUS = "Status by the name of the file"
PROBLEM = "problem with the row"
# How the names of Mailchimp's files begin.
STATUSES = {
    "subscribed": "subscribed",
    "unsubscribed": "unsubscribed",
    "cleaned": "cleaned",
    "nonsubscribed": "non-subscribed",
    "non_subscribed": "non-subscribed",
    "non-subscribed": "non-subscribed",
}
_WORKBOOK = {"[content_types].xml", "xl/workbook.xml"}
# Bytes of a text that tell whether it is a list.
_SAMPLE = 16_384


def is_archive(file: BinaryIO) -> bool:
    """Return whether it is a zip file, and no workbook, which is one as well."""
    start = file.read(4)
    file.seek(0)
    # The second is of an archive without any file.
    if start not in (b"PK\x03\x04", b"PK\x05\x06"):
        return False
    try:
        with open_archive(file) as archive:
            names = {name.casefold() for name in archive.namelist()}
    except BROKEN as error:
        raise Unreadable("This archive is damaged. Export it again.") from error
    finally:
        file.seek(0)
    return names.isdisjoint(_WORKBOOK)


def join_lists(file: BinaryIO) -> BinaryIO:
    """One CSV file, in UTF-8, of all lists in the archive. Raises Unreadable.

    A column says the status that the name of each list stands for.
    """
    try:
        with open_archive(file) as archive:
            return _join(archive)
    except BROKEN as error:
        raise Unreadable("This archive is damaged. Export it again.") from error


def _join(archive: zipfile.ZipFile) -> BinaryIO:
    lists = [info for info in archive.infolist() if _is_visible(info, ".csv")]
    if not lists:
        lists = [
            info
            for info in archive.infolist()
            if _is_visible(info, ".txt") and _holds_addresses(archive, info)
        ]
    if not lists:
        raise Unreadable("This archive contains no CSV file.")
    if len(lists) > MOST_FILES or sum(i.file_size for i in lists) > MOST_BYTES:
        raise Unreadable("This archive is too large. Import its files one by one.")
    columns: dict[str, None] = {}
    for info in lists:
        with _open(archive, info) as content:
            names = read_table(content, detect_format(content)).names
            columns.update(dict.fromkeys(names))
    joined = tempfile.TemporaryFile()  # noqa: SIM115 the caller's
    text = io.TextIOWrapper(joined, "utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([*columns, STATUS, PROBLEM])
    for info in lists:
        with _open(archive, info) as content:
            writer.writerows(_list_rows(content, list(columns), _status_of(info)))
    text.detach()
    joined.seek(0)
    return joined


def _is_visible(info: zipfile.ZipInfo, suffix: str) -> bool:
    path = PurePosixPath(info.filename)
    hidden = "__MACOSX" in path.parts or path.name.startswith(".")
    return not hidden and path.suffix.casefold() == suffix


def _holds_addresses(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bool:
    """Return whether a text is a list: among its first lines most have an address."""
    with archive.open(info) as packed:
        lines = packed.read(_SAMPLE).splitlines()[1:20]
    return bool(lines) and 2 * sum(b"@" in line for line in lines) > len(lines)


def _status_of(info: zipfile.ZipInfo) -> str:
    name = PurePosixPath(info.filename).name.casefold()
    # The longest first: “unsubscribed” is no “subscribed”.
    starts = sorted(STATUSES, key=len, reverse=True)
    return next((STATUSES[start] for start in starts if name.startswith(start)), "")


def _open(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    """A list, unpacked; never more of it than the archive itself says."""
    unpacked = tempfile.SpooledTemporaryFile(1 << 20)  # noqa: SIM115 the caller's
    left = info.file_size
    with archive.open(info) as packed:
        while left and (piece := packed.read(min(1 << 16, left))):
            unpacked.write(piece)
            left -= len(piece)
    unpacked.seek(0)
    return unpacked  # type: ignore[return-value]


def _list_rows(
    content: BinaryIO, columns: list[str], status: str
) -> Iterator[list[str]]:
    names, records = read_table(content, detect_format(content))
    places = {name: place for place, name in reversed(list(enumerate(names)))}
    for record in records:
        cells = [
            record.cells[places[name]] if name in places else "" for name in columns
        ]
        yield [*cells, status, record.problem]
