"""The words that tell what an article is about: frequent in it, rare in the archive."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from math import log
from typing import NamedTuple

from articles.models import Article
from articles.search.analysis import analyse
from articles.search.catalogue import Catalogue
from articles.search.engines import find_ids
from articles.search.query import Alternative, Term
from articles.search.texts import extract_texts

# How much a word in each place counts.
TITLE, STANDFIRST = 2, 1.5
# Words that are kept, of so many that are not common; no more than that are looked up.
KEPT, WEIGHED, MOST = 30, 40, 300
# A word of more than this share of the archive tells nothing. In a small one hardly any
# is rare: up to so many articles are always few.
COMMON, FEW = 0.05, 20
_AT_ONCE = 40
# Short words mostly join others: the shorter they are, the less they count.
_SHORTEST, _LONG = 3, 7


class Word(NamedTuple):
    """weight: how telling it is. holders: the published articles with it, as bits."""

    token: str
    weight: float
    holders: int


class Vocabulary:
    """The words of a catalogue's articles in one language.

    It remembers which are common, so that it is for a run of articles, not for ever.
    """

    def __init__(self, catalogue: Catalogue, language: str) -> None:
        self.catalogue, self.language = catalogue, language
        self.articles = catalogue.sets.get("language", {}).get(language, 0)
        self._most = max(FEW, COMMON * self.articles.bit_count())
        self._most_in_all = max(FEW, int(COMMON * len(catalogue.ids)))
        self._common: set[str] = set()

    def find_telling_words(self, article: Article, own: int) -> list[Word]:
        """The most telling words first; `own` is the article, as bits.

        A query for forty of them.
        """
        counts = _count_tokens(article)
        total = self.articles.bit_count()
        words = [
            Word(
                token,
                _weigh(token, counts[token]) * log(total / holders.bit_count()),
                holders,
            )
            for token, holders in self._list_rare(counts)
            # Alone in the archive it leads nowhere.
            if holders & ~own
        ]
        words.sort(key=lambda word: (-word.weight, word.token))
        return [word for word in words[:KEPT] if word.weight > 0]

    def _list_rare(self, counts: dict[str, float]) -> list[tuple[str, int]]:
        """(token, articles that hold it) of the most frequent that are not common."""
        frequent = sorted(
            counts, key=lambda token: (-counts[token], -len(token), token)
        )[:MOST]
        unknown = (token for token in frequent if token not in self._common)
        rare: list[tuple[str, int]] = []
        while tokens := list(islice(unknown, _AT_ONCE)):
            searches = [[Term(token, (Alternative((token,)),))] for token in tokens]
            found = find_ids(searches, most=self._most_in_all + 1)
            for token, ids in zip(tokens, found, strict=True):
                holders = 0
                if is_rare := len(ids) <= self._most_in_all:
                    holders = self.catalogue.build_set(ids) & self.articles
                    is_rare = holders.bit_count() <= self._most
                if is_rare:
                    rare.append((token, holders))
                else:
                    self._common.add(token)
            if len(rare) >= WEIGHED:
                break
        return rare[:WEIGHED]


def _weigh(token: str, count: float) -> float:
    long = 1 if not token.isascii() else min(len(token), _LONG) / _LONG
    return long * (1 + log(count))


def _count_tokens(article: Article) -> dict[str, float]:
    """{token: how often it stands in the article}, more often in title and standfirst.

    Footnotes are left out: they speak of what others wrote.
    """
    texts = extract_texts(article)
    counts: dict[str, float] = defaultdict(float)
    parts = ((texts.title, TITLE), (texts.standfirst, STANDFIRST), (texts.body, 1))
    for text, weight in parts:
        for token in _iterate_words(text, article.language):
            counts[token] += weight
    return counts


def _iterate_words(text: str, language: str) -> Iterator[str]:
    for token in analyse(text, language).tokens:
        # A pair of letters is a word where there are no spaces.
        if (len(token) >= _SHORTEST or not token.isascii()) and not token.isdecimal():
            yield token
