"""Footnotes of other programs, which keep them apart from the text, set as ours."""

import re

import nh3
from lxml.html import HtmlElement

from ecfr_site.richtext.blocks import FOOTNOTE
from ecfr_site.richtext.sanitizer import ALLOWED, ALSO_READ
from ecfr_site.richtext.tree import parse_foreign, write_inner

# Nothing is cleaned here yet: read as a browser would, and written well-formed.
_FOREIGN = nh3.Cleaner(
    tags=nh3.ALLOWED_TAGS
    | set(ALLOWED)
    | ALSO_READ
    | {"iframe", "object", "embed", "audio", "video", "source", "svg", "form", "input"}
    | {"section", "main", "div", "font", "center", "button", "select", "textarea"},
    clean_content_tags={"script", "style", "template", "noscript"},
    attributes={
        **{tag: names - {"role"} for tag, names in ALLOWED.items() if names},
        "a": {"href", "title", "name", "target"},
        "iframe": {"src", "title"},
        "*": {"id", "class", "style", "lang", "dir", "src", "hidden", "aria-hidden"},
    },
    generic_attribute_prefixes={"data-"},
    url_schemes={"http", "https", "mailto", "tel", "data", "ftp", "file", "blob"},
    link_rel=None,
)


def read_loosely(html: str) -> HtmlElement:
    """Anybody's HTML in a div, with media and with attributes that mark notes."""
    return parse_foreign(_FOREIGN.clean(html))


def write_note(content: str) -> str:
    """Our footnote, on one line: its paragraphs end in a space."""
    words = re.sub(r"</?(?:p|div|br)\b[^>]*>|\n+", " ", content).strip()
    return f'<span class="{FOOTNOTE}">{words}</span>'


def place_listed_notes(root: HtmlElement) -> None:
    """Notes in a list or in paragraphs at the end, each with a link back to its number.

    As plugins and word processors write them: <a href="#fn1" id="ref1">1</a> in the
    text, and an element with the id or the name `fn1` that has a link to #ref1.
    """
    by_id = {
        name: element
        for element in root.iter()
        for name in (element.get("name"), element.get("id"))
        if name
    }
    links = [link for link in root.iter("a") if _is_inner(link)]
    # {address of a note: the ways back to all that cite it}
    backs: dict[str, set[str]] = {}
    for link in links:
        backs.setdefault(link.get("href"), set()).add(f"#{_get_own_id(link)}")
    # By what is linked to, of which several may be the same note.
    written: dict[HtmlElement, str] = {}
    for link in links:
        if root not in link.iterancestors():
            # The way back from a note that has been set.
            continue
        target = by_id.get(link.get("href")[1:])
        own = _get_own_id(link)
        if target is None or not own or not link.text_content().strip(" []()*†‡"):
            continue
        if target in written:
            replace(_find_mark(link), written[target])
            continue
        note = _find_note(target)
        ways = [a for a in note.iter("a") if a.get("href") in backs[link.get("href")]]
        if f"#{own}" not in {a.get("href") for a in ways} or note in ways:
            continue
        if link in set(note.iter("a")):
            continue
        # A note without a word but its number is none.
        for back in ways:
            back.drop_tree()
        words = write_inner(note).strip()
        if not note.text_content().strip(" .[]()^↑↩︎0123456789"):
            continue
        written[target] = write_note(_strip_number(words))
        replace(_find_mark(link), written[target])
        _drop_note(note)


def _is_inner(link: HtmlElement) -> bool:
    return len(link.get("href", "")) > 1 and link.get("href", "").startswith("#")


def _get_own_id(link: HtmlElement) -> str:
    return link.get("id") or link.get("name") or _get_id_around(link)


def _get_id_around(link: HtmlElement) -> str:
    parent = link.getparent()
    is_mark = parent is not None and parent.tag in ("sup", "span")
    return (parent.get("id") or "") if is_mark else ""


def _find_note(target: HtmlElement) -> HtmlElement:
    """The item or paragraph that the target is, or is in."""
    for element in (target, *target.iterancestors()):
        if element.tag in ("li", "p", "dd") and element.getparent() is not None:
            return element
    return target


def _find_mark(link: HtmlElement) -> HtmlElement:
    parent = link.getparent()
    alone = parent.text_content().strip() == link.text_content().strip()
    return parent if parent.tag in ("sup", "span") and alone else link


def _strip_number(words: str) -> str:
    return re.sub(r"^\s*(?:<sup>)?\s*\[?\d+[\].)]*\s*(?:</sup>)?\s+", "", words)


def _drop_note(note: HtmlElement) -> None:
    """Take away the note, its list with the last one, and the line above the first."""
    parent, before = note.getparent(), note.getprevious()
    note.drop_tree()
    if before is not None and before.tag == "hr" and before.getnext() is None:
        before.drop_tree()
    if parent.tag in ("ol", "ul") and not parent.text_content().strip():
        before = parent.getprevious()
        is_heading = before is not None and re.match("h[1-6]$", before.tag)
        if is_heading and re.match(
            r"\s*(foot|end)?notes?|references?|anmerkungen|fußnoten",
            before.text_content(),
            re.IGNORECASE,
        ):
            before.drop_tree()
        parent.drop_tree()


def replace(element: HtmlElement, html: str) -> None:
    new = read_loosely(html)[0]
    new.tail, element.tail = element.tail, None
    element.getparent().replace(element, new)
