"""Files of word processors: archives of XML, opened with limits."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from lxml import etree

from ecfr_site.importing.archives import BROKEN, open_archive
from ecfr_site.richtext.plain_text import clean_line

# Of the packed file, of all that is in it, and of its parts.
MOST_BYTES = 50 * 1024 * 1024
_MOST_UNPACKED = 300 * 1024 * 1024
_MOST_PARTS = 5_000
_MOST_XML = 40 * 1024 * 1024
# Addresses of images in the text, until they are in the library.
IMAGE_SCHEME = "https://manuscript.invalid/"
_DAMAGED = "This file is damaged. Open it in Word or LibreOffice and save it again."
NO_MANUSCRIPT = (
    "This is not a manuscript. Save it as .docx, .odt or .md. In Google Docs choose "
    "File, Download, then .docx, .md or “Web page (.html, zipped)”."
)


class UnreadableManuscript(ValueError):
    """The file is no manuscript; says what it seems to be, or what is wrong."""


@dataclass(frozen=True)
class ManuscriptImage:
    """An image of the manuscript; its `src` stands in the text."""

    src: str
    name: str
    content: bytes
    alt: str


def add_image(
    images: list[ManuscriptImage], content: bytes, ending: str, alt: str
) -> ManuscriptImage:
    """Append the next image of a manuscript, and return it."""
    name = f"image-{len(images) + 1}.{ending.replace('jpeg', 'jpg')}"
    image = ManuscriptImage(f"{IMAGE_SCHEME}{name}", name, content, clean_line(alt))
    images.append(image)
    return image


def build_damaged() -> UnreadableManuscript:
    return UnreadableManuscript(_DAMAGED)


def check_size(data: bytes) -> None:
    if len(data) > MOST_BYTES:
        raise UnreadableManuscript("A manuscript must not exceed 50 MB.")


def read_parts(data: bytes) -> dict[str, bytes]:
    """{name: XML} of an archive's parts. Raises UnreadableManuscript."""
    check_size(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableManuscript(
            "This file has a password or comes from an old Word. Save it as .docx "
            "without a password."
        )
    try:
        with open_archive(BytesIO(data)) as package:
            return dict(_read_xml(package))
    except BROKEN as error:
        raise UnreadableManuscript(NO_MANUSCRIPT) from error


def _read_xml(package: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    entries = package.infolist()
    if (
        len(entries) > _MOST_PARTS
        or sum(entry.file_size for entry in entries) > _MOST_UNPACKED
    ):
        raise UnreadableManuscript("This file is too large when unpacked.")
    for entry in entries:
        if not entry.filename.endswith((".xml", ".rels")):
            continue
        with package.open(entry) as part:
            # The size that the archive states may be a lie.
            content = part.read(_MOST_XML + 1)
        if len(content) > _MOST_XML:
            raise UnreadableManuscript("The text of this file is too long.")
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise UnreadableManuscript(
                "This file declares its own XML entities and cannot be read."
            )
        yield entry.filename, content


def read_file(data: bytes, name: str) -> bytes:
    """A file of the archive that is no XML, b"" if it is not there."""
    try:
        with open_archive(BytesIO(data)) as package, package.open(name) as file:
            return file.read(MOST_BYTES)
    except (KeyError, *BROKEN):
        return b""


def find_page(data: bytes) -> str:
    """The name of the only web page at the root of an archive, or nothing.
    Raises UnreadableManuscript."""
    try:
        with open_archive(BytesIO(data)) as package:
            names = [n for n in package.namelist() if n.endswith((".html", ".htm"))]
    except BROKEN as error:
        raise build_damaged() from error
    return names[0] if len(names) == 1 and "/" not in names[0] else ""


def parse(content: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise build_damaged() from error


def get_name(element: etree._Element) -> str:
    """The element's name without its namespace; "" of a comment."""
    tag = element.tag
    # Not by QName, which refuses names of damaged files.
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
