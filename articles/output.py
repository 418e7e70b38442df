"""Publications between two days: for annual reports, funders and disclosures."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.utils import timezone
from django.utils.dateparse import parse_date

from articles.citing.exports import write_bibtex
from articles.citing.record import build_record
from articles.documents.addresses import count_pages
from articles.models import Article, Funder, Kind, Series
from authors.models import Author, Programme
from ecfr_site.database.days import get_midnight
from ecfr_site.institution.models import Institution
from ecfr_site.richtext.absolute import make_absolute

# What a report may be narrowed to: {parameter: (heading, model, its key, filter)}.
NARROWED: dict[str, tuple[str, type[Any], str, str]] = {
    "programme": ("Programme", Programme, "slug", "programmes"),
    "person": ("Person", Author, "slug", "authors"),
    "funder": ("Funder", Funder, "pk", "funders"),
    "series": ("Series or project", Series, "slug", "series"),
    "kind": ("Kind", Kind, "slug", "kind"),
}
# Rows in memory at a time.
_AT_ONCE = 200
HEAD = (
    *("date", "kind", "title", "people", "programmes", "topics and regions"),
    *("language", "series", "number in series", "report number", "DOI"),
    *("DOI registered", "ISBN", "pages", "funders", "disclosure", "licence"),
    *("first published by", "address"),
)


@dataclass(frozen=True)
class Output:
    """The published articles of some days, narrowed to what they have in common."""

    first: date
    last: date
    articles: QuerySet[Article]

    @classmethod
    def between(cls, first: date, last: date, **narrowed: Any) -> "Output":
        """Both days included; `narrowed` by filters of articles."""
        begin = get_midnight(first)
        end = get_midnight(last + timedelta(days=1))
        found = Article.objects.published().filter(
            published_at__gte=begin, published_at__lt=end, **narrowed
        )
        return cls(first, last, found)

    def list_articles(self) -> QuerySet[Article]:
        """With all that is said of them, the newest first."""
        return self.articles.for_api()  # type: ignore[attr-defined]

    def count_kinds(self) -> list[Any]:
        """`kind__name`, `count` and `pages` of each kind, in their order; a query."""
        return list(
            self.articles.with_page_total()  # type: ignore[attr-defined]
            .order_by("kind__order", "kind__name")
            .values("kind__name")
            .annotate(count=Count("pk"), pages=Sum("page_total"))
        )

    def iterate(self) -> Iterator[Article]:
        return self.list_articles().iterator(chunk_size=_AT_ONCE)


def parse_days(first: str, last: str) -> tuple[date, date]:
    """Two days in their order; this year, and today, for what is no day."""
    today = timezone.localdate()
    begin, end = _parse_day(first), _parse_day(last)
    end = end or today
    begin = begin or date(end.year, 1, 1)
    return (begin, end) if begin <= end else (end, begin)


def _parse_day(text: str) -> date | None:
    try:
        found = parse_date(text)
    except ValueError:
        return None
    # Beyond, no time zone can be reckoned with.
    return found if found and 1 < found.year < 9999 else None


def list_rows(output: Output) -> Iterator[Iterable[Any]]:
    """Everything as rows of a table, the head first."""
    yield HEAD
    for article in output.iterate():
        yield list_cells(article)


def list_cells(article: Any) -> Iterable[Any]:
    terms = article.licence_terms
    return (
        article.date_iso,
        article.kind.name,
        article.title,
        article.byline,
        _join(article.page_programmes),
        _join(article.page_topics),
        article.get_language_display(),
        article.series.title if article.series else "",
        article.series_number or "",
        article.report_number,
        article.doi,
        ("yes" if article.doi_registered else "no") if article.doi else "",
        article.isbn,
        count_pages(article) or "",
        _join(article.page_funders),
        article.disclosure,
        terms.label if terms else "",
        article.original_outlet,
        make_absolute(article.get_absolute_url()),
    )


def write_entries(output: Output) -> Iterator[str]:
    """A BibTeX entry for each article."""
    institution = Institution.objects.current()
    for article in output.iterate():
        yield write_bibtex(build_record(article, institution)) + "\n"


def _join(rows: Iterable[Any]) -> str:
    return "; ".join(str(row) for row in rows)
