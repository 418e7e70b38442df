"""Words as searches compare them: the same word however it is typed or inflected.

One analyser for texts and for queries, on every database. A text becomes tokens: each
word without case and accents, cut to its stem by the rules of the article's language.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

import Stemmer

from ecfr_site.richtext.folding import fold

# Grows when texts come out otherwise than before: what is indexed is then made anew.
VERSION = 2

# Between fields: a word of none, so that no phrase goes from one to the next.
GAP = "¦"

_STEMMERS = {
    "en": "english",
    "de": "german",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "pl": "polish",
}
# Words in another script than Latin have their own rules, whatever is around them.
_SCRIPTS = (
    (re.compile("[\u0370-\u03ff]"), "greek"),
    (re.compile("[\u0400-\u052f]"), "russian"),
    (re.compile("[\u0600-\u06ff]"), "arabic"),
    (re.compile("[\u0900-\u097f]"), "hindi"),
)
# “And” and “so” before an article stick to the word, and Snowball's rules leave them.
_ARABIC_AND = re.compile("^[\u0648\u0641](?=\u0627\u0644\\w{3})")
# Where words have no spaces, each pair of neighbours is a token: Thai, Lao, Burmese,
# Khmer, Japanese, Chinese, and Korean, whose particles stick to words.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_APOSTROPHES = re.compile("['`´‘’‛′ʹʻʼʽ＇]")
QUOTATION_MARKS = re.compile('["“”„‟«»‹›″〝〞＂]')
# What is left of a word before another that begins with a vowel.
_ELIDED = """
    l d j m n s t c qu lorsqu puisqu jusqu quoiqu un all dall dell nell sull coll quell
"""
_ELISIONS = frozenset(_ELIDED.split())
# Of what no stemmer takes the s from: “MPs”, “SMEs”, “16s” of “F-16s”; not “1990s”.
_PLURAL = re.compile("(?![0-9]{4}s)[A-Z0-9]*(?:[A-Z]{2}|[0-9])s")
# “D’Alema”, which is also typed “Dalema”.
_ELIDED_NAME = re.compile(rf"\b([^\W\d_]+){_APOSTROPHES.pattern}([^\W\d_]+)")
# Longer ones are no words: nobody looks for them, and databases index no more.
_LONGEST = 60
_LONGEST_JOINED = 25


class Analysed(NamedTuple):
    """The tokens in their order, and other forms by which they are found.

    joined: those of several words written as one, as “email” for “e-mail”.
    """

    tokens: tuple[str, ...]
    forms: tuple[str, ...]
    joined: tuple[str, ...] = ()

    @property
    def all_forms(self) -> tuple[str, ...]:
        return (*self.forms, *self.joined)


@lru_cache(maxsize=200_000)
def analyse_chunk(chunk: str, language: str) -> Analysed:
    """Analyse what stands between two spaces: “Europe’s”, “covid-19,”, “欧洲联盟”."""
    words = list(_split_words(chunk))
    tokens: list[str] = []
    forms: list[str] = []
    for word in words:
        folded = fold(word)
        if not folded:
            continue
        if _UNSPACED.search(folded):
            tokens += _pair_letters(folded)
            continue
        token = _stem(folded, language)
        tokens.append(token)
        # An accent may be what tells a suffix: “décidé” and “décidée”.
        accented = fold(_stem(unicodedata.normalize("NFC", word.lower()), language))
        forms += sorted({folded, accented, _fold_singular(word)} - {token, ""})
    forms += _join_elided(chunk)
    together = "".join(fold(word) for word in words)
    joined = []
    if len(words) > 1 and len(together) <= _LONGEST_JOINED:
        # “e-mail” is “email”, “U.S.” is “US”, “F-16s” is “F16”.
        found = {together, _stem(together, language)}
        if _fold_singular(words[-1]):
            found.add(together[:-1])
        joined = sorted(found - set(tokens))
    return Analysed(tuple(tokens), tuple(dict.fromkeys(forms)), tuple(joined))


def analyse(text: str, language: str) -> Analysed:
    """The text's tokens, and the other forms, each once."""
    tokens: list[str] = []
    forms: dict[str, None] = {}
    for chunk in text.split():
        found = analyse_chunk(chunk, language)
        tokens += found.tokens
        forms |= dict.fromkeys(found.all_forms)
    return Analysed(tuple(tokens), tuple(forms))


def fold_chunk(chunk: str) -> str:
    """The last word in it, folded, as it was typed so far."""
    words = [folded for word in _split_words(chunk) if (folded := fold(word))]
    return words[-1] if words else ""


def list_stems(word: str, languages: Iterable[str]) -> set[str]:
    """The word's stems in each of the languages; the word is folded."""
    return {_stem(word, language) for language in languages}


def is_unspaced(text: str) -> bool:
    return bool(_UNSPACED.search(text))


def _stem(word: str, language: str) -> str:
    if word.isascii():
        name = _STEMMERS.get(language)
    else:
        name = next(
            (name for script, name in _SCRIPTS if script.search(word)),
            _STEMMERS.get(language),
        )
    if name == "arabic":
        word = _ARABIC_AND.sub("", word)
    return _get_stemmer(name).stemWord(word) if name else word


@lru_cache
def _get_stemmer(name: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(name)


def _split_words(chunk: str) -> Iterator[str]:
    """The words of a chunk, as they are written but for apostrophes."""
    text = QUOTATION_MARKS.sub(" ", chunk)
    for part in text.split():
        for piece in _split_letters(_take_apostrophes(part)):
            yield piece[:_LONGEST]


def _take_apostrophes(text: str) -> str:
    """“Europe’s” as “Europe”, “l’Europe” as “Europe”, “O’Brien” as “OBrien”."""
    if not _APOSTROPHES.search(text):
        return text
    pieces = [piece for piece in _APOSTROPHES.split(text) if piece]
    if len(pieces) > 1 and re.match(r"s\b", pieces[-1], re.I):
        pieces[-2:] = [pieces[-2] + pieces[-1][1:]]
    kept = [
        piece
        for place, piece in enumerate(pieces)
        if place == len(pieces) - 1 or not _is_elided(piece)
    ]
    return "".join(kept)


def _is_elided(piece: str) -> bool:
    return fold(piece) in _ELISIONS


def _fold_singular(word: str) -> str:
    """Of an acronym or a number in the plural; "" of all else."""
    return fold(word[:-1]) if _PLURAL.fullmatch(word) else ""


def _join_elided(chunk: str) -> list[str]:
    """The names in it as if they had no apostrophe; no words of a sentence."""
    if not _APOSTROPHES.search(chunk):
        return []
    return [
        fold(first + last)
        for first, last in _ELIDED_NAME.findall(chunk)
        if first[0].isupper() and last[0].isupper() and _is_elided(first)
    ]


def _split_letters(text: str) -> Iterator[str]:
    if text.isascii():
        yield from re.findall("[A-Za-z0-9]+", text)
        return
    for is_word, letters in groupby(
        unicodedata.normalize("NFKC", text), _belongs_to_word
    ):
        if is_word:
            yield "".join(letters)


def _belongs_to_word(letter: str) -> bool:
    # A soft hyphen, or a space without width, is nothing that anybody sees.
    category = unicodedata.category(letter)
    return category[0] in "LNM" or category == "Cf"


def _pair_letters(word: str) -> Iterator[str]:
    """Pairs of neighbours where words have no spaces; the last letter stands alone."""
    end = 0
    for run in _UNSPACED.finditer(word):
        if before := word[end : run.start()]:
            yield before
        letters = run[0]
        yield from (letters[place : place + 2] for place in range(len(letters)))
        end = run.end()
    if rest := word[end:]:
        yield rest


def list_words(text: str) -> Iterator[tuple[str, str]]:
    """(folded, as it is written) of the words of a text, in their order."""
    for chunk in text.split():
        yield from _list_chunk_words(chunk)


@lru_cache(maxsize=100_000)
def _list_chunk_words(chunk: str) -> list[tuple[str, str]]:
    return [(folded, word) for word in _split_words(chunk) if (folded := fold(word))]
