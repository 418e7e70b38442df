"""Turn the cards of Ghost's editor into plain HTML.

Source: the classes that themes have to style (docs.ghost.org/themes/content), which the
editor writes into the HTML of each post.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from html import escape

from lxml.html import HtmlElement

from articles.importing.notes import place_listed_notes, read_loosely, replace
from articles.importing.words import write_counts
from ecfr_site.richtext.plain_text import clean_line
from ecfr_site.richtext.tree import serialize, write_inner

# Cards that stand for themselves: an image, a table, a line.
_PLAIN = {"image", "divider", "hr", "html", "markdown", "code"}
# Cards that do something, and say nothing.
_ACTING = {
    "signup": "sign-up form",
    "email": "e-mail-only content",
    "email-cta": "e-mail-only content",
    "paywall": "paywall marker",
}
_CARD = re.compile(r"\bkg-([a-z-]+?)-card(?![a-z-])")
_PAYWALL = "<!--members-only-->"


def convert_cards(html: str) -> tuple[str, list[str]]:
    """HTML without Ghost’s own cards, still to be cleaned, and what was lost."""
    losses: Counter[str] = Counter()
    if _PAYWALL in html:
        losses["marker of the members-only part"] += html.count(_PAYWALL)
    if "kg-" not in html and 'href="#fn' not in html:
        return html, write_counts(sorted(losses.items()))
    root = read_loosely(html)
    # The inner ones first: a toggle may hold an image.
    for card, name in reversed(list(_find_cards(root))):
        _convert(card, name, losses)
    place_listed_notes(root)
    return write_inner(root), write_counts(sorted(losses.items()))


def _find_cards(root: HtmlElement) -> Iterator[tuple[HtmlElement, str]]:
    for element in root.iter():
        found = _CARD.search(element.get("class") or "")
        if found:
            yield element, found[1]


def _convert(card: HtmlElement, name: str, losses: Counter[str]) -> None:
    if name in _PLAIN:
        return
    if name in _ACTING:
        losses[_ACTING[name]] += 1
        card.drop_tree()
        return
    write = _WRITERS.get(name, _write_unknown)
    replace(card, f"<div>{write(card, name, losses)}</div>")


def _write_gallery(card: HtmlElement, name: str, losses: Counter[str]) -> str:
    """Each image as a figure; the caption stands below the last one."""
    caption = _find_inner(card, "figcaption")
    images = [serialize(_strip_tail(image)) for image in card.iter("img")]
    figures = [f"<figure>{image}</figure>" for image in images]
    if figures and caption:
        figures[-1] = f"<figure>{images[-1]}<figcaption>{caption}</figcaption></figure>"
    return "".join(figures)


def _write_embed(card: HtmlElement, name: str, losses: Counter[str]) -> str:
    """A link to the page that was shown in a frame, and the words of a quoted one."""
    losses["embedded page, now a link"] += 1
    caption = _find_inner(card, "figcaption")
    frame = next(card.iter("iframe"), None)
    quoted = "".join(serialize(_strip_tail(q)) for q in card.iter("blockquote"))
    source: str = frame.get("src", "") if frame is not None else ""
    if source.startswith("//"):
        source = f"https:{source}"
    title: str = frame.get("title", "") if frame is not None else ""
    link = _write_link(source, title or source)
    return f"{quoted}{link}{f'<p>{caption}</p>' if caption else ''}"


def _write_bookmark(card: HtmlElement, name: str, losses: Counter[str]) -> str:
    losses["bookmark card, now a link"] += 1
    title = _get_text(card, "kg-bookmark-title")
    publisher = _get_text(card, "kg-bookmark-publisher")
    href = next((a.get("href", "") for a in card.iter("a")), "")
    caption = _find_inner(card, "figcaption")
    link = _write_link(href, title or href, f" ({publisher})" if publisher else "")
    return f"{link}{f'<p>{caption}</p>' if caption else ''}"


def _write_callout(card: HtmlElement, name: str, losses: Counter[str]) -> str:
    losses["frame around a callout"] += 1
    text = _find_by_class(card, "kg-callout-text")
    return f"<p>{write_inner(text)}</p>" if text is not None else write_inner(card)


def _write_toggle(card: HtmlElement, name: str, losses: Counter[str]) -> str:
    losses["collapsible text, now always open"] += 1
    heading = _get_text(card, "kg-toggle-heading-text")
    content = _find_by_class(card, "kg-toggle-content")
    said = f"<h3>{escape(heading, quote=False)}</h3>" if heading else ""
    return said + (write_inner(content) if content is not None else "")


def _write_file(card: HtmlElement, name: str, losses: Counter[str]) -> str:
    href = next((a.get("href", "") for a in card.iter("a")), "")
    title = _get_text(card, "kg-file-card-title")
    about = _get_text(card, "kg-file-card-caption")
    called = _get_text(card, "kg-file-card-filename") or href.rsplit("/", 1)[-1]
    return _write_link(href, title or called, f": {about}" if about else "")


def _write_button(card: HtmlElement, name: str, losses: Counter[str]) -> str:
    return "".join(
        _write_link(a.get("href", ""), clean_line(a.text_content()))
        for a in card.iter("a")
    )


def _write_recording(card: HtmlElement, name: str, losses: Counter[str]) -> str:
    losses[f"{name} recording, now a link"] += 1
    source = next((e.get("src", "") for e in card.iter("audio", "video")), "")
    title = _get_text(card, f"kg-{name}-title")
    caption = _find_inner(card, "figcaption")
    link = _write_link(source, title or source)
    return f"{link}{f'<p>{caption}</p>' if caption else ''}"


def _write_unknown(card: HtmlElement, name: str, losses: Counter[str]) -> str:
    losses[f"card “{name}” (its text was kept)"] += 1
    return write_inner(card)


_WRITERS: dict[str, Callable[[HtmlElement, str, Counter[str]], str]] = {
    "gallery": _write_gallery,
    "embed": _write_embed,
    "bookmark": _write_bookmark,
    "callout": _write_callout,
    "toggle": _write_toggle,
    "file": _write_file,
    "button": _write_button,
    "audio": _write_recording,
    "video": _write_recording,
}


def _write_link(href: str, words: str, rest: str = "") -> str:
    if not href:
        return ""
    said = f'<a href="{escape(href)}">{escape(words or href, quote=False)}</a>'
    return f"<p>{said}{escape(rest, quote=False)}</p>"


def _find_by_class(card: HtmlElement, name: str) -> HtmlElement | None:
    return next(
        (e for e in card.iter() if name in (e.get("class") or "").split()), None
    )


def _get_text(card: HtmlElement, name: str) -> str:
    element = _find_by_class(card, name)
    return clean_line(element.text_content()) if element is not None else ""


def _find_inner(card: HtmlElement, tag: str) -> str:
    element = next(card.iter(tag), None)
    return write_inner(element) if element is not None else ""


def _strip_tail(element: HtmlElement) -> HtmlElement:
    element.tail = None
    return element
