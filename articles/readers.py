"""Reports of how often articles were read: sums of counted requests.

What is asked for is narrowed to articles first; nothing here tells of an article that
is not among them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from django.db.models import DateField, Q, QuerySet, Sum, Value
from django.utils import timezone
from django.utils.formats import date_format

from articles.models import Article
from ecfr_site.admin_site.charts import Column, draw_columns
from ecfr_site.declarations import find_declarations
from ecfr_site.statistics.models import PageCount, ReferrerCount
from ecfr_site.statistics.referrers import FEWEST, OTHER

ARTICLE = "article"
# Attached files, and the documents that we make.
FILES = ("file", "document")
MOST_READ = 25
SITES = 15
OTHER_SITES = "Other sites"
# Periods are calendar weeks, months and years.
WEEK, MONTH, YEAR = "week", "month", "year"
KINDS = (WEEK, MONTH, YEAR)
_EARLIEST, _LATEST = 2000, 2999


@dataclass(frozen=True)
class Period:
    """A calendar week, month or year; both days belong to it."""

    kind: str
    first: date
    last: date

    @classmethod
    def around(cls, kind: str, day: date) -> "Period":
        if kind == WEEK:
            first = day - timedelta(days=day.weekday())
            return cls(kind, first, first + timedelta(days=6))
        if kind == MONTH:
            first = day.replace(day=1)
            following = (first + timedelta(days=31)).replace(day=1)
            return cls(kind, first, following - timedelta(days=1))
        return cls(YEAR, day.replace(month=1, day=1), day.replace(month=12, day=31))

    @classmethod
    def parse(cls, kind: str, day: str) -> "Period":
        """The period of a kind that has the day, as “2026-05-31”; else the present."""
        chosen = timezone.localdate()
        try:
            given = date.fromisoformat(day)
        except ValueError:
            pass
        else:
            if _EARLIEST < given.year < _LATEST:
                chosen = given
        return cls.around(kind if kind in KINDS else WEEK, chosen)

    @property
    def previous(self) -> "Period":
        return self.around(self.kind, self.first - timedelta(days=1))

    @property
    def following(self) -> "Period | None":
        """The next period, unless it is yet to come."""
        begins = self.last + timedelta(days=1)
        if begins > timezone.localdate():
            return None
        return self.around(self.kind, begins)

    def __str__(self) -> str:
        if self.kind == YEAR:
            return str(self.first.year)
        if self.kind == MONTH:
            return date_format(self.first, "F Y")
        same_month = self.first.month == self.last.month
        begin = date_format(self.first, "j" if same_month else "j F")
        return f"{begin} – {date_format(self.last, 'j F Y')}"


@dataclass(frozen=True)
class ReadArticle:
    """An article with its numbers in a period."""

    article: Article
    requests: int
    downloads: int
    clicks: int


class ReaderReport:
    """Counts of readers of some articles from one day to another, both included.

    articles: a queryset, which must be one of originals; None means all pages of the
    site. Each property is one query at most, but for `most_read`, and is made once.
    """

    def __init__(
        self, articles: "QuerySet[Article] | None", first: date, last: date
    ) -> None:
        self.articles, self.first, self.last = articles, first, last

    @property
    def _of_articles(self) -> Q:
        if self.articles is None:
            return Q()
        numbers = self.articles.order_by().values("pk")
        return Q(view__in=[ARTICLE, *FILES], object_id__in=numbers)

    @property
    def pages(self) -> "QuerySet[PageCount]":
        """The counts of pages and files of the period."""
        return (
            PageCount.objects.between(self.first, self.last)
            .filter(self._of_articles)
            .order_by()
        )

    @cached_property
    def _sums(self) -> list[tuple[date | None, str, int, int]]:
        """Pages by day and files by address, in one query; a file's row has no day."""
        total = Sum("number")
        days = self.pages.exclude(view__in=FILES).values("day").annotate(total=total)
        files = self.pages.filter(view__in=FILES).values("path", "object_id")
        files = files.annotate(total=total)
        no_day = Value(None, DateField())
        return list(
            days.values_list("day", Value(""), Value(0), "total").union(
                files.values_list(no_day, "path", "object_id", "total"), all=True
            )
        )

    @cached_property
    def by_day(self) -> dict[date, int]:
        return {day: number for day, _, _, number in self._sums if day}

    @property
    def requests(self) -> int:
        return sum(self.by_day.values())

    @cached_property
    def files(self) -> list[tuple[str, int, int]]:
        """Triples of a file's address, its article's number, and downloads."""
        files = [
            (path, article, number)
            for day, path, article, number in self._sums
            if day is None
        ]
        return sorted(files, key=lambda file: (-file[2], file[0]))

    @property
    def downloads(self) -> int:
        return sum(number for _, _, number in self.files)

    @cached_property
    def clicks(self) -> dict[int, int]:
        """{article: clicks in newsletters}, of those who agreed to be counted."""
        return count_clicks(self.articles, self.first, self.last)

    @property
    def newsletter_clicks(self) -> int:
        return sum(self.clicks.values())

    @property
    def referrers(self) -> "QuerySet[ReferrerCount]":
        return (
            ReferrerCount.objects.between(self.first, self.last)
            .filter(self._of_articles)
            .exclude(view__in=FILES)
            .order_by()
        )

    @property
    def _sites(self) -> Counter[str]:
        """Requests by site, those that brought few as OTHER."""
        sites: Counter[str] = Counter()
        found = self.referrers.values_list("site").annotate(requests=Sum("number"))
        for site, number in found:
            sites[site if number >= FEWEST else OTHER] += number
        return sites

    def list_referrers(self) -> list[tuple[tuple[str, int, str], int]]:
        """Pairs of (view, number of the object, site) and requests; two queries."""
        named = self._sites.keys()
        pages: Counter[tuple[str, int, str]] = Counter()
        found = self.referrers.values_list("view", "object_id", "site")
        for view, object_id, site, number in found.annotate(requests=Sum("number")):
            pages[view, object_id, site if site in named else OTHER] += number
        return sorted(pages.items())

    @cached_property
    def sites(self) -> list[tuple[str, int]]:
        """Pairs of another site and its requests; the rare ones are not named."""
        sites = self._sites
        rest = sites.pop(OTHER, 0)
        named = sites.most_common()
        rest += sum(number for _, number in named[SITES:])
        return [*named[:SITES], *([(OTHER_SITES, rest)] if rest else [])]

    @property
    def without_site(self) -> int:
        """Requests that came from no other site, or do not say from which."""
        return self.requests - sum(number for _, number in self.sites)

    @cached_property
    def most_read(self) -> list[ReadArticle]:
        """The most read articles; a fixed number of queries."""
        counted = dict(
            self.pages.filter(view=ARTICLE)
            .exclude(object_id=0)
            .values_list("object_id")
            .annotate(requests=Sum("number"))
            .order_by("-requests", "-object_id")[:MOST_READ]
        )
        downloads: Counter[int] = Counter()
        for _, article, number in self.files:
            downloads[article] += number
        found = Article.objects.for_lists().in_order_of(list(counted))
        return [
            ReadArticle(
                article,
                counted[article.pk],
                downloads[article.pk],
                self.clicks.get(article.pk, 0),
            )
            for article in found
        ]

    def name_files(self) -> list[tuple[str, str, int]]:
        """Triples of a file's address, its article's title, and downloads."""
        titles = dict(
            Article.objects.filter(
                pk__in={article for _, article, _ in self.files}
            ).values_list("pk", "title")
        )
        return [(path, titles.get(pk, ""), n) for path, pk, n in self.files]

    def list_other_pages(self) -> list[tuple[str, int]]:
        """Pairs of an address that is no article's and its requests."""
        return list(
            self.pages.exclude(view__in=[ARTICLE, *FILES])
            .values_list("path")
            .annotate(requests=Sum("number"))
            .order_by("-requests", "path")
        )

    def list_days(self) -> list[tuple[str, int]]:
        return [
            (date_format(day, "D, j F Y"), self.by_day.get(day, 0))
            for day in list_days(self.first, self.last)
        ]

    def list_months(self) -> list[tuple[str, int]]:
        months = self.by_month
        return [
            (date_format(month, "F Y"), months[month]) for month in self._get_months()
        ]

    def _get_months(self) -> list[date]:
        return [self.first.replace(month=month) for month in range(1, 13)]

    def draw_days(self, title: str) -> str:
        """The chart of requests a day, as SVG."""
        days = list_days(self.first, self.last)
        bars = [
            Column(
                label=date_format(day, "l, j F Y"),
                value=self.by_day.get(day, 0),
                tick=_name_day(day, len(days)),
                current=day == timezone.localdate(),
            )
            for day in days
        ]
        return draw_columns(title, self._describe(bars), bars)

    def draw_months(self, title: str) -> str:
        """The chart of requests a month, as SVG; for whole years."""
        numbers = self.by_month
        bars = [
            Column(
                label=date_format(month, "F Y"),
                value=numbers[month],
                tick=date_format(month, "M"),
                current=month == timezone.localdate().replace(day=1),
            )
            for month in self._get_months()
        ]
        return draw_columns(title, self._describe(bars), bars)

    @property
    def by_month(self) -> Counter[date]:
        months: Counter[date] = Counter()
        for day, number in self.by_day.items():
            months[day.replace(day=1)] += number
        return months

    def _describe(self, bars: list[Column]) -> str:
        if not self.requests:
            return "No page was read."
        most = max(bars, key=lambda bar: bar.value)
        return (
            f"{self.requests:,} pages read in all, most of them, {most.value:,}: "
            f"{most.label}."
        )


def _name_day(day: date, days: int) -> str:
    if days <= 7:
        return date_format(day, "D")
    return date_format(day, "j M") if day.weekday() == 0 else ""


def list_days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def count_clicks(
    articles: "QuerySet[Article] | None", first: date, last: date
) -> dict[int, int]:
    """{article: clicks} as the apps that send links to articles declare them."""
    clicks: Counter[int] = Counter()
    for module in find_declarations("article_clicks"):
        clicks.update(module.count_clicks(articles, first, last))
    return dict(clicks)


def list_rows(
    articles: "QuerySet[Article] | None", first: date, last: date
) -> Iterator[Iterable]:
    """Everything that was counted as rows of a table, the head first."""
    yield "day", "what", "kind", "number", "title or site", "address", "requests"
    report = ReaderReport(articles, first, last)
    titles = dict(
        Article.objects.filter(
            pk__in=report.pages.filter(view__in=[ARTICLE, *FILES]).values("object_id")
        ).values_list("pk", "title")
    )
    pages = report.pages.order_by("day", "view", "object_id", "path")
    for row in pages.iterator(chunk_size=2000):
        title = titles.get(row.object_id, "") if row.view in (ARTICLE, *FILES) else ""
        what = "file" if row.view in FILES else "page"
        yield row.day, what, row.view, row.object_id or "", title, row.path, row.number
    for (view, object_id, site), number in report.list_referrers():
        yield "", "referrer", view, object_id or "", site, "", number
