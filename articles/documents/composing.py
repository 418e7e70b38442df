"""From a published article to the HTML of its document, and the files that it shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import get_language, get_language_info
from lxml.html import HtmlElement
from lxml.html.builder import E

from articles.citing.record import build_record
from articles.citing.styles import cite_for_documents
from articles.documents.captions import list_captioned
from articles.documents.imprint import build_imprint, find_colour
from articles.figure_data import insert_data_links
from articles.models import Article
from articles.models.byline import list_creators
from ecfr_site.images.markup import render_picture
from ecfr_site.images.models import Image
from ecfr_site.images.renditions import SHAPES
from ecfr_site.institution.models import Institution
from ecfr_site.richtext.absolute import make_absolute
from ecfr_site.richtext.tree import parse_fragment, replace, serialize

# In characters of the text's HTML, about six pages: less is read without contents.
LONG = 12_000
# In characters: a line in the head of a page.
LONGEST_RUNNING = 75
_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif")


@dataclass(frozen=True)
class Composition:
    """files: the names in the media storage by the names that the HTML has."""

    html: str
    files: dict[str, str]


def compose(article: Article, institution: Institution) -> Composition:
    """The document of an article from `for_page()`; one query more.

    Nothing in it is of the day it is made: the same article gives the same HTML.
    """
    files = Files(article, width=1600, hides_decoration=True)
    body = parse_fragment(
        insert_data_links(article, language=find_label_language(article))
    )
    captioned = list_captioned(body)
    set_footnotes(body)
    set_row_heads(body)
    files.set_images(body)
    set_formulas(body)
    make_links_absolute(body)
    record = build_record(article, institution)
    credits = article.credits
    html = render_to_string(
        "articles/documents/document.html",
        {
            "article": article,
            "institution": institution,
            "address": make_absolute(article.get_absolute_url()),
            "authors": [each.author.name for each in list_creators(credits)]
            or [institution.name],
            "body": get_markup(body),
            "captioned": captioned,
            "citation": cite_for_documents(record, institution),
            "colour": find_colour(article),
            "credits": credits,
            "direction": find_direction(article.language),
            "image": files.render_lead_image(),
            "imprint": build_imprint(article, institution),
            "is_long": len(article.body_html) >= LONG,
            "labels": find_label_language(article),
            "running": f"{institution.short_name} · {shorten(article.title)}",
        },
    )
    return Composition(html, files.used)


def find_direction(language: str) -> str:
    """“rtl” or “ltr”, in which the language is written."""
    try:
        return "rtl" if get_language_info(language)["bidi"] else "ltr"
    except KeyError:
        return "ltr"


def find_label_language(article: Article) -> str:
    """The language of the words around the text, if that is another; or ""."""
    language = (get_language() or "en")[:2]
    return "" if article.language == language else language


def get_markup(body: HtmlElement) -> SafeString:
    html = serialize(body).removeprefix("<div>").removesuffix("</div>")
    return mark_safe(html)  # noqa: S308 (from body_html, which is sanitised)


class Files:
    """The image files of a document, under names of its own."""

    def __init__(
        self, article: Article, width: int, hides_decoration: bool = False
    ) -> None:
        self.article, self.width = article, width
        # Typeset, each image is a figure that must be described.
        self.hides_decoration = hides_decoration
        # {name in the document: name in the storage}
        self.used: dict[str, str] = {}
        # {an address that the text may have: what to show}
        self._known: dict[str, str] = {}
        for image in article.body_images.all():
            best = self._choose(image)
            for name in list_names(image):
                self._known[default_storage.url(name)] = best
                self._known[f"{settings.SITE_URL}{default_storage.url(name)}"] = best

    def _choose(self, image: Image) -> str:
        """The name in the storage of the file to show."""
        if not image.rendered:
            return image.file.name or ""
        widths = [w for w, _ in SHAPES["full"].sizes(image.width, image.height)]
        width = max([w for w in widths if w <= self.width] or widths[:1])
        extension = "png" if image.ground in ("light", "dark") else "jpg"
        return image.rendition_name("full", width, extension)

    def add(self, name: str) -> str:
        """The name in the document of a file in the storage."""
        for inside, there in self.used.items():
            if there == name:
                return inside
        suffix = PurePosixPath(name).suffix.lower()
        inside = f"image-{len(self.used) + 1}{suffix}"
        self.used[inside] = name
        return inside

    def set_images(self, body: HtmlElement) -> None:
        """Show our own files, each in one size; of others' the description."""
        for picture in list(body.iter("picture")):
            image = next(picture.iter("img"))
            image.tail = picture.tail
            picture.getparent().replace(picture, image)
        for img in list(body.iter("img")):
            self._set_image(img)

    def _set_image(self, img: HtmlElement) -> None:
        name = self._known.get(img.get("src", ""))
        if name is None or not name.lower().endswith(_PICTURES):
            replace(img, E.span(img.get("alt") or ""))
            return
        inside = self.add(name)
        for attribute in set(img.attrib) - {"alt", "width", "height"}:
            del img.attrib[attribute]
        img.set("src", inside)
        if self.hides_decoration and not img.get("alt"):
            replace(img, _build_background(img))

    def render_lead_image(self) -> SafeString:
        article = self.article
        if not article.image:
            return SafeString("")
        alt = "" if article.image_decorative else article.image_alt
        tree = parse_fragment(str(render_picture(article.image, "full", alt=alt)))
        image = next(tree.iter("img"))
        self._known[image.get("src", "")] = self._choose(article.image)
        picture = image.getparent()
        self._set_image(image)
        shown = next(iter(picture.iter("img", "span")))
        shown.tail = None
        return mark_safe(serialize(shown))  # noqa: S308 (of our own markup)


def _build_background(img: HtmlElement) -> HtmlElement:
    """A decorative image as a background: readers' programs pass it over."""
    width, height = int(img.get("width", "3")), int(img.get("height", "2"))
    share = f"{100 * height / width:.1f}%"
    style = f"background-image: url({img.get('src')}); padding-bottom: {share}"
    return E.span({"class": "decorative", "style": style})


def list_names(image: Image) -> Iterable[str]:
    """The names in the storage that a text may show an image by."""
    yield image.file.name or ""
    if image.rendered:
        for width, _ in SHAPES["full"].sizes(image.width, image.height):
            for extension in ("jpg", "png"):
                yield image.rendition_name("full", width, extension)


def set_footnotes(body: HtmlElement) -> None:
    """Put each note at its reference, for the typesetter to set on that page."""
    notes: dict[str, Any] = {}
    for section in body.xpath(".//section[@role='doc-endnotes']"):
        for item in section.iter("li"):
            for back in item.xpath(".//a[@role='doc-backlink']"):
                back.drop_tree()
            notes[item.get("id", "")] = item
        section.drop_tree()
    for link in body.xpath(".//a[@role='doc-noteref']"):
        item = notes.get(link.get("href", "").removeprefix("#"))
        if item is None:
            continue
        note = E.span({"class": "footnote", "id": item.get("id")})
        note.text = (item.text or "").rstrip() if not len(item) else item.text
        note.extend(list(item))
        if len(note) and note[-1].tail:
            note[-1].tail = note[-1].tail.rstrip()
        for name in ("lang", "dir"):
            if item.get(name):
                note.set(name, item.get(name))
        holder = link.getparent()
        replace(holder if holder.tag == "sup" else link, note)


def set_row_heads(body: HtmlElement) -> None:
    """Mark heads of rows: browsers know them by their place, WeasyPrint does not."""
    for row in body.iter("tr"):
        if row.getparent().tag == "thead" or row.find("td") is None:
            continue
        for head in row.findall("th"):
            head.set("scope", head.get("scope") or "row")


def set_formulas(body: HtmlElement) -> None:
    """Let what stands over and under come in the order in which it is set."""
    for formula in list(body.iter("munderover", "munder", "mover")):
        parts = list(formula)
        if not parts:
            continue
        parts[0].set("class", "base")
        under = parts[1:2] if formula.tag != "mover" else []
        over = parts[1:] if formula.tag == "mover" else parts[2:]
        formula[:] = [*over, parts[0], *under]


def shorten(title: str) -> str:
    """The title as it fits over a page: whole, without what follows a colon, or cut."""
    if len(title) > LONGEST_RUNNING:
        title = title.partition(":")[0]
    return Truncator(title).chars(LONGEST_RUNNING)


def make_links_absolute(body: HtmlElement) -> None:
    for link in body.iter("a"):
        if (href := link.get("href", "")).startswith("/"):
            link.set("href", make_absolute(href))
