"""Places in a text that its own links lead to.

A place is kept as `<a id="place-…"></a>` at the beginning of its block, which survives
whatever becomes of the block, and which the editor shows as an anchor. The prefix keeps
it apart from all other ids of a page.
"""

import re
from collections.abc import Container
from urllib.parse import unquote

from lxml.html import Element, HtmlElement

from ecfr_site.richtext.blocks import BOUNDARIES

PREFIX = "place-"
_VOID = {"br", "hr", "img"}
# Elements that hold no text of their own: a place is at the beginning of their first
# element that does.
_FRAMES = {"ul", "ol", "table", "thead", "tbody", "tfoot", "tr", "dl"}
_PLACE = re.compile(rf'<a id="({PREFIX}[^"]*)"></a>')
_FRAGMENT = re.compile(rf'href="[^"]*#({PREFIX}[^"]*)"')


def mark_places(root: HtmlElement) -> None:
    """Put an anchor where a link of the text leads, and let the link lead to it."""
    links: dict[str, list[HtmlElement]] = {}
    for link in root.iter("a"):
        href = link.get("href", "").strip()
        if href.startswith("#") and len(href) > 1:
            links.setdefault(unquote(href[1:]), []).append(link)
    if not links:
        _forget_names(root)
        return
    seen: set[str] = set()
    # The one place that each element begins with.
    places: dict[HtmlElement, str] = {}
    for element in list(root.iter()):
        names = {element.get("id", ""), element.get("name", "")} - {""}
        for name in sorted((names & links.keys()) - seen):
            seen.add(name)
            after = element.getnext()
            if element.tag == "hr" and after is not None:
                element = after
            is_void = element.tag in _VOID
            holder = element.getparent() if is_void else _find_holder(element)
            place = places.setdefault(holder, get_place_id(name))
            if place == get_place_id(name) and holder.get("id") != place:
                _insert(holder, place)
            for link in links[name]:
                link.set("href", f"#{place}")
    _forget_names(root, set(places.values()))


def get_place_id(name: str) -> str:
    """The id of the place of that name."""
    if name.startswith(PREFIX) and re.fullmatch(r"[\w.:-]+", name):
        return name
    return PREFIX + (re.sub(r"[^\w.:-]+", "-", name.removeprefix(PREFIX))[:100] or "-")


def remove_unused(html: str) -> str:
    """The written HTML without places to which nothing in it leads."""
    used = set(_FRAGMENT.findall(html))
    seen: set[str] = set()

    def keep(found: re.Match[str]) -> str:
        again = found[1] in seen
        seen.add(found[1])
        return found[0] if found[1] in used and not again else ""

    return _PLACE.sub(keep, html)


def _forget_names(root: HtmlElement, places: Container[str] = ()) -> None:
    for element in root.iter():
        element.attrib.pop("name", None)
        if element.tag != "a" or element.get("id") not in places:
            element.attrib.pop("id", None)


def _find_holder(element: HtmlElement) -> HtmlElement:
    """The innermost element that begins where the element does, without its text."""
    while len(element) and (
        element.tag in _FRAMES
        or (element[0].tag in BOUNDARIES and not (element.text or "").strip())
    ):
        if element[0].tag in _VOID:
            break
        element = element[0]
    return element


def _insert(holder: HtmlElement, place: str) -> None:
    anchor = Element("a", {"id": place})
    anchor.tail, holder.text = holder.text, None
    holder.insert(0, anchor)
