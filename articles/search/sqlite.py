"""The index in SQLite: FTS5, kept by triggers on the rows of SearchText."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from articles.search.query import Alternative, Term

TABLE = "articles_searchindex"
SETTING = RESET = ""
# Numbers in one value, for `parse_ids`.
JOINED = "group_concat(%(expressions)s)"
_COLUMNS = ("head", "body", "notes", "files", "forms")
# Where a word stands often it is what the text is about; how often is told by bm25.
_WEIGHTS = (0.0, 1.0, 0.5, 0.25, 0.0)


def make_index(cursor: Any) -> None:
    """Make the virtual table and its triggers where they are missing.

    Called after each migrate: to change a table SQLite makes it anew, without triggers.
    """
    cursor.execute("SELECT name FROM sqlite_master WHERE tbl_name = %s", [TABLE])
    is_new = not cursor.fetchall()
    # The analyser has made all words, so that a space is all there is to know: to this
    # tokenizer everything beyond ASCII is part of a word.
    cursor.execute(
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {TABLE} USING fts5("
        f"{', '.join(_COLUMNS)}, content='', tokenize='ascii')"
    )
    names = ", ".join(_COLUMNS)

    def values(row: str) -> str:
        return ", ".join(f"{row}.{_get_source(name)}" for name in _COLUMNS)

    into = f"INSERT INTO {TABLE}"
    insert = f"{into}(rowid, {names}) VALUES (new.article_id, {values('new')});"
    delete = (
        f"{into}({TABLE}, rowid, {names}) "
        f"VALUES ('delete', old.article_id, {values('old')});"
    )
    acts = {"INSERT": insert, "DELETE": delete, "UPDATE": delete + insert}
    for act, statements in acts.items():
        of = f" OF {', '.join(map(_get_source, _COLUMNS))}" if act == "UPDATE" else ""
        cursor.execute(
            f"CREATE TRIGGER IF NOT EXISTS search_{act.lower()} AFTER {act}{of} "
            f"ON articles_searchtext BEGIN {statements} END"
        )
    if is_new:
        cursor.execute(
            f"INSERT INTO {TABLE}(rowid, {names}) "  # noqa: S608
            f"SELECT article_id, {values('rows')} FROM articles_searchtext rows"
        )


def drop_index(cursor: Any) -> None:
    for act in ("insert", "delete", "update"):
        cursor.execute(f"DROP TRIGGER IF EXISTS search_{act}")
    cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")


def _get_source(column: str) -> str:
    """SearchText's column of the same words."""
    return "text" if column == "head" else column


def write_match(terms: Iterable[Term], head_only: bool = False) -> str:
    """FTS5's expression for articles in which all the terms stand."""
    found = " AND ".join(
        f"({' OR '.join(map(_write_alternative, term.alternatives))})" for term in terms
    )
    return f"{{head}} : ({found})" if head_only else found


def _write_alternative(alternative: Alternative) -> str:
    words = " ".join(token.replace('"', '""') for token in alternative.tokens)
    return f'"{words}"{" *" if alternative.is_beginning else ""}'


def select_ids(
    terms: Iterable[Term], head_only: bool = False, most: int | None = None
) -> tuple[str, list[Any]]:
    """SQL of one row: the numbers of the articles, as `parse_ids` reads them."""
    match = write_match(terms, head_only)
    found = f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s"  # noqa: S608
    if most is not None:
        found += f" LIMIT {most:d}"
    joined = JOINED % {"expressions": "rowid"}
    return f"SELECT {joined} FROM ({found})", [match]  # noqa: S608


def parse_ids(found: str | None) -> Sequence[int]:
    """The numbers in a text with commas between."""
    # JSON's parser reads them in half of the time of split() and int().
    numbers: list[int] = json.loads(f"[{found or ''}]")
    return numbers


def write_among(ids: list[int]) -> tuple[str, Any]:
    """SQL of a condition on articles, with its value."""
    # The plus keeps SQLite from reading each of them and sorting all.
    return (
        "+articles_article.id IN (SELECT value FROM json_each(%s))",
        json.dumps(ids),
    )


def write_match_of_row(term: Term, links: list[tuple[str, str, list[int]]]) -> None:
    """FTS5 would look for all that match anew for each row."""


def select_density(terms: Iterable[Term], ids: list[int]) -> tuple[str, list[Any]]:
    """SQL of (number, how much the text is about it) of articles among `ids`."""
    weights = ", ".join(map(str, _WEIGHTS))
    marks = ", ".join(["%s"] * len(ids))
    # The plus keeps SQLite from asking FTS5 for each number anew, which would count
    # all texts for bm25 as often.
    return (
        f"SELECT rowid, -bm25({TABLE}, {weights}) FROM {TABLE} "  # noqa: S608
        f"WHERE {TABLE} MATCH %s AND +rowid IN ({marks})",
        [write_match(terms), *ids],
    )
