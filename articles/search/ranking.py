"""The order of what was found: where the words stand, and how fresh the article is.

Each word counts by the best place that it stands in, a whole word twice as much as a
beginning; the sum is weighed by the article's age. Only the newest, and the newest of
those with the words in their titles or standfirsts, are weighed: where thousands of
articles match, an old one that mentions the words in passing comes after them by date.
"""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from articles.search.analysis import GAP
from articles.search.catalogue import Catalogue
from articles.search.engines import find_ids, measure_density, read_heads
from articles.search.query import Query

TITLE, PERSON, LABEL, STANDFIRST, TEXT = 10, 8, 5, 4, 1
# All words in a row in the title, and how much of a text can be about them.
TITLE_PHRASE, DENSITY = 5, 1
# Whoever types a whole title looks for that article, however old it is.
WHOLE_TITLE = 20
# An article loses half of what age can cost in so many years.
HALF_LIFE = 4
OLD = 0.5
# How many of each are weighed.
WEIGHED = 250


def rank_places(
    catalogue: Catalogue, query: Query, bits: int, named: Sequence[dict[str, int]]
) -> list[int]:
    """The places of the articles that come first; those that follow go by date.

    `named` are the sets of whom and what each term names, by group.
    """
    places = catalogue.list_places(bits, WEIGHED)
    if bits.bit_count() > WEIGHED:
        places += _list_with_words_in_front(catalogue, query, bits, named)
    places = sorted(set(places))
    ids = [catalogue.ids[place] for place in places]
    heads = read_heads(ids)
    # Of a phrase PostgreSQL would tell only how near its words stand to one another.
    words = [term for term in query.terms if not term.is_phrase]
    density = measure_density(words, ids)
    now = timezone.now()
    weigh = _Weigher(query, named, len(catalogue.ids))
    scores = {}
    for place, pk in zip(places, ids, strict=True):
        head = heads.get(pk, "\n")
        score = weigh.weigh_head(head, place)
        score += DENSITY * density.get(pk, 0)
        scores[place] = score * weigh_age(catalogue.published_at[place], now)
        if head.startswith(weigh.whole_titles):
            scores[place] += WHOLE_TITLE
    return sorted(places, key=lambda place: (-scores[place], place))


def _list_with_words_in_front(
    catalogue: Catalogue, query: Query, bits: int, named: Sequence[dict[str, int]]
) -> list[int]:
    """The newest with all words in title or standfirst, or in names."""
    [found] = find_ids([query.terms], head_only=True) or [[]]
    front = catalogue.build_set(found)
    by_name = bits
    for groups in named:
        every = 0
        for group in groups.values():
            every |= group
        by_name &= every
    return catalogue.list_places((front | by_name) & bits, WEIGHED)


class _Weigher:
    """Weighs titles and standfirsts; what all have in common is made once."""

    def __init__(
        self, query: Query, named: Sequence[dict[str, int]], size: int
    ) -> None:
        # Of each term what is looked for, whole and at all, and by whose name it is
        # found: bytes, since a shift of a long integer takes as long as it is.
        self.terms = [
            (
                term.whole_needles,
                term.needles,
                [
                    (
                        PERSON if group == "person" else LABEL,
                        bits.to_bytes(size // 8 + 1, "little"),
                    )
                    for group, bits in groups.items()
                ],
            )
            for term, groups in zip(query.terms, named, strict=True)
        ]
        rows = query.list_rows()
        self.rows = [f" {row} " for row in rows]
        self.whole_titles = tuple(f"{row} {GAP}" for row in rows)

    def weigh_head(self, head: str, place: int) -> float:
        title, _, standfirst = (f" {line} " for line in head.partition("\n"))
        total = 0.0
        for whole, every, names in self.terms:
            best: float = TEXT
            for weight, text in ((TITLE, title), (STANDFIRST, standfirst)):
                if any(map(text.__contains__, whole)):
                    best = max(best, weight)
                elif any(map(text.__contains__, every)):
                    best = max(best, weight / 2)
            for weight, found in names:
                if found[place >> 3] >> (place & 7) & 1:
                    best = max(best, weight)
            total += best
        score = total / max(len(self.terms), 1)
        in_a_row = any(map(title.__contains__, self.rows))
        return score + (TITLE_PHRASE if in_a_row else 0)


def weigh_age(published_at: datetime, now: datetime) -> float:
    years = max((now - published_at).days, 0) / 365.25
    return OLD + (1 - OLD) * 0.5 ** (years / HALF_LIFE)
