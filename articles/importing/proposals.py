"""Propose positions by what an archive's texts say of their authors.

Kept with the row of the person in the ledger, until an editor has decided:

    row.data["proposals"] = [{"id": …, "title": "Fellow", "programme": 3, "directs":
        False, "first": "2019-03-04", "last": "2021-01-05", "since": 0, "pieces": 7,
        "articles": [some of their numbers], "described": False}]
    row.data["decided"] = {id: "taken" or "declined"}
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import transaction

from articles.importing.job_titles import JobTitle, list_employers, read_title
from articles.importing.ledger import Context, Kind
from articles.models import ArchiveImport, ImportedItem
from articles.models.imported_item import ImportedItemQuerySet
from authors.models import Author, Position, Programme
from ecfr_site.institution.models import Institution

TAKEN, DECLINED = "taken", "declined"
# Articles that are named beside a proposal.
_NAMED = 5

Proposal = dict[str, Any]


def propose_positions(context: Context) -> None:
    """Gather what was read of each person, by the dates of the pieces it stood in.

    Not what somebody holds here already, or what was decided in an earlier import.
    """
    found = context.archive_import
    people = list(found.items.filter(kind=Kind.PERSON, target__isnull=False))
    by_id = {row.source_id: row.target for row in people}
    gathered = _gather(people, by_id, context)
    authors = Author.objects.prefetch_related("positions").in_bulk(list(gathered))
    decided = _list_decided(context, gathered)
    told: set[int | None] = set()
    for row in people:
        author = authors.get(row.target or 0)
        if author is None or row.target in told:
            continue
        told.add(row.target)
        proposals = [
            proposal
            for proposal in gathered[author.pk].values()
            if not _is_held(proposal, author)
            and (author.pk, proposal["id"]) not in decided
        ]
        if proposals:
            row.data["proposals"] = sorted(
                proposals, key=lambda each: (each["first"], each["title"])
            )
            row.save(update_fields=["data"])


def _gather(
    people: list[ImportedItem], by_id: dict[str, int | None], context: Context
) -> dict[int, dict[str, Proposal]]:
    """{author: {id: proposal}}"""
    programmes = dict(Programme.objects.values_list("name", "pk"))
    institution = Institution.objects.current()
    employers = list_employers(
        institution.name, institution.short_name, context.site.title
    )
    gathered: dict[int, dict[str, Proposal]] = {}

    def add(author: int | None, said: str, day: str, article: int | None) -> None:
        title = read_title(said, programmes, employers)
        if author is None or title is None:
            return
        proposal = _find(gathered.setdefault(author, {}), title)
        proposal["since"] = title.since or proposal["since"]
        if not day:
            proposal["described"] = True
            return
        proposal["first"] = min(proposal["first"] or day, day)
        proposal["last"] = max(proposal["last"], day)
        proposal["pieces"] += 1
        if article and len(proposal["articles"]) < _NAMED:
            proposal["articles"].append(article)

    for row in people:
        if said := row.data.get("said"):
            add(row.target, said, "", None)
    pieces = context.archive_import.items.filter(
        kind=Kind.PIECE, data__has_key="said"
    ).values_list("target", "data")
    for article, data in pieces.iterator(chunk_size=500):
        for whose, said, day in data["said"]:
            add(by_id.get(whose), said, day, article)
    return gathered


def _find(proposals: dict[str, Proposal], title: JobTitle) -> Proposal:
    key = f"{title.title.casefold()}|{title.programme or ''}"
    number = sha256(key.encode()).hexdigest()[:12]
    return proposals.setdefault(
        number,
        {
            "id": number,
            "title": title.title,
            "programme": title.programme,
            "directs": title.directs,
            "first": "",
            "last": "",
            "since": 0,
            "pieces": 0,
            "articles": [],
            "described": False,
        },
    )


def _is_held(proposal: Proposal, author: Author) -> bool:
    return any(
        position.title.casefold() == proposal["title"].casefold()
        and position.programme_id == proposal["programme"]
        for position in author.positions.all()
    )


def _list_decided(context: Context, authors: Iterable[int]) -> set[tuple[int, str]]:
    """(author, id) of what an editor decided in an import of the same site."""
    rows = ImportedItem.objects.of_source(context.source).filter(
        kind=Kind.PERSON, target__in=list(authors), data__has_key="decided"
    )
    return {(row.target or 0, each) for row in rows for each in row.data["decided"]}


# Deciding


def list_proposing(found: ArchiveImport) -> ImportedItemQuerySet:
    """The people of an import of whom something is proposed."""
    people = found.items.filter(kind=Kind.PERSON, target__isnull=False)
    return people.filter(data__has_key="proposals").order_by("title", "pk")


def find_proposal(row: ImportedItem, number: str) -> Proposal | None:
    proposals = row.data.get("proposals", ())
    return next((each for each in proposals if each["id"] == number), None)


@transaction.atomic
def take(row: ImportedItem, number: str, position: Position, by: User) -> bool:
    """Save the position; return whether the proposal was still open."""
    if not _decide(row, number, TAKEN):
        return False
    position.save()
    message = f"Added the position “{position}”, as {row.archive_import} proposed."
    LogEntry.objects.log_actions(
        by.pk, [position.author], CHANGE, message, single_object=True
    )
    return True


@transaction.atomic
def decline(row: ImportedItem, number: str) -> bool:
    """Never propose it again; return whether it was still open."""
    return _decide(row, number, DECLINED)


def _decide(row: ImportedItem, number: str, decision: str) -> bool:
    locked = ImportedItem.objects.select_for_update().get(pk=row.pk)
    if not find_proposal(locked, number):
        return False
    rest = [each for each in locked.data.pop("proposals") if each["id"] != number]
    if rest:
        locked.data["proposals"] = rest
    locked.data.setdefault("decided", {})[number] = decision
    locked.save(update_fields=["data"])
    return True
