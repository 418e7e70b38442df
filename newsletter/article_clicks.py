"""Clicks on articles in newsletters, for the reports of their readers."""

from collections.abc import Mapping
from datetime import date, timedelta

from django.db.models import Count, QuerySet

from articles.models import Article
from ecfr_site.database.days import get_midnight
from newsletter.models import Event


def count_clicks(
    articles: "QuerySet[Article] | None", first: date, last: date
) -> Mapping[int, int]:
    """{article: clicks of people who agreed}, both days included; one query."""
    end = last + timedelta(days=1)
    clicks = Event.objects.by_people().filter(
        kind=Event.Kind.CLICK,
        at__gte=get_midnight(first),
        at__lt=get_midnight(end),
        link__article__isnull=False,
    )
    if articles is not None:
        clicks = clicks.filter(link__article__in=articles.order_by().values("pk"))
    counted = clicks.order_by().values_list("link__article").annotate(Count("pk"))
    return dict(counted)
