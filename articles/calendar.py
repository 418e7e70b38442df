"""The editorial calendar, in the institution's time zone."""

from calendar import Calendar
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from articles.models import Article
from articles.workflow import State
from ecfr_site.database.days import get_midnight


@dataclass(frozen=True)
class Event:
    """`kind` is one of live, update, end, due; `at` is midnight for what is due."""

    at: datetime
    kind: str
    article: Article

    @property
    def is_over(self):
        return self.at <= timezone.now()


@dataclass(frozen=True)
class Day:
    date: date
    in_month: bool
    events: list[Event]


def parse_month(text):
    """The first day of the month “2026-05”, or of the present one."""
    with suppress(ValueError):
        first = datetime.strptime(text, "%Y-%m").date()
        # Weeks of the months around must be dates, too.
        if 1000 <= first.year <= 2999:
            return first
    return timezone.localdate().replace(day=1)


def get_previous_month(first):
    return (first - timedelta(days=1)).replace(day=1)


def get_next_month(first):
    return (first + timedelta(days=31)).replace(day=1)


def build_month(articles, first):
    """The days of the month that begins on `first`, in whole weeks from Monday.

    One query, besides those of the articles' prefetches.
    """
    days = list(Calendar().itermonthdates(first.year, first.month))
    begin, end = get_midnight(days[0]), get_midnight(days[-1] + timedelta(days=1))
    within = (begin, end - timedelta(microseconds=1))
    published = Q(state=State.PUBLISHED)
    concerned = articles.filter(
        published
        & Q(live=None, precision=Article.Precision.DAY, published_at__range=within)
        | published & Q(live=None, ends_at__range=within)
        | published & Q(live__isnull=False, replaces_at__range=within)
        | Q(due__range=(days[0], days[-1]))
    )
    events = defaultdict(list)
    for article in concerned:
        for event in list_events(article):
            events[timezone.localdate(event.at)].append(event)
    return [
        Day(
            day,
            (day.year, day.month) == (first.year, first.month),
            sorted(events[day], key=lambda event: (event.at, event.article.pk)),
        )
        for day in days
    ]


def list_events(article):
    if article.state == State.PUBLISHED:
        if article.live_id and article.replaces_at:
            yield Event(article.replaces_at, "update", article)
        elif not article.live_id and article.precision == Article.Precision.DAY:
            yield Event(article.published_at, "live", article)
        if article.ends_at and not article.live_id:
            yield Event(article.ends_at, "end", article)
    if article.due and not article.was_public:
        yield Event(get_midnight(article.due), "due", article)
