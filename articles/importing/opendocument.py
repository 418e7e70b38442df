"""Read .odt: the text of an OpenDocument file as HTML.

Source of the format: OASIS OpenDocument 1.3, part 3, 5 (text), 9 (tables), 10.4
(frames) and 5.5 (tracked changes).
"""

from collections import Counter
from collections.abc import Iterator
from html import escape

from lxml import etree

from articles.importing.notes import write_note
from articles.importing.packages import (
    ManuscriptImage,
    add_image,
    get_name,
    parse,
    read_file,
)

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_FO = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_SHOWN = {"png", "jpg", "jpeg", "gif", "webp"}
_CLASSES = {
    "Title": "manuscript-title",
    "Subtitle": "manuscript-subtitle",
    "Caption": "manuscript-caption",
    "Illustration": "manuscript-caption",
    "Figure": "manuscript-caption",
    "Table": "manuscript-caption",
}
_QUOTES = {"Quotations", "Quote", "Intense_20_Quote"}
# Of the file itself: what is made from the rest, or says where pages end.
_LEFT_OUT = {
    *("tracked-changes", "sequence-decls", "forms", "soft-page-break", "bookmark"),
    *("bookmark-start", "bookmark-end", "table-of-content", "note-citation"),
    *("variable-decls", "user-field-decls", "table-column", "table-columns"),
}
_COUNTED = {"annotation": "comment", "text-box": "txbxContent", "object": "OLEObject"}


def convert_opendocument(
    data: bytes, parts: dict[str, bytes], reject_changes: bool
) -> tuple[str, list[ManuscriptImage], Counter[str]]:
    """HTML, images, and what was left out. Raises UnreadableManuscript."""
    content = parse(parts["content.xml"])
    styles = parse(parts["styles.xml"]) if "styles.xml" in parts else content
    writer = _Writer(data, [styles, content], reject_changes)
    body = next(content.iter("{*}text"), content)
    writer.read_changes(body)
    return "".join(writer.write_children(body)), writer.images, writer.losses


class _Writer:
    """Writes elements as HTML, and collects what is no text."""

    def __init__(
        self, data: bytes, roots: list[etree._Element], reject_changes: bool
    ) -> None:
        self.data = data
        self.reject_changes = reject_changes
        self.images: list[ManuscriptImage] = []
        self.losses: Counter[str] = Counter()
        self.styles = {
            style.get(f"{_STYLE}name", ""): style
            for root in roots
            for style in root.iter(f"{_STYLE}style")
        }
        self.ordered = {
            style.get(f"{_STYLE}name", "")
            for root in roots
            for style in root.iter(f"{_TEXT}list-style")
            if len(style) and get_name(style[0]) == "list-level-style-number"
        }
        self.deletions: dict[str, etree._Element] = {}
        # Insertions in which the text stands that is just being written.
        self.inserted: set[str] = set()

    def read_changes(self, body: etree._Element) -> None:
        self.insertions = set()
        for region in body.iter(f"{_TEXT}changed-region"):
            name = region.get(f"{_TEXT}id", "")
            for change in region:
                if get_name(change) == "deletion":
                    self.deletions[name] = change
                elif get_name(change) == "insertion":
                    self.insertions.add(name)

    def write_children(self, element: etree._Element) -> Iterator[str]:
        yield self._write_text(element.text)
        for child in element:
            if isinstance(child.tag, str):
                yield from self.write(child)
            yield self._write_text(child.tail)

    def _write_text(self, text: str | None) -> str:
        is_left_out = self.reject_changes and self.inserted
        return "" if is_left_out or not text else escape(text, quote=False)

    def write(self, element: etree._Element) -> Iterator[str]:
        name = get_name(element)
        if name in _LEFT_OUT:
            return
        if what := _COUNTED.get(name):
            self.losses[what] += 1
            return
        write = getattr(self, f"_write_{name.replace('-', '_')}", self.write_children)
        yield from write(element)

    # Tracked changes

    def _write_change_start(self, element: etree._Element) -> Iterator[str]:
        if (name := element.get(f"{_TEXT}change-id", "")) in self.insertions:
            self.inserted.add(name)
        yield ""

    def _write_change_end(self, element: etree._Element) -> Iterator[str]:
        self.inserted.discard(element.get(f"{_TEXT}change-id", ""))
        yield ""

    def _write_change(self, element: etree._Element) -> Iterator[str]:
        """The place of a deletion, whose text stands apart."""
        deleted = self.deletions.get(element.get(f"{_TEXT}change-id", ""))
        if self.reject_changes and deleted is not None:
            texts = ["".join(map(str, p.itertext())) for p in deleted.iter(f"{_TEXT}p")]
            yield escape(" ".join(texts), quote=False)

    # Blocks

    def _write_h(self, element: etree._Element) -> Iterator[str]:
        level = element.get(f"{_TEXT}outline-level", "1")
        level = level if level in "123456" else "6"
        yield f"<h{level}>{''.join(self.write_children(element))}</h{level}>"

    def _write_p(self, element: etree._Element) -> Iterator[str]:
        style = self._find_style(element)
        inner = "".join(self.write_children(element))
        if style in _QUOTES:
            yield f"<blockquote><p>{inner}</p></blockquote>"
        elif style in _CLASSES:
            yield f'<p class="{_CLASSES[style]}">{inner}</p>'
        else:
            yield f"<p>{inner}</p>"

    def _find_style(self, element: etree._Element) -> str:
        """The name of the style, or of that which an automatic one goes back to."""
        name = element.get(f"{_TEXT}style-name", "")
        style = self.styles.get(name)
        parent = (
            style.get(f"{_STYLE}parent-style-name", "") if style is not None else ""
        )
        known = _QUOTES | set(_CLASSES)
        return parent if name not in known and parent else name

    def _write_list(self, element: etree._Element) -> Iterator[str]:
        style = element.get(f"{_TEXT}style-name", "")
        tag = "ol" if style in self.ordered else "ul"
        yield f"<{tag}>{''.join(self.write_children(element))}</{tag}>"

    def _write_list_item(self, element: etree._Element) -> Iterator[str]:
        yield f"<li>{''.join(self.write_children(element))}</li>"

    def _write_table(self, element: etree._Element) -> Iterator[str]:
        yield f"<table>{''.join(self.write_children(element))}</table>"

    def _write_table_row(self, element: etree._Element) -> Iterator[str]:
        yield f"<tr>{''.join(self.write_children(element))}</tr>"

    def _write_table_cell(self, element: etree._Element) -> Iterator[str]:
        spans = "".join(
            f' {name}="{int(count)}"'
            for name, attribute in (
                ("colspan", "number-columns-spanned"),
                ("rowspan", "number-rows-spanned"),
            )
            if (count := element.get(f"{_TABLE}{attribute}", "1")).isdecimal()
            and 1 < int(count) < 1000
        )
        yield f"<td{spans}>{''.join(self.write_children(element))}</td>"

    # In a line

    def _write_span(self, element: etree._Element) -> Iterator[str]:
        inner = "".join(self.write_children(element))
        for tag in self._list_marks(element.get(f"{_TEXT}style-name", "")):
            inner = f"<{tag}>{inner}</{tag}>"
        yield inner

    def _list_marks(self, name: str) -> list[str]:
        style = self.styles.get(name)
        found = [] if style is None else list(style.iter(f"{_STYLE}text-properties"))
        if not found:
            return {"Strong_20_Emphasis": ["strong"], "Emphasis": ["em"]}.get(name, [])
        [properties] = found[:1]
        position = properties.get(f"{_STYLE}text-position", "")
        marks = {
            "strong": properties.get(f"{_FO}font-weight") == "bold",
            "em": properties.get(f"{_FO}font-style") == "italic",
            "sup": position.startswith("super"),
            "sub": position.startswith("sub"),
            "s": properties.get(f"{_STYLE}text-line-through-style", "none") != "none",
        }
        return [tag for tag, is_set in marks.items() if is_set]

    def _write_a(self, element: etree._Element) -> Iterator[str]:
        href = escape(element.get(_LINK, ""))
        yield f'<a href="{href}">{"".join(self.write_children(element))}</a>'

    def _write_line_break(self, element: etree._Element) -> Iterator[str]:
        yield "<br>"

    def _write_s(self, element: etree._Element) -> Iterator[str]:
        yield " "

    _write_tab = _write_s

    def _write_note(self, element: etree._Element) -> Iterator[str]:
        yield write_note("".join(self.write_children(element)))

    def _write_frame(self, element: etree._Element) -> Iterator[str]:
        """An image; of something else with an image of it, what it is is told."""
        names = {get_name(child) for child in element}
        if "object" in names or "text-box" in names or "image" not in names:
            self.losses["OLEObject" if "text-box" not in names else "txbxContent"] += 1
            return
        image = next(child for child in element if get_name(child) == "image")
        path = image.get(_LINK, "")
        content = read_file(self.data, path.removeprefix("./"))
        ending = path.rpartition(".")[2].lower()
        if not content or ending not in _SHOWN:
            self.losses["image"] += 1
            return
        said = {get_name(child): child.text or "" for child in element}
        alt = said.get("desc") or said.get("title") or ""
        added = add_image(self.images, content, ending, alt)
        yield f'<img src="{added.src}" alt="{escape(added.alt)}">'
