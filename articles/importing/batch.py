"""Save some records of an archive in one transaction with their rows of the ledger."""

import logging
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from articles.importing.addresses import is_feed
from articles.importing.images import describe_media, save_media
from articles.importing.ledger import (
    Context,
    Kind,
    Outcome,
    is_draft,
    list_paths,
)
from articles.importing.people import (
    describe_person,
    describe_term,
    save_person,
    save_term,
)
from articles.importing.records import (
    MediaRecord,
    PersonRecord,
    PieceRecord,
    Record,
    TermRecord,
    Unreadable,
)
from articles.importing.redirecting import write_addresses
from articles.importing.saving import describe_piece, save_new_pieces, save_piece
from articles.models import ArchiveImport, Article, ImportedItem
from articles.webhooks import remember_imported

logger = logging.getLogger(__name__)

Phase = ArchiveImport.Phase
_PHASES = {
    PersonRecord: (Phase.PEOPLE, Kind.PERSON, describe_person, save_person),
    TermRecord: (Phase.PEOPLE, Kind.TERM, describe_term, save_term),
    MediaRecord: (Phase.MEDIA, Kind.MEDIA, describe_media, save_media),
    PieceRecord: (Phase.PIECES, Kind.PIECE, describe_piece, save_piece),
}


def is_of_phase(record: Record, phase: int) -> bool:
    if isinstance(record, Unreadable):
        return phase == Phase.PEOPLE
    return _PHASES[type(record)][0] == phase


def save_batch(records: list[tuple[int, Record]], context: Context) -> None:
    """Save records of one phase, each with its place in the archive.

    In the caller's transaction. One that cannot be saved costs the others nothing.
    """
    saved: list[tuple[ImportedItem, Record]] = []
    repeated: list[ImportedItem] = []
    for kind, some in _group(records):
        earlier = _find_earlier(kind, some, context)
        seen = _find_seen(kind, some, context)
        for place, record in some:
            source_id = _get_id(place, record)
            if source_id in seen:
                repeated += _describe_repeated(place, record, seen[source_id], context)
                continue
            row = _save(kind, source_id, record, earlier.get(source_id), context)
            seen[source_id] = row.address
            saved.append((row, record))
            _learn(row, context)
    save_new_pieces(context)
    rows = [row for row, _ in saved]
    ImportedItem.objects.bulk_create([*rows, *repeated])
    if not context.is_trial:
        published = [r.target for r in rows if r.model == Article._meta.label_lower]
        remember_imported([pk for pk in published if pk])
    write_addresses(dict(_list_addresses(saved, context)))


def _group(
    records: list[tuple[int, Record]],
) -> Iterable[tuple[str, list[tuple[int, Record]]]]:
    """(kind, records) in the order in which they came."""
    groups: dict[str, list[tuple[int, Record]]] = {}
    for place, record in records:
        kind = (
            Kind.UNREADABLE
            if isinstance(record, Unreadable)
            else _PHASES[type(record)][1]
        )
        groups.setdefault(kind, []).append((place, record))
    return groups.items()


def _get_id(place: int, record: Record) -> str:
    return (record.source_id or f"record {place}")[:200]


def _find_earlier(
    kind: str, records: list[tuple[int, Record]], context: Context
) -> dict[str, ImportedItem]:
    ids = [record.source_id[:200] for _, record in records]
    return ImportedItem.objects.find_earlier(context.source, kind, ids)


def _find_seen(
    kind: str, records: list[tuple[int, Record]], context: Context
) -> dict[str, str]:
    """{source id: address} of those that the archive had before: the first counts."""
    ids = [_get_id(place, record) for place, record in records]
    seen = context.archive_import.items.filter(kind=kind, source_id__in=ids)
    return dict(seen.values_list("source_id", "address"))


def _describe_repeated(
    place: int, record: Record, address: str, context: Context
) -> Iterator[ImportedItem]:
    """A row for a piece whose number one before it has, or for another file than that
    at the address. People, terms and files come again with each part of an archive.
    """
    if not isinstance(record, (PieceRecord, MediaRecord)):
        return
    describe: Any = _PHASES[type(record)][2]
    described = describe(record, context)
    if isinstance(record, MediaRecord) and described["address"] == address:
        return
    number = record.source_id[:150]
    yield context.build_row(
        Kind.UNREADABLE,
        f"record {place}",
        title=described["title"],
        address=described["address"],
        outcome=Outcome.SKIPPED,
        reason=f"An earlier item has the same number, {number}, so it was left out.",
    )


def _save(
    kind: str,
    source_id: str,
    record: Record,
    earlier: ImportedItem | None,
    context: Context,
) -> ImportedItem:
    if isinstance(record, Unreadable):
        return context.build_row(
            kind, source_id, outcome=Outcome.FAILED, reason=record.reason[:300]
        )
    describe: Any = _PHASES[type(record)][2]
    save: Any = _PHASES[type(record)][3]
    try:
        with transaction.atomic():
            row = save(record, earlier, context)
    except ValidationError as error:
        reason = " ".join(error.messages)
    except DatabaseError as error:
        logger.warning("An item was not imported: %s %s", kind, source_id)
        reason = f"The database rejected it: {error}"
    # Whatever is wrong with one item, it is named and the others come over.
    except Exception as error:
        logger.exception("An item was not imported: %s %s", kind, source_id)
        reason = f"It could not be read: {type(error).__name__}."
    else:
        row.source_id = source_id
        return row
    # With all that others may refer to, which name what they lost.
    return context.build_row(
        kind,
        source_id,
        outcome=Outcome.FAILED,
        reason=reason[:300],
        **describe(record, context),
    )


def _learn(row: ImportedItem, context: Context) -> None:
    """Make the item known to those later in the archive, which may refer to it."""
    if row.kind == Kind.PERSON:
        for login in row.data.get("logins", ()):
            known = context.people.get(login)
            # Of two in this archive the first counts, and either before earlier ones.
            if known is None or known.archive_import_id != row.archive_import_id:
                context.people[login] = row
    elif row.kind == Kind.TERM and row.data:
        context.terms[row.data["taxonomy"], row.data["slug"]] = row


# Old addresses


def _list_addresses(
    saved: list[tuple[ImportedItem, Record]], context: Context
) -> Iterator[tuple[ImportedItem, dict[str, str]]]:
    """(row, {old path: present path, "" in a trial}) of those that are here."""
    present = {} if context.is_trial else _find_paths(row for row, _ in saved)
    for row, record in saved:
        if row.outcome in (Outcome.SKIPPED, Outcome.FAILED):
            continue
        page, feed = present.get(row, ("", ""))
        old = filter(None, _list_old_paths(record, context))
        yield row, {path: feed if is_feed(path) else page for path in old}


def _list_old_paths(record: Record, context: Context) -> Iterable[str]:
    old_site = context.old_site
    match record:
        case PieceRecord():
            return map(old_site.find_path, record.addresses)
        case MediaRecord():
            return old_site.list_media_paths(record)
        case PersonRecord():
            return old_site.list_author_paths(record)
        case TermRecord():
            return old_site.list_term_paths(record, _list_above(record, context))
    return ()


def _list_above(record: TermRecord, context: Context) -> list[str]:
    """The slugs of the terms above, the highest first."""
    above: list[str] = []
    parent = record.parent
    while parent and parent not in above:
        above.insert(0, parent)
        term = context.terms.get((record.taxonomy, parent))
        parent = term.data.get("parent", "") if term else ""
    return above


def _find_paths(rows: Iterable[ImportedItem]) -> dict[ImportedItem, tuple[str, str]]:
    """{row: (its page, its feed or its page)}; a query a model."""
    rows = list(rows)
    instances = ImportedItem.objects.find_targets(rows)
    found = {}
    for row in rows:
        instance = instances.get((row.model, row.target or 0))
        if instance and not is_draft(instance):
            paths = list_paths(instance)
            found[row] = paths[0], paths[-1]
    return found
