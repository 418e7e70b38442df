"""Open a WordPress export."""

from typing import BinaryIO

from articles.importing.broken_xml import HEAD, CleanedXML, find_encoding
from articles.importing.records import NotAnExport


def open_export(file: BinaryIO) -> CleanedXML:
    """The export as text that can be parsed. Raises NotAnExport."""
    head = file.read(HEAD)
    file.seek(0)
    encoding = find_encoding(head)
    text = head.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    start = text.split("<rss", 1)[0]
    if head.startswith(b"PK"):
        raise NotAnExport("This is a ZIP archive. Unpack it and choose the XML file.")
    if head.startswith(b"\x1f\x8b"):
        raise NotAnExport("This file is compressed. Unpack it first.")
    if "<!ENTITY" in start or "<!DOCTYPE" in start:
        raise NotAnExport("This file declares entities, which exports never do.")
    if "<rss" not in text:
        raise NotAnExport(
            "This is not a WordPress export: it does not begin with <rss>."
        )
    if "wordpress.org/export" not in text:
        raise NotAnExport(
            "This is an RSS feed, not a WordPress export. Make one in WordPress "
            "under Tools, Export."
        )
    return CleanedXML(file, encoding, "</channel>")
