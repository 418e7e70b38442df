"""Read articles from a CSV file, a row each.

The columns are documented in docs/moving-in.md. A row that cannot be read is refused
with the reason, and costs the rows around it nothing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from html import escape
from typing import BinaryIO

from django.utils.text import slugify

from articles.importing.media_in_text import list_images
from articles.importing.partial_dates import parse_moment
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
from articles.importing.wordpress_text import add_paragraphs
from articles.importing.words import read_language
from ecfr_site.importing import csv_rows
from ecfr_site.importing.csv_file import TEXTS

# Of these the first is our name for the column; the others are understood as well.
COLUMNS: dict[str, tuple[str, ...]] = {
    "title": ("headline",),
    "text": ("body", "content", "html", "full text"),
}
_OPTIONAL: dict[str, tuple[str, ...]] = {
    "id": ("number", "nid", "post id"),
    "standfirst": ("excerpt", "summary", "teaser", "abstract", "subtitle"),
    "slug": (),
    "address": ("url", "link", "permalink", "old address", "addresses"),
    "published": ("date", "publication date", "published at", "created"),
    "changed": ("modified", "updated", "updated at"),
    "state": ("status",),
    "language": ("lang", "locale"),
    "kind": ("type", "post type", "content type"),
    "authors": ("author", "by", "byline"),
    "topics": ("topic", "categories", "category"),
    "regions": ("region", "countries", "country"),
    "programmes": ("programme", "program", "programs"),
    "tags": ("tag", "keywords"),
    "image": ("featured image", "image url", "lead image"),
    "image alt": ("alt", "alternative text", "image_alt"),
    "image caption": ("caption", "image_caption"),
    "seo title": ("meta title", "seo_title"),
    "seo description": ("meta description", "seo_description"),
    "pick": ("featured", "sticky"),
    "translation of": ("translation_of", "translation group"),
}
# Columns whose cells name several things each.
TAXONOMIES = {
    "topics": "topic",
    "regions": "region",
    "programmes": "programme",
    "tags": "tag",
}
_STATES = {
    **dict.fromkeys(("published", "publish", "live", "public"), SourceState.PUBLISHED),
    **dict.fromkeys(("scheduled", "future"), SourceState.SCHEDULED),
    **dict.fromkeys(("", "draft", "pending", "unpublished"), SourceState.DRAFT),
    "private": SourceState.PRIVATE,
}
YES = {"yes", "y", "true", "1", "x", "ja", "oui"}
NO = {"no", "n", "false", "0", "", "nein", "non"}
_HAS_TAGS = re.compile(
    r"<(?:p|br|h[1-6]|ul|ol|div|blockquote|table|figure|img|a|em|strong|i|b)\b[^>]*>",
    re.IGNORECASE,
)
# What nobody sees of a text: tags but those that show something, and spaces.
_SPACES = re.compile(
    r"<(?!img|iframe|video|audio|embed|object)[^>]*>|&nbsp;|&#160;", re.IGNORECASE
)

Row = Mapping[str, str]


@dataclass
class _Seen:
    """People, terms and images that were told of already, and ids of articles."""

    told: set[tuple[type, str]] = field(default_factory=set)
    images: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)


def read_articles(file: BinaryIO, site: Site) -> Iterator[Record]:
    """Yield the articles of a file with their people, terms and images.

    The file says nothing of `site`. Raises NotAnExport; a row that is refused is
    `Unreadable`, by its number in a spreadsheet.
    """
    seen = _Seen()
    for number, row in read_rows(file, COLUMNS, _OPTIONAL):
        try:
            yield from _read_row(row, seen)
        except ValueError as error:
            yield build_refused(number, error)


def build_refused(number: int, error: ValueError) -> Unreadable:
    return Unreadable(f"line {number}", f"Line {number}: {error}")


def read_rows(
    file: BinaryIO,
    required: dict[str, tuple[str, ...]],
    optional: dict[str, tuple[str, ...]],
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows by our names of the columns, with their numbers in a spreadsheet.

    Raises NotAnExport.
    """
    file.seek(0)
    wanted = csv_rows.Columns(required, (*required, *optional))
    try:
        names, rows = csv_rows.read_numbered(file, wanted, TEXTS)
    except csv_rows.Unreadable as error:
        raise NotAnExport(str(error)) from error
    ours = _name_columns(names, optional)
    return ((number, dict(zip(ours, row, strict=True))) for number, row in rows)


def list_refused(
    file: BinaryIO, required: dict[str, tuple[str, ...]], reasons: Mapping[str, str]
) -> Iterator[list[str]]:
    """The line of names and the rows of `reasons`, {"line 3": why}, as they are in the
    file, each with its reason."""
    columns = csv_rows.Columns(required, ())
    names, rows = csv_rows.read_numbered(file, columns, TEXTS)
    yield [*names[:-1], "reason"]
    for number, row in rows:
        if reason := reasons.get(f"line {number}"):
            yield [*row[:-1], reason]


def _name_columns(names: list[str], optional: dict[str, tuple[str, ...]]) -> list[str]:
    """Each optional column by our name, unless another one has it."""
    aliases = {alias: name for name, several in optional.items() for alias in several}
    ours: list[str] = []
    for name in names:
        name = name.replace("_", " ") if name.replace("_", " ") in optional else name
        own = aliases.get(name, name)
        ours.append(own if own not in names and own not in ours else name)
    return ours


def _read_row(row: Row, seen: _Seen) -> Iterator[Record]:
    check_row(row)
    title = row["title"].strip()
    if not title:
        raise ValueError("It has no title.")
    if not _SPACES.sub("", write_html(row["text"])).strip():
        raise ValueError("It has no text.")
    number = _get(row, "id") or _get(row, "address").split(" ")[0] or _build_id(row)
    if number in seen.numbers:
        raise ValueError(f"Another row above has the id “{number[:60]}”.")
    piece = _build_piece(row, number)
    seen.numbers.add(number)
    found: list[PersonRecord | TermRecord | MediaRecord] = [
        *_list_people(row),
        *_list_terms(row),
        *_list_images(row),
    ]
    for record in found:
        key = (type(record), record.source_id)
        if key not in seen.told:
            seen.told.add(key)
            yield record
    seen.images.update(record.source_id for record in _list_images(row))
    yield from list_images(piece.html, seen.images)
    yield piece


def check_row(row: Row) -> None:
    """Raise ValueError for a row that cannot be told from its neighbours."""
    if row[csv_rows.PROBLEM]:
        raise ValueError(row[csv_rows.PROBLEM])


def _build_id(row: Row) -> str:
    """An id of a row without one: the same in the next file, if its title is."""
    words = f"{row['title'].strip()}\n{_get(row, 'published')}"
    return sha256(words.encode()).hexdigest()[:16]


def _build_piece(row: Row, number: str) -> PieceRecord:
    published, precision = _read_time(row, "published")
    changed, _ = _read_time(row, "changed")
    state = _read_state(row)
    if state == SourceState.SCHEDULED and published is None:
        raise ValueError("It is scheduled but has no date. Fill in “published”.")
    return PieceRecord(
        source_id=number,
        type=_get(row, "kind") or "article",
        state=state,
        title=row["title"].strip(),
        html=write_html(row["text"]),
        standfirst=_get(row, "standfirst"),
        slug=slugify(_get(row, "slug")),
        language=read_language(_get(row, "language")),
        addresses=tuple(
            url
            for url in _get(row, "address").split()
            if url.startswith(("http://", "https://", "/"))
        ),
        published_at=published,
        modified_at=changed,
        precision=precision,
        authors=tuple(split_cell(_get(row, "authors"))),
        terms=tuple(dict.fromkeys((t.taxonomy, t.slug) for t in _list_terms(row))),
        image=_get(row, "image"),
        seo_title=_get(row, "seo title"),
        seo_description=_get(row, "seo description"),
        is_pick=read_yes_or_no(_get(row, "pick"), "pick"),
        translation_group=_get(row, "translation of"),
    )


def _read_time(row: Row, name: str) -> tuple[datetime | None, str]:
    text = _get(row, name)
    return parse_moment(text) if text else (None, "day")


def _read_state(row: Row) -> SourceState:
    text = _get(row, "state").casefold()
    if text not in _STATES:
        raise ValueError(
            f"“{text[:60]}” is not a state. Use published, scheduled, draft or private."
        )
    return _STATES[text]


def read_yes_or_no(text: str, name: str) -> bool:
    """Raises ValueError for what is neither."""
    if text.casefold() not in YES | NO:
        raise ValueError(f"Enter yes or no for “{name}”, not “{text[:60]}”.")
    return text.casefold() in YES


def write_html(text: str) -> str:
    """The text of a cell as HTML: an empty line parts paragraphs if it has no tags."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text or _HAS_TAGS.search(text):
        return text
    return add_paragraphs(escape(text, quote=False))


def _list_people(row: Row) -> Iterator[PersonRecord]:
    for name in split_cell(_get(row, "authors")):
        yield PersonRecord(source_id=name, name=name, logins=(name,))


def _list_terms(row: Row) -> Iterator[TermRecord]:
    for column, taxonomy in TAXONOMIES.items():
        for name in split_cell(_get(row, column)):
            slug = slugify(name, allow_unicode=True) or name
            yield TermRecord(f"{taxonomy}-{slug}", taxonomy, slug, name)


def _list_images(row: Row) -> Iterator[MediaRecord]:
    if image := _get(row, "image"):
        alt, caption = _get(row, "image alt"), _get(row, "image caption")
        yield replace(build_image(image), alt=alt, caption=caption)


def build_image(image: str, title: str = "") -> MediaRecord:
    """The image of a cell: an address, or a path in the folder of images."""
    is_address = image.startswith(("http://", "https://", "/"))
    return MediaRecord(
        source_id=image,
        url=image if is_address else "",
        path="" if is_address else image,
        title=title,
    )


def split_cell(cell: str) -> list[str]:
    """The names in a cell, which a semicolon, a vertical bar or a line end parts: names
    have commas in them."""
    parts = (" ".join(part.split()) for part in re.split(r"[;|\n]", cell))
    return list(dict.fromkeys(filter(None, parts)))


def _get(row: Row, name: str) -> str:
    return row.get(name, "").strip()
