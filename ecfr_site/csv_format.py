"""Tables of comma-separated values, as spreadsheets write and read them."""

import csv
import io
from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse

_BYTE_ORDER_MARK = "\ufeff"  # Without it, Excel does not take a file for UTF-8.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_PIECE = 64 * 1024


def safe(cell):
    """A cell that no spreadsheet runs as a formula; `plain` gives it back."""
    if isinstance(cell, str) and cell.lstrip("'").startswith(_FORMULA):
        return f"'{cell}"
    return cell


def plain(cell: str) -> str:
    if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA):
        return cell[1:]
    return cell


def pieces(rows: Iterable[Iterable]) -> Iterator[str]:
    """The text of a file with these rows, in pieces of some 64 KB."""
    text = io.StringIO()
    text.write(_BYTE_ORDER_MARK)
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([safe(cell) for cell in row])
        if text.tell() > _PIECE:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def download(name: str, rows: Iterable[Iterable]) -> StreamingHttpResponse:
    """An answer that saves `rows` as a file; they may be without end."""
    return StreamingHttpResponse(
        pieces(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
