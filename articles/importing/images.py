"""Save images of the archive into the library."""

from pathlib import PurePath
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile

from articles.importing.addresses import is_image, make_media_key
from articles.importing.attachments import is_pdf
from articles.importing.ledger import (
    Context,
    Kind,
    Outcome,
    digest,
    get_refusal,
    leave_alone,
    point,
)
from articles.importing.media import NoFile
from articles.importing.records import MediaRecord
from articles.importing.words import cut, read_text
from articles.models import ImportedItem
from ecfr_site.images.intake import process_upload
from ecfr_site.images.models import Image

_LENGTHS = {"title": 200, "alt": 300, "caption": 300}


def describe_media(record: MediaRecord, context: Context) -> dict[str, Any]:
    """The columns of its row that hold whatever becomes of it."""
    key = make_media_key(record.url or record.path)
    return {
        "title": record.title[:250] or key[:250],
        "address": key,
        "data": {
            "url": record.url,
            "path": record.path,
            "alt": record.alt,
            "caption": record.caption,
            "addresses": record.addresses,
            "parent": record.parent,
            **({"portrait_of": record.portrait_of} if record.portrait_of else {}),
        },
    }


def save_media(
    record: MediaRecord, earlier: ImportedItem | None, context: Context
) -> ImportedItem:
    """The image of the record. A file that is no image is kept for the pieces that
    link to it."""
    row = context.build_row(
        Kind.MEDIA,
        record.source_id,
        losses=list(record.losses),
        **describe_media(record, context),
    )
    key = row.address
    if not is_image(key):
        return _pass_over(row, earlier)
    values = _read_texts(record, row)
    row.digest = digest(values)
    image = earlier.find_target() if earlier else None
    if earlier and (refusal := get_refusal(earlier, image, row.digest)):
        return leave_alone(row, earlier, refusal)
    if isinstance(image, Image):
        row.outcome = Outcome.UPDATED
        row.before = {name: getattr(image, name) for name in _LENGTHS}
    else:
        row.outcome = Outcome.CREATED
        image = Image(uploaded_by=context.archive_import.by)
        try:
            content = context.files.read(record)
            # As an upload: decoded and encoded anew, without what cameras add.
            image.file = process_upload(ContentFile(content, PurePath(key).name))
        except NoFile as error:
            return _refuse(row, Outcome.SKIPPED, str(error))
        except ValidationError as error:
            return _refuse(row, Outcome.FAILED, " ".join(error.messages))
    for name, value in values.items():
        setattr(image, name, value)
    if not context.is_trial:
        image.save()
    if image.pk:
        point(row, image)
    return row


def _pass_over(row: ImportedItem, earlier: ImportedItem | None) -> ImportedItem:
    """A file that is no image: it is here already, or waits for a piece."""
    if earlier and earlier.find_target():
        row.outcome, row.mark = Outcome.UNCHANGED, earlier.mark
        row.model, row.target = earlier.model, earlier.target
    elif is_pdf(row.address):
        row.outcome, row.reason = Outcome.SKIPPED, "No piece links to it."
    else:
        row.outcome, row.reason = Outcome.SKIPPED, "It is neither an image nor a PDF."
    return row


def _read_texts(record: MediaRecord, row: ImportedItem) -> dict[str, str]:
    texts = {
        "title": record.title or PurePath(row.address).stem,
        "alt": record.alt,
        "caption": read_text(record.caption),
    }
    values = {}
    for name, text in texts.items():
        values[name], rest = cut(text, _LENGTHS[name])
        if rest:
            row.losses.append(f"the end of the {name} (“{rest[:200]}”)")
    return values


def _refuse(row: ImportedItem, outcome: str, reason: str) -> ImportedItem:
    row.outcome, row.reason, row.digest = outcome, reason[:300], ""
    return row
