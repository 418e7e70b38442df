"""Search what is published: what was found, in which order, and how to narrow it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from articles.search.catalogue import GROUPS, HEADINGS, Catalogue, get_catalogue
from articles.search.engines import find_ids
from articles.search.query import Query, Term, parse_query
from articles.search.ranking import rank_places

RELEVANCE, DATE = "relevance", "date"
# Values of a facet that are shown at once, and in all.
SHOWN, MOST_SHOWN = 6, 60
# Names are taken together in every way for so many words.
_MOST_NAMED = 3


class Value(NamedTuple):
    """A filter's value, with how many articles there are."""

    group: str
    slug: str
    name: str
    total: int
    is_chosen: bool


class Facet(NamedTuple):
    group: str
    heading: str
    values: list[Value]

    @property
    def first(self) -> list[Value]:
        return self.values[:SHOWN]

    @property
    def others(self) -> list[Value]:
        return self.values[SHOWN:MOST_SHOWN]


@dataclass
class Results:
    """Articles that match; a slice is the numbers of these, in their order."""

    query: Query
    filters: dict[str, str]
    order: str
    catalogue: Catalogue
    # All that match the words, whatever the filters.
    matching: int
    named: list[dict[str, int]] = field(default_factory=list)

    @cached_property
    def bits(self) -> int:
        return self._apply_filters()

    def _apply_filters(self, but: str = "") -> int:
        bits = self.matching
        for group, slug in self.filters.items():
            if group != but:
                bits &= self.catalogue.sets[group][slug]
        return bits

    def restrict(self, group: str, slug: str) -> None:
        """Leave only what the page is about, which nobody can give up there."""
        self.matching &= self.catalogue.sets[group].get(slug, 0)

    def keep_after(self, published_at: datetime, pk: int) -> None:
        """Leave only what is listed after an article, by the date of publication."""
        self._drop_before(self.catalogue.find_place(published_at, pk - 0.5))

    def keep_from(self, published_at: datetime, pk: int) -> None:
        """The same with the article itself."""
        self._drop_before(self.catalogue.find_place(published_at, pk))

    def _drop_before(self, place: int) -> None:
        self.matching &= ~((1 << place) - 1)
        vars(self).pop("bits", None)

    def count(self) -> int:
        return self.bits.bit_count()

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[int]:
        """The numbers of a page's articles."""
        start, end = part.start or 0, part.stop
        ranked = self._ranked
        places = ranked[start:end]
        if len(places) < end - start:
            rest = self.bits
            for place in ranked:
                rest &= ~(1 << place)
            after = max(start - len(ranked), 0)
            places += self.catalogue.list_places(rest, end - start - len(places), after)
        return [self.catalogue.ids[place] for place in places]

    @cached_property
    def _ranked(self) -> list[int]:
        if self.order == DATE or not self.query.terms:
            return []
        return rank_places(self.catalogue, self.query, self.bits, self.named)

    def list_facets(self, groups: Sequence[str] = GROUPS) -> list[Facet]:
        """Each group's values that articles have, the most frequent first.

        A group's own choice does not narrow it, so that another can be made.
        """
        facets = (
            Facet(group, HEADINGS[group], self._list_values(group)) for group in groups
        )
        return [facet for facet in facets if facet.values]

    def _list_values(self, group: str) -> list[Value]:
        bits = self._apply_filters(but=group) if group in self.filters else self.bits
        names = self.catalogue.labels[group]
        chosen = self.filters.get(group)
        values = [
            Value(group, slug, names[slug], total, slug == chosen)
            for slug, found in self.catalogue.sets[group].items()
            if (total := (found & bits).bit_count()) and slug in names
        ]
        if group != "year":
            values.sort(key=lambda value: (-value.total, value.name))
        return values

    @property
    def chosen(self) -> list[Value]:
        """The filters that are in force."""
        return [
            Value(group, slug, self.catalogue.labels[group][slug], 0, is_chosen=True)
            for group, slug in self.filters.items()
        ]


def search(
    text: str, asked: Mapping[str, str] | None = None, order: str = RELEVANCE
) -> Results:
    """Published articles in which every word of `text` stands.

    `asked` are filters by group; those that no published article answers to are left
    out. Without a text it is everything.
    """
    catalogue = get_catalogue()
    filters = {
        group: slug
        for group in GROUPS
        if (slug := (asked or {}).get(group)) in catalogue.sets[group] and slug
    }
    query = parse_query(text, filters.get("language", ""))
    order = order if order in (RELEVANCE, DATE) else RELEVANCE
    if not text.strip():
        return Results(query, filters, DATE, catalogue, catalogue.everything)
    if not query:
        return Results(query, filters, order, catalogue, 0)
    named = [catalogue.find_named(term) for term in query.terms]
    matching = catalogue.look_for(
        query, lambda: _find_matching(catalogue, query, named)
    )
    return Results(query, filters, order, catalogue, matching, named)


def _find_matching(
    catalogue: Catalogue, query: Query, named: list[dict[str, int]]
) -> int:
    """The set of the query: a word stands in the text, or in a name of the article.

    One query, for each way to take the words that name something.
    """
    every = [_unite(groups.values()) for groups in named]
    searches: list[tuple[int, tuple[Term, ...]]] = []
    bits = 0
    for taken in _choose_named(every):
        by_name = catalogue.everything
        for place in taken:
            by_name &= every[place]
        rest = tuple(t for place, t in enumerate(query.terms) if place not in taken)
        if not rest:
            bits |= by_name
        elif by_name:
            searches.append((by_name, rest))
    searches += [(0, (term,)) for term in query.excluded]
    excluded = _unite(
        _unite(catalogue.find_named(term).values()) for term in query.excluded
    )
    found = find_ids([terms for _, terms in searches])
    for (by_name, _), ids in zip(searches, found, strict=True):
        if by_name:
            bits |= catalogue.build_set(ids) & by_name
        else:
            excluded |= catalogue.build_set(ids)
    return bits & ~excluded


def _choose_named(every: list[int]) -> list[tuple[int, ...]]:
    """The choices of terms to find by name: none of them, one, several, all."""
    places = [place for place, bits in enumerate(every) if bits]
    # Those that name the fewest say the most.
    few = sorted(places, key=lambda place: every[place].bit_count())[:_MOST_NAMED]
    ways = [
        tuple(sorted(way))
        for size in range(len(few) + 1)
        for way in combinations(few, size)
    ]
    if len(places) > _MOST_NAMED:
        ways.append(tuple(places))
    return ways


def _unite(sets: Iterable[int]) -> int:
    united = 0
    for bits in sets:
        united |= bits
    return united
