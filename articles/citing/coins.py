"""A publication as an OpenURL within its page, which reference managers look for.

ContextObjects in Spans (https://en.wikipedia.org/wiki/COinS): the keys are those of
ANSI/NISO Z39.88 for books and reports, and of Dublin Core for all else.
"""

from typing import Any
from urllib.parse import urlencode

from articles.citing.record import format_name

_FORMAT = "info:ofi/fmt:kev:mtx:"


def build_context_object(record: dict[str, Any]) -> str:
    """The query that stands in the title of a span of class Z3988."""
    date = "-".join(f"{part:02}" for part in record["issued"]["date-parts"][0])
    people = record.get("author") or record["editor"]
    names = [format_name(name) for name in people]
    publisher = record.get("publisher") or record["container-title"]
    values: list[tuple[str, str]] = [("ctx_ver", "Z39.88-2004")]
    if record["type"] == "report":
        values += [
            ("rft_val_fmt", f"{_FORMAT}book"),
            ("rft.genre", "report"),
            ("rft.btitle", record["title"]),
            ("rft.series", record.get("collection-title", "")),
            ("rft.isbn", record.get("ISBN", "")),
            ("rft.pub", publisher),
            ("rft.place", record.get("publisher-place", "")),
            ("rft.tpages", record.get("number-of-pages", "")),
            *(("rft.au", name) for name in names),
        ]
    else:
        values += [
            ("rft_val_fmt", f"{_FORMAT}dc"),
            ("rft.type", "webpage"),
            ("rft.title", record["title"]),
            ("rft.publisher", publisher),
            ("rft.identifier", record["URL"]),
            *(("rft.creator", name) for name in names),
        ]
    values += [
        ("rft.date", date),
        ("rft.language", record["language"]),
        ("rft_id", f"info:doi/{record['DOI']}" if "DOI" in record else record["URL"]),
    ]
    return urlencode([(key, value) for key, value in values if value])
