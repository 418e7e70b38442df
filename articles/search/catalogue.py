"""The published articles as sets of bits: to filter and to count without the database.

A set of articles is an integer with a bit for each, the newest article first, so that
the articles of two sets are `a & b` and their number is `bit_count()`: microseconds at
100,000 articles. The sets come from the tables that pages come from, and are kept by a
process while the site's content version, which the database counts, is the same and no
scheduled change is due (docs/decisions/0037-search.md).
"""

import time
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import connections, models
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from articles.models import Article, Byline, Kind, Series, Topic
from articles.search.analysis import GAP, analyse
from articles.search.engines import JoinedIds, get_alias, parse_ids
from articles.search.query import Term
from authors.models import Author, Programme
from ecfr_site.caching.seen import LISTS, SITE
from ecfr_site.caching.tags import schedule, tag_moves
from ecfr_site.caching.version import read_version

# Filters by the parameter of an address, in the order of the page.
HEADINGS = {
    "kind": "Kind",
    "topic": "Topic",
    "region": "Region",
    "programme": "Programme",
    "series": "Series",
    "person": "Person",
    "language": "Language",
    "year": "Year",
}
GROUPS = tuple(HEADINGS)
# In which language names are: any will do, as long as it is one.
_NAMES = "en"
_ZERO, _ONE = b"01"
# How many sets of what was looked for are kept, and for how many seconds: the words of
# attached files are read after the change that the version counts.
_KEPT_SETS, _KEPT_FOR = 100, 60


@dataclass
class _Name:
    """The words of a person, programme, series or topic, and its set."""

    group: str
    slug: str
    padded: str
    bits: int


@dataclass
class Catalogue:
    """The published articles of one moment, newest first."""

    ids: list[int] = field(default_factory=list)
    published_at: list[datetime] = field(default_factory=list)
    # All there are, in their order.
    kinds: list[Kind] = field(default_factory=list)
    # {group: {slug: bits}}, and what each is called.
    sets: dict[str, dict[str, int]] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    # As it was when the catalogue was asked for; None within a transaction.
    version: int | None = None
    # By the number of an article, and one more than there are for those between: a
    # list is asked in half of a dictionary's time.
    _places: list[int] = field(default_factory=list)
    _names: list[_Name] = field(default_factory=list)
    _looked_for: dict[Hashable, int] = field(default_factory=dict)

    @property
    def everything(self) -> int:
        return (1 << len(self.ids)) - 1

    @property
    def newest(self) -> tuple[datetime, int]:
        """Time and number of the newest article."""
        if not self.ids:
            return timezone.now(), 0
        return self.published_at[0], self.ids[0]

    def find_place(self, published_at: datetime, pk: float) -> int:
        """The place of the article with this time and number, or that it would have."""
        place = bisect_left(
            self.published_at,
            -published_at.timestamp(),
            key=lambda at: -at.timestamp(),
        )
        while (
            place < len(self.ids)
            and self.published_at[place] == published_at
            and self.ids[place] > pk
        ):
            place += 1
        return place

    def build_set(self, ids: Sequence[int]) -> int:
        """The bits of the articles of these numbers that readers may see."""
        # A digit for each article, and one for those that readers may not see: to
        # write digits takes half of what it takes to set bits.
        count = len(self.ids)
        digits = bytearray(b"0") * (count + 1)
        places = self._places
        try:
            for pk in ids:
                digits[places[pk]] = _ONE
        except IndexError:
            # Newer than all that readers may see.
            known = len(places)
            return self.build_set([pk for pk in ids if pk < known])
        digits[count] = _ZERO
        digits.reverse()
        return int(digits, 2)

    def look_for(self, words: Hashable, find: Callable[[], int]) -> int:
        """The set of `find()`, kept for whoever narrows it or turns its pages."""
        if self.version is None:
            return find()
        key = (self.version, time.monotonic() // _KEPT_FOR, words)
        if (bits := self._looked_for.get(key)) is None:
            if len(self._looked_for) >= _KEPT_SETS:
                self._looked_for.clear()
            bits = self._looked_for[key] = find()
        return bits

    def list_places(self, bits: int, limit: int, start: int = 0) -> list[int]:
        """The places of the newest articles of a set, from the `start`th on."""
        found: list[int] = []
        skipped = 0
        for place in _iterate_bits(bits):
            if skipped < start:
                skipped += 1
                continue
            if len(found) == limit:
                break
            found.append(place)
        return found

    def find_named(self, term: Term) -> dict[str, int]:
        """{group: bits} of the articles of whom and what the term names."""
        found: dict[str, int] = {}
        needles = term.needles
        for name in self._names:
            if _holds(name.padded, needles):
                found[name.group] = found.get(name.group, 0) | name.bits
        return found

    def list_names(self, terms: Iterable[Term]) -> list[tuple[str, str, str]]:
        """(group, slug, name) of whom and what all the terms together name."""
        needles = [term.needles for term in terms]
        return [
            (name.group, name.slug, self.labels[name.group][name.slug])
            for name in self._names
            if all(_holds(name.padded, each) for each in needles)
        ]

    # Making it

    @classmethod
    def build(cls) -> "Catalogue":
        """Read it from the database: ten queries, whatever it holds."""
        published = Article.objects.published()
        rows = list(
            published.order_by("-published_at", "-pk").values_list("pk", "published_at")
        )
        made = cls([pk for pk, _ in rows], [at for _, at in rows])
        places = array("q", [len(made.ids)]) * (max(made.ids, default=0) + 1)
        for place, pk in enumerate(made.ids):
            places[pk] = place
        # In memory by number, too: neighbours are found in half of the time.
        made._places = places.tolist()
        made._add_kinds(published)
        made.sets["language"] = made._collect(published, "language", "pk")
        made.labels["language"] = {
            code: str(name)
            for code, name in Article._meta.get_field("language").flatchoices
            if code in made.sets["language"]
        }
        made._add_topics()
        made._add_linked(
            "programme", Article.programmes.through, "programme", Programme
        )
        made._add_series(published)
        made._add_linked("person", Byline, "author", Author)
        made._add_years()
        return made

    def _add_kinds(self, published: models.QuerySet) -> None:
        of_kind = published.filter(kind=OuterRef("slug")).order_by().values("kind")
        joined = of_kind.annotate(ids=JoinedIds("pk")).values("ids")
        self.sets["kind"], self.labels["kind"] = {}, {}
        rows: Iterable[Any] = Kind.objects.annotate(ids=Subquery(joined))
        for kind in rows:
            self.kinds.append(kind)
            if bits := self.build_set(parse_ids(kind.ids)):
                self.sets["kind"][kind.slug] = bits
                self.labels["kind"][kind.slug] = kind.name

    def _collect(self, rows: models.QuerySet, name: str, article: str) -> dict:
        joined = rows.order_by().values_list(name).annotate(ids=JoinedIds(article))
        sets = {value: self.build_set(parse_ids(ids)) for value, ids in joined}
        return {value: bits for value, bits in sets.items() if bits}

    def _add_series(self, published: models.QuerySet) -> None:
        of_series = published.filter(series=OuterRef("pk")).order_by().values("series")
        joined = of_series.annotate(ids=JoinedIds("pk")).values("ids")
        rows = Series.objects.order_by("title").annotate(ids=Subquery(joined))
        found = [
            (slug, title, self.build_set(parse_ids(ids)))
            for slug, title, ids in rows.values_list("slug", "title", "ids")
            if ids
        ]
        self._add_group("series", found)

    def _add_linked(
        self, group: str, through: Any, name: str, model: type[models.Model]
    ) -> None:
        sets = self._collect(through._base_manager.all(), name, "article")
        names = model._default_manager.order_by("name").values_list(
            "pk", "slug", "name"
        )
        self._add_group(
            group,
            [(slug, name, sets[pk]) for pk, slug, name in names if pk in sets],
        )

    def _add_topics(self) -> None:
        own = self._collect(
            Article.topics.through._base_manager.all(), "topic", "article"
        )
        topics = {topic.pk: topic for topic in Topic.objects.order_by("name")}
        sets: dict[int, int] = defaultdict(int)
        for pk, bits in own.items():
            # What is on a topic is on those above it.
            above: Any = topics.get(pk)
            passed: set[int] = set()
            while above and above.pk not in passed:
                passed.add(above.pk)
                sets[above.pk] |= bits
                above = topics.get(above.parent_id)
        for kind in Topic.Kind:
            self._add_group(
                kind.value,
                [
                    (topic.slug, topic.name, sets[topic.pk])
                    for topic in topics.values()
                    if topic.kind == kind and topic.pk in sets
                ],
            )

    def _add_group(self, group: str, found: list[tuple[str, str, int]]) -> None:
        self.sets[group] = {slug: bits for slug, _, bits in found}
        self.labels[group] = {slug: name for slug, name, _ in found}
        for slug, name, bits in found:
            self._names.append(_Name(group, slug, _pad_name(name), bits))

    def _add_years(self) -> None:
        self.sets["year"], self.labels["year"] = {}, {}
        if not self.ids:
            return
        oldest_first = self.published_at[::-1]
        years = [
            timezone.localtime(at).year for at in (oldest_first[-1], oldest_first[0])
        ]
        after = len(oldest_first)
        for year in range(years[0], years[1] - 1, -1):
            began = timezone.make_aware(datetime(year, 1, 1))
            before = bisect_left(oldest_first, began)
            # Places count from the newest.
            if count := after - before:
                bits = ((1 << count) - 1) << (len(oldest_first) - after)
                self.sets["year"][str(year)] = bits
                self.labels["year"][str(year)] = str(year)
            after = before


def _iterate_bits(bits: int) -> Iterator[int]:
    """The places of the bits that are set, the lowest first."""
    for number, byte in enumerate(bits.to_bytes(bits.bit_length() // 8 + 1, "little")):
        if byte:
            for place in range(8):
                if byte >> place & 1:
                    yield number * 8 + place


_kept: dict[str, tuple[int, float, Catalogue]] = {}
# Of all that it is made of.
_TAGS = (SITE, LISTS)


def get_catalogue() -> Catalogue:
    """The catalogue as of now: one query where nothing has changed, or else eleven."""
    alias = get_alias()
    version = read_version()
    now = time.time()
    if connections[alias].in_atomic_block or version is None:
        # It may see what is not counted yet.
        return Catalogue.build()
    kept = _kept.get(alias)
    tag_moves.read(version.number)
    if kept and now < kept[1] and tag_moves.is_current(_TAGS, kept[0], version.number):
        return replace(kept[2], version=version.number)
    made = replace(Catalogue.build(), version=version.number)
    until = schedule.find_until(_TAGS, version.number, now)
    _kept[alias] = (version.number, until, made)
    return made


def find_names(model: type[models.Model], term: Term, label: str = "name") -> list[int]:
    """The numbers of people, programmes … whose names hold the term."""
    names = model._default_manager.order_by().values_list("pk", label)
    needles = term.needles
    return [pk for pk, name in names if _holds(_pad_name(name), needles)]


def _holds(padded: str, needles: list[str]) -> bool:
    # A loop: a generator for each of some thousand names takes twice the time.
    for needle in needles:  # noqa: SIM110
        if needle in padded:
            return True
    return False


def _pad_name(name: str) -> str:
    analysed = analyse(name, _NAMES)
    return f" {' '.join([*analysed.tokens, GAP, *analysed.forms])} "
