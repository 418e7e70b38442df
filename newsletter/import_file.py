"""A file of subscribers as spreadsheets and newsletter services write it.

Commas, semicolons or tabs; UTF-8, UTF-16 or Windows-1252. A row that cannot be read is
kept with the reason, and costs the rows around it nothing.
"""

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

# The column that says why a row cannot be read.
PROBLEM = "problem with the row"
OWN = (
    "email",
    "newsletters",
    "consent_source",
    "confirmed_at",
    "language",
    "analytics",
    "analytics_source",
)
# What others call the address.
EMAIL = (
    "email address",
    "e-mail address",
    "e-mail",
    "email_address",
    "e-mail-adresse",
    "subscriber email",
    "subscriber",
    "mail",
)
TOO_MANY_CELLS = (
    "More cells than columns: put quotation marks around a text with {delimiter}."
)
OPEN_QUOTES = (
    "A quotation mark begins a text that does not end. Close it, or double the marks "
    "inside."
)
TOO_LONG = "A cell is longer than 131,072 characters. Shorten it."
# So much is shown of a cell that cannot be read.
SHOWN = 300
# A quoted cell of more lines than this was not closed.
MOST_LINES = 50
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab"}


class Unreadable(ValueError):
    """The file as a whole cannot be read; the words say what to do."""


def read(file: BinaryIO) -> tuple[list[str], Iterator[list[str]]]:
    """The names of the columns, and rows of as many cells; the file must be seekable.

    The address comes first as `email`, and `PROBLEM` last. Raises Unreadable.
    """
    text = io.TextIOWrapper(file, encoding_of(file), errors="replace", newline="")
    lines = iter(text)
    head = next((line for line in lines if line.strip()), "")
    delimiter = None
    if head.lower().startswith("sep=") and head.strip()[4:] in DELIMITERS:
        # Excel's own way to name it.
        delimiter, head = head.strip("\r\n ")[4:], next(lines, "")
    delimiter = delimiter or _delimiter_in(head)
    rows = _records(chain([head], lines), delimiter)
    names, _ = next(rows, ([], ""))
    columns = column_names(names)
    if "email" not in columns:
        raise Unreadable(_without_address(names))
    return [*_email_first(columns, columns), PROBLEM], _fitted(rows, columns, delimiter)


def encoding_of(file: BinaryIO) -> str:
    """By its byte order mark, or whether all of it is UTF-8."""
    start = file.read(4)
    file.seek(0)
    if start.startswith(WORKBOOKS):
        raise Unreadable("This is an Excel workbook. Save it as “CSV UTF-8”.")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start[1:2] == b"\0":
        return "utf-16-le"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := file.read(1 << 16):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    finally:
        file.seek(0)
    return "utf-8-sig"


def column_names(cells: list[str]) -> list[str]:
    """In small letters, each once; the address as `email`. Raises Unreadable."""
    names = [" ".join(cell.split()).casefold() for cell in cells]
    if "email" not in names:
        alias = next((name for name in EMAIL if name in names), None)
        names = ["email" if name == alias else name for name in names]
    unique: list[str] = []
    for number, name in enumerate(names, 1):
        if name in OWN and name in unique:
            raise Unreadable(f"Two columns are named “{name}”. Remove one of them.")
        free = name and name != PROBLEM and name not in unique
        unique.append(name if free else f"{name} {number}".strip())
    return unique


def _records(lines, delimiter):
    """Pairs of the cells of a record and what is wrong with them."""
    ahead = deque()
    while True:
        used = []
        try:
            cells = next(_cells(_taken(lines, ahead, used), delimiter), None)
        except csv.Error:
            cells = None
        if not used:
            return
        if cells is not None:
            yield cells, ""
            continue
        # Only the first line is refused, not what its open quotes swallowed.
        ahead.extendleft(reversed(used[1:]))
        yield _read_alone(used[0], delimiter)


def _taken(lines, ahead, used):
    """The next lines, noted in `used`, as long as one record may be."""
    while len(used) < MOST_LINES:
        line = ahead.popleft() if ahead else next(lines, None)
        if line is None:
            return
        used.append(line)
        yield line


def _read_alone(line, delimiter):
    """A line in which quotation marks stand amid a text is still read."""
    try:
        if len(list(csv.reader([line, "\n"], delimiter=delimiter))) > 1:
            return next(csv.reader([line], delimiter=delimiter)), ""
    except csv.Error:
        return [line[:SHOWN]], TOO_LONG
    return [cell[:SHOWN] for cell in line.strip().split(delimiter)], OPEN_QUOTES


def _cells(lines, delimiter):
    return csv.reader(lines, delimiter=delimiter, strict=True)


def _fitted(records, columns, delimiter):
    width = len(columns)
    for cells, problem in records:
        if not any(cell.strip() for cell in cells):
            continue
        if any(cells[width:]) and not problem:
            problem = TOO_MANY_CELLS.format(delimiter=DELIMITERS[delimiter])
            cells[width - 1 :] = [delimiter.join(cells[width - 1 :])]
        if any("\0" in cell for cell in cells):
            cells = [cell.replace("\0", "") for cell in cells]
            problem = problem or "A character in it cannot be stored (NUL)."
        cells = [*cells, *[""] * width][:width]
        yield [*_email_first(columns, cells), problem]


def _email_first(columns, cells):
    place = columns.index("email")
    return [cells[place], *cells[:place], *cells[place + 1 :]]


def _delimiter_in(head):
    """The one by which the address has a column, else the most frequent one."""

    def rank(delimiter):
        names = next(csv.reader([head], delimiter=delimiter), [])
        names = [" ".join(name.split()).casefold() for name in names]
        return any(name in ("email", *EMAIL) for name in names), len(names)

    return max(DELIMITERS, key=rank)


def _without_address(names):
    said = "The first line must name the columns, “email” among them."
    shown = ", ".join(f"“{name.strip()}”" for name in names if name.strip())
    return f"{said} It says: {shown[:300]}." if shown else f"{said} The file is empty."
