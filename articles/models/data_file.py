"""Files of data that hang on a figure or table, and what they must be inside."""

import json
import zipfile
from collections.abc import Callable
from pathlib import PurePath

from django.core.exceptions import ValidationError
from django.core.files.base import File

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


def get_ending(name: str | None) -> str:
    return PurePath(name or "").suffix.lower().removeprefix(".")


def is_data(name: str | None) -> bool:
    return get_ending(name) in DATA_TYPES


def validate_data(file: File) -> None:
    """Refuse what only calls itself CSV, JSON, XLSX or ODS, and what has macros."""
    ending = get_ending(file.name)
    if file.size > LARGEST:
        raise ValidationError("A file of data may have up to 20 MB.")
    try:
        _CHECKS[ending](file)
    except (ValueError, KeyError, OSError, RecursionError, zipfile.BadZipFile) as error:
        raise ValidationError(
            f"This file is no {ending.upper()}, or it is damaged."
            if ending != "csv"
            else "This file is no CSV in UTF-8. Save it again as “CSV UTF-8”."
        ) from error
    finally:
        file.seek(0)


def _check_csv(file: File) -> None:
    text = file.read().decode("utf-8-sig")
    if not text.strip() or "\0" in text:
        raise ValueError("no table")


def _check_json(file: File) -> None:
    json.loads(file.read().decode("utf-8-sig"))


def _check_xlsx(file: File) -> None:
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    _refuse_macros(any("vbaproject" in name.lower() for name in names))
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        raise ValueError("no workbook")


def _check_ods(file: File) -> None:
    with zipfile.ZipFile(file) as archive:
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
