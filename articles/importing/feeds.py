"""Read an archive from a feed: RSS 2.0, RSS 1.0 or Atom, as Drupal and others write it.

Sources: the RSS 2.0 specification, RSS 1.0 with its modules content and dc, RFC 4287
and Media RSS. Read as a WordPress export is, and not by feedparser, which holds the
file in memory and drops what it holds harmful without a word.
"""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import escape
from typing import BinaryIO

from django.utils.text import slugify
from lxml import etree

from articles.importing.balance import is_cut_off
from articles.importing.broken_xml import (
    HEAD,
    CleanedXML,
    build_cut_off,
    build_too_long,
    find_encoding,
    is_cut,
    read_children,
)
from articles.importing.media_in_text import list_images
from articles.importing.packages import get_name
from articles.importing.records import (
    MediaRecord,
    NotAnExport,
    PersonRecord,
    PieceRecord,
    Record,
    Site,
    SourceState,
    TermRecord,
    Unreadable,
)
from articles.importing.words import read_language
from ecfr_site.richtext.plain_text import clean_line
from ecfr_site.richtext.sanitizer import plain_text

_ROOT = re.compile(r"<(?:([\w-]+):)?(rss|feed|RDF)[\s>]")
_CONTAINERS = {"rss": "channel", "feed": "feed", "RDF": "RDF"}
# Ends of a text of which the feed has only the beginning.
_TEASER = re.compile(
    r"(?:\[?…\]?|\[?\.\.\.\]?|read more|weiterlesen|lire la suite)\W*$", re.IGNORECASE
)
_ADDRESS_AND_NAME = re.compile(r"^\s*\S+@\S+\s*\((.+)\)\s*$")
_TAXONOMY = "category"
_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_IMAGE = re.compile(r"\.(?:jpe?g|png|gif|webp)(?:\?|$)", re.IGNORECASE)


@dataclass
class _Seen:
    """People and terms that were told of already: a feed names them in each item."""

    site: Site
    people: set[str] = field(default_factory=set)
    terms: set[str] = field(default_factory=set)
    images: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _File:
    """A file that belongs to an item."""

    url: str
    type: str
    title: str = ""

    @property
    def is_image(self) -> bool:
        return self.type.startswith("image") or (
            not self.type and bool(_IMAGE.search(self.url))
        )


def read_feed(file: BinaryIO, site: Site) -> Iterator[Record]:
    """Yield the records of a feed in its order, and fill in `site` on the way.

    Raises NotAnExport. What is broken is read as far as it can be; an item that cannot
    be is `Unreadable`.
    """
    seen = _Seen(site)
    cleaned, container = open_feed(file)
    for element in read_children(cleaned, container):
        if isinstance(element, Unreadable):
            yield element
            continue
        match get_name(element):
            case "item" | "entry":
                yield from _read_item(element, seen)
            case "channel":
                # RSS 1.0 has its items beside the channel.
                for child in element:
                    _read_head(child, site)
            case _:
                _read_head(element, site)


def open_feed(file: BinaryIO) -> tuple[CleanedXML, str]:
    """The feed as text that can be parsed, and the element that its items are in."""
    head = file.read(HEAD)
    file.seek(0)
    encoding = find_encoding(head)
    text = head.decode(encoding, "replace")
    root = _ROOT.search(text)
    if not root:
        raise NotAnExport("This is not a feed: it does not begin with <rss> or <feed>.")
    if re.search("<!(?:ENTITY|DOCTYPE)", text[: root.start()]):
        raise NotAnExport("This file declares entities, which feeds must not do.")
    if "wordpress.org/export" in text:
        raise NotAnExport("This is a WordPress export. Choose WordPress as its source.")
    container = _CONTAINERS[root[2]]
    prefix = f"{root[1]}:" if root[1] and container == root[2] else ""
    return CleanedXML(file, encoding, f"</{prefix}{container}>"), container


def _read_head(element: etree._Element, site: Site) -> None:
    match get_name(element):
        case "title":
            site.title = site.title or _read_line(element)
        case "link" if element.get("rel", "alternate") == "alternate":
            address = element.get("href") or (element.text or "").strip()
            site.address = site.address or address
        case "language":
            site.language = site.language or _read_line(element)


def _read_item(element: etree._Element, seen: _Seen) -> Iterator[Record]:
    link = _find_link(element)
    number = _get(element, "guid") or _get(element, "id") or link
    number = number or element.get(_RDF_ABOUT, "")
    title = _get_line(element, "title")
    if is_cut_off(element):
        yield build_cut_off(number, title)
        return
    if is_cut(element):
        yield build_too_long(number, title)
        return
    if not number:
        yield Unreadable(
            "", f"“{title}” has neither an address nor a guid, and was left out."
        )
        return
    authors, terms = _list_authors(element), _list_terms(element)
    for name, email in authors:
        if name not in seen.people:
            seen.people.add(name)
            yield PersonRecord(source_id=name, name=name, email=email, logins=(name,))
    for slug, name in terms:
        if slug not in seen.terms:
            seen.terms.add(slug)
            yield TermRecord(f"{_TAXONOMY}-{slug}", _TAXONOMY, slug, name)
    files = list(_list_files(element))
    image = next((file.url for file in files if file.is_image), "")
    piece = replace(
        _read_piece(element, number, link, image, files, seen.site),
        authors=tuple(name for name, _ in authors),
        terms=tuple((_TAXONOMY, slug) for slug, _ in terms),
    )
    for file in files:
        if file.url not in seen.images:
            seen.images.add(file.url)
            yield MediaRecord(file.url, file.url, title=file.title, parent=number)
    yield from list_images(piece.html, seen.images)
    yield piece


def _read_piece(
    element: etree._Element,
    number: str,
    link: str,
    image: str,
    files: list[_File],
    site: Site,
) -> PieceRecord:
    html, standfirst, losses = _read_text(element)
    published, unread = _read_first_time(element, "pubDate", "published", "date")
    modified, _ = _read_first_time(element, "updated", "modified")
    attached = [file for file in files if not file.is_image and file.url not in html]
    language = element.get(_XML_LANG, "")
    language = language or _get(element, "language") or site.language
    return PieceRecord(
        source_id=number,
        type="item",
        state=SourceState.PUBLISHED,
        title=_get_line(element, "title"),
        html=html + "".join(map(_write_file, attached)),
        standfirst=standfirst,
        slug=_find_slug(link),
        language=read_language(language),
        addresses=tuple(
            url
            for url in dict.fromkeys([link, _get(element, "guid")])
            if url.startswith(("http", "/"))
        ),
        published_at=published or modified,
        modified_at=modified,
        image=image,
        losses=(*losses, *unread),
    )


def _read_text(element: etree._Element) -> tuple[str, str, list[str]]:
    """The text, the standfirst, and what seems to be missing.

    A feed has the text as content:encoded or content, and in its description or summary
    a teaser; or only the latter, with the text or its beginning.
    """
    short = _get_html(element, "description") or _get_html(element, "summary")
    full = _get_html(element, "encoded") or _get_html(element, "content")
    if not full:
        is_teaser = _TEASER.search(plain_text(short))
        told = ["the end of the text (the feed seems to have only its beginning)"]
        return short, "", told if is_teaser else [] if short else ["the text"]
    teaser = clean_line(plain_text(short))
    start = _TEASER.sub("", teaser)[:60].strip()
    begins = clean_line(plain_text(full[:3000])).startswith(start)
    return full, "" if begins else teaser, []


def _find_link(element: etree._Element) -> str:
    """The page: <link> of RSS, or of Atom's links the one to the page itself."""
    for link in _find_all(element, "link"):
        if link.get("href") and link.get("rel", "alternate") == "alternate":
            return link.get("href", "").strip()
        if not link.get("href") and (link.text or "").strip():
            return (link.text or "").strip()
    guid = next(_find_all(element, "guid"), None)
    is_address = guid is not None and guid.get("isPermaLink") != "false"
    return _get(element, "guid") if is_address else ""


def _find_slug(link: str) -> str:
    last = link.partition("?")[0].rstrip("/").rpartition("/")[2]
    return slugify(re.sub(r"\.\w{2,5}$", "", last)) if "/" in link[8:] else ""


def _list_authors(element: etree._Element) -> list[tuple[str, str]]:
    """(name, address) of each, in their order."""
    found: dict[str, str] = {}
    for creator in _find_all(element, "creator"):
        found.setdefault(_read_line(creator), "")
    for author in _find_all(element, "author"):
        name, email = _get_line(author, "name"), _get(author, "email")
        text = _read_line(author)
        if not name and (pair := _ADDRESS_AND_NAME.match(text)):
            name, email = pair[1].strip(), text.split()[0]
        found.setdefault(name or ("" if "@" in text else text), email)
    return [(name, email) for name, email in found.items() if name]


def _list_terms(element: etree._Element) -> list[tuple[str, str]]:
    """(slug, name) of each category."""
    names = [
        clean_line(c.get("label") or c.get("term") or _read_line(c))
        for name in ("category", "subject")
        for c in _find_all(element, name)
    ]
    return list(
        dict.fromkeys(
            (slugify(name, allow_unicode=True) or name, name) for name in names if name
        )
    )


def _list_files(element: etree._Element) -> Iterator[_File]:
    """Enclosures of RSS, links of Atom to such, and Media RSS."""
    for child in element.iter():
        name, url = get_name(child), child.get("url") or ""
        if name == "link" and child.get("rel") == "enclosure":
            url = child.get("href") or ""
        elif name not in ("enclosure", "content", "thumbnail"):
            continue
        if url.startswith(("http", "/")):
            type_ = child.get("type") or child.get("medium") or ""
            is_small = name == "thumbnail"
            yield _File(url, "image" if is_small else type_, child.get("title") or "")


def _write_file(file: _File) -> str:
    called = file.title or file.url.partition("?")[0].rpartition("/")[2] or file.url
    return f'<p><a href="{escape(file.url)}">{escape(called, quote=False)}</a></p>'


def _read_first_time(
    element: etree._Element, *names: str
) -> tuple[datetime | None, list[str]]:
    """The first of these times, and one that cannot be read."""
    for name in names:
        text = _get(element, name)
        if text:
            found = parse_time(text)
            return found, [] if found else [f"the date (“{text[:60]}”)"]
    return None, []


def parse_time(text: str) -> datetime | None:
    """A time of RFC 822 or RFC 3339: in UTC, or of the old site's clock."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        try:
            found = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            return None
    try:
        return found.astimezone(UTC) if found.tzinfo else found
    except OverflowError:
        return None


# Elements, by their names without the namespace


def _find_all(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (child for child in element if get_name(child) == name)


def _get(element: etree._Element, name: str) -> str:
    """The text of the first child of that name, "" if there is none."""
    child = next(_find_all(element, name), None)
    return (child.text or "").strip() if child is not None else ""


def _get_line(element: etree._Element, name: str) -> str:
    child = next(_find_all(element, name), None)
    return _read_line(child) if child is not None else ""


def _read_line(element: etree._Element) -> str:
    """A line without tags, whether they are escaped, as most write them, or not."""
    return clean_line(plain_text(_write_html(element)))


def _get_html(element: etree._Element, name: str) -> str:
    """The HTML of the first such child that has any; Media RSS has a `content` too."""
    children = (c for c in _find_all(element, name) if not c.get("url"))
    return next(filter(None, map(_write_html, children)), "")


def _write_html(element: etree._Element) -> str:
    """Its HTML, escaped in the feed or, as Atom's xhtml, as elements."""
    if element.get("type") == "text":
        return escape(element.text or "", quote=False).strip()
    html = element.text or ""
    for child in map(deepcopy, element):
        for inner in child.iter(etree.Element):
            inner.tag = get_name(inner)
        etree.cleanup_namespaces(child)
        html += etree.tostring(child, encoding="unicode")
    return html.strip()
