"""Tell by its content what kind of archive a file is."""

import re
from contextlib import suppress
from io import BytesIO
from typing import BinaryIO, cast

from articles.importing import article_rows, person_rows
from articles.importing.broken_xml import HEAD, find_encoding
from articles.importing.feeds import open_feed
from articles.importing.parts import Part, list_parts
from articles.importing.records import NotAnExport
from articles.importing.wxr_file import open_export
from articles.models import ArchiveImport
from ecfr_site.importing.archives import BROKEN
from ecfr_site.importing.csv_file import WORKBOOKS

Source = ArchiveImport.Source

_GHOST = re.compile(r'\A\s*\{.*"(?:db|data|meta)"\s*:', re.DOTALL)
_PAGE = re.compile(r"<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
_MEDIA = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"RIFF")
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")


def detect_kind(file: BinaryIO) -> ArchiveImport.Source:
    """The kind of a seekable file. Raises NotAnExport with advice."""
    parts = list_parts(file)
    return detect_parts(parts) if parts[0].name else _detect_one(file)


def detect_parts(parts: list[Part]) -> ArchiveImport.Source:
    """The kind of several files, which have to be of one site of WordPress.

    Raises NotAnExport, which names the part.
    """
    for part in parts:
        try:
            with part.open() as file:
                kind = _detect_one(cast(BinaryIO, file))
        except (NotAnExport, *BROKEN) as error:
            raise NotAnExport(f"{part.name}: {error}") from error
        if kind != Source.WORDPRESS:
            raise NotAnExport(
                f"{part.name}: This is {kind.label}. You can choose several files "
                "only if they are the parts of one WordPress export."
            )
    return Source.WORDPRESS


def _detect_one(file: BinaryIO) -> ArchiveImport.Source:
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    _refuse_others(head)
    text = head.decode(find_encoding(head), "replace").lstrip("\ufeff")
    if "<rss" in text and "wordpress.org/export" in text:
        open_export(file)
        return Source.WORDPRESS
    if re.search(r"<(?:\w+:)?(?:rss|feed|RDF)[\s>]", text):
        open_feed(file)
        return Source.FEED
    if _GHOST.search(text):
        return Source.GHOST
    if _PAGE.search(text):
        raise NotAnExport(
            "This is a web page, not an export. Export the site and choose that file."
        )
    return _detect_table(head)


def _refuse_others(head: bytes) -> None:
    if not head.strip():
        raise NotAnExport("The file is empty.")
    if head.startswith(_PACKED):
        raise NotAnExport("This file is compressed. Unpack it first.")
    if head.startswith(WORKBOOKS):
        raise NotAnExport(
            "This is a ZIP archive or an Office file. Unpack it and choose the export "
            "in it, or save a spreadsheet as “CSV UTF-8”."
        )
    if head.startswith(_MEDIA):
        raise NotAnExport("This is an image or a document, not an export.")


def _detect_table(head: bytes) -> ArchiveImport.Source:
    """By the names of its columns."""
    with suppress(NotAnExport):
        article_rows.read_rows(BytesIO(head), article_rows.COLUMNS, {})
        return Source.CSV
    with suppress(NotAnExport):
        article_rows.read_rows(BytesIO(head), person_rows.COLUMNS, {})
        return Source.PEOPLE
    raise NotAnExport(
        "This is not an export from WordPress or Ghost, nor a feed, nor a table with "
        "the columns “title” and “text”, or “name”."
    )
