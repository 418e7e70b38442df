"""Turn the records of pieces into what an article here would hold."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from articles.importing.attachments import find_files
from articles.importing.ledger import (
    Context,
    Outcome,
    digest,
)
from articles.importing.links import list_old_links
from articles.importing.records import PieceRecord, SourceState
from articles.importing.texts import build_body
from articles.importing.words import cut, read_text
from articles.models import ImportedItem
from articles.workflow import State
from ecfr_site.images.models import Image

_LENGTHS = {
    "title": ("title", 250),
    "standfirst": ("excerpt", 600),
    "seo_title": ("title for search engines", 120),
    "seo_description": ("description for search engines", 300),
}
_STATES = {
    SourceState.PRIVATE: "It was private, so it is a draft here.",
    SourceState.PASSWORD: "It had a password, so it is a draft here.",
}


@dataclass
class Piece:
    """An article as the archive has it: columns, and rows that belong to it."""

    values: dict[str, Any] = field(default_factory=dict)
    authors: list[int] = field(default_factory=list)
    topics: set[int] = field(default_factory=set)
    programmes: set[int] = field(default_factory=set)
    losses: list[str] = field(default_factory=list)
    # Rows of the ledger, of files to attach.
    files: list[ImportedItem] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    kind: str = ""

    @property
    def is_draft(self) -> bool:
        return bool(self.values["state"] != State.PUBLISHED)

    def make_digest(self) -> str:
        return digest(
            {
                **self.values,
                "authors": self.authors,
                "topics": sorted(self.topics),
                "programmes": sorted(self.programmes),
                "files": [row.address for row in self.files],
            }
        )


def build_piece(record: PieceRecord, context: Context) -> Piece:
    """The record as an article here would have it; reads, writes nothing."""
    piece = Piece(kind=context.mapping.types[record.type])
    language = _choose_language(record, piece, context)
    body, losses = build_body(record, language, context)
    piece.losses += losses
    piece.values = {
        "body": body,
        "language": language,
        **_cut_texts(record, piece),
        **_decide_state(record, piece, context),
        **_choose_image(record, piece, context),
    }
    piece.links = list_old_links(body, context)
    piece.files, losses = find_files(piece.links, context)
    piece.losses += losses
    _file_under(record, piece, context)
    piece.values["kind_id"] = piece.kind
    piece.authors = _find_authors(record, piece, context)
    return piece


def _choose_language(record: PieceRecord, piece: Piece, context: Context) -> str:
    if record.language in dict(settings.LANGUAGES):
        return record.language
    if record.language:
        piece.losses.append(
            f"language “{record.language}”, which this site does not have"
        )
    return context.mapping.language


def _cut_texts(record: PieceRecord, piece: Piece) -> dict[str, str]:
    texts = {
        "title": record.title or "Untitled",
        "standfirst": read_text(record.standfirst),
        "seo_title": record.seo_title,
        "seo_description": read_text(record.seo_description),
    }
    if not record.title:
        piece.losses.append("It had no title.")
    values = {}
    for name, text in texts.items():
        called, limit = _LENGTHS[name]
        values[name], rest = cut(text, limit)
        if rest:
            piece.losses.append(f"the end of the {called} (“{rest}”)")
    return values


def _decide_state(
    record: PieceRecord, piece: Piece, context: Context
) -> dict[str, Any]:
    """Published stays published; nothing else becomes it, not even by its time."""
    at = read_moment(record.published_at, context)
    changed = read_moment(record.modified_at, context)
    state = State.DRAFT
    if record.state == SourceState.PUBLISHED:
        at = at or changed
        if at is None:
            piece.losses.append(
                "It was published without a date, so it is a draft here."
            )
        elif at <= timezone.now():
            state = State.PUBLISHED
    if at and (record.state == SourceState.SCHEDULED or at > timezone.now()):
        when = date_format(timezone.localtime(at), "j F Y, H:i")
        piece.losses.append(f"It was scheduled for {when}, so it is a draft here.")
    elif record.state == SourceState.DRAFT:
        at = None
    elif record.state in _STATES:
        piece.losses.append(_STATES[record.state])
    return {
        "state": state,
        "published_at": at,
        "precision": record.precision,
        "featured_at": at if record.is_pick and state == State.PUBLISHED else None,
        "changed": changed or at,
    }


def read_moment(moment: datetime | None, context: Context) -> datetime | None:
    """The moment; one without a zone is by the old site's clock."""
    if moment and moment.tzinfo is None:
        return moment.replace(tzinfo=ZoneInfo(context.mapping.time_zone))
    return moment


def _choose_image(
    record: PieceRecord, piece: Piece, context: Context
) -> dict[str, Any]:
    """The featured image; without alternative text it is marked as decoration, as
    browsers took it."""
    none = {"image_id": None, "image_alt": "", "image_decorative": False}
    if not record.image:
        return none
    row = context.find_media_by_id(record.image)
    if row is None or not row.is_here or _is_gone(row):
        called = row.address if row else record.image
        piece.losses.append(f"lead image ({called}), which was not imported")
        return none
    alt = cut(row.data.get("alt", ""), 300)[0]
    if not alt:
        piece.losses.append(
            "The lead image had no alternative text and is marked as decoration."
        )
    return {"image_id": row.target, "image_alt": alt, "image_decorative": not alt}


def _is_gone(row: ImportedItem) -> bool:
    """It came over with an earlier export, and was deleted here."""
    if row.target is None:
        return False
    return not Image.objects.filter(pk=row.target).exists()


def _file_under(record: PieceRecord, piece: Piece, context: Context) -> None:
    """Set topics, programmes and kind by the terms, and name those that are lost."""
    for taxonomy, slug in record.terms:
        term = context.terms.get((taxonomy, slug))
        if term is None or term.outcome == Outcome.FAILED:
            piece.losses.append(f"{taxonomy} “{slug}”, which is not in the archive")
        elif not term.is_here:
            piece.losses.append(f"{taxonomy} “{term.title}”, which was left out")
        elif term.data["becomes"] == "kind":
            _, _, piece.kind = context.mapping.terms[term.source_id].partition(":")
        elif term.target or context.is_trial:
            belongs = {"programme": piece.programmes}
            belongs.get(term.data["becomes"], piece.topics).add(term.target or 0)


def _find_authors(record: PieceRecord, piece: Piece, context: Context) -> list[int]:
    found: list[int] = []
    for login in record.authors:
        person = context.find_person(login)
        if person is None:
            piece.losses.append(f"author “{login}”, who is not in the archive")
        elif not person.is_here:
            piece.losses.append(f"author “{person.title}”, who was not imported")
        else:
            found.append(person.target or 0)
    return list(dict.fromkeys(found))
