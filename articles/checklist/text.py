"""Find images, links and marks in an editor's text: pure functions on its tree."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from lxml.html import HtmlElement

from articles.body import extract_words, is_note, iter_texts
from articles.footnotes import find_written_addresses
from articles.links import is_too_long, resolve_link

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


def find_links(article: "Article", tree: HtmlElement) -> list[TextLink]:
    """Addresses that the text, its footnotes and the original lead to, each once."""
    page = article.get_absolute_url() if article.slug else "/"
    written = [(a.get("href", ""), "body", a) for a in tree.iter("a")]
    for note in filter(is_note, tree.iter("span")):
        written += [(url, "body", note) for url in find_written_addresses(note)]
    if article.original_url:
        written.append((article.original_url, "original_url", None))
    links = {}
    for href, where, element in written:
        address = resolve_link(href, page)
        if not address or address in links:
            continue
        links[address] = TextLink(
            href,
            "" if is_too_long(address) else address,
            where,
            get_opening(element) if element is not None else "",
        )
    return list(links.values())


def find_block(element: HtmlElement) -> HtmlElement:
    """The block that the element stands in; the whole text if in none."""
    for block in (element, *element.iterancestors()):
        if block.tag in BLOCKS:
            return block
    return element.getroottree().getroot()


def get_opening(element: HtmlElement) -> str:
    """The first words of the block that the element stands in."""
    text = ""
    for part in iter_texts(find_block(element)):
        text += part
        # No more than is needed: many links may stand in one block.
        if len(text) > FIRST_CHARACTERS:
            break
    words = text[:FIRST_CHARACTERS].split()[:FIRST_WORDS]
    return " ".join(words).rstrip(".,;:…")


def list_blocks(tree: HtmlElement) -> list[tuple[HtmlElement, str]]:
    """Each block that has text of its own, with that text and its footnotes."""
    found: dict[HtmlElement, list[str]] = {}
    for text in tree.xpath(".//text()"):
        parent = text.getparent()
        block = find_block(parent.getparent() if text.is_tail else parent)
        found.setdefault(block, []).append(text)
    return [(block, "".join(texts)) for block, texts in found.items()]


def find_loose_marks(tree: HtmlElement) -> list[tuple[str, HtmlElement]]:
    """Marks of footnotes that are none, each with the element it stands in."""
    marks = []
    for block, text in list_blocks(tree):
        marks += [(mark, block) for mark in _MARK.findall(text)]
    for sup in tree.iter("sup"):
        before = sup.getprevious()
        text = (sup.getparent().text if before is None else before.tail) or ""
        begins = before is None and sup.getparent() is find_block(sup)
        number = extract_words(sup)
        if number.isdigit() and (_STOP.search(text) or (begins and not text.strip())):
            marks.append((number, sup))
    return marks


def get_file_name(img: HtmlElement) -> str:
    return unquote(img.get("src").rsplit("/", 1)[-1])


def says_nothing(words: str) -> bool:
    return words.casefold().strip(" .…!:>→»") in _WORDLESS
