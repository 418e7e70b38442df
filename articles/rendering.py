"""From an editor's HTML to what a reader's page shows.

Pure functions without queries: whoever calls them brings the images. What they are
given is sanitised first, since the page prints the result as it is.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.utils.text import slugify
from lxml.html import HtmlElement
from lxml.html.builder import E

from ecfr_site.images.markup import picture
from ecfr_site.images.models import Image
from ecfr_site.richtext.blocks import FOOTNOTE
from ecfr_site.richtext.sanitizer import linear_formulas, sanitise
from ecfr_site.richtext.tree import parse_fragment, serialize

# How wide an image in the text is shown: the measure, or a narrow screen.
_SIZES = "(min-width: 40rem) 38rem, 100vw"
_ADDRESS = re.compile(r"https?://[^\s<>“”‘’]*[^\s<>“”‘’.,;:!?)\]]")
# The main part of a page (templates/base.html), and its top in any browser.
_ON_EACH_PAGE = {"content", "top"}
# In characters of its text; a phone's line has about as many.
_LONG_FORMULA = 24
_BACK = "\N{LEFTWARDS ARROW WITH HOOK}\N{VARIATION SELECTOR-15}"


@dataclass
class RenderedBody:
    html: str
    contents: list[dict] = field(default_factory=list)


def render_body(body: str, images: dict[str, Image], page: str = "") -> RenderedBody:
    """The page's HTML, and its headings as dicts of `level`, `id` and `text`.

    `images` are those of `image_paths`, by name; others are shown as they are. `page`
    is the path of the page itself, to which a link may lead in full.
    """
    text = tree_of(body)
    contents = _set_headings(text)
    places = _place_ids(text)
    notes = _take_footnotes(text)
    for formula in list(text.iter("math")):
        _set_formula(formula)
    for table in list(text.iter("table")):
        _set_table(table)
    for img in list(text.iter("img")):
        _set_image(img, images)
    if notes:
        text.append(_endnotes(notes))
    _lead_inside(text, places, page)
    return RenderedBody(_inner_html(text), contents)


def image_paths(body: str) -> list[str]:
    """The storage names of our own images in the text, each once, in order."""
    names = (_storage_name(img.get("src", "")) for img in tree_of(body).iter("img"))
    return list(dict.fromkeys(name for name in names if name))


def tree_of(body: str) -> HtmlElement:
    """The text as it is kept, in a div."""
    return parse_fragment(sanitise(body))


def _inner_html(element: HtmlElement) -> str:
    return serialize(element).removeprefix("<div>").removesuffix("</div>").strip()


def is_note(element: HtmlElement) -> bool:
    return element.get("class") == FOOTNOTE


def words_of(element: HtmlElement, notes: bool = False) -> str:
    """The element's text on one line, without its footnotes."""
    return " ".join("".join(texts_of(element, notes)).split())


def texts_of(element: HtmlElement, notes: bool = False) -> Iterator[str]:
    """The texts in the element, a formula's on one line; without its footnotes."""
    if element.tag == "math":
        yield linear_formulas(serialize(element))
        return
    yield element.text or ""
    for child in element:
        if notes or not is_note(child):
            yield from texts_of(child, notes)
        yield child.tail or ""


# Headings


def _set_headings(text: HtmlElement) -> list[dict]:
    """Give each heading an id that nothing else on the page has.

    Those of the second level before any of the first are raised to it.
    """
    contents = []
    used: Counter[str] = Counter()
    divided = False
    for heading in list(text.iter("h2", "h3")):
        divided = divided or heading.tag == "h2"
        if not divided:
            heading.tag = "h2"
        words = words_of(heading)
        slug = slugify(words, allow_unicode=True)[:60].strip("-_") or "untitled"
        heading_id = f"section-{slug}"
        while heading_id in used:
            # The number goes on where it was for the same words.
            used[f"section-{slug}"] += 1
            heading_id = f"section-{slug}-{used[f'section-{slug}']}"
        used[heading_id] += 1
        heading.set("id", heading_id)
        contents.append({"level": int(heading.tag[1]), "id": heading_id, "text": words})
    return contents


# Footnotes


def _take_footnotes(text: HtmlElement) -> list[HtmlElement]:
    """Replace each footnote by its number; empty ones vanish."""
    notes = []
    for note in [span for span in text.iter("span") if is_note(span)]:
        _close_up_before(note)
        if words_of(note, notes=True):
            notes.append(note)
            # For links that lead to the note.
            note.set("id", f"note-{len(notes)}")
            note.addprevious(_reference(len(notes)))
        note.drop_tree()
    return notes


def _reference(number: int) -> HtmlElement:
    link = E.a(
        str(number),
        id=f"ref-{number}",
        href=f"#note-{number}",
        role="doc-noteref",
        **{"aria-label": f"Footnote {number}"},
    )
    return E.sup(link, **{"class": "note-ref"})


def _endnotes(notes: list[HtmlElement]) -> HtmlElement:
    items = E.ol()
    for number, note in enumerate(notes, 1):
        item = E.li(id=f"note-{number}")
        item.text = note.text
        item.extend(list(note))
        _link_addresses(item)
        _append_text(item, " ")
        label = f"Back to reference {number} in the text"
        back = {"href": f"#ref-{number}", "role": "doc-backlink", "aria-label": label}
        item.append(E.a(_BACK, **back))
        for name in ("lang", "dir"):
            if note.get(name):
                item.set(name, note.get(name))
        items.append(item)
    heading = E.h2("Notes", id="notes")
    attributes = {"class": "notes", "role": "doc-endnotes", "aria-labelledby": "notes"}
    return E.section(heading, items, **attributes)


def written_addresses(note: HtmlElement) -> list[str]:
    """The web addresses in a footnote that become links on the page."""
    texts = note.xpath(".//text()[not(ancestor::a)]")
    return [url for text in texts for url in _ADDRESS.findall(text)]


def _link_addresses(element: HtmlElement) -> None:
    """Make links of the web addresses that are written out."""
    for found in element.xpath(".//text()[not(ancestor::a)]"):
        parts = _ADDRESS.split(found)
        links = [E.a(url, href=url) for url in _ADDRESS.findall(found)]
        if not links:
            continue
        for link, after in zip(links, parts[1:], strict=True):
            link.tail = after
        parent = found.getparent()
        if found.is_text:
            parent.text = parts[0]
            parent[:0] = links
        else:
            parent.tail = parts[0]
            place = parent.getparent().index(parent) + 1
            parent.getparent()[place:place] = links


# Places that links of the text lead to


def _place_ids(text: HtmlElement) -> dict[str, HtmlElement]:
    """The element of each place, in exchange for the anchor that marks it.

    It keeps the id that it has; a note gets its own with its number.
    """
    found = {}
    for anchor in list(text.iter("a")):
        place = anchor.get("id")
        if not place or anchor.get("href") is not None:
            continue
        holder = anchor.getparent()
        if holder.tag == "div" and not holder.get("id"):
            continue
        anchor.drop_tag()
        if not is_note(holder) and not holder.get("id"):
            holder.set("id", place)
        found[place] = holder
    return found


def fragment_of(href: str, page: str = "") -> str | None:
    """The place on its own page that the link leads to; None if it leads elsewhere."""
    address, mark, fragment = href.partition("#")
    is_here = not address or (page and address.removeprefix(settings.SITE_URL) == page)
    return unquote(fragment) if mark and is_here else None


def lost_links(tree: HtmlElement, page: str) -> list[HtmlElement]:
    """The links to places that the text's page does not have; they are no links there.

    `tree` is the text as it is kept.
    """
    inside = [
        (link, fragment)
        for link in tree.iter("a")
        if (fragment := fragment_of(link.get("href", ""), page)) is not None
    ]
    if not inside:
        return []
    shown = parse_fragment(render_body(_inner_html(tree), {}).html)
    known = {element.get("id") for root in (tree, shown) for element in root.iter()}
    return [link for link, fragment in inside if fragment not in known | _ON_EACH_PAGE]


def _lead_inside(
    text: HtmlElement, places: dict[str, HtmlElement], page: str = ""
) -> None:
    """Lead the text's links to what they mean, and unlink those that mean nothing."""
    known = {element.get("id") for element in text.iter()} | _ON_EACH_PAGE
    for link in list(text.iter("a")):
        fragment = fragment_of(link.get("href", ""), page)
        if fragment is None or link.get("role"):
            continue
        holder = places.get(fragment)
        target = fragment if holder is None else holder.get("id")
        if target in known:
            link.set("href", f"#{target}")
        else:
            link.drop_tag()


# Formulas


def _set_formula(formula: HtmlElement) -> None:
    """A long formula scrolls by itself, also with the keyboard."""
    words = words_of(formula)
    if formula.get("display") != "block" and len(words) < _LONG_FORMULA:
        return
    kind = "formula display" if formula.get("display") == "block" else "formula"
    frame = E.span(
        role="group", tabindex="0", **{"class": kind, "aria-label": "Formula"}
    )
    frame.tail, formula.tail = formula.tail, None
    formula.getparent().replace(formula, frame)
    frame.append(formula)


# Tables


def _set_table(table: HtmlElement) -> None:
    """A wide table scrolls by itself, also with the keyboard."""
    caption = table.find("caption")
    label = words_of(caption) if caption is not None else ""
    frame = E.div(
        role="region",
        tabindex="0",
        **{"class": "table-wrap", "aria-label": label or "Table"},
    )
    frame.tail, table.tail = table.tail, None
    table.getparent().replace(table, frame)
    frame.append(table)


# Images


def _storage_name(src: str) -> str:
    """The name in the storage of one of our files, or nothing."""
    path = src.split("?")[0].split("#")[0]
    for home in (settings.MEDIA_URL, f"{settings.SITE_URL}{settings.MEDIA_URL}"):
        if path.startswith(home):
            return unquote(path.removeprefix(home))
    return ""


def is_ours(src: str) -> bool:
    """Return whether an image's address is one of our own site."""
    home = urlsplit(settings.SITE_URL)
    return bool(_storage_name(src)) or urlsplit(src)[:2] in (("", ""), home[:2])


def _set_image(img: HtmlElement, images: dict[str, Image]) -> None:
    """Show the image in the sizes there are, and its credit in its figure."""
    figure = next(img.iterancestors("figure"))
    image = images.get(_storage_name(img.get("src")))
    if image is None:
        img.attrib.pop("role", None)
        img.set("loading", "lazy")
        img.set("decoding", "async")
        return
    markup = picture(image, "full", alt=img.get("alt"), sizes=_SIZES)
    img.getparent().replace(img, parse_fragment(markup.strip())[0])
    if image.credit:
        caption = figure.find("figcaption")
        if caption is None:
            caption = E.figcaption()
            figure.append(caption)
        else:
            _append_text(caption, " ")
        caption.append(E.span(image.credit, **{"class": "credit"}))


# Moving text about, which lxml keeps in the element before it


def _append_text(element: HtmlElement, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


def _close_up_before(element: HtmlElement) -> None:
    """Remove the space before the element: a note's number must not begin a line."""
    before = element.getprevious()
    if before is not None and before.tail:
        before.tail = before.tail.rstrip()
    elif before is None and element.getparent().text:
        element.getparent().text = element.getparent().text.rstrip()
