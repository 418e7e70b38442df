"""Neutral records: the content of an archive, whatever system it comes from.

Readers yield them; the pipeline maps and saves them. A `source_id` names a record
within its archive and its kind, and stays the same in the next export.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class SourceState(StrEnum):
    """The state of a piece, as readers of the old site saw it."""

    PUBLISHED = "published"
    SCHEDULED = "scheduled"
    DRAFT = "draft"
    PRIVATE = "private"
    PASSWORD = "password"  # noqa: S105  (a state, no secret)
    TRASH = "trash"


@dataclass(frozen=True)
class PositionRecord:
    """A post that a person held from a day to a day, both included."""

    title: str
    programme: str
    directs: bool
    started: date
    ended: date | None = None


@dataclass(frozen=True)
class PersonRecord:
    source_id: str
    name: str
    slug: str = ""
    email: str = ""
    biography: str = ""
    website: str = ""
    # Login names by which pieces refer to the person.
    logins: tuple[str, ...] = ()
    # A MediaRecord, by its source id.
    portrait: str = ""
    positions: tuple[PositionRecord, ...] = ()
    losses: tuple[str, ...] = ()


@dataclass(frozen=True)
class TermRecord:
    """A category, a tag or whatever else pieces are filed under."""

    source_id: str
    taxonomy: str
    slug: str
    name: str
    parent: str = ""
    description: str = ""
    # Of WordPress, which stands in addresses.
    number: str = ""


@dataclass(frozen=True)
class MediaRecord:
    source_id: str
    url: str
    # Below the media folder, such as 2019/03/table.jpg.
    path: str = ""
    title: str = ""
    alt: str = ""
    caption: str = ""
    # Of its page, as they stand in links.
    addresses: tuple[str, ...] = ()
    # The piece that it was uploaded to.
    parent: str = ""
    # A login of the person whom it shows.
    portrait_of: str = ""
    losses: tuple[str, ...] = ()


@dataclass(frozen=True)
class PieceRecord:
    """A post, a page or another text with an address of its own.

    `html` is as the source has it; `style` says how its lines are meant. `authors` are
    the logins or slugs of people, in order, and `terms` pairs of taxonomy and slug.
    """

    source_id: str
    type: str
    state: SourceState
    title: str
    html: str
    style: str = "html"
    standfirst: str = ""
    slug: str = ""
    language: str = ""
    # The page of the old site, then its other addresses, as they stand in links.
    addresses: tuple[str, ...] = ()
    published_at: datetime | None = None
    modified_at: datetime | None = None
    # Of the time of publication: day, month or year.
    precision: str = "day"
    authors: tuple[str, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()
    image: str = ""
    seo_title: str = ""
    seo_description: str = ""
    is_pick: bool = False
    parent: str = ""
    # Pieces that say the same in another language share it.
    translation_group: str = ""
    # Text of footnotes that stands apart from the piece, by their names in it.
    notes: Mapping[str, str] = field(default_factory=dict)
    losses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unreadable:
    """An item of which nothing could be read, with the reason."""

    source_id: str
    reason: str


class NotAnExport(ValueError):
    """The file is none of the asked kind; says what it seems to be."""


@dataclass
class Site:
    """The old site, as the head of the export describes it."""

    title: str = ""
    address: str = ""
    language: str = ""
    version: str = ""
    # Texts that pieces refer to by number: reusable blocks.
    blocks: dict[str, str] = field(default_factory=dict)


Record = PersonRecord | TermRecord | MediaRecord | PieceRecord | Unreadable

# No text in PostgreSQL, or in UTF-8; JSON can spell both.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def clean(value: Any) -> Any:
    """A record, or whatever holds texts, without characters that cannot be stored."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("", value) if _UNSTORABLE.search(value) else value
    if isinstance(value, (tuple, list)):
        return type(value)(map(clean, value))
    if isinstance(value, Mapping):
        return {clean(name): clean(each) for name, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        cleaned = {f.name: clean(getattr(value, f.name)) for f in fields(value)}
        return replace(value, **cleaned)
    return value
