"""Text as searches compare it: the same word however it is typed."""

import re
import unicodedata
from string import whitespace
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

# What no decomposition takes apart (Unicode has these as letters of their own).
_LETTERS = dict(
    zip("øđłıħŧ", "odliht", strict=True), æ="ae", œ="oe", þ="th", ð="d", ĸ="k"
)
_QUOTES = "\"'`´‘’‚‛“”„‟‹›«»′″ʹʺʻʼʽ"
_DASHES = "-\N{HYPHEN}\N{NON-BREAKING HYPHEN}‒–—―−"
_TABLE = str.maketrans(
    _LETTERS | dict.fromkeys(_QUOTES, "") | dict.fromkeys(_DASHES, " ")
)
# Class 10 is the first of the accents and vowel points; below are marks without which
# it is another letter, as in Japanese and Hindi.
_ACCENT = 10


def fold(text: str) -> str:
    """Without case, accents, quotation marks and what cannot be seen; dashes as spaces.

    "ß" is "ss" and "ø" is "o". Spaces of all kinds become one; none at the ends.
    """
    # Quotation marks first: an acute accent alone comes apart into a space and a mark.
    text = text.casefold().translate(_TABLE)
    letters = (
        letter
        for letter in unicodedata.normalize("NFKD", text)
        if unicodedata.combining(letter) < _ACCENT and not _is_unseen(letter)
    )
    # Composed in the end, so that a syllable is not found in a longer one.
    folded = unicodedata.normalize("NFKC", "".join(letters).translate(_TABLE))
    return re.sub(r"\s+", " ", folded).strip()


def _is_unseen(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cf", "Cs") and (
        letter not in whitespace
    )


def fold_words(text: str) -> list[str]:
    """The words of a query, folded; "covid-19" is one, "covid 19", with its space."""
    return [word for word in map(fold, text.split()) if word]


def holds_all(words: list[str], *texts: str) -> bool:
    """Return whether each folded word is in one of the texts, which are not folded."""
    folded = [fold(text) for text in texts if text]
    return all(any(word in text for text in folded) for word in words)


class FoldedSearchMixin:
    """A ModelAdmin whose search and choices find a word however it is typed.

    Reads the search fields of all rows: for tables of some thousands.
    """

    model: type[Model]
    search_fields: ClassVar[list[str] | tuple[str, ...]]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        words = fold_words(search_term)
        if not words:
            return queryset, False
        rows = self.model._default_manager.values_list("pk", *self.search_fields)
        found = [pk for pk, *texts in rows if holds_all(words, *texts)]
        return queryset.filter(pk__in=found), False
