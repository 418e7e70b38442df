"""Writes a tree of HTML anew as prose: blocks of text, each only where HTML allows it.

Whatever the tree holds, what comes out is a sequence of paragraphs, headings, lists,
quotations, tables and figures, well formed, without empty or doubled elements; written
again it comes out the same.
"""

from html import escape
from typing import NamedTuple

from lxml.html import Element, HtmlElement

from ecfr_site.richtext import formulas
from ecfr_site.richtext.inline import (
    Mark,
    Piece,
    add_mark,
    get_address,
    get_marks,
    get_number,
    split_paragraphs,
    write_attributes,
    write_line,
)

FOOTNOTE = "footnote"
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
LISTS = {"ul", "ol"}
# Elements before and after which a new line of text begins.
# fmt: off
BOUNDARIES = HEADINGS | LISTS | {
    "p", "blockquote", "hr", "li", "dl", "dt", "dd", "pre", "div", "section", "article",
    "main", "header", "footer", "aside", "nav", "center", "address", "details",
    "summary", "fieldset", "form", "figure", "figcaption", "table", "caption", "thead",
    "tbody", "tfoot", "tr", "th", "td",
}
# fmt: on
# Which blocks may stand where.
_IN_LINE: set[str] = set()
_IN_CELL = LISTS | {"figure"}
_IN_ITEM = LISTS | {"figure", "blockquote", "table"}
_IN_TEXT = _IN_ITEM | {"h2", "h3", "hr"}


def serialize_blocks(root: HtmlElement) -> str:
    """The HTML of what is in `root`, a line a block."""
    flow = _Flow(_IN_TEXT, images=True)
    flow.walk(root)
    return "\n".join(block.html for block in flow.finish())


def is_footnote(element: HtmlElement) -> bool:
    return element.tag == "span" and FOOTNOTE in element.get("class", "").split()


class _Block(NamedTuple):
    html: str
    # What a plain paragraph comes down to when it is alone in a cell or an item.
    bare: str = ""


class _Flow:
    """Turns an element's content into blocks; loose text becomes paragraphs.

    `blocks` are the block elements that may stand here; the content of others becomes
    paragraphs. If there are none, all remains one line.
    """

    def __init__(
        self, blocks: set[str], images: bool = False, notes: bool = True
    ) -> None:
        self.allowed = blocks
        self.images = images
        self.notes = notes
        self.blocks: list[_Block] = []
        self.line: list[Piece] = []
        self.places: list[Piece] = []
        self.attributes = ""

    def walk(self, element: HtmlElement, marks: tuple[Mark, ...] = ()) -> None:
        self._text(element.text, marks)
        for child in element:
            self._child(child, marks)
            self._text(child.tail, marks)

    def finish(self) -> list[_Block]:
        self._end_line()
        return self.blocks

    def _text(self, text: str | None, marks: tuple[Mark, ...]) -> None:
        if text:
            self.line.append(Piece(marks, "text", text))

    def _child(self, child: HtmlElement, marks: tuple[Mark, ...]) -> None:
        tag = child.tag
        if tag in self.allowed and (block := _write_block(child, marks)):
            self._end_line()
            if tag in HEADINGS:
                block = self._attach_places(block)
            self.blocks.append(block)
        elif tag in BOUNDARIES:
            self._end_line()
            self.attributes = _write_paragraph_attributes(child)
            if tag in HEADINGS and self.allowed:
                self.walk(child, add_mark("strong", marks))
            else:
                self.walk(child, marks)
            self._end_line()
        elif tag == "br":
            self.line.append(Piece(marks, "br", "<br>"))
        elif tag == "img":
            self._image(child, marks)
        elif tag == "math":
            if html := formulas.serialize(child):
                self.line.append(Piece(marks, "math", html))
        elif tag == "a" and child.get("id"):
            html = f'<a id="{escape(child.get("id", ""))}"></a>'
            place = Piece((), "place", html)
            # A place in nothing is the place of what comes next.
            (self.places if self.allowed else self.line).append(place)
            self.walk(child, get_marks(child, marks))
        elif self.notes and is_footnote(child):
            inner = _write_inline(child, notes=False)
            html = f'<span class="{FOOTNOTE}"{write_attributes(child)}>{inner}</span>'
            unlinked = tuple(mark for mark in marks if mark.tag != "a")
            self.line.append(Piece(unlinked, "note", html))
        else:
            self.walk(child, get_marks(child, marks))

    def _image(self, element: HtmlElement, marks: tuple[Mark, ...]) -> None:
        """An image in the text is a figure of its own, between paragraphs."""
        address = get_address(element, "src")
        if not (self.images and address.startswith(("/", "http"))):
            return
        links = tuple(mark for mark in marks if mark.tag == "a")[:1]
        image = Piece(links, "img", f"<img{write_attributes(element)}>")
        if self.allowed:
            attributes = self.attributes
            self._end_line()
            self.blocks.append(_Block(f"<figure>{write_line([image])}</figure>"))
            self.attributes = attributes
        else:
            self.line.append(image)

    def _attach_places(self, block: _Block) -> _Block:
        """The heading with the places that were waiting for a text."""
        start, mark, rest = block.html.partition(">")
        places = "".join(place.html for place in self.places)
        self.places = []
        return block._replace(html=start + mark + places + rest)

    def _end_line(self) -> None:
        """Make a paragraph of the loose text so far; two line breaks make two."""
        if not self.allowed:
            self._text(" ", ())
            return
        for pieces in split_paragraphs(self.line):
            if html := write_line(pieces):
                html = "".join(place.html for place in self.places) + html
                paragraph = f"<p{self.attributes}>{html}</p>"
                self.blocks.append(_Block(paragraph, "" if self.attributes else html))
                self.places = []
        self.line = []
        self.attributes = ""


def _write_paragraph_attributes(element: HtmlElement) -> str:
    """Of a paragraph, and of what becomes one."""
    if element.tag in HEADINGS | LISTS | {"li", "figure", "table"}:
        return ""
    names = ("lang", "dir")
    return write_attributes(
        Element("p", {name: element.get(name, "") for name in names})
    )


def _write_block(element: HtmlElement, marks: tuple[Mark, ...]) -> _Block | None:
    """The element as a block of its kind; None if there is nothing to it."""
    tag = element.tag
    if tag == "hr":
        return _Block("<hr>")
    if element.get("empty"):
        return None
    if tag in LISTS:
        html = _write_items(element)
    elif tag == "blockquote":
        html = "".join(block.html for block in _collect_blocks(element, _IN_ITEM))
    elif tag == "figure":
        html = _write_figure(element, marks)
    elif tag == "table":
        html = _write_table(element)
    else:
        html = _write_inline(element)
    if not html:
        # Kept, since each block around asks once more: of n in each other, 2**n times.
        element.set("empty", "1")
        return None
    return _Block(f"<{tag}{write_attributes(element)}>{html}</{tag}>")


def _write_inline(element: HtmlElement, notes: bool = True) -> str:
    return write_line(_collect_line(element, notes=notes))


def _collect_line(
    element: HtmlElement,
    marks: tuple[Mark, ...] = (),
    images: bool = False,
    notes: bool = True,
) -> list[Piece]:
    flow = _Flow(_IN_LINE, images, notes)
    flow.walk(element, marks)
    return [
        p._replace(kind="text", html=" ") if p.kind == "br" else p for p in flow.line
    ]


def _collect_blocks(element: HtmlElement, blocks: set[str]) -> list[_Block]:
    flow = _Flow(blocks, images=True)
    flow.walk(element)
    return flow.finish()


def _write_cell(element: HtmlElement, blocks: set[str]) -> str:
    """The content of a cell or an item, where a single paragraph needs no p."""
    content = _collect_blocks(element, blocks)
    alone = sum(block.html.startswith("<p") for block in content) == 1
    return "".join((alone and block.bare) or block.html for block in content)


def _write_items(element: HtmlElement) -> str:
    items = [_write_item(_build_item(element.text))]
    for child in list(element):
        stray, child.tail = child.tail, None
        if (
            child.tag in LISTS
            and items[-1].parts
            and (inner := _write_block(child, ()))
        ):
            # A list in a list belongs to the item before.
            items[-1].parts.append(inner.html)
        else:
            items.append(_write_item(_wrap_item(child)))
        if stray and (loose := _write_item(_build_item(stray))).parts:
            items.append(loose)
    return "".join(
        f"<li{attributes}>{''.join(parts)}</li>" for attributes, parts in items if parts
    )


class _Item(NamedTuple):
    attributes: str
    parts: list[str]


def _write_item(element: HtmlElement) -> _Item:
    html = _write_cell(element, _IN_ITEM)
    return _Item(write_attributes(element), [html] if html else [])


def _build_item(text: str | None) -> HtmlElement:
    item = Element("li")
    item.text = text
    return item


def _wrap_item(child: HtmlElement) -> HtmlElement:
    """The child of a list, in an item of its own if it is none."""
    if child.tag == "li":
        return child
    item = Element("li")
    child.addprevious(item)
    item.append(child)
    return item


def _write_figure(element: HtmlElement, marks: tuple[Mark, ...]) -> str:
    pieces = _collect_line(element, marks, images=True)
    images = [piece for piece in pieces if piece.kind == "img"]
    if not images:
        return ""
    caption = [piece for piece in pieces if piece.kind != "img"]
    text = write_line(caption)
    places = [] if text else [piece for piece in caption if piece.kind == "place"]
    html = write_line([*places, *images])
    return html + (f"<figcaption>{text}</figcaption>" if text else "")


def _write_table(element: HtmlElement) -> str:
    caption = ""
    parts: dict[str, list[str]] = {"thead": [], "tbody": [], "tfoot": []}
    for part in element:
        if part.tag == "caption":
            caption = caption or _write_inline(part)
        elif rows := _write_rows(part):
            kind = "tbody" if part.tag in parts and parts[part.tag] else part.tag
            parts[kind].append(f"<{kind}>{rows}</{kind}>")
    html = "".join(part for kind in parts.values() for part in kind)
    return f"<caption>{caption}</caption>{html}" if html and caption else html


def _write_rows(part: HtmlElement) -> str:
    rows = [row for row in part if len(row)]
    html = ""
    for below, row in zip(range(len(rows), 0, -1), rows, strict=True):
        cells = ""
        for cell in row:
            if int(get_number(cell, "rowspan") or 1) > below:
                cell.set("rowspan", str(below))
            is_head = cell.tag == "th"
            inner = _write_inline(cell) if is_head else _write_cell(cell, _IN_CELL)
            cells += f"<{cell.tag}{write_attributes(cell)}>{inner}</{cell.tag}>"
        html += f"<tr>{cells}</tr>"
    return html
