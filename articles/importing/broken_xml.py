"""Broken and hostile XML of other systems, streamed as far as it can be read.

Memory depends on the largest item of a file and not on its size.
"""

import codecs
import html
import re
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from articles.importing.balance import Balance, find_item
from articles.importing.packages import get_name
from articles.importing.records import Unreadable

# Characters that XML 1.0 (2.2) does not have, and exports contain.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_NO_XML_REFERENCE = re.compile(r"&#(?:x0*(?:1?[0-9a-f])|0*(?:[12]?\d|3[01]));", re.I)
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
# “AT&T”, where no CDATA is around it.
_BARE = re.compile(r"&(?!(?:[A-Za-z]\w*|#\d+|#x[0-9a-f]+);)", re.I)
_XML_ENTITIES = {"amp", "lt", "gt", "quot", "apos"}
_MARKS = {"&", "<", ">", '"', "'"}
_DECLARED = re.compile(rb"""<\?xml[^>]*encoding=["']([\w.-]+)["']""")
_CDATA = "<![CDATA["
# A section ends before the end of an element of the export; elsewhere it is text.
_CDATA_END = re.compile(
    r"\]\]>(?=\s*</(?:\w+:\w+|title|link|category|description|guid|creator|content"
    r"|summary|name|id)\s*>)"
)
_NESTED = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
# Characters of the longest of these marks, and of an entity.
_LONGEST_MARK = 80
_LONGEST_TAG = 1000
# Of an item as far as its author: title and link.
_LONGEST_START = 3000
_CHUNK = 1 << 16
HEAD = 8192
# Characters of a text; a book has half a million. libxml2 takes ten million bytes.
LONGEST = 3_000_000
# In the place of what is longer; a character that stands for nothing.
CUT = "\uf8ff[cut]\uf8ff"


class CleanedXML:
    """A binary file whose text an XML parser can read; `end` is the tag it ends with.

    It is UTF-8, with named entities of HTML as characters, without what XML does not
    have, CDATA sections end where their element does, and elements where the next item
    begins.
    """

    def __init__(self, file: BinaryIO, encoding: str, end: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._rest = ""
        self._in_cdata = False
        self._length = 0
        self._balance = Balance(end)
        self.ends_early = False

    def read(self, size: int = -1) -> bytes:
        """At least one byte, or none at the end of the file."""
        while True:
            data = self._file.read(_CHUNK)
            text = self._rest + self._decoder.decode(data, final=not data)
            self._rest = ""
            if data:
                text, self._rest = _hold_back(text)
            written = "".join(self._write(text))
            if written or not data:
                # Not before the parser has read all there is.
                self.ends_early = not written and not self._balance.has_ended
                return written.encode()

    def _write(self, text: str) -> Iterator[str]:
        while text:
            if self._in_cdata:
                end = _CDATA_END.search(text)
                last = end.start() if end else len(text)
                item = find_item(text, last)
                yield from self._write_content(text[: item if item >= 0 else last])
                if end or item >= 0:
                    yield "]]>"
                    self._in_cdata = False
                if item >= 0:
                    yield from self._balance.end_item()
                    text = text[item:]
                else:
                    text = text[end.end() :] if end else ""
            else:
                before, start, text = text.partition(_CDATA)
                before = _BARE.sub("&amp;", _clean(before))
                yield from self._balance.close(before)
                if start:
                    yield start
                    self._in_cdata, self._length = True, 0

    def _write_content(self, text: str) -> Iterator[str]:
        """The text in CDATA, as much of it as anybody writes."""
        if self._length > LONGEST:
            return
        self._length += len(text)
        if self._length > LONGEST:
            yield CUT
            return
        # As WordPress writes it, and as careless plugins do.
        text = text.replace("]]]]><![CDATA[>", "]]>")
        text = _NESTED.sub(r"\1", text).replace(_CDATA, "")
        yield _clean(text).replace("]]>", "]]]]><![CDATA[>")


def _hold_back(text: str) -> tuple[str, str]:
    """Part off what may go on in the next chunk: an entity, a mark of CDATA, a tag, or
    the beginning of an item."""
    place = max(text.rfind(" ", 0, -_LONGEST_MARK), text.rfind("\n", 0, -_LONGEST_MARK))
    if place < 0:
        place = len(text) - 2 * _LONGEST_MARK
    start = text.rfind("<", max(1, place - _LONGEST_TAG), max(1, place))
    if start > 0 and ">" not in text[start:place]:
        place = start
    item = text.rfind("<item>", max(1, place - _LONGEST_START))
    if 0 < item < place:
        place = item
    return (text[:place], text[place:]) if place > 0 else ("", text)


def _clean(text: str) -> str:
    text = _NO_XML_REFERENCE.sub("", _NO_XML.sub("", text))
    # Also in CDATA, where the HTML means the same with the character itself.
    return _ENTITY.sub(_resolve, text)


def _resolve(found: re.Match[str]) -> str:
    if found[1] in _XML_ENTITIES:
        return found[0]
    resolved = html.unescape(found[0])
    if resolved in _MARKS:
        # &LT; is written so, too.
        return html.escape(resolved)
    return "&amp;" + found[0][1:] if resolved == found[0] else resolved


def find_encoding(head: bytes) -> str:
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return name
    declared = _DECLARED.search(head)
    try:
        return codecs.lookup(declared[1].decode()).name if declared else "utf-8"
    except LookupError:
        return "utf-8"


def read_children(
    cleaned: CleanedXML, container: str
) -> Iterator[etree._Element | Unreadable]:
    """The elements in the first one named `container`, of which none stays in memory.

    Last comes why the file cannot be read to its end, if it cannot.
    """
    parser = etree.iterparse(
        cleaned,
        events=("start", "end"),
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        encoding="utf-8",
    )
    parent = None
    try:
        for event, element in parser:
            if event == "start":
                if parent is None and get_name(element) == container:
                    parent = element
                continue
            if cleaned.ends_early:
                # The parser ends what nobody ended; half a text is none.
                break
            if parent is None or element.getparent() is not parent:
                continue
            yield element
            element.clear()
            while element.getprevious() is not None:
                del parent[0]
    except etree.XMLSyntaxError as error:
        yield Unreadable("", f"The file cannot be read any further: {error.msg}")
        return
    if cleaned.ends_early:
        yield Unreadable(
            "", "The file is incomplete: it ends in the middle of an item."
        )


def build_too_long(number: str, title: str) -> Unreadable:
    """An item of which a text is longer than LONGEST."""
    return Unreadable(
        number, f"“{title}” has more than {LONGEST:,} characters in one field."
    )


def build_cut_off(number: str, title: str) -> Unreadable:
    """An item that another one begins in."""
    return Unreadable(number, f"“{title}” is incomplete in the file and was left out.")


def is_cut(element: etree._Element) -> bool:
    """A text in it is longer than LONGEST, and was left out."""
    return any(CUT in (text or "") for text in element.itertext())
