"""The knowledge of an import at work, and the rows that it writes of each item."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC
from functools import cached_property
from typing import Any

from django.db.models import Model

from articles.importing.addresses import OldSite, is_image
from articles.importing.mapping import Mapping
from articles.importing.media import Files
from articles.importing.records import Site
from articles.models import (
    ArchiveImport,
    Article,
    Attachment,
    ImportedItem,
)
from articles.models.imported_item import ImportedItemQuerySet
from ecfr_site.images.models import Image
from ecfr_site.redirects.models import SlugRedirectMixin

Kind = ImportedItem.Kind
Outcome = ImportedItem.Outcome

DELETED = "It has been deleted here."
# The comments of the revisions that imports make.
IMPORTED, IMPORTED_AGAIN = "Imported.", "Imported again."
# The format of feeds that other systems have.
_FEED = "application/rss+xml"
# Of what an editor changes: the rest is made by the site. Articles have a time.
_EDITED = {
    "authors.author": ("name", "sort_name", "slug", "biography", "standing"),
    "authors.programme": ("name", "slug", "summary", "description"),
    "articles.topic": ("name", "slug", "kind", "parent_id", "summary"),
    "images.image": ("title", "alt", "caption", "credit", "focal_x", "focal_y"),
}


@dataclass
class Context:
    """An import at work. `is_trial` stores nothing but the ledger."""

    archive_import: ArchiveImport
    mapping: Mapping
    site: Site
    files: Files
    is_trial: bool = False
    old_site: OldSite = field(init=False)
    # New pieces of the present batch, which are saved together: rows, what they say,
    # and what their addresses are made of (articles/importing/saving.py).
    new_pieces: list[tuple[ImportedItem, Any, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        front = self.archive_import.found.get("front", "")
        self.old_site = OldSite(self.site.address, front)

    @property
    def source(self) -> str:
        return self.archive_import.source

    def build_row(self, kind: str, source_id: str, **fields: Any) -> ImportedItem:
        return ImportedItem(
            archive_import=self.archive_import,
            source=self.source,
            kind=kind,
            source_id=source_id,
            **fields,
        )

    # References: in memory, as people and terms are few beside pieces

    @cached_property
    def people(self) -> dict[str, ImportedItem]:
        """{login or slug: row} of the people of this import or an earlier one."""
        return {
            login: row
            for row in self._list_rows(Kind.PERSON)
            for login in row.data.get("logins", ())
        }

    @cached_property
    def names(self) -> dict[str, str]:
        """{name in lower case: source id} of people whose name nobody else has."""
        names: dict[str, set[str]] = {}
        for row in self.people.values():
            names.setdefault(row.title.casefold(), set()).add(row.source_id)
        return {name: min(ids) for name, ids in names.items() if len(ids) == 1}

    def find_person(self, login: str) -> ImportedItem | None:
        """Also by the name that Co-Authors Plus makes of a login."""
        return self.people.get(login) or self.people.get(login.removeprefix("cap-"))

    @cached_property
    def terms(self) -> dict[tuple[str, str], ImportedItem]:
        """{(taxonomy, slug): row}, also of terms that are left out."""
        return {
            (row.data["taxonomy"], row.data["slug"]): row
            for row in self._list_rows(Kind.TERM)
        }

    def _list_rows(self, kind: str) -> Iterable[ImportedItem]:
        """Those of earlier imports that are still here, and then of this one."""
        earlier = ImportedItem.objects.of_source(self.source).filter(kind=kind)
        earlier = earlier.exclude(archive_import=self.archive_import)
        rows = list(earlier)
        there = ImportedItem.objects.find_targets(rows)
        yield from (row for row in rows if (row.model, row.target) in there)
        yield from self.archive_import.items.filter(kind=kind).iterator(chunk_size=500)

    def find_media(self, keys: Iterable[str]) -> dict[str, ImportedItem]:
        """{key: row} of images and files that came over; one query."""
        return {row.address: row for row in self._media.filter(address__in=keys)}

    def find_media_by_id(self, source_id: str) -> ImportedItem | None:
        return self._media.filter(source_id=source_id).last()

    def list_attached_images(self, piece: str) -> list[str]:
        """The numbers of images that were uploaded to the piece; one query."""
        rows = self._media.filter(data__parent=piece)
        found = [row.source_id for row in rows if is_image(row.address)]
        return list(dict.fromkeys(found))

    @property
    def _media(self) -> ImportedItemQuerySet:
        known = ImportedItem.objects.known_to(self.archive_import)
        return known.filter(kind=Kind.MEDIA).order_by("pk")


def digest(values: dict[str, Any]) -> str:
    content = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def make_mark(instance: Model) -> str:
    """A mark that changes when an editor saves something else."""
    if isinstance(instance, Article):
        return instance.changed.astimezone(UTC).isoformat()
    return digest(read_edited(instance))


def read_edited(instance: Model) -> dict[str, Any]:
    """The values that an editor changes."""
    names = _EDITED.get(instance._meta.label_lower, ())
    return {name: getattr(instance, name) for name in names}


def get_refusal(
    earlier: ImportedItem, instance: Model | None, new_digest: str
) -> tuple[str, str] | None:
    """(outcome, reason) of an item that came before and is not saved again, or None."""
    if instance is None:
        return Outcome.SKIPPED, DELETED
    if earlier.digest == new_digest:
        return Outcome.UNCHANGED, ""
    if not earlier.digest:
        return Outcome.UNCHANGED, f"Matched with {instance}."[:300]
    if make_mark(instance) != earlier.mark:
        return Outcome.SKIPPED, "It has been changed here since, and is left as it is."
    return None


def leave_alone(
    row: ImportedItem, earlier: ImportedItem, refusal: tuple[str, str]
) -> ImportedItem:
    """The row of an item that is not saved again: it is what it became earlier, or
    nothing if that was deleted here."""
    row.outcome, row.reason = refusal
    if row.reason != DELETED:
        row.model, row.target = earlier.model, earlier.target
    row.mark, row.digest = earlier.mark, earlier.digest
    return row


def point(row: ImportedItem, instance: Model) -> None:
    """Say in the row what the item became."""
    row.model, row.target = instance._meta.label_lower, instance.pk
    row.mark = make_mark(instance)


def get_path(instance: Any) -> str:
    """The address at which readers find it."""
    if isinstance(instance, (Image, Attachment)):
        return str(instance.file.url)
    return str(instance.get_absolute_url())


def is_draft(instance: Model | None) -> bool:
    """Return whether an address that leads to it would tell readers of a draft."""
    article = instance.article if isinstance(instance, Attachment) else instance
    return isinstance(article, Article) and not article.is_public


def list_paths(instance: Model) -> list[str]:
    """Its page, and the feed of it if it has one."""
    feeds = instance.list_feeds() if isinstance(instance, SlugRedirectMixin) else []
    return [get_path(instance), *(path for kind, path in feeds if kind == _FEED)]
