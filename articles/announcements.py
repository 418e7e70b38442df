"""Tell hubs (WebSub) and search engines (IndexNow) what readers see anew.

What changed is found by its time, as articles appear and end by themselves: no save
waits, and nothing is told before readers have it.
"""

import json
from datetime import timedelta
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from articles.feeds.subjects import list_feeds_about
from articles.models import Announcement, Article
from ecfr_site.richtext.absolute import make_absolute
from ecfr_site.tasks.queue import LOW

INDEXNOW = "indexnow"
# Of one request to IndexNow (indexnow.org/documentation).
MOST_ADDRESSES = 10_000
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json; charset=utf-8"
# For a hub's answer.
SECONDS = 10
# A save may take so long until others see it.
GRACE = timedelta(seconds=10)


def list_channels():
    return [*settings.WEBSUB_HUBS, *([INDEXNOW] if settings.INDEXNOW_KEY else [])]


def enqueue_due():
    """For the scheduler; how many tasks were queued, one a channel at the most."""
    until = timezone.now() - GRACE
    queued = 0
    for channel in list_channels():
        since = Announcement.objects.start(channel, until).told_until
        changed = Article.objects.changed_for_readers(since, until)
        if changed.exists() and Announcement.objects.claim(channel):
            announce.enqueue(channel)
            queued += 1
    return queued


@task(priority=LOW)
def announce(channel):
    """Tell one channel of all that changed; a failure is raised, and tried again."""
    row = Announcement.objects.filter(channel=channel).first()
    # The operator may have given it up meanwhile.
    if row is None or channel not in list_channels():
        return
    until = timezone.now() - GRACE
    changed = Article.objects.changed_for_readers(row.told_until, until)
    if channel == INDEXNOW:
        tell_search_engines(changed.values_list("slug", flat=True))
    else:
        tell_hub_of(channel, list_feeds_about(changed))
    row.record_told(until)


def tell_hub_of(hub, feeds):
    """Name each feed, a path, by itself, which every hub understands.

    How is left to hubs (W3C WebSub, section 6); all take that of PubSubHubbub 0.4.
    """
    for path in feeds:
        told = {"hub.mode": "publish", "hub.url": make_absolute(path)}
        post(hub, urlencode(told).encode(), _FORM)


def tell_search_engines(slugs):
    """By IndexNow, which passes it on to all engines that take part."""
    addresses = [make_absolute(Article(slug=slug).get_absolute_url()) for slug in slugs]
    for start in range(0, len(addresses), MOST_ADDRESSES):
        told = {
            "host": urlsplit(settings.SITE_URL).netloc,
            "key": settings.INDEXNOW_KEY,
            "keyLocation": f"{settings.SITE_URL}/{settings.INDEXNOW_KEY}.txt",
            "urlList": addresses[start : start + MOST_ADDRESSES],
        }
        post(settings.INDEXNOW_URL, json.dumps(told).encode(), _JSON)


def post(url, body, content_type):
    """Raises OSError, as HTTPError, for whatever is no success.

    To wherever the operator says: no guard against private networks, unlike for
    addresses that editors write.
    """
    headers = {"Content-Type": content_type}
    # Settings allow http and https alone.
    request = Request(url, body, headers, method="POST")  # noqa: S310
    with _opener.open(request, timeout=SECONDS):
        pass


class _NoRedirect(HTTPRedirectHandler):
    """A POST that is sent on becomes a GET, which would tell nobody."""

    def redirect_request(self, *args):
        return None


_opener = build_opener(_NoRedirect)
