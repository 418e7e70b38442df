"""Files of comma-separated values as spreadsheets and other services write them.

Commas, semicolons or tabs; UTF-8, UTF-16 or Windows-1252. A row that cannot be read is
kept with the reason, and costs the rows around it nothing.
"""

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO, NamedTuple

# The column that says why a row cannot be read.
PROBLEM = "problem with the row"
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


class Columns(NamedTuple):
    """The columns of a file: required ones, under which other names each may stand,
    and all those that may be there only once."""

    required: dict[str, tuple[str, ...]]
    own: tuple[str, ...]


def read(file: BinaryIO, wanted: Columns) -> tuple[list[str], Iterator[list[str]]]:
    """The names of the columns, and rows of as many cells; the file must be seekable.

    The first required column comes first, and `PROBLEM` last. Raises Unreadable.
    """
    text = io.TextIOWrapper(file, encoding_of(file), errors="replace", newline="")
    lines = iter(text)
    head = next((line for line in lines if line.strip()), "")
    delimiter = None
    if head.lower().startswith("sep=") and head.strip()[4:] in DELIMITERS:
        # Excel's own way to name it.
        delimiter, head = head.strip("\r\n ")[4:], next(lines, "")
    delimiter = delimiter or _delimiter_in(head, wanted)
    rows = _records(chain([head], lines), delimiter)
    names, _ = next(rows, ([], ""))
    columns = column_names(names, wanted)
    if not wanted.required.keys() <= {*columns}:
        raise Unreadable(_without_columns(names, wanted))
    place = columns.index(next(iter(wanted.required)))
    ordered = [*_put_first(place, columns), PROBLEM]
    return ordered, _fitted(rows, columns, delimiter, place)


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


def column_names(cells: list[str], wanted: Columns) -> list[str]:
    """In small letters, each once, required ones by our name. Raises Unreadable."""
    names = [_small(cell) for cell in cells]
    for name, aliases in wanted.required.items():
        if name not in names:
            alias = next((alias for alias in aliases if alias in names), None)
            names = [name if each == alias else each for each in names]
    unique: list[str] = []
    for number, name in enumerate(names, 1):
        if name in wanted.own and name in unique:
            raise Unreadable(f"Two columns are named “{name}”. Remove one of them.")
        free = name and name != PROBLEM and name not in unique
        unique.append(name if free else f"{name} {number}".strip())
    return unique


def _small(cell):
    return " ".join(cell.split()).casefold()


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


def _fitted(records, columns, delimiter, place):
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
        yield [*_put_first(place, cells), problem]


def _put_first(place, cells):
    return [cells[place], *cells[:place], *cells[place + 1 :]]


def _delimiter_in(head, wanted):
    """The one by which the first column has a name, else the most frequent one."""
    name, aliases = next(iter(wanted.required.items()))

    def rank(delimiter):
        names = [
            _small(cell) for cell in next(csv.reader([head], delimiter=delimiter), [])
        ]
        return not {name, *aliases}.isdisjoint(names), len(names)

    return max(DELIMITERS, key=rank)


def _without_columns(names, wanted):
    required = " and ".join(f"“{name}”" for name in wanted.required)
    said = f"The first line must name the columns, {required} among them."
    shown = ", ".join(f"“{name.strip()}”" for name in names if name.strip())
    return f"{said} It says: {shown[:300]}." if shown else f"{said} The file is empty."
