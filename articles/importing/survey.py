"""Count what an archive holds, for an editor to map."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from articles.importing.records import (
    MediaRecord,
    PersonRecord,
    PieceRecord,
    Record,
    Site,
    SourceState,
    TermRecord,
    Unreadable,
)

# Of a taxonomy and of people: the most used are shown, all are imported.
MOST_SHOWN = 5_000


@dataclass
class Survey:
    """The counts so far; memory depends on the number of people and terms."""

    records: int = 0
    media: int = 0
    unreadable: int = 0
    types: dict[str, Counter[str]] = field(default_factory=dict)
    languages: Counter[str] = field(default_factory=Counter)
    people: dict[str, PersonRecord] = field(default_factory=dict)
    terms: dict[tuple[str, str], TermRecord] = field(default_factory=dict)
    pieces_by: Counter[str] = field(default_factory=Counter)
    pieces_of: Counter[tuple[str, str]] = field(default_factory=Counter)
    years: set[int] = field(default_factory=set)
    # {type: the address that all of its pieces stand below, or ""}
    folders: dict[str, str] = field(default_factory=dict)
    # {what stands before the year in an address, or its folder: posts}, and the same
    # above the categories and the author of each
    fronts: Counter[str] = field(default_factory=Counter)
    bases: Counter[str] = field(default_factory=Counter)

    def add(self, record: Record) -> None:
        self.records += 1
        match record:
            case PieceRecord():
                states = self.types.setdefault(record.type, Counter())
                states[record.state.value] += 1
                self.languages[record.language] += 1
                self.pieces_by.update(record.authors)
                self.pieces_of.update(record.terms)
                if record.state == SourceState.PUBLISHED:
                    self._add_place(record)
            case PersonRecord():
                self.people[record.source_id] = record
            case TermRecord():
                self.terms[record.taxonomy, record.slug] = record
            case MediaRecord():
                self.media += 1
            case Unreadable():
                self.unreadable += 1

    def _add_place(self, record: PieceRecord) -> None:
        """Note where lists of what readers see may have stood."""
        if record.published_at:
            self.years.add(record.published_at.year)
        address = next(iter(record.addresses), "").partition("?")[0]
        folder = address.rstrip("/").rpartition("/")[0]
        if self.folders.setdefault(record.type, folder) != folder:
            self.folders[record.type] = ""
        if record.type == "post" and record.published_at:
            before, has_year, _ = address.partition(f"/{record.published_at.year}/")
            front = before if has_year else folder
            self.fronts[front] += 1
            self.bases[self._strip_terms(front, record)] += 1

    def _strip_terms(self, folder: str, record: PieceRecord) -> str:
        """The folder without what an address may name of its piece, last first."""
        names = set(record.authors)
        for taxonomy, slug in record.terms:
            while slug and slug not in names:
                names.add(slug)
                term = self.terms.get((taxonomy, slug))
                slug = term.parent if term else ""
        above, _, last = folder.rpartition("/")
        while last in names:
            folder = above
            above, _, last = folder.rpartition("/")
        return folder

    def _find_front(self) -> str:
        """The address that most posts stand below; "" if they have none in common."""
        found = self.fronts if len(self.fronts) == 1 else self.bases
        most = found.most_common(1)
        return most[0][0] if most and 2 * most[0][1] > found.total() else ""

    def as_json(self, site: Site) -> dict[str, Any]:
        """{"site", "records", "types": {type: {state: count}}, "taxonomies": {taxonomy:
        [{"id", "slug", "name", "parent", "pieces"}]}, "people": [{"id", "name",
        "pieces"}], "languages": {code: count}, "media", "unreadable", "years",
        "folders": {type: address}, "front": address}.

        Of terms and people the most used.
        """
        return {
            "site": {
                "title": site.title,
                "address": site.address,
                "language": site.language,
                "version": site.version,
            },
            "records": self.records,
            "media": self.media,
            "unreadable": self.unreadable,
            "languages": dict(self.languages),
            "types": {name: dict(states) for name, states in self.types.items()},
            "taxonomies": self._list_terms(),
            "people": self._list_people(),
            "years": sorted(self.years),
            "folders": self.folders,
            "front": self._find_front(),
        }

    def _list_terms(self) -> dict[str, list[dict[str, Any]]]:
        taxonomies: dict[str, list[dict[str, Any]]] = {}
        for key, term in self.terms.items():
            taxonomies.setdefault(term.taxonomy, []).append(
                {
                    "id": term.source_id,
                    "slug": term.slug,
                    "name": term.name,
                    "parent": term.parent,
                    "pieces": self.pieces_of[key],
                }
            )
        return {name: _take_most_used(rows) for name, rows in taxonomies.items()}

    def _list_people(self) -> list[dict[str, Any]]:
        return _take_most_used(
            {
                "id": person.source_id,
                "name": person.name,
                "pieces": sum(self.pieces_by[name] for name in set(person.logins)),
            }
            for person in self.people.values()
        )


def _take_most_used(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (-row["pieces"], row["name"]))[:MOST_SHOWN]
