"""Save pieces as articles."""

from datetime import UTC
from itertools import count
from typing import Any
from urllib.parse import unquote

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from articles.history.snapshot import get_content
from articles.importing.attachments import attach, suppose_attached
from articles.importing.job_titles import find_in_text
from articles.importing.ledger import (
    Context,
    Kind,
    Outcome,
    get_refusal,
    leave_alone,
    point,
)
from articles.importing.media import NoFile
from articles.importing.pieces import Piece, build_piece, read_moment
from articles.importing.records import PieceRecord, SourceState
from articles.models import Article, Byline, ImportedItem
from articles.workflow import State
from ecfr_site.richtext.fields import MAX_LENGTH

# Whatever is wrong with one piece.
_UNSAVABLE = (DatabaseError, ValidationError, NoFile)
_OLDER = "An earlier import brought a newer version of it."


def describe_piece(record: PieceRecord, context: Context) -> dict[str, Any]:
    """The columns of its row that hold whatever becomes of it."""
    return {
        "title": record.title[:250],
        "address": _find_address(record, context),
        "translation_group": record.translation_group[:100],
    }


def save_piece(
    record: PieceRecord, earlier: ImportedItem | None, context: Context
) -> ImportedItem:
    """The article of the record: new, updated, or left alone."""
    row = context.build_row(
        Kind.PIECE, record.source_id, **describe_piece(record, context)
    )
    if refusal := _get_refusal(record, context):
        row.outcome, row.reason = Outcome.SKIPPED, refusal
        return row
    piece = build_piece(record, context)
    row.losses, row.digest = piece.losses, piece.make_digest()
    row.data = {
        "language": piece.values["language"],
        "links": piece.links,
    }
    if piece.is_draft:
        row.data["is_draft"] = True
    if said := _list_job_titles(piece, context):
        row.data["said"] = said
    article = earlier.find_target() if earlier else None
    modified = row.data["modified"] = _write_modified(record, context)
    if earlier and (refused := _find_reason(earlier, article, row.digest, modified)):
        if refused[0] == Outcome.SKIPPED:
            row.data["modified"] = earlier.data.get("modified", "")
        return leave_alone(row, earlier, refused)
    row.outcome = Outcome.UPDATED if article else Outcome.CREATED
    if len(piece.values["body"]) > MAX_LENGTH:
        raise ValidationError("The text is too long to be saved.")
    if context.is_trial:
        suppose_attached(piece.files, piece.is_draft)
        if article:
            point(row, article)
    elif isinstance(article, Article):
        row.before = keep(article)
        _update(row, article, piece, context)
    else:
        context.new_pieces.append((row, piece, unquote(record.slug) or record.title))
    return row


def _list_job_titles(piece: Piece, context: Context) -> list[tuple[str, str, str]]:
    """(whose, what they are said to be, the day) of what readers saw."""
    if piece.values["state"] != State.PUBLISHED:
        return []
    day = timezone.localdate(piece.values["published_at"]).isoformat()
    found = find_in_text(piece.values["body"], context.names)
    return [(whose, said, day) for whose, said in dict.fromkeys(found)]


def _get_refusal(record: PieceRecord, context: Context) -> str:
    if record.state == SourceState.TRASH:
        return "It was in the trash."
    if not context.mapping.types.get(record.type):
        return f"The mapping leaves out pieces of the type “{record.type}”."[:300]
    return ""


def _write_modified(record: PieceRecord, context: Context) -> str:
    """The time of its last change there, which such times are compared with by their
    letters; empty if the source does not say it."""
    modified = read_moment(record.modified_at, context)
    return modified.astimezone(UTC).isoformat() if modified else ""


def _find_reason(earlier, article, new_digest, modified):
    refused = get_refusal(earlier, article, new_digest)
    if not refused and article.changes:
        return Outcome.SKIPPED, "It has a working copy here."
    if not refused and modified and modified < earlier.data.get("modified", ""):
        return Outcome.SKIPPED, _OLDER
    return refused


def _find_address(record: PieceRecord, context: Context) -> str:
    paths = map(context.old_site.find_path, record.addresses)
    return next(filter(None, paths), "")[:500]


def keep(article: Article) -> dict[str, Any]:
    """The values that an update overwrites, to go back to; five queries."""
    return {
        "content": get_content(article),
        "state": article.state,
        "featured_at": article.featured_at and article.featured_at.isoformat(),
        "changed": article.changed.isoformat(),
    }


# Into the database


def _update(
    row: ImportedItem, article: Article, piece: Piece, context: Context
) -> None:
    _set_values(article, piece, context)
    article.save()
    article.topics.set(piece.topics)
    article.programmes.set(piece.programmes)
    _set_bylines(article, piece.authors)
    row.losses += attach(article, piece.files, context)
    _set_changed([(article, piece)])
    point(row, article)


def save_new_pieces(context: Context) -> None:
    """Save the new articles of a batch together.

    If that fails, each by itself, so that one costs the others nothing.
    """
    new, context.new_pieces = context.new_pieces, []
    try:
        with transaction.atomic():
            _create(new, context)
    except _UNSAVABLE:
        for each in new:
            _create_alone(each, context)


def _create_alone(new: tuple[ImportedItem, Piece, str], context: Context) -> None:
    row = new[0]
    try:
        with transaction.atomic():
            _create([new], context)
    except _UNSAVABLE as error:
        row.outcome, row.reason = Outcome.FAILED, f"It cannot be saved: {error}"[:300]
        row.digest, row.model, row.target = "", "", None


def _create(new: list[tuple[ImportedItem, Piece, str]], context: Context) -> None:
    created: list[tuple[Article, Piece]] = []
    slugs: set[str] = set()
    for _, piece, name in new:
        article = Article(created_by=context.archive_import.by)
        _set_values(article, piece, context)
        article.slug = _choose_slug(article, name, slugs)
        created.append((article, piece))
    Article.objects.save_together([article for article, _ in created])
    _add_rows(created)
    attached = [attach(article, piece.files, context) for article, piece in created]
    _set_changed(created)
    for (row, _, _), (article, _), lost in zip(new, created, attached, strict=True):
        row.losses += lost
        point(row, article)


def _choose_slug(article: Article, name: str, taken: set[str]) -> str:
    """A free slug, also among those of this batch, which becomes one of them."""
    slug = article.find_free_slug(name)
    for number in count(2):
        if slug not in taken:
            break
        slug = article.find_free_slug(f"{name}-{number}")
    taken.add(slug)
    return slug


def _set_values(article: Article, piece: Piece, context: Context) -> None:
    for name, value in piece.values.items():
        if name != "changed":
            setattr(article, name, value)
    article.changed_by = context.archive_import.by


def _add_rows(created: list[tuple[Article, Piece]]) -> None:
    """The topics, programmes and bylines of new articles: a query each."""
    topics, programmes = Article.topics.through, Article.programmes.through
    topics._default_manager.bulk_create(
        topics(article_id=article.pk, topic_id=number)
        for article, piece in created
        for number in piece.topics
    )
    programmes._default_manager.bulk_create(
        programmes(article_id=article.pk, programme_id=number)
        for article, piece in created
        for number in piece.programmes
    )
    Byline.objects.bulk_create(
        byline
        for article, piece in created
        for byline in _build_bylines(article, piece.authors)
    )


def _build_bylines(article: Article, authors: list[int]) -> list[Byline]:
    return [
        Byline(article=article, author_id=author, order=order)
        for order, author in enumerate(authors)
    ]


def _set_bylines(article: Article, authors: list[int]) -> None:
    rows = article.bylines.order_by("order", "pk")
    if list(rows.values_list("author", flat=True)) != authors:
        rows.delete()
        Byline.objects.bulk_create(_build_bylines(article, authors))


def _set_changed(saved: list[tuple[Article, Piece]]) -> None:
    """Keep the time of its last change there: search engines are not told of news."""
    now = timezone.now()
    for article, piece in saved:
        article.changed = min(piece.values["changed"] or now, now)
    Article.objects.bulk_update([article for article, _ in saved], ["changed"])
