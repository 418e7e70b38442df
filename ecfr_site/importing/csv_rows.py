"""CSV files whose columns bear agreed names: `csv_file` without the questions.

A row that cannot be read is kept with the reason, and costs the rows around it nothing.
"""

import csv
import io
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO, NamedTuple

from ecfr_site.importing.csv_file import (
    CELLS,
    Limits,
    Unreadable,
    detect_encoding,
    fit_records,
    iter_records,
)

# The column that says why a row cannot be read.
PROBLEM = "problem with the row"
DELIMITERS = (",", ";", "\t")


class Columns(NamedTuple):
    """The columns of a file: required ones, under which other names each may stand,
    and all those that may be there only once."""

    required: dict[str, tuple[str, ...]]
    own: tuple[str, ...]


def read(
    file: BinaryIO, wanted: Columns, limits: Limits = CELLS
) -> tuple[list[str], Iterator[list[str]]]:
    """The names of the columns, and rows of as many cells; the file must be seekable.

    The first required column comes first, and `PROBLEM` last. Raises Unreadable.
    """
    names, rows = read_numbered(file, wanted, limits)
    return names, (row for _, row in rows)


def read_numbered(
    file: BinaryIO, wanted: Columns, limits: Limits = CELLS
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """As `read`, each row with its number in a spreadsheet, where the names of the
    columns are 1 and empty rows count."""
    text = io.TextIOWrapper(file, detect_encoding(file), errors="replace", newline="")
    lines = iter(text)
    head = next((line for line in lines if line.strip()), "")
    delimiter = None
    if head.lower().startswith("sep=") and head.strip()[4:] in DELIMITERS:
        # Excel's own way to name it.
        delimiter, head = head.strip("\r\n ")[4:], next(lines, "")
    delimiter = delimiter or _detect_delimiter(head, wanted)
    rows = iter_records(chain([head], lines), delimiter, limits=limits)
    names = next((record.cells for record in rows), [])
    columns = parse_column_names(names, wanted)
    if not wanted.required.keys() <= {*columns}:
        raise Unreadable(_build_missing_error(names, wanted))
    place = columns.index(next(iter(wanted.required)))
    ordered = [*_put_first(place, columns), PROBLEM]
    return ordered, _order(rows, place, len(columns), delimiter)


def parse_column_names(cells: list[str], wanted: Columns) -> list[str]:
    """In small letters, each once, required ones by our name. Raises Unreadable."""
    names = [_normalise(cell) for cell in cells]
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


def _normalise(cell):
    return " ".join(cell.split()).casefold()


def _order(records, place, width, delimiter):
    """Rows as lists, the first required column first and the problem last."""
    fitting = fit_records(records, width, delimiter)
    for number, (_, cells, problem) in enumerate(fitting, 2):
        if any(cell.strip() for cell in cells):
            yield number, [*_put_first(place, cells), problem]


def _put_first(place, cells):
    return [cells[place], *cells[:place], *cells[place + 1 :]]


def _detect_delimiter(head, wanted):
    """The one by which the first column has a name, else the most frequent one."""
    name, aliases = next(iter(wanted.required.items()))

    def rank(delimiter):
        names = [
            _normalise(cell)
            for cell in next(csv.reader([head], delimiter=delimiter), [])
        ]
        return not {name, *aliases}.isdisjoint(names), len(names)

    return max(DELIMITERS, key=rank)


def _build_missing_error(names, wanted):
    required = " and ".join(f"“{name}”" for name in wanted.required)
    said = f"The first line must name the columns, {required} among them."
    shown = ", ".join(f"“{name.strip()}”" for name in names if name.strip())
    return f"{said} It says: {shown[:300]}." if shown else f"{said} The file is empty."
