"""A CSV file of any make: how it is written, and its rows.

Encoding, separator and header are found, and a person can correct each. A row that
cannot be read is kept with the reason, and costs the rows around it nothing.
"""

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import BinaryIO, NamedTuple

TOO_MANY_CELLS = (
    "More cells than columns: put quotation marks around a text with {delimiter}."
)
OPEN_QUOTES = "A quotation mark is never closed. Close it, or double the marks inside."
TOO_LONG = "A cell is longer than {most:,} characters. Shorten it."
NUL = "It contains a character that cannot be stored (NUL)."
# So much is shown of a cell that cannot be read.
SHOWN = 300
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
DELIMITERS = {
    ",": "a comma",
    ";": "a semicolon",
    "\t": "a tab",
    "|": "a vertical bar",
}
ENCODINGS = {
    "utf-8-sig": "UTF-8 (Unicode)",
    "utf-16": "UTF-16 (Unicode)",
    "utf-16-le": "UTF-16, little-endian",
    "utf-16-be": "UTF-16, big-endian",
    "cp1252": "Windows-1252 (Western Europe)",
    "cp1250": "Windows-1250 (Central Europe)",
    "mac_roman": "Mac OS Roman",
}
# The beginning of a file, in characters, by which its separator is found.
SAMPLE = 16 * 1024
# Of the lines that are not ASCII, so many bytes tell the encoding.
TELLING = 64 * 1024
WESTERN = "àáâãäåæçèéêëìíîïñòóôõöøùúûüßœ"
# The letters that each encoding is used for.
LETTERS = {
    "cp1252": WESTERN,
    "cp1250": "áâäçéëíóôöúüßýąćčďęěłľňńőřśšşťůűźžżăîđ",
    "mac_roman": WESTERN,
}
_WIDE = re.compile(r"[^\x00-\x7f]")


class Unreadable(ValueError):
    """The file as a whole cannot be read; the words say what to do."""


@dataclass(frozen=True)
class Format:
    """The format of a file: keys of ENCODINGS and DELIMITERS, and the header."""

    encoding: str
    delimiter: str
    header: bool = True


class Limits(NamedTuple):
    """A cell of more characters is refused; a quoted one of more lines was not
    closed."""

    characters: int = 131_072
    lines: int = 50


CELLS = Limits()
# For files that hold texts; a book has half a million characters.
TEXTS = Limits(3_000_000, 20_000)
# The module's own limit is one for all threads.
csv.field_size_limit(max(CELLS.characters, TEXTS.characters))


class Record(NamedTuple):
    """A row of a file: the number of its first line, and why it cannot be read."""

    line: int
    cells: list[str]
    problem: str


class Table(NamedTuple):
    """The names of the columns, and an iterator of rows of as many cells."""

    names: list[str]
    records: Iterator[Record]


def read_table(file: BinaryIO, form: Format) -> Table:
    """The file’s table, read as it is asked for. Raises Unreadable if it is empty."""
    records = _list_filled(_read_records(file, form))
    first = next(records, None)
    if first is None:
        raise Unreadable("The file is empty.")
    if form.header:
        names = [" ".join(cell.split()) for cell in first.cells]
        while len(names) > 1 and not names[-1]:
            names.pop()
    else:
        names = [""] * len(first.cells)
        records = chain([first], records)
    names = [name or f"Column {n}" for n, name in enumerate(names, 1)]
    return Table(names, fit_records(records, len(names), form.delimiter))


def detect_format(file: BinaryIO) -> Format:
    """Detect the format of a file, which must be seekable. Raises Unreadable."""
    encoding = detect_encoding(file)
    text = io.TextIOWrapper(file, encoding, errors="replace", newline="")
    sample = text.read(SAMPLE)
    text.detach()
    file.seek(0)
    if not sample.strip():
        raise Unreadable("The file is empty.")
    delimiter = detect_delimiter(sample)
    first = next(
        _list_filled(iter_records(io.StringIO(sample, newline=""), delimiter)), None
    )
    return Format(encoding, delimiter, first is None or _is_header(first.cells))


def detect_encoding(file: BinaryIO) -> str:
    """By its byte order mark, as UTF-8, or by its letters. Raises Unreadable."""
    start = file.read(4)
    file.seek(0)
    if start.startswith(WORKBOOKS):
        raise Unreadable("This is an Excel workbook. Save it as “CSV UTF-8”.")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start[1:2] == b"\0" and start[:1] != b"\0":
        return "utf-16-le"
    if start[:1] == b"\0" and start[1:2] != b"\0":
        return "utf-16-be"
    telling = _list_telling(file)
    return "utf-8-sig" if _is_utf8(telling) else _guess_encoding(telling)


def detect_delimiter(sample: str) -> str:
    """The separator of a text's cells; a comma where there is but one column."""
    # Imported here: it looks at every character of Unicode, a tenth of the time that
    # a process of the site takes to start.
    from clevercsv.detect import Detector
    from clevercsv.exceptions import Error as CleverCSVError

    named = _find_named_delimiter(sample)
    if named:
        return named
    lines = sample.replace("\0", "").splitlines()
    # The last one may be cut off.
    whole = "\n".join(lines[:-1] if len(lines) > 2 else lines)
    try:
        form = Detector().detect(whole, delimiters="".join(DELIMITERS))
    except (CleverCSVError, ValueError):
        form = None
    if form and form.delimiter in DELIMITERS:
        return form.delimiter
    head = next((line for line in lines if line.strip()), "")
    return max(DELIMITERS, key=head.count)


def _find_named_delimiter(sample: str) -> str:
    """The one of Excel's own line `sep=;`, or nothing."""
    head = sample.lstrip("\ufeff\r\n ")[:6]
    named = head[4:5] if head.lower().startswith("sep=") else ""
    return named if named in DELIMITERS else ""


def _read_records(file: BinaryIO, form: Format) -> Iterator[Record]:
    text = io.TextIOWrapper(file, form.encoding, errors="replace", newline="")
    head = next(text, "")
    skipped = 1 if _find_named_delimiter(head) and len(head.strip()) == 5 else 0
    lines: Iterator[str] = text if skipped else chain([head], text)
    return iter_records(lines, form.delimiter, skipped + 1)


def iter_records(
    lines: Iterator[str], delimiter: str, number: int = 1, limits: Limits = CELLS
) -> Iterator[Record]:
    """The records of lines with their ends; `number` is that of the first."""
    ahead: deque[str] = deque()
    while True:
        used: list[str] = []
        cells = _parse_record(_take_lines(lines, ahead, used, limits.lines), delimiter)
        problem = ""
        if not used:
            return
        if cells is None:
            # Only the first line is refused, not what its open quotes swallowed.
            cells, problem, taken = _read_again(used, delimiter)
            ahead.extendleft(reversed(used[taken:]))
            used = used[:taken]
        if any(len(cell) > limits.characters for cell in cells):
            cells = [cell[:SHOWN] for cell in cells]
            problem = TOO_LONG.format(most=limits.characters)
        yield Record(number, cells, problem)
        number += len(used)


def _take_lines(
    lines: Iterator[str], ahead: deque[str], used: list[str], most: int
) -> Iterator[str]:
    """The next lines, noted in `used`, as long as one record may be."""
    while len(used) < most:
        line = ahead.popleft() if ahead else next(lines, None)
        if line is None:
            return
        used.append(line)
        yield line


def _parse_record(lines: Iterator[str], delimiter: str) -> list[str] | None:
    """The cells of the first record, or None if it cannot be read."""
    try:
        return next(csv.reader(lines, delimiter=delimiter, strict=True), None)
    except csv.Error:
        return None


def _read_again(used: list[str], delimiter: str) -> tuple[list[str], str, int]:
    """A record that is not as it should be: cells, problem, and its lines."""
    if any('\\"' in line for line in used):
        # MailPoet marks quotation marks inside a text so.
        reader = csv.reader(
            iter(used), delimiter=delimiter, escapechar="\\", strict=True
        )
        try:
            return next(reader), "", reader.line_num
        except (csv.Error, StopIteration):
            pass
    return (*_read_alone(used[0], delimiter), 1)


def _read_alone(line: str, delimiter: str) -> tuple[list[str], str]:
    """A line in which quotation marks stand amid a text is still read."""
    try:
        if len(list(csv.reader([line, "\n"], delimiter=delimiter))) > 1:
            return next(csv.reader([line], delimiter=delimiter)), ""
    except csv.Error:
        return [line[:SHOWN]], TOO_LONG.format(most=csv.field_size_limit())
    return [cell[:SHOWN] for cell in line.strip().split(delimiter)], OPEN_QUOTES


def _list_filled(records: Iterator[Record]) -> Iterator[Record]:
    return (record for record in records if any(map(str.strip, record.cells)))


def fit_records(
    records: Iterator[Record], width: int, delimiter: str
) -> Iterator[Record]:
    """Records of `width` cells; one with more of them has a problem.

    Empty ones too many are none, if the first record has as many: spreadsheets add them
    to all. In one row alone they were moved there by a comma that is not quoted.
    """
    most = 0
    for line, cells, problem in records:
        most = most or max(width, len(cells))
        if any(cells[width:]) or len(cells) > most:
            words = TOO_MANY_CELLS.format(delimiter=DELIMITERS[delimiter])
            problem = problem or words
            cells[width - 1 :] = [delimiter.join(cells[width - 1 :])]
        if any("\0" in cell for cell in cells):
            cells = [cell.replace("\0", "") for cell in cells]
            problem = problem or NUL
        yield Record(line, [*cells, *[""] * width][:width], problem)


def _is_header(cells: list[str]) -> bool:
    """No name of a column is an address."""
    return not any(re.search(r"\S@\S+\.\S", cell) for cell in cells)


def _list_telling(file: BinaryIO) -> bytes:
    """Lines that are not ASCII, as far as they tell the encoding."""
    found, size = [], 0
    while size < TELLING and (piece := file.read(1 << 20)):
        if piece.isascii():
            continue
        for line in piece.splitlines():
            if not line.isascii() and size < TELLING:
                found.append(line[:1000])
                size += len(line[:1000])
    file.seek(0)
    return b"\n".join(found)


def _is_utf8(telling: bytes) -> bool:
    """A few spoilt letters, and the ends of pieces, do not make it another encoding."""
    text = telling.decode("utf-8", "replace")
    spoilt = text.count("\ufffd")
    return spoilt * 5 <= len(_WIDE.findall(text)) - spoilt


def _guess_encoding(telling: bytes) -> str:
    """The one in which most letters are letters; the first of equals."""
    return max(LETTERS, key=lambda encoding: _count_letters(telling, encoding))


def _count_letters(telling: bytes, encoding: str) -> int:
    text = telling.decode(encoding, "replace")
    return sum(
        _weigh(text[place - 1 : place], text[place], LETTERS[encoding])
        for place in (match.start() for match in islice(_WIDE.finditer(text), 5000))
    )


def _weigh(before: str, letter: str, letters: str) -> int:
    """Weigh a character for the encoding that it was read by: 1, 0 or -1."""
    if before.isalpha() and (
        not letter.isalpha() or letter.isupper() and before.islower()
    ):
        return 0 if letter in "’”–—…»" else -1
    return 1 if letter.lower() in letters else 0 if letter.isalpha() else -1
