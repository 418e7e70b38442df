"""Passages of a text around the words that were looked for, and these words in it."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from articles.search.analysis import analyse_chunk, is_unspaced
from articles.search.query import Alternative, Term
from ecfr_site.richtext.folding import fold

LENGTH = 240
# Before the first word, and how far a text is read for it.
_BEFORE, _FURTHEST = 70, 200_000
_WORD = re.compile(r"\S+")
# What may stand between letters and is not seen, or not typed.
_BETWEEN = "[\u0300-\u036f\u00ad\u200b-\u200d'’./&\u2010-\u2015-]*"


class Piece(NamedTuple):
    text: str
    is_hit: bool = False


class _Hit(NamedTuple):
    start: int
    end: int
    term: int


def mark_words(text: str, terms: Iterable[Term], language: str) -> list[Piece]:
    """The whole text in pieces: those that were looked for, and what is between."""
    return _split_pieces(text, _find_hits(text, tuple(terms), language), 0, len(text))


def cut_excerpt(text: str, terms: Iterable[Term], language: str) -> list[Piece]:
    """The passage in which most of the terms stand, in pieces; none without any."""
    text = text[:_FURTHEST]
    hits = _find_hits(text, tuple(terms), language)
    if not hits:
        return []
    start, end = _choose_passage(text, hits)
    pieces = _split_pieces(text, hits, start, end)
    if start:
        pieces.insert(0, Piece("… "))
    if end < len(text):
        pieces.append(Piece(" …"))
    return pieces


def _choose_passage(text: str, hits: list[_Hit]) -> tuple[int, int]:
    def count_terms(first: _Hit) -> int:
        last = first.start + LENGTH - _BEFORE
        return len({hit.term for hit in hits if first.start <= hit.start < last})

    best = max(hits[:200], key=lambda hit: (count_terms(hit), -hit.start))
    line = text.rfind("\n", 0, best.start) + 1
    start = max(best.start - _BEFORE, line)
    if start > line:
        space = text.find(" ", start, best.start)
        start = space + 1 if space >= 0 else best.start
    end = max(start + LENGTH, best.end)
    if end < len(text):
        space = max(text.rfind(" ", best.end, end), text.rfind("\n", best.end, end))
        end = space if space > 0 else end
    return start, min(end, len(text))


def _split_pieces(text: str, hits: list[_Hit], start: int, end: int) -> list[Piece]:
    pieces = []
    at = start
    for hit in hits:
        if hit.start < at or hit.end > end:
            continue
        pieces.append(Piece(text[at : hit.start]))
        pieces.append(Piece(text[hit.start : hit.end], is_hit=True))
        at = hit.end
    pieces.append(Piece(text[at:end]))
    return [
        Piece(" ".join(re.split(r"\n+", text)), is_hit)
        for text, is_hit in pieces
        if text
    ]


def _find_hits(text: str, terms: tuple[Term, ...], language: str) -> list[_Hit]:
    """In their order, none within another."""
    hits: dict[tuple[int, int], int] = {}
    for place, term in enumerate(terms):
        for pattern in _build_patterns(term):
            for found in pattern.finditer(text):
                if hit := _check(text, found, term, language):
                    hits.setdefault(hit, place)
    ordered: list[_Hit] = []
    # Of two that begin together the longer one.
    for start, end in sorted(hits, key=lambda hit: (hit[0], -hit[1])):
        if not ordered or start >= ordered[-1].end:
            ordered.append(_Hit(start, end, hits[start, end]))
    return ordered


def _check(
    text: str, found: re.Match[str], term: Term, language: str
) -> tuple[int, int] | None:
    """From where to where the term stands in the text, or None if it does not."""
    if is_unspaced(found[0]):
        return found.span()
    if found.start() and text[found.start() - 1].isalnum():
        return None
    start = (
        max(text.rfind(" ", 0, found.start()), text.rfind("\n", 0, found.start())) + 1
    )
    ends = {
        end
        for alternative in term.alternatives
        if (end := _follow(text, start, alternative, language))
    }
    if not ends:
        return None
    end = max(ends)
    inner = text[start:end]
    lead = len(inner) - len(re.sub(r"^[^\w]+", "", inner))
    return start + lead, start + len(re.sub(r"[^\w]+$", "", inner))


def _follow(text: str, start: int, wanted: Alternative, language: str) -> int:
    """The end of the alternative if it begins in the word at `start`, else 0."""
    tokens: list[str] = []
    for word in _WORD.finditer(text, start):
        analysed = analyse_chunk(word[0][:100], language)
        if len(wanted.tokens) == 1:
            padded = f" {' '.join([*analysed.tokens, *analysed.all_forms])} "
            return word.end() if wanted.is_in(padded) else 0
        tokens += analysed.tokens
        if len(tokens) >= len(wanted.tokens):
            return word.end() if wanted.is_in(f" {' '.join(tokens)} ") else 0
    return 0


@lru_cache(maxsize=1000)
def _build_patterns(term: Term) -> list[re.Pattern[str]]:
    """Candidates for the beginning of the term; a quick look before a close one.

    Each begins with a letter in all its spellings, with nothing before it, and none is
    an alternation: so `re` leaps from one such letter to the next.
    """
    beginnings = {_choose_beginning(each) for each in term.alternatives}
    return [
        re.compile(
            re.escape(beginning)
            if is_unspaced(beginning)
            else _BETWEEN.join(_list_spellings(beginning))
        )
        for beginning in sorted(beginnings)
        if is_unspaced(beginning)
        or not any(beginning[:end] in beginnings for end in range(1, len(beginning)))
    ]


def _choose_beginning(alternative: Alternative) -> str:
    first = alternative.tokens[0]
    if is_unspaced(first):
        letters = [token[0] for token in alternative.tokens[:-1]]
        return "".join([*letters, alternative.tokens[-1]])
    # A stem may end otherwise than the word goes on: “policy” is “polici”.
    return first if alternative.is_beginning else first[: max(3, len(first) - 2)]


def _list_spellings(folded: str) -> Iterator[str]:
    """Each letter of a folded word, small and capital, with all folded to it."""
    place = 0
    while place < len(folded):
        pair = folded[place : place + 2]
        letter = folded[place]
        plain = _list_single(letter)
        if len(pair) == 2 and pair in _SPELLINGS:
            second = _list_single(pair[1])
            yield f"(?:{plain}{second}|[{''.join(_SPELLINGS[pair])}])"
            place += 2
            continue
        yield plain
        place += 1


def _list_single(letter: str) -> str:
    single = "".join(_SPELLINGS.get(letter, ()))
    return f"[{re.escape(letter)}{re.escape(letter.upper())}{single}]"


def _collect_spellings() -> dict[str, list[str]]:
    """{folded: letters} of the Latin, Greek, Cyrillic and Arabic alphabets."""
    spellings: dict[str, list[str]] = {}
    blocks = ((0xAA, 0x250), (0x370, 0x530), (0x621, 0x6D4), (0x1E00, 0x2000))
    for letter in (chr(code) for block in blocks for code in range(*block)):
        folded = fold(letter)
        if folded != letter.lower() and len(folded) in (1, 2) and folded.isalpha():
            spellings.setdefault(folded, []).append(letter)
    return spellings


_SPELLINGS = _collect_spellings()
