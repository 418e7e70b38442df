"""Find images, links and marks in an editor's text: pure functions on its tree."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from lxml.html import HtmlElement

from articles.links import address_of, is_too_long
from articles.rendering import is_note, texts_of, words_of, written_addresses

if TYPE_CHECKING:
    # Which ask the checklist.
    from articles.models import Article

BLOCKS = {"p", "h2", "h3", "li", "td", "th", "figcaption", "caption", "figure", "table"}
# As many words of a passage as find it again.
FIRST_WORDS = 8
FIRST_CHARACTERS = 300
# What a note's mark looks like where a manuscript's notes were lost: “[3]”, or a raised
# number after a stop. One after a letter is “m²”.
_MARK = re.compile(r"\[\d{1,3}\]")
_STOP = re.compile(r"[.,;:!?…)\]”’\"'»]\s*$")
_WORDLESS = {
    *("here", "click here", "see here", "link", "this", "this link", "this page"),
    *("more", "read more", "learn more", "find out more", "continue", "website"),
    *("hier", "hier klicken", "mehr", "weiterlesen", "ici", "cliquez ici"),
    *("lire la suite", "aquí", "haga clic aquí", "leer más", "qui", "clicca qui"),
    *("leggi di più", "tutaj", "kliknij tutaj", "czytaj więcej"),
}


@dataclass(frozen=True)
class TextLink:
    """A link of the text as it is written, and the address that is asked for."""

    written: str
    # Empty where the address is too long to be kept.
    address: str
    where: str
    passage: str = ""

    @property
    def is_inside(self):
        return self.address.startswith("/")


def links_in(article: "Article", tree: HtmlElement) -> list[TextLink]:
    """Addresses that the text, its footnotes and the original lead to, each once."""
    page = article.get_absolute_url() if article.slug else "/"
    written = [(a.get("href", ""), "body", a) for a in tree.iter("a")]
    for note in filter(is_note, tree.iter("span")):
        written += [(url, "body", note) for url in written_addresses(note)]
    if article.original_url:
        written.append((article.original_url, "original_url", None))
    links = {}
    for href, where, element in written:
        address = address_of(href, page)
        if not address or address in links:
            continue
        links[address] = TextLink(
            href,
            "" if is_too_long(address) else address,
            where,
            opening(element) if element is not None else "",
        )
    return list(links.values())


def block_of(element: HtmlElement) -> HtmlElement:
    """The block that the element stands in; the whole text if in none."""
    for block in (element, *element.iterancestors()):
        if block.tag in BLOCKS:
            return block
    return element.getroottree().getroot()


def opening(element: HtmlElement) -> str:
    """The first words of the block that the element stands in."""
    text = ""
    for part in texts_of(block_of(element)):
        text += part
        # No more than is needed: many links may stand in one block.
        if len(text) > FIRST_CHARACTERS:
            break
    words = text[:FIRST_CHARACTERS].split()[:FIRST_WORDS]
    return " ".join(words).rstrip(".,;:…")


def blocks_of(tree: HtmlElement) -> list[tuple[HtmlElement, str]]:
    """Each block that has text of its own, with that text and its footnotes."""
    found: dict[HtmlElement, list[str]] = {}
    for text in tree.xpath(".//text()"):
        parent = text.getparent()
        block = block_of(parent.getparent() if text.is_tail else parent)
        found.setdefault(block, []).append(text)
    return [(block, "".join(texts)) for block, texts in found.items()]


def loose_marks(tree: HtmlElement) -> list[tuple[str, HtmlElement]]:
    """Marks of footnotes that are none, each with the element it stands in."""
    marks = []
    for block, text in blocks_of(tree):
        marks += [(mark, block) for mark in _MARK.findall(text)]
    for sup in tree.iter("sup"):
        before = sup.getprevious()
        text = (sup.getparent().text if before is None else before.tail) or ""
        begins = before is None and sup.getparent() is block_of(sup)
        number = words_of(sup)
        if number.isdigit() and (_STOP.search(text) or (begins and not text.strip())):
            marks.append((number, sup))
    return marks


def file_name(img: HtmlElement) -> str:
    return unquote(img.get("src").rsplit("/", 1)[-1])


def says_nothing(words: str) -> bool:
    return words.casefold().strip(" .…!:>→»") in _WORDLESS
