"""Give people the portraits that came over with the archive."""

from collections.abc import Iterator

from django.db import transaction

from articles.importing.ledger import Context, Kind
from articles.models import ImportedItem
from authors.models import Author
from ecfr_site.images.models import Image


@transaction.atomic
def set_portraits(context: Context) -> None:
    """Set them where somebody has none, and say of each that is lost why.

    May be run twice. A trial says only what would be lost.
    """
    for person, number in _list_portraits(context):
        media = context.find_media_by_id(number)
        loss = _find_loss(media, number)
        if not loss and media and media.target and person.target:
            loss = _set(person, person.target, media.target, context.is_trial)
        if loss and loss not in person.losses:
            person.losses.append(loss)
        person.save(update_fields=["losses", "data"])


def _list_portraits(context: Context) -> Iterator[tuple[ImportedItem, str]]:
    """(row of a person, source id of an image), by what either says of the other."""
    items = context.archive_import.items.order_by("pk")
    for person in items.filter(kind=Kind.PERSON, data__has_key="portrait"):
        yield person, person.data["portrait"]
    for image in items.filter(kind=Kind.MEDIA, data__has_key="portrait_of"):
        shown = context.find_person(image.data["portrait_of"])
        if shown:
            yield shown, image.source_id


def _find_loss(media: ImportedItem | None, number: str) -> str:
    if media is None:
        return f"portrait ({number[:200]}), which is not in the archive"
    if media.is_here:
        return ""
    called = media.address or number
    return f"portrait ({called[:200]}), which was not imported: {media.reason}"


def _set(person: ImportedItem, number: int, image: int, is_trial: bool) -> str:
    """Return what is lost: a portrait of somebody who has one."""
    author = Author.objects.filter(pk=number).first()
    if author is None or author.photo_id == image:
        return ""
    if author.photo_id:
        return "portrait, because the author already has one"
    if not Image.objects.filter(pk=image).exists():
        return "portrait, which was deleted here"
    if is_trial:
        return ""
    Author.objects.filter(pk=author.pk).update(photo=image)
    # What an undo takes away again.
    person.data["portrait_set"] = image
    return ""


def take_back(image: Image) -> None:
    """Take the image from those to whom an import gave it."""
    for author in Author.objects.filter(photo=image):
        given = ImportedItem.objects.about(author).filter(data__portrait_set=image.pk)
        if given.exists():
            Author.objects.filter(pk=author.pk).update(photo=None)
