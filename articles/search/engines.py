"""Ask the database which articles hold some words; each says it in its own way.

What is found may be drafts: `catalogue` knows what readers may see.
"""

from collections.abc import Iterable, Sequence
from operator import itemgetter
from types import ModuleType
from typing import Any

from django.db import connections, router
from django.db.models import Aggregate, BooleanField, QuerySet, TextField
from django.db.models.expressions import RawSQL

from articles.models.search_text import SearchText
from articles.search import postgresql, sqlite
from articles.search.query import Term


def get_alias() -> str:
    """The database that reads come from, which may be a replica."""
    return router.db_for_read(SearchText)


def find_ids(
    searches: Sequence[Iterable[Term]],
    head_only: bool = False,
    most: int | None = None,
) -> list[Sequence[int]]:
    """The numbers of the articles that hold all terms of each search.

    Of each no more than `most`, whichever: it costs less than all where they are many.
    """
    if not searches:
        return []
    engine = _get_engine(get_alias())
    selects = [engine.select_ids(terms, head_only, most) for terms in searches]
    sql = " UNION ALL ".join(
        f"SELECT {place}, ({select})" for place, (select, _) in enumerate(selects)
    )
    rows = _fetch(sql, [value for _, values in selects for value in values])
    return [engine.parse_ids(found) for _, found in sorted(rows, key=itemgetter(0))]


class JoinedIds(Aggregate):
    """The numbers of all rows in one value, for `parse_ids`."""

    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **kwargs: Any) -> Any:
        return self.as_sql(compiler, connection, template=sqlite.JOINED, **kwargs)

    def as_postgresql(self, compiler: Any, connection: Any, **kwargs: Any) -> Any:
        return self.as_sql(compiler, connection, template=postgresql.JOINED, **kwargs)


def parse_ids(found: Any) -> Sequence[int]:
    """The numbers in a value that the database joined."""
    numbers: Sequence[int] = _get_engine(get_alias()).parse_ids(found)
    return numbers


def measure_density(terms: Sequence[Term], ids: list[int]) -> dict[int, float]:
    """{number: 0 to 1}: how much the texts of articles are about the terms."""
    if not terms or not ids:
        return {}
    rows = _fetch(*_get_engine(get_alias()).select_density(terms, ids))
    most = max((found for _, found in rows), default=0)
    return {pk: found / most if most > 0 else 0 for pk, found in rows}


def read_heads(ids: list[int]) -> dict[int, str]:
    """{number: tokens of the title, and of the standfirst in a second line}."""
    if not ids:
        return {}
    marks = ", ".join(["%s"] * len(ids))
    return dict(
        _fetch(
            "SELECT article_id, text FROM articles_searchtext "  # noqa: S608
            f"WHERE article_id IN ({marks})",
            ids,
        )
    )


def are_among(ids: Iterable[int]) -> RawSQL:
    """The condition of a queryset of articles that these are their numbers.

    One value for any number of them, and no search for each: the list's order finds
    the first of them.
    """
    sql, value = _get_engine(get_alias()).write_among(list(ids))
    return RawSQL(sql, [value], output_field=BooleanField())  # noqa: S611


def write_match(
    term: Term, links: Iterable[tuple[QuerySet, str, list[int]]]
) -> RawSQL | None:
    """The condition that the term stands in an article's texts, asked row by row.

    Or that one of `links` has it: rows with a column, and the values that it may have.
    For lists of which one page is read. None where it costs more than `find_ids`.
    """
    tables = [(rows.model._meta.db_table, *rest) for rows, *rest in links]
    written = _get_engine(get_alias()).write_match_of_row(term, tables)
    if written is None:
        return None
    sql, values = written
    return RawSQL(sql, values, output_field=BooleanField())  # noqa: S611


def _get_engine(alias: str) -> ModuleType:
    is_sqlite = connections[alias].vendor == "sqlite"
    return sqlite if is_sqlite else postgresql


def _fetch(sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    alias = get_alias()
    connection, engine = connections[alias], _get_engine(alias)
    with connection.cursor() as cursor:
        cursor.execute(engine.SETTING + sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        if engine.RESET and connection.in_atomic_block:
            # By the driver's cursor, and not among the queries that are counted: pages
            # are made outside transactions and need none.
            cursor.cursor.execute(engine.RESET)
        return rows
