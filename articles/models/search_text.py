"""An article's words as they are searched for, written with each save of it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import models

from articles.search.index import build_rows

if TYPE_CHECKING:
    # Which writes them.
    from articles.models.article import Article


class TsVectorField(models.TextField):
    """PostgreSQL's tsvector, written as its text; empty on other databases."""

    def db_type(self, connection: Any) -> str:
        return "tsvector" if connection.vendor == "postgresql" else "text"

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        return "%s::tsvector" if connection.vendor == "postgresql" else "%s"

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        # A long value that nobody reads.
        return "NULL", []


class SearchTextQuerySet(models.QuerySet["SearchText"]):
    def index(self, articles: "Iterable[Article]") -> None:
        """Write the rows of full articles, in the place of what is there of them."""
        columns = [field.name for field in self.model._meta.concrete_fields]
        columns.remove("article")
        self.bulk_create(
            build_rows(SearchText, articles),  # type: ignore[arg-type] # of its own class
            update_conflicts=True,
            unique_fields=["article"],
            update_fields=columns,
        )


class SearchText(models.Model):
    """An article's texts, as readers read them and as tokens.

    In a table of its own, since SQLite would read a row's long texts on the way to a
    column behind them. On SQLite triggers keep the full-text index in step with it
    (articles/search/sqlite.py), on PostgreSQL the indexes are of its vectors.
    """

    # Nobody is told of it where an article is deleted.
    is_made_by_itself = True

    article = models.OneToOneField(
        "articles.Article",
        models.CASCADE,
        primary_key=True,
        related_name="search_text",
    )
    # Tokens of the title in the first line and of the standfirst in the second.
    head = models.TextField(db_column="text")
    # Tokens of the text, of its notes and captions, and of attached files; the other
    # forms of all words. PostgreSQL has them in its vector instead.
    body = models.TextField(default="", db_default="")
    notes = models.TextField(default="", db_default="")
    files = models.TextField(default="", db_default="")
    forms = models.TextField(default="", db_default="")
    # What excerpts are taken from.
    plain = models.TextField(default="", db_default="")
    head_vector = TsVectorField(null=True)
    vector = TsVectorField(null=True)
    analyser = models.PositiveSmallIntegerField(default=0, db_default=0)

    readers_see = None

    objects = SearchTextQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["analyser"],
                name="search_text_by_analyser",
            )
        ]

    def __str__(self) -> str:
        return self.head
