"""Files of data that hang on a figure or table, and what they must be inside."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import PurePath
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.template.defaultfilters import pluralize

from ecfr_site.importing.archives import BROKEN, open_archive

_OFFICE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OPEN = "application/vnd.oasis.opendocument.spreadsheet"
# By the ending of the file's name.
DATA_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "ods": _OPEN,
    "xlsx": _OFFICE,
}
# In bytes: a table to read, not a database.
LARGEST = 20_000_000
# What parts the values of a line; Excel writes semicolons where the comma is decimal.
_DELIMITERS = (",", ";", "\t", "|")
# Python reads and writes what JSON does not know (RFC 8259, section 6); not in strings.
_NO_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|(NaN|-?Infinity)')


def get_ending(name: str | None) -> str:
    return PurePath(name or "").suffix.lower().removeprefix(".")


def is_data(name: str | None) -> bool:
    return get_ending(name) in DATA_TYPES


def validate_data(file: File) -> None:
    """Refuse what only calls itself CSV, JSON, XLSX or ODS, and what has macros.

    Of text it says in which line it is wrong.
    """
    ending = get_ending(file.name)
    if file.size > LARGEST:
        raise ValidationError("A file of data may have up to 20 MB.")
    try:
        _CHECKS[ending](file)
    except (ValueError, KeyError, RecursionError, *BROKEN) as error:
        raise ValidationError(
            f"This file is no {ending.upper()}, or it is damaged."
        ) from error
    finally:
        file.seek(0)


def _check_csv(file: File) -> None:
    text = _decode(file)
    if not text.strip() or "\0" in text:
        raise ValidationError("There is no table. Save it again as “CSV UTF-8”.")
    read = [_read_table(text, delimiter) for delimiter in _DELIMITERS]
    # What parts the first line into most values is what was meant.
    meant = max(read, key=lambda table: table.columns)
    if not any(table.columns > 1 and not table.fault for table in read) and meant.fault:
        raise ValidationError(meant.fault)


class _Table(NamedTuple):
    """columns: of the first line; fault: of the first that does not fit, or ""."""

    columns: int
    fault: str = ""


def _read_table(text: str, delimiter: str) -> _Table:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns, line = 0, 1
    try:
        for row in rows:
            columns = columns or len(row)
            if row and len(row) != columns:
                return _Table(
                    columns,
                    f"Line {line} has {len(row)} value{pluralize(len(row))} and the "
                    f"first has {columns}: each line of a CSV file has as many.",
                )
            line = rows.line_num + 1
    except csv.Error:
        return _Table(columns, f"Line {line} is no CSV: look at its quotation marks.")
    return _Table(columns)


def _check_json(file: File) -> None:
    text = _decode(file)
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ValidationError(
            f"This file is no JSON, or it is damaged: see line {error.lineno}."
        ) from error
    except _NoNumberError as error:
        found = next(each for each in _NO_NUMBER.finditer(text) if each[1])
        line = text.count("\n", 0, found.start()) + 1
        raise ValidationError(
            f"Line {line} has {found[1]}, which is no JSON. Write null instead."
        ) from error


class _NoNumberError(Exception):
    pass


def _refuse_constant(constant: str) -> None:
    raise _NoNumberError(constant)


def _decode(file: File) -> str:
    content = file.read()
    try:
        return str(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        hint = " Save it again as “CSV UTF-8”." if _is_csv(file) else ""
        raise ValidationError(f"Line {line} is not in UTF-8.{hint}") from error


def _is_csv(file: File) -> bool:
    return get_ending(file.name) == "csv"


def _check_xlsx(file: File) -> None:
    with open_archive(file) as archive:
        names = archive.namelist()
    _refuse_macros(any("vbaproject" in name.lower() for name in names))
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        raise ValueError("no workbook")


def _check_ods(file: File) -> None:
    with open_archive(file) as archive:
        names = archive.namelist()
        with archive.open("mimetype") as kind:
            if kind.read(100).strip() != _OPEN.encode():
                raise ValueError("no spreadsheet")
    _refuse_macros(any(name.startswith(("Basic/", "Scripts/")) for name in names))


def _refuse_macros(found: bool) -> None:
    if found:
        raise ValidationError("This file has macros. Save it without them.")


_CHECKS: dict[str, Callable[[File], None]] = {
    "csv": _check_csv,
    "json": _check_json,
    "ods": _check_ods,
    "xlsx": _check_xlsx,
}
