"""Write the XML of a Word document so that mammoth reads all of its text.

Source of the format: ECMA-376, part 1, 17 (WordprocessingML).
"""

from collections import Counter
from collections.abc import Iterator

from lxml import etree

from articles.importing.packages import get_name, parse

_INSERTED, _DELETED = {"ins", "moveTo"}, {"del", "moveFrom"}
# Mammoth leaves these out with the text in them.
_WRAPPERS = {"fldSimple", "dir", "bdo"}
_HIDDEN = "vanish"
_OFF = {"0", "false", "off"}


def rewrite(content: bytes, reject_changes: bool) -> tuple[bytes, Counter[str]]:
    """The text without what is hidden, and how often something was; with the tracked
    changes, or as it was before them."""
    root = parse(content)
    if reject_changes:
        _reject_changes(root)
    hidden = _remove_hidden(root)
    for element in list(root.iter()):
        if get_name(element) in _WRAPPERS:
            _put(element, list(_open(element)))
        elif get_name(element) == "ruby":
            _put(element, list(_set_ruby(element)))
    written = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written, Counter({_HIDDEN: hidden} if hidden else {})


def _put(element: etree._Element, others: list[etree._Element]) -> None:
    parent = element.getparent()
    if parent is not None:
        place = parent.index(element)
        parent[place : place + 1] = others


def _qualify(like: etree._Element, name: str) -> str:
    """The name in the namespace of an element; attributes of Word have one, too."""
    return f"{{{etree.QName(like).namespace}}}{name}"


def _make(like: etree._Element, name: str, text: str = "") -> etree._Element:
    """An element in the namespace of another one."""
    made = etree.Element(_qualify(like, name))
    made.text = text
    return made


def _open(element: etree._Element) -> Iterator[etree._Element]:
    """The content of a wrapper; a link in one field gets a beginning and an end."""
    field = element.get(_qualify(element, "instr"), "")
    is_link = field.strip().startswith("HYPERLINK")
    if is_link:
        yield _mark_field(element, "begin")
        run = _make(element, "r")
        run.append(_make(element, "instrText", field))
        yield run
        yield _mark_field(element, "separate")
    yield from element
    if is_link:
        yield _mark_field(element, "end")


def _mark_field(like: etree._Element, type_: str) -> etree._Element:
    run, mark = _make(like, "r"), _make(like, "fldChar")
    mark.set(_qualify(like, "fldCharType"), type_)
    run.append(mark)
    return run


def _set_ruby(ruby: etree._Element) -> Iterator[etree._Element]:
    """The text, and in brackets how it is read."""
    parts = {get_name(part): list(part) for part in ruby}
    yield from parts.get("rubyBase", [])
    if reading := parts.get("rt"):
        yield _make(ruby, "t", "(")
        yield from reading
        yield _make(ruby, "t", ")")


def _remove_hidden(root: etree._Element) -> int:
    """Remove hidden runs; how many texts they were, of which each may be several."""
    runs = [run for run in root.iter() if get_name(run) == "r" and _is_hidden(run)]
    with_text = [run for run in runs if any(get_name(e) == "t" for e in run)]
    count = sum(run.getprevious() not in with_text for run in with_text)
    for run in runs:
        _put(run, [])
    return count


def _is_hidden(run: etree._Element) -> bool:
    return any(
        get_name(mark) == _HIDDEN and mark.get(_qualify(mark, "val"), "") not in _OFF
        for properties in run
        if get_name(properties) == "rPr"
        for mark in properties
    )


def _reject_changes(root: etree._Element) -> None:
    """The text as it was before the tracked changes."""
    for element in list(root.iter()):
        name = get_name(element)
        parent = element.getparent()
        if parent is None:
            continue
        if name == "delText":
            element.tag = _qualify(element, "t")
        elif name not in _INSERTED | _DELETED:
            continue
        elif get_name(parent) == "rPr":
            _reject_mark(element, parent)
        elif get_name(parent) == "trPr" and name in _INSERTED:
            _remove_row(parent.getparent())
        else:
            _put(element, list(element) if name in _DELETED else [])


def _reject_mark(change: etree._Element, properties: etree._Element) -> None:
    """A paragraph whose end was deleted ends again; one whose end was inserted goes on
    in the next one, as mammoth reads those whose end is deleted."""
    properties.remove(change)
    outer = properties.getparent()
    paragraph = outer.getparent() if outer is not None else None
    if paragraph is None or get_name(change) in _DELETED:
        return
    following = paragraph.getnext()
    if following is not None and get_name(following) == "p":
        properties.append(_make(properties, "del"))


def _remove_row(row: etree._Element | None) -> None:
    """Remove a row, and the table if it was the last one."""
    table = row.getparent() if row is not None else None
    if row is None or table is None:
        return
    table.remove(row)
    if not any(get_name(each) == "tr" for each in table):
        _put(table, [])
