"""The index in PostgreSQL: two columns of SearchText, each a tsvector under a GIN."""

import sys
from array import array
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from articles.search.index import CUT, quote
from articles.search.query import EMPTY_TOKENS, Alternative, Term

_TABLE = "articles_searchtext"
# Numbers in one value, for `parse_ids`: as text they take four times as long to read.
JOINED = "string_agg(int8send(%(expressions)s), '')"
# Before a search, in its own implicit transaction: the planner does not know that each
# vector is long and kept elsewhere, and would rather read them all than ask the index.
SETTING = "SET LOCAL enable_seqscan = off;"
# After one in a longer transaction, whose later statements would be planned in the same
# way, and then compiled for what they seem to cost: a quarter of a second each.
RESET = "SET LOCAL enable_seqscan TO DEFAULT"


def write_match(terms: Iterable[Term]) -> str:
    """The text of a tsquery for articles in which all the terms stand."""
    return " & ".join(
        f"({' | '.join(map(_write_alternative, term.alternatives))})" for term in terms
    )


def _write_alternative(alternative: Alternative) -> str:
    *others, last = map(quote, alternative.tokens)
    last = f"{last}:*" if alternative.is_beginning else last
    if not others:
        return last
    exact = " <-> ".join([*others, last])
    telling = [
        (place, token)
        for place, token in enumerate([*others, last])
        if alternative.tokens[place] not in EMPTY_TOKENS
    ]
    if len(telling) in (0, len(alternative.tokens)):
        return exact
    # A long text has more of “the” than a vector has places for it.
    loose = telling[0][1] + "".join(
        f" <{place - before}> {token}"
        for (before, _), (place, token) in pairwise(telling)
    )
    return f"{exact} | {quote(CUT)} & {loose}"


def select_ids(
    terms: Iterable[Term], head_only: bool = False, most: int | None = None
) -> tuple[str, list[Any]]:
    """SQL of one row: the numbers of the articles, as `parse_ids` reads them."""
    column = "head_vector" if head_only else "vector"
    found = f"SELECT article_id FROM {_TABLE} WHERE {column} @@ %s::tsquery"  # noqa: S608
    if most is not None:
        found += f" LIMIT {most:d}"
    joined = JOINED % {"expressions": "article_id"}
    return f"SELECT {joined} FROM ({found}) found", [write_match(terms)]  # noqa: S608


def parse_ids(found: memoryview | None) -> Sequence[int]:
    """The numbers in bytes, eight each, in network byte order."""
    numbers = array("q", bytes(found or b""))
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def write_among(ids: list[int]) -> tuple[str, Any]:
    """SQL of a condition on articles, with its value."""
    return "articles_article.id = ANY(%s)", ids


def write_match_of_row(
    term: Term, links: list[tuple[str, str, list[int]]]
) -> tuple[str, list[Any]]:
    """SQL of a condition on an article: the term is in its texts, or a link has it.

    links: table, column and its values.
    """
    conditions = [(_TABLE, "vector @@ %s::tsquery")]
    conditions += [(table, f"{column} = ANY(%s)") for table, column, _ in links]
    # OFFSET keeps PostgreSQL from finding all that match before it looks at a row.
    sql = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} found WHERE "  # noqa: S608
        f"found.article_id = articles_article.id AND found.{condition} OFFSET 0)"
        for table, condition in conditions
    )
    return f"({sql})", [write_match([term]), *(values for _, _, values in links)]


def select_density(terms: Iterable[Term], ids: list[int]) -> tuple[str, list[Any]]:
    """SQL of (number, how much the text is about it) of articles among `ids`."""
    # D, C, B, A: files, notes, text, head. By the logarithm of its length.
    return (
        "SELECT article_id, "  # noqa: S608
        "ts_rank('{0.25, 0.5, 1.0, 0.0}', vector, %s::tsquery, 1) "
        f"FROM {_TABLE} WHERE article_id = ANY(%s)",
        [write_match(terms), ids],
    )
