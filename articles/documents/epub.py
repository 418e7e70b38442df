"""A publication as an EPUB 3 book (https://www.w3.org/TR/epub-33/).

Written by the standard library and lxml: ebooklib, which others use, is under the AGPL.
"""

import zipfile
from dataclasses import dataclass
from datetime import UTC
from io import BytesIO
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import escape
from lxml import etree
from lxml.html import HtmlElement

from articles.citing.record import build_record
from articles.citing.styles import cite_for_documents
from articles.documents.captions import Captioned, list_captioned
from articles.documents.composing import (
    Files,
    find_direction,
    find_label_language,
    get_markup,
    make_links_absolute,
)
from articles.documents.imprint import build_imprint, find_colour
from articles.figure_data import insert_data_links
from articles.models import Article, Byline
from articles.models.byline import list_creators
from ecfr_site.institution.models import Institution
from ecfr_site.richtext.absolute import make_absolute
from ecfr_site.richtext.tree import parse_fragment

# Wide enough for the screens that books are read on.
WIDTH = 960
MATHML = "http://www.w3.org/1998/Math/MathML"
_MEDIA_TYPES = {
    "css": "text/css",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "xhtml": "application/xhtml+xml",
}
# Of what every file in the archive is, so that the same text gives the same bytes.
_MOMENT = (1980, 1, 1, 0, 0, 0)
_CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
<rootfiles>
<rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/>
</rootfiles>
</container>
"""
# MARC's codes (https://www.loc.gov/marc/relators/); all others are authors.
_RELATORS = {Byline.Role.EDITOR: "edt", Byline.Role.TRANSLATOR: "trl"}
# In the order of reading, with the names that a table of contents has for them.
_PARTS = {"front": "Title page", "text": "Text", "imprint": "About this publication"}


@dataclass(frozen=True)
class Book:
    """parts: text by the name of the file in the book; files: names in the storage."""

    parts: dict[str, str]
    files: dict[str, str]


def compose_book(article: Article, institution: Institution) -> Book:
    """The book of an article from `for_page()`; one query more."""
    files = Files(article, WIDTH)
    body = parse_fragment(
        insert_data_links(article, language=find_label_language(article))
    )
    captioned = list_captioned(body)
    files.set_images(body)
    make_links_absolute(body)
    credits = article.credits
    html = render_to_string(
        "articles/documents/book.html",
        {
            "article": article,
            "institution": institution,
            "address": make_absolute(article.get_absolute_url()),
            "body": get_markup(body),
            "citation": cite_for_documents(
                build_record(article, institution), institution
            ),
            "credits": credits,
            "image": files.render_lead_image(),
            "imprint": build_imprint(article, institution),
            "labels": find_label_language(article),
        },
    )
    sections = {each.get("id", ""): each for each in parse_fragment(html)}
    parts = {
        f"{name}.xhtml": _write_page(article, title, sections[name])
        for name, title in _PARTS.items()
    }
    parts["nav.xhtml"] = _write_navigation(article, captioned)
    parts["style.css"] = render_to_string(
        "articles/documents/book.css", {"colour": find_colour(article)}
    )
    parts["package.opf"] = _write_package(article, institution, parts, files.used)
    return Book(parts, files.used)


def write_epub(book: Book, files: dict[str, bytes]) -> bytes:
    """The archive of a book with the content of its files (EPUB 3.3, section 4)."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:

        def add(name: str, content: str | bytes, method: int) -> None:
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.compress_type = method
            archive.writestr(entry, content)

        # First, and as it is, so that it stands at a known place.
        add("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        add("META-INF/container.xml", _CONTAINER, zipfile.ZIP_DEFLATED)
        for name, text in book.parts.items():
            add(f"book/{name}", text, zipfile.ZIP_DEFLATED)
        for name, content in files.items():
            add(f"book/{name}", content, zipfile.ZIP_STORED)
    return target.getvalue()


def _write_page(article: Article, title: str, content: HtmlElement) -> str:
    for formula in content.iter("math"):
        formula.set("xmlns", MATHML)
    for link in content.xpath(".//a[@role='doc-noteref']"):
        link.set("epub-type", "noteref")
    for notes in content.xpath(".//section[@role='doc-endnotes']"):
        notes.set("epub-type", "endnotes")
    xml = etree.tostring(content, encoding="unicode", method="xml", with_tail=False)
    return _frame(article, title, xml.replace(" epub-type=", " epub:type="))


def _frame(article: Article, title: str, xml: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" '
        'xmlns:epub="http://www.idpf.org/2007/ops" '
        f'lang="{article.language}" xml:lang="{article.language}" '
        f'dir="{find_direction(article.language)}">\n'
        f"<head><title>{escape(f'{article.title}: {title}')}</title>"
        '<link rel="stylesheet" type="text/css" href="style.css"/></head>\n'
        f"<body>{xml}</body>\n</html>\n"
    )


def _write_navigation(article: Article, captioned: dict[str, list[Captioned]]) -> str:
    """The table of contents: headings of the third level under those of the second.

    And the lists of figures and tables (EPUB 3.3, section 7.4).
    """
    chapters: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    for heading in article.contents:
        if heading["level"] == 2 or not chapters:
            chapters.append((heading, []))
        else:
            chapters[-1][1].append(heading)
    lines = [f'<li><a href="front.xhtml">{escape(article.title)}</a></li>']
    if not chapters:
        lines.append('<li><a href="text.xhtml">Text</a></li>')
    for chapter, below in chapters:
        inner = "".join(f"<li>{_link(heading)}</li>" for heading in below)
        lines.append(f"<li>{_link(chapter)}{f'<ol>{inner}</ol>' if inner else ''}</li>")
    lines.append(f'<li><a href="imprint.xhtml">{_PARTS["imprint"]}</a></li>')
    items = "\n".join(lines)
    return _frame(
        article,
        "Contents",
        f'<nav epub:type="toc" role="doc-toc" aria-label="Contents">'
        f"<h1>Contents</h1><ol>\n{items}\n</ol></nav>"
        + "".join(_list_in_navigation(*each) for each in captioned.items()),
    )


def _list_in_navigation(heading: str, listed: list[Captioned]) -> str:
    items = "\n".join(
        f'<li><a href="text.xhtml#{escape(each.id)}">{escape(each.text)}</a></li>'
        for each in listed
    )
    kind = "lot" if heading == "Tables" else "loi"
    return (
        f'<nav epub:type="{kind}" aria-label="{heading}">'
        f"<h2>{heading}</h2><ol>\n{items}\n</ol></nav>"
    )


def _link(heading: dict[str, Any]) -> str:
    return f'<a href="text.xhtml#{escape(heading["id"])}">{escape(heading["text"])}</a>'


def _write_package(
    article: Article,
    institution: Institution,
    parts: dict[str, str],
    files: dict[str, str],
) -> str:
    """The package document: metadata, files, and their order (section 5)."""
    metadata = [
        *_list_metadata(article, institution),
        *_list_record(article, institution),
        *_list_accessibility(parts["text.xhtml"], files),
    ]
    manifest = [_list_file(name, parts) for name in [*parts, *files]]
    direction = find_direction(article.language)
    spine = "".join(f'<itemref idref="{name}-xhtml"/>' for name in _PARTS)
    lines = "\n".join
    return f"""<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"
xml:lang="{article.language}">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
{lines(metadata)}
</metadata>
<manifest>
{lines(manifest)}
</manifest>
<spine page-progression-direction="{direction}">{spine}</spine>
</package>
"""


def _list_metadata(article: Article, institution: Institution) -> list[str]:
    modified = article.updated_at.astimezone(UTC)
    description = [article.description] if article.description else []
    return [
        f'<dc:identifier id="id">{escape(article.tag_uri)}</dc:identifier>',
        _dc("title", article.title),
        _dc("language", article.language),
        *_list_people(article, institution),
        _dc("publisher", institution.name),
        _dc("date", article.date_iso),
        _dc("source", article.canonical_url),
        *(_dc("subject", topic.name) for topic in article.page_topics),
        *(_dc("description", text) for text in description),
        _meta("dcterms:modified", f"{modified:%Y-%m-%dT%H:%M:%SZ}"),
    ]


def _list_people(article: Article, institution: Institution) -> list[str]:
    """Each with a role (EPUB 3.3, section 5.5.3.2.3), as the citation has them."""
    credits = article.credits
    creators = list_creators(credits)
    people = [
        *(("creator", b.author.name, b.role) for b in creators),
        *(("contributor", b.author.name, b.role) for b in credits if b not in creators),
    ]
    if not creators:
        people.insert(0, ("creator", institution.name, Byline.Role.AUTHOR))
    lines = []
    for number, (element, name, role) in enumerate(people, start=1):
        lines += [
            f'<dc:{element} id="person-{number}">{escape(name)}</dc:{element}>',
            f'<meta refines="#person-{number}" property="role" '
            f'scheme="marc:relators">{_RELATORS.get(role, "aut")}</meta>',
        ]
    return lines


def _list_record(article: Article, institution: Institution) -> list[str]:
    """Lines for libraries: kind, numbers, rights, and its place in a series.

    EPUB 3.3, appendix D.3, for collections.
    """
    record = build_record(article, institution)
    numbers = [
        f"{scheme}:{record[name]}"
        for scheme, name in (("doi", "DOI"), ("urn:isbn", "ISBN"))
        if name in record
    ]
    lines = [
        *(_dc("identifier", number) for number in numbers),
        _dc("type", article.kind.name),
        _dc("rights", build_imprint(article, institution).rights),
    ]
    if series := record.get("collection-title"):
        lines += [
            '<meta property="belongs-to-collection" id="series">'
            f"{escape(series)}</meta>",
            '<meta refines="#series" property="collection-type">series</meta>',
        ]
        if number := record.get("collection-number"):
            lines.append(
                f'<meta refines="#series" property="group-position">{number}</meta>'
            )
    return lines


def _list_accessibility(text: str, files: dict[str, str]) -> list[str]:
    """As EPUB Accessibility 1.1 asks, section 2."""
    features = ["structuralNavigation", "tableOfContents", "alternativeText"]
    modes = ["textual", "visual"] if files else ["textual"]
    if _has_math(text):
        features.append("MathML")
    return [
        *(_meta("schema:accessMode", mode) for mode in modes),
        _meta("schema:accessModeSufficient", "textual"),
        *(_meta("schema:accessibilityFeature", feature) for feature in features),
        _meta("schema:accessibilityHazard", "none"),
        _meta(
            "schema:accessibilitySummary",
            "Headings, notes and tables are marked as such, and images described.",
        ),
    ]


def _list_file(name: str, parts: dict[str, str]) -> str:
    """Its entry in the manifest."""
    properties = ""
    if name == "nav.xhtml":
        properties = ' properties="nav"'
    elif name == "text.xhtml" and _has_math(parts[name]):
        properties = ' properties="mathml"'
    media_type = _MEDIA_TYPES[name.rsplit(".", 1)[-1]]
    return (
        f'<item id="{name.replace(".", "-")}" href="{name}" '
        f'media-type="{media_type}"{properties}/>'
    )


def _has_math(text: str) -> bool:
    return "<math" in text


def _dc(name: str, text: str) -> str:
    return f"<dc:{name}>{escape(text)}</dc:{name}>"


def _meta(name: str, text: str) -> str:
    return f'<meta property="{name}">{escape(text)}</meta>'
