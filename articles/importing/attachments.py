"""Attach the PDF files of the archive to the pieces that link to them."""

from pathlib import PurePath

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction

from articles.importing.addresses import make_media_key
from articles.importing.ledger import (
    Context,
    Outcome,
    get_path,
    point,
)
from articles.importing.media import NoFile
from articles.importing.records import MediaRecord
from articles.importing.redirecting import write_addresses
from articles.models import Article, Attachment, ImportedItem
from articles.models.attachment import validate_pdf


def find_files(
    links: list[str], context: Context
) -> tuple[list[ImportedItem], list[str]]:
    """The PDF files that a text links to and that can be had, and what is lost.

    Each is attached to the first piece that links to it.
    """
    keys = [make_media_key(href) for href in links]
    keys = [key for key in dict.fromkeys(keys) if is_pdf(key)]
    rows = context.find_media(keys) if keys else {}
    found, losses = [], []
    for row in (rows[key] for key in keys if key in rows):
        try:
            if not row.target:
                _read(row, context)
            found.append(row)
        except NoFile as error:
            losses.append(f"file {row.address} ({error})")
        except ValidationError as error:
            losses.append(f"file {row.address} ({' '.join(error.messages)})")
    return found, losses


def is_pdf(key: str) -> bool:
    return key.lower().endswith(".pdf")


def attach(article: Article, rows: list[ImportedItem], context: Context) -> list[str]:
    """Attach the files that no piece has yet, and say so in their rows; return what is
    lost."""
    order = article.attachments.count() if rows else 0
    losses = []
    for row in rows:
        # An earlier piece of the same batch may have it.
        row.refresh_from_db()
        if row.target:
            continue
        try:
            with transaction.atomic():
                _attach(article, row, order, context)
        # No room on the disk, for one.
        except (NoFile, ValidationError, OSError) as error:
            losses.append(f"file {row.address} (it cannot be saved: {error})"[:300])
        else:
            order += 1
    return losses


def _attach(article: Article, row: ImportedItem, order: int, context: Context) -> None:
    attachment = Attachment(
        article=article,
        title=(row.title or PurePath(row.address).stem)[:150],
        file=_read(row, context),
        order=order,
        # It may be an annex: an editor knows.
        is_full_text=False,
    )
    attachment.save()
    point(row, attachment)
    row.outcome, row.reason = Outcome.CREATED, ""
    row.save()
    new = get_path(attachment) if article.is_public else ""
    old = filter(None, context.old_site.list_media_paths(_build_record(row)))
    write_addresses({row: dict.fromkeys(old, new)})


def suppose_attached(rows: list[ImportedItem], is_draft: bool) -> None:
    """Say in a trial what would become of them."""
    for row in rows:
        row.refresh_from_db()
        if row.target or row.outcome == Outcome.CREATED:
            continue
        row.outcome, row.reason = Outcome.CREATED, ""
        if is_draft:
            row.data["is_draft"] = True
        row.save(update_fields=["outcome", "reason", "data"])


def _read(row: ImportedItem, context: Context) -> ContentFile:
    """The file. Raises NoFile, or ValidationError for what is no PDF."""
    content = context.files.read(_build_record(row))
    file = ContentFile(content, PurePath(row.address).name)
    validate_pdf(file)
    return file


def _build_record(row: ImportedItem) -> MediaRecord:
    return MediaRecord(
        row.source_id,
        row.data["url"],
        path=row.data["path"],
        addresses=tuple(row.data.get("addresses", ())),
    )
