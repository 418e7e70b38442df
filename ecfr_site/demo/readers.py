"""The demonstration's readers: some months of invented numbers."""

import math
from collections import Counter
from datetime import timedelta
from random import Random

from django.utils import timezone

from articles.models import Article
from ecfr_site.statistics.models import PageCount, ReferrerCount

DAYS = 400
PAGES = {"home": ("/", 240), "publications": ("/publications/", 70)}
SITES = {
    "Google": 30,
    "LinkedIn": 12,
    "Bluesky": 7,
    "X": 6,
    "Bing": 5,
    "DuckDuckGo": 4,
    "ChatGPT": 3,
    "Wikipedia": 2,
    "euractiv.com": 2,
    "politico.eu": 2,
    "other": 3,
}
# Of a hundred requests so many come from another site.
FROM_SITES = 40
BY_KIND = {"report": 3.0, "policy-brief": 2.0, "explainer": 1.6}


def load():
    """Fill the last DAYS up to yesterday, unless something was counted already."""
    if PageCount.objects.exists():
        return
    chance = Random("readers")  # noqa: S311 invented numbers
    today = timezone.localdate()
    pages, sites = [], []
    published = list(Article.objects.published().prefetch_related("attachments"))
    for day in (today - timedelta(days=ago) for ago in range(DAYS, 0, -1)):
        for key, path, number in count_day(day, published, chance):
            pages.append(PageCount(day=day, path=path, number=number, **key))
            if key["view"] == "file":
                continue
            sites += [
                ReferrerCount(day=day, site=site, number=part, **key)
                for site, part in share_out(number, chance)
            ]
    PageCount.objects.bulk_create(pages, batch_size=1000)
    ReferrerCount.objects.bulk_create(sites, batch_size=1000)


def count_day(day, published, chance):
    """Triples of what a page is about, its path, and its requests on the day."""
    quiet = 0.45 if day.weekday() > 4 else 1
    for view, (path, usual) in PAGES.items():
        number = round(usual * quiet * chance.uniform(0.8, 1.25))
        yield {"view": view, "object_id": 0}, path, number
    for article in published:
        age = (day - timezone.localdate(article.published_at)).days
        if age < 0:
            continue
        interest = BY_KIND.get(article.kind_id, 1) * (
            0.5 + article.pk * 7919 % 100 / 66
        )
        # A few busy days, then what is found by searching.
        expected = (90 * math.exp(-age / 3) + 14 * math.exp(-age / 60) + 0.8) * quiet
        number = round(expected * interest * chance.uniform(0.6, 1.4))
        about = {"object_id": article.pk}
        if number:
            yield {"view": "article", **about}, "", number
        downloads = round(number * chance.uniform(0.1, 0.25))
        for attachment in article.attachments.all() if downloads else ():
            yield {"view": "file", **about}, attachment.file.url, downloads


def share_out(number, chance):
    """Pairs of another site and its part of the requests."""
    from_sites = round(number * FROM_SITES / 100)
    found = Counter(
        chance.choices(list(SITES), list(SITES.values()), k=min(from_sites, 400))
    )
    return found.items()
