"""From an editor's HTML to what a reader's page shows.

Pure functions without queries: whoever calls them brings the images. What they are
given is sanitised first, since the page prints the result as it is.
"""

from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from lxml.html import HtmlElement
from lxml.html.builder import E

from articles.body import (
    append_text,
    extract_words,
    get_inner_html,
    is_note,
    parse_body,
)
from articles.footnotes import build_endnotes, fit_beside, take_footnotes
from ecfr_site.images.markup import render_picture
from ecfr_site.images.models import Image
from ecfr_site.richtext.tree import parse_fragment

# How wide an image in the text is shown: the measure, or a narrow screen.
_SIZES = "(min-width: 40rem) 38rem, 100vw"
# The main part of a page (templates/base.html), and its top in any browser.
_ON_EACH_PAGE = {"content", "top"}
# In characters of its text; a phone's line has about as many.
_LONG_FORMULA = 24
# What a point of a short text may be, and what may stand in it.
_POINTS = ("p", "li", "h2", "h3", "h4")
IN_POINTS = {"a", "abbr", "em", "strong", "sub", "sup", "cite", "q", "span"}


@dataclass
class RenderedBody:
    html: str
    contents: list[dict] = field(default_factory=list)


def render_body(body: str, images: dict[str, Image], page: str = "") -> RenderedBody:
    """The page's HTML, and its headings as dicts of `level`, `id` and `text`.

    `images` are those of `find_image_paths`, by name; others are shown as they are.
    `page` is the path of the page itself, to which a link may lead in full.
    """
    text = parse_body(body)
    contents = _set_headings(text)
    places = _place_ids(text)
    notes = take_footnotes(text)
    for formula in list(text.iter("math")):
        _set_formula(formula)
    for table in list(text.iter("table")):
        _set_table(table)
    for img in list(text.iter("img")):
        _set_image(img, images)
    if notes:
        text.append(build_endnotes(notes, beside=fit_beside(text, notes)))
    _resolve_inner_links(text, places, page)
    return RenderedBody(get_inner_html(text), contents)


def split_points(html: str) -> list[SafeString]:
    """The paragraphs and items of a short text, each as HTML within a line.

    Notes, images and tables have no place there and are left out.
    """
    text = parse_body(html)
    for element in [*text.iter("figure", "table", "math"), *text.iter("span")]:
        if element.tag != "span" or is_note(element):
            element.drop_tree()
    points = []
    for block in list(text.iter(*_POINTS)):
        if block.find(".//p") is not None or block.find(".//li") is not None:
            # Its own parts are the points.
            continue
        for element in list(block.iterdescendants()):
            if element.tag not in IN_POINTS:
                element.drop_tag()
        if extract_words(block).strip():
            for name in set(block.attrib) - {"lang", "dir"}:
                del block.attrib[name]
            block.tag = "span" if block.attrib else "div"
            points.append(mark_safe(get_inner_html(block).strip()))  # noqa: S308
    return points


def find_image_paths(body: str) -> list[str]:
    """The storage names of our own images in the text, each once, in order."""
    names = (
        _get_storage_name(img.get("src", "")) for img in parse_body(body).iter("img")
    )
    return list(dict.fromkeys(name for name in names if name))


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
        words = extract_words(heading)
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


def get_fragment(href: str, page: str = "") -> str | None:
    """The place on its own page that the link leads to; None if it leads elsewhere."""
    address, mark, fragment = href.partition("#")
    is_here = not address or (page and address.removeprefix(settings.SITE_URL) == page)
    return unquote(fragment) if mark and is_here else None


def find_lost_links(tree: HtmlElement, page: str) -> list[HtmlElement]:
    """The links to places that the text's page does not have; they are no links there.

    `tree` is the text as it is kept.
    """
    inside = [
        (link, fragment)
        for link in tree.iter("a")
        if (fragment := get_fragment(link.get("href", ""), page)) is not None
    ]
    if not inside:
        return []
    shown = parse_fragment(render_body(get_inner_html(tree), {}).html)
    known = {element.get("id") for root in (tree, shown) for element in root.iter()}
    return [link for link, fragment in inside if fragment not in known | _ON_EACH_PAGE]


def _resolve_inner_links(
    text: HtmlElement, places: dict[str, HtmlElement], page: str = ""
) -> None:
    """Lead the text's links to what they mean, and unlink those that mean nothing."""
    known = {element.get("id") for element in text.iter()} | _ON_EACH_PAGE
    for link in list(text.iter("a")):
        fragment = get_fragment(link.get("href", ""), page)
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
    words = extract_words(formula)
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
    label = extract_words(caption) if caption is not None else ""
    frame = E.div(
        role="region",
        tabindex="0",
        **{"class": "table-wrap", "aria-label": label or "Table"},
    )
    frame.tail, table.tail = table.tail, None
    table.getparent().replace(table, frame)
    frame.append(table)


# Images


def _get_storage_name(src: str) -> str:
    """The name in the storage of one of our files, or nothing."""
    path = src.split("?")[0].split("#")[0]
    for home in (settings.MEDIA_URL, f"{settings.SITE_URL}{settings.MEDIA_URL}"):
        if path.startswith(home):
            return unquote(path.removeprefix(home))
    return ""


def is_ours(src: str) -> bool:
    """Return whether an image's address is one of our own site."""
    home = urlsplit(settings.SITE_URL)
    return bool(_get_storage_name(src)) or urlsplit(src)[:2] in (("", ""), home[:2])


def _set_image(img: HtmlElement, images: dict[str, Image]) -> None:
    """Show the image in the sizes there are, and its credit in its figure."""
    figure = next(img.iterancestors("figure"))
    image = images.get(_get_storage_name(img.get("src")))
    if image is None:
        img.attrib.pop("role", None)
        img.set("loading", "lazy")
        img.set("decoding", "async")
        return
    markup = render_picture(image, "full", alt=img.get("alt"), sizes=_SIZES)
    img.getparent().replace(img, parse_fragment(markup.strip())[0])
    if image.credit:
        caption = figure.find("figcaption")
        if caption is None:
            caption = E.figcaption()
            figure.append(caption)
        else:
            append_text(caption, " ")
        caption.append(E.span(image.credit, **{"class": "credit"}))
