"""Suggestions for searches that find nothing."""

from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import combinations
from operator import and_
from typing import NamedTuple

from django.conf import settings
from rapidfuzz import process
from rapidfuzz.distance import OSA

from articles.models.search_word import SearchWord
from articles.search.analysis import fold_chunk, list_stems, list_words
from articles.search.catalogue import Catalogue
from articles.search.engines import find_ids
from articles.search.query import Alternative, Query, Term, parse_query

# Words that are put right in a query, and words to choose from for each.
_MOST_WORDS, _CHOICES = 3, 5
# Of ten letters three may be wrong, of five one.
_ALIKE = 0.69
# A word that so many times fewer articles hold than another is taken for a slip.
_SLIPS = 20


class Word(NamedTuple):
    """A word of the query alone, with the set of the articles that hold it."""

    text: str
    bits: int

    @property
    def total(self) -> int:
        return self.bits.bit_count()


def count_words(catalogue: Catalogue, terms: tuple[Term, ...]) -> list[Word]:
    found = find_ids([(term,) for term in terms])
    return [
        Word(term.typed, _collect(catalogue, term, ids))
        for term, ids in zip(terms, found, strict=True)
    ]


def find_nearest(words: list[Word]) -> Word | None:
    """As many of the words as some article holds together, or None if it is but one."""
    for size in range(len(words) - 1, 1, -1):
        found = [
            Word(" ".join(word.text for word in some), reduce(and_, _list_bits(some)))
            for some in combinations(words, size)
        ]
        if (best := max(found, key=lambda word: word.total)).total:
            return best
    return None


def _list_bits(words: Iterable[Word]) -> list[int]:
    return [word.bits for word in words]


def suggest_query(catalogue: Catalogue, query: Query, words: list[Word]) -> str:
    """The query with words that are found in the place of those that are not; or "".

    Two queries a word, for three words at the most.
    """
    wrong = [
        term.text
        for term, word in zip(query.terms, words, strict=True)
        if not word.total and not term.is_phrase and len(term.text) > 3
    ]
    suggested = query
    for word in wrong[:_MOST_WORDS]:
        other = _find_alike(catalogue, word)
        if not other:
            return ""
        suggested = parse_query(suggested.replace_word(word, other))
    return suggested.text if suggested.text != query.text else ""


def _find_alike(catalogue: Catalogue, word: str) -> str:
    """The word most like this one that readers find something by."""
    folded = fold_chunk(word)
    if not folded:
        return ""
    choices = dict(SearchWord.objects.about_as_long(folded))
    for names in catalogue.labels.values():
        for name in names.values():
            choices.update(list_words(name))
    choices.pop(folded, None)
    alike = process.extract(
        folded,
        choices.keys(),
        scorer=OSA.normalized_similarity,
        score_cutoff=_ALIKE,
        limit=_CHOICES,
    )
    # As it is written, not by its stem: by that, a slip of a draft would be found.
    terms = [_build_exact(found, choices[found]) for found, _, _ in alike]
    ids = find_ids([(term,) for term in terms])
    sets = {
        folded: _collect(catalogue, term, ids)
        for (folded, _, _), term, ids in zip(alike, terms, ids, strict=True)
    }
    found = [
        (likeness, sets[folded].bit_count(), term.text)
        for (folded, likeness, _), term in zip(alike, terms, strict=True)
        if not _is_mere_stem(folded, sets)
    ]
    most = max((total for _, total, _ in found), default=0)
    # What a few texts have where many have something else is a slip, too.
    usual = [choice for choice in found if choice[1] * _SLIPS >= max(most, 1)]
    return max(usual)[2] if usual else ""


def _is_mere_stem(word: str, sets: dict[str, int]) -> bool:
    """Return whether it is found as the stem of another word, and nowhere without it.

    The index holds stems beside words as they are written.
    """
    languages = [code for code, _ in settings.LANGUAGES]
    return any(
        word in list_stems(other, languages)
        for other, articles in sets.items()
        if other != word and articles == sets[word]
    )


def _build_exact(folded: str, shown: str) -> Term:
    return Term(shown, (Alternative((folded,)),))


def _collect(catalogue: Catalogue, term: Term, ids: Sequence[int]) -> int:
    bits = catalogue.build_set(ids)
    for named in catalogue.find_named(term).values():
        bits |= named
    return bits
