"""Likeness of published articles: in words, in labels, and by how fresh they are."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping
from math import log
from typing import NamedTuple

from django.utils import timezone

from articles.models import Article, SearchText
from articles.related.words import Vocabulary, Word
from articles.search.catalogue import Catalogue
from articles.search.ranking import weigh_age

# What all telling words count for together, and what stands in the title or standfirst
# of the other counts so much more.
WORDS, IN_FRONT = 1.0, 1.5
# What articles may share, by the catalogue's groups, and for how much it counts at the
# most: the rarer, the more. A group that the catalogue gets needs a line here alone.
LABELS = {
    "topic": 0.5,
    "region": 0.3,
    "programme": 0.25,
    "series": 0.4,
    "person": 0.3,
}
# How many are weighed: those with the most words, and the newest of each label.
BY_WORDS, BY_LABEL = 150, 30
# With no label in common less is chance.
LEAST = 0.12
# Of those most like it, whatever they are: it may be among the first of theirs.
NEAR = 20


class Likeness(NamedTuple):
    """Articles that are like one, as their numbers, the most like first.

    near: what the article may be like. basis: a digest of what it was found by.
    """

    others: list[int]
    near: list[int]
    basis: str


class Archive:
    """The published articles of a moment, to compare others with; for one run."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._vocabularies: dict[str, Vocabulary] = {}
        self._log_total = log(max(len(catalogue.ids), 2))

    def find_like(self, article: Article) -> Likeness | None:
        """Articles that are like a published one; None unless this archive has it."""
        own = self.catalogue.build_set([article.pk])
        return self._compare(article, own, self._list_labels(own)) if own else None

    def find_like_draft(
        self, article: Article, labels: Mapping[str, Collection[str]]
    ) -> Likeness:
        """The articles that are like one that has these labels, {group: slugs}."""
        own = self.catalogue.build_set([article.original_id])
        sets = self.catalogue.sets
        found = [
            (group, slug, sets[group][slug])
            for group in LABELS
            for slug in labels.get(group, ())
            if slug in sets.get(group, {})
        ]
        return self._compare(article, own, found)

    def _compare(
        self, article: Article, own: int, labels: list[tuple[str, str, int]]
    ) -> Likeness:
        """Two queries, now and then one more."""
        vocabulary = self._get_vocabulary(article.language)
        words = vocabulary.find_telling_words(article, own)
        among = vocabulary.articles & ~own
        shared: dict[int, list[Word]] = defaultdict(list)
        for word in words:
            for place in self._list_places(word.holders & among):
                shared[place].append(word)
        sums = {place: sum(w.weight for w in found) for place, found in shared.items()}
        candidates = set(
            sorted(sums, key=lambda place: (-sums[place], place))[:BY_WORDS]
        )
        for _, _, bits in labels:
            candidates.update(self.catalogue.list_places(bits & among, BY_LABEL))
        scores = self._score(candidates, words, shared, labels)
        order = sorted(scores, key=lambda place: (-scores[place], place))
        certain = self._list_certain(order, scores, labels)
        ids = self.catalogue.ids
        return Likeness(
            [ids[place] for place in certain],
            [ids[place] for place in order[:NEAR]],
            _digest(words, labels),
        )

    def _get_vocabulary(self, language: str) -> Vocabulary:
        if language not in self._vocabularies:
            self._vocabularies[language] = Vocabulary(self.catalogue, language)
        return self._vocabularies[language]

    def _list_places(self, bits: int) -> list[int]:
        return self.catalogue.list_places(bits, bits.bit_count())

    def _list_labels(self, own: int) -> list[tuple[str, str, int]]:
        """(group, slug, articles) of what the article has."""
        return [
            (group, slug, bits)
            for group in LABELS
            for slug, bits in self.catalogue.sets.get(group, {}).items()
            if bits & own
        ]

    def _score(
        self,
        places: set[int],
        words: list[Word],
        shared: dict[int, list[Word]],
        labels: list[tuple[str, str, int]],
    ) -> dict[int, float]:
        """{place: score} of these; one query."""
        ids = {self.catalogue.ids[place]: place for place in places}
        rows = SearchText.objects.filter(pk__in=ids).values_list("pk", "head")
        heads = {ids[pk]: set(head.split()) for pk, head in rows}
        most = sum(word.weight for word in words) * IN_FRONT or 1
        rarities = [
            1 - log(bits.bit_count()) / self._log_total for _, _, bits in labels
        ]
        now = timezone.now()
        scores = {}
        for place in places:
            found = shared.get(place, [])
            head = heads.get(place, set())
            score = (
                WORDS
                / most
                * sum(
                    word.weight * (IN_FRONT if word.token in head else 1)
                    for word in found
                )
            )
            by_group: dict[str, float] = defaultdict(float)
            for (group, _, bits), rarity in zip(labels, rarities, strict=True):
                if bits >> place & 1:
                    by_group[group] += rarity
            score += sum(LABELS[g] * min(share, 1) for g, share in by_group.items())
            scores[place] = score * weigh_age(self.catalogue.published_at[place], now)
        return scores

    def _list_certain(
        self,
        order: list[int],
        scores: dict[int, float],
        labels: list[tuple[str, str, int]],
    ) -> list[int]:
        labelled = 0
        for _, _, bits in labels:
            labelled |= bits
        return [p for p in order if scores[p] >= LEAST or labelled >> p & 1]


def _digest(words: list[Word], labels: list[tuple[str, str, int]]) -> str:
    names = sorted(f"{group}:{slug}" for group, slug, _ in labels)
    tokens = sorted(word.token for word in words)
    return hashlib.sha256("\n".join([*tokens, "", *names]).encode()).hexdigest()
