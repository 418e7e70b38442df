"""Read the “Web page (.html, zipped)” of Google Docs as the HTML of a manuscript.

Google publishes no description of it; this is what its exports hold: a page with its
styles in classes, footnotes at #ftnt1, comments at #cmnt1, lists of a level each, and
links by way of www.google.com/url.
"""

import re
from collections import Counter
from urllib.parse import parse_qs, urlsplit

from lxml.html import HtmlElement

from articles.importing.notes import read_loosely
from articles.importing.packages import (
    ManuscriptImage,
    add_image,
    build_damaged,
    read_file,
)
from ecfr_site.richtext.tree import write_inner

_BODY = re.compile(r"<body\b[^>]*>(.*)</body>", re.DOTALL)
_RULE = re.compile(r"\.(c\d+)\{([^}]*)\}")
# Elements for what a class says; a heading is bold anyway.
_STYLES = {
    "strong": re.compile(r"font-weight:(?:bold|[6-9]00)"),
    "em": re.compile(r"font-style:italic"),
    "sup": re.compile(r"vertical-align:super"),
    "sub": re.compile(r"vertical-align:sub\b"),
    "s": re.compile(r"text-decoration:line-through"),
}
_HEADINGS = {f"h{level}" for level in range(1, 7)}
_LIST = re.compile(r"lst-(\S+)-(\d)")
_SHOWN = {"png", "jpg", "jpeg", "gif", "webp"}


def convert_google_docs(
    data: bytes, name: str
) -> tuple[str, list[ManuscriptImage], Counter[str]]:
    """HTML of the page of that name in the archive, its images, and what was left out.
    Raises UnreadableManuscript."""
    page = read_file(data, name).decode(errors="replace")
    body = _BODY.search(page)
    if not body:
        raise build_damaged()
    root = read_loosely(body[1])
    images: list[ManuscriptImage] = []
    losses = Counter(comment=_drop_comments(root))
    _drop_line_above_notes(root)
    _set_styles(root, page)
    _nest_lists(root)
    for link in root.iter("a"):
        link.set("href", _find_address(link.get("href", "")))
    for shown in list(root.iter("img")):
        ending = shown.get("src", "").rpartition(".")[2].lower()
        content = read_file(data, shown.get("src", "")) if ending in _SHOWN else b""
        if content:
            image = add_image(images, content, ending, shown.get("alt", ""))
            shown.set("src", image.src)
        else:
            losses["image"] += 1
            shown.drop_tree()
    return write_inner(root), images, +losses


def _drop_comments(root: HtmlElement) -> int:
    """Drop comments with their marks in the text; return how many there were."""
    links = [a for a in root.iter("a") if a.get("id", "").startswith("cmnt")]
    for link in links:
        parent = link.getparent()
        is_mark = link.get("id", "").startswith("cmnt_ref")
        if is_mark and (parent is None or parent.tag != "sup"):
            link.drop_tree()
            continue
        block = next(link.iterancestors("sup" if is_mark else "div"))
        if block is not root:
            block.drop_tree()
    return sum(not link.get("id", "").startswith("cmnt_ref") for link in links)


def _drop_line_above_notes(root: HtmlElement) -> None:
    first = next((a for a in root.iter("a") if a.get("id") == "ftnt1"), None)
    above = None if first is None else next(first.iterancestors("div")).getprevious()
    if above is not None and above.tag == "hr":
        above.drop_tree()


def _set_styles(root: HtmlElement, page: str) -> None:
    """Set elements in place of classes, and the classes of titles."""
    found = {
        name: [tag for tag, style in _STYLES.items() if style.search(rules)]
        for name, rules in _RULE.findall(page)
    }
    for paragraph in root.iter("p"):
        for name in {"title", "subtitle"} & set(paragraph.get("class", "").split()):
            paragraph.set("class", f"manuscript-{name}")
    for span in list(root.iter("span")):
        is_heading = not _HEADINGS.isdisjoint(e.tag for e in span.iterancestors())
        for name in span.get("class", "").split():
            for tag in found.get(name, ()):
                if tag != "strong" or not is_heading:
                    _wrap_inner(span, tag)
        span.drop_tag()


def _wrap_inner(element: HtmlElement, tag: str) -> None:
    inner = element.makeelement(tag)
    inner.text, element.text = element.text, None
    inner.extend(list(element))
    element.append(inner)


def _nest_lists(root: HtmlElement) -> None:
    """Put lists of a lower level into the last item of the one above, and join what
    these parted."""
    for each in list(root.iter("ul", "ol")):
        found = _LIST.search(each.get("class", ""))
        above = each.getprevious()
        if not found or above is None or above.tag not in ("ul", "ol"):
            continue
        name, level, place = found[1], int(found[2]), above
        for _ in range(level):
            items = place.findall("li")
            inner = [e for e in items[-1] if e.tag in ("ul", "ol")] if items else []
            if not inner:
                break
            place = inner[-1]
        own = _LIST.search(place.get("class", ""))
        if own and own[1] == name and int(own[2]) == level:
            place.extend(each.findall("li"))
            each.drop_tree()
        elif level and place.findall("li"):
            place.findall("li")[-1].append(each)


def _find_address(href: str) -> str:
    """The address that a link leads to by way of Google."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return href
    if parts.netloc == "www.google.com" and parts.path == "/url":
        return parse_qs(parts.query).get("q", [href])[0]
    return href
