"""A reader's input as words and phrases to look for.

Quotation marks hold a phrase together, a minus leaves a word out, and the last word may
be unfinished. There is no other syntax, so that any input is a query.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from django.conf import settings

from articles.search.analysis import (
    QUOTATION_MARKS,
    analyse,
    analyse_chunk,
    fold_chunk,
    is_unspaced,
    list_stems,
)

LONGEST = 200
MAX_WORDS = 12
# Fewer letters are the beginning of too much.
SHORTEST_BEGINNING = 3
_PART = re.compile(
    r"""(?P<minus>(?<!\S)[-\u2212]\s?(?=["“„«]))?["“”„«](?P<phrase>[^"“”«»]*)["“”»]"""
    r"|(?P<word>[^\s\"“”„«»]+)"
)
_MINUS = re.compile(r"[-\u2212](?=\w)")
# What says nothing by itself; it counts within a phrase, and if there is nothing else.
_EMPTY = """
    a an and are as at be by for from in into is of on or that the to was with
    der die das den dem des ein eine einer eines einem einen und oder im zu zum zur von
    vom mit auf fur ist
    le la les un une du de et ou au aux en dans par pour sur est
    el los las una y o del al con por para lo
    il gli i e di da dei della delle nel nella su per
    w z na do od ze sie
"""
_EMPTY_WORDS = frozenset(_EMPTY.split())
# Of these, the United Nations and the African Union; a French text has both words.
_INSTITUTIONS = {"un", "au"}
# What other searches take for operators, in capitals.
_OPERATORS = {"and", "or"}
# As they stand in tokens.
EMPTY_TOKENS = frozenset(
    stem
    for word in _EMPTY_WORDS
    for stem in list_stems(word, [code for code, _ in settings.LANGUAGES])
)
_UMLAUTS = re.compile("(?<=[^aeiou])(ae|oe|ue)(?=[^aeiou]|$)|^(ae|oe|ue)(?=[^aeiou])")


class Alternative(NamedTuple):
    """Tokens in a row; the last may go on if `is_beginning`."""

    tokens: tuple[str, ...]
    is_beginning: bool = False

    @property
    def needle(self) -> str:
        """The words as they stand in tokens, with a space before, between and after."""
        end = "" if self.is_beginning else " "
        return f" {' '.join(self.tokens)}{end}"

    def is_in(self, padded: str) -> bool:
        return self.needle in padded


class Term(NamedTuple):
    """A word or phrase: one of its alternatives must stand in the article."""

    # As it was typed.
    text: str
    alternatives: tuple[Alternative, ...]
    is_phrase: bool = False

    @property
    def typed(self) -> str:
        """The text that finds it again."""
        return f'"{self.text}"' if self.is_phrase else self.text

    @property
    def needles(self) -> list[str]:
        """Its alternatives as they stand in tokens: one of them is in the article's."""
        return list(dict.fromkeys(each.needle for each in self.alternatives))

    @property
    def whole_needles(self) -> list[str]:
        """The same without unfinished words."""
        whole = (each for each in self.alternatives if not each.is_beginning)
        return list(dict.fromkeys(each.needle for each in whole))


@dataclass(frozen=True)
class Query:
    """Every one of `terms` must stand in an article, and none of `excluded`."""

    text: str
    terms: tuple[Term, ...] = ()
    excluded: tuple[Term, ...] = ()
    languages: tuple[str, ...] = field(default=(), repr=False)

    def __bool__(self) -> bool:
        return bool(self.terms or self.excluded)

    @property
    def words(self) -> list[str]:
        return [term.text for term in self.terms if not term.is_phrase]

    def list_rows(self) -> list[str]:
        """All its words in a row, as they stand in tokens; [] of a single one."""
        text = QUOTATION_MARKS.sub(" ", self.text)
        if self.excluded:
            text = " ".join(term.text for term in self.terms)
        rows = {" ".join(analyse(text, code).tokens) for code in self.languages}
        return sorted(row for row in rows if " " in row)

    def drop_quotation_marks(self) -> str:
        """The text with the words of its phrases wherever they stand; "" if it has none
        in which an order says something, or one to leave out."""
        has_order = any(
            term.is_phrase and len(term.text.split()) > 1 for term in self.terms
        )
        if not has_order or any(term.is_phrase for term in self.excluded):
            return ""
        return " ".join(QUOTATION_MARKS.sub(" ", self.text).split())

    def replace_word(self, word: str, other: str) -> str:
        """The text that was typed with another word in the place of one."""
        return re.sub(
            rf"(?<!\w){re.escape(word)}(?!\w)", lambda _: other, self.text, count=1
        )


def parse_query(text: str, language: str = "") -> Query:
    """Parse what was typed, in words of one language or of any that the site has."""
    text = clean_query(text)
    languages = tuple(
        code for code, _ in settings.LANGUAGES if language in ("", code)
    ) or (language,)
    wanted: list[Term] = []
    excluded: list[Term] = []
    parts = list(_PART.finditer(text))[:MAX_WORDS]
    for place, part in enumerate(parts):
        if part["phrase"] is not None:
            term = _build_phrase(part["phrase"], languages)
            is_excluded = bool(part["minus"])
        else:
            word = part["word"]
            is_excluded = bool(_MINUS.match(word))
            is_last = place == len(parts) - 1 and not is_excluded
            term = _build_term(word[is_excluded:], languages, is_last)
        if term.alternatives:
            (excluded if is_excluded else wanted).append(term)
    shouts = text.isupper()
    wanted = [term for term in wanted if not _is_empty(term, shouts)] or wanted
    return Query(text, tuple(wanted), tuple(excluded), languages)


def clean_query(text: str) -> str:
    """One line of what anybody may send, no longer than anybody types."""
    text = text[: LONGEST * 5].encode("utf-8", "ignore").decode()
    # Soft hyphens and the like part no words: the index leaves them out, too.
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())[:LONGEST].strip()


def _build_phrase(text: str, languages: Iterable[str]) -> Term:
    found: dict[Alternative, None] = {}
    for language in languages:
        tokens = tuple(
            token
            for chunk in text.split()
            for token in _trim(analyse_chunk(chunk, language).tokens)
        )
        if tokens:
            found[Alternative(tokens)] = None
    return Term(text.strip(), tuple(found), is_phrase=True)


def _build_term(word: str, languages: tuple[str, ...], is_last: bool) -> Term:
    found: dict[Alternative, None] = {}
    for language in languages:
        analysed = analyse_chunk(word, language)
        if analysed.tokens:
            found |= dict.fromkeys(_vary(analysed.tokens, language))
        is_one = len(analysed.tokens) == 1
        forms = analysed.all_forms if is_one else analysed.joined
        found |= {Alternative((form,)): None for form in forms}
    last = fold_chunk(word)
    may_go_on = len(last) >= SHORTEST_BEGINNING and not is_unspaced(last)
    if is_last and found and may_go_on:
        before = next(iter(found)).tokens[:-1]
        found[Alternative((*before, last), is_beginning=True)] = None
    return Term(word, tuple(found))


def _vary(tokens: tuple[str, ...], language: str) -> Iterator[Alternative]:
    """The tokens, and how they are spelt where there is no umlaut on the keyboard."""
    if any(is_unspaced(token) for token in tokens):
        trimmed = _trim(tokens)
        # A letter alone is the beginning of each of its pairs.
        yield Alternative(trimmed, is_beginning=len(trimmed[-1]) == 1)
        return
    yield Alternative(tokens)
    if len(tokens) == 1 and _UMLAUTS.search(tokens[0]):
        plain = _UMLAUTS.sub(lambda found: found[0][0], tokens[0])
        for stem in sorted(list_stems(plain, [language])):
            yield Alternative((stem,))


def _trim(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Without the last letter of an unspaced word, which the pair before holds."""
    if len(tokens) > 1 and len(tokens[-1]) == 1 and is_unspaced(tokens[-1]):
        return tokens[:-1]
    return tokens


def _is_empty(term: Term, shouts: bool) -> bool:
    """Return whether the term says nothing by itself.

    shouts: all is in capitals, which then tell nothing.
    """
    word = fold_chunk(term.text)
    if term.is_phrase or word not in _EMPTY_WORDS or word in _INSTITUTIONS:
        return False
    # “IS” in “IS fighters” is a name; “A” begins a title.
    is_name = term.text.isupper() and len(word) > 1 and not shouts
    return not is_name or word in _OPERATORS
