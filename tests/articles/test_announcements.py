"""Hubs (WebSub) and search engines (IndexNow) are told what readers see anew."""

import json
from datetime import UTC, datetime, timedelta
from urllib.error import HTTPError
from urllib.parse import parse_qsl

import feedparser
import pytest
from django.core.management import call_command

from articles import announcements
from articles.models import Announcement, Article
from ecfr_site.institution.feed_formats import FORMATS
from newsletter import announcements as newsletter_announcements
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    EditionFactory,
    NewsletterFactory,
    ProgrammeFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

SITE = "http://127.0.0.1:8000"
START = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def clock(time_machine):
    time_machine.move_to(START, tick=False)
    return lambda **later: time_machine.move_to(START + timedelta(**later), tick=False)


@pytest.fixture
def hub(elsewhere, settings, clock):
    """A hub that knows what was public at START."""
    settings.WEBSUB_HUBS = [f"{elsewhere.url}/204"]
    announcements.enqueue_due()
    return elsewhere


def told(hub):
    """The paths of the feeds that the hub was told of, and forget them."""
    posted = [(kind, dict(parse_qsl(body))) for kind, body in hub.posted]
    hub.posted.clear()
    assert all(k.startswith("application/x-www-form-urlencoded") for k, _ in posted)
    assert all(body["hub.mode"] == "publish" for _, body in posted)
    return {body["hub.url"].removeprefix(SITE) for _, body in posted}


def test_a_hub_is_told_of_each_feed_that_shows_a_new_article(hub, clock):
    above = TopicFactory(slug="climate")
    ArticleFactory(
        published=True,
        kind="report",
        language="de",
        authors=[AuthorFactory(slug="ada")],
        programmes=[ProgrammeFactory(slug="asia")],
        topics=[TopicFactory(slug="heat", parent=above)],
    )
    clock(minutes=1)

    announcements.enqueue_due()

    feeds = [
        *("/feed/", "/feed/de/", "/publications/report/feed/", "/corrections/feed/"),
        *("/people/ada/feed/", "/programmes/asia/feed/"),
        *("/topics/heat/feed/", "/topics/climate/feed/"),
    ]
    endings = {"" if name == "feed" else f"{name}/" for name in FORMATS}
    assert told(hub) == {feed + below for feed in feeds for below in endings}
    announcements.enqueue_due()
    assert not told(hub)


def test_it_is_told_of_a_newsletter_with_a_new_edition(hub, clock):
    newsletter_announcements.enqueue_due()
    monthly = NewsletterFactory(slug="monthly")
    EditionFactory(newsletter=monthly, state="sent", started_at=START)
    EditionFactory(newsletter=NewsletterFactory(slug="daily"))
    clock(minutes=1)

    newsletter_announcements.enqueue_due()

    assert told(hub) == {path for _, path in monthly.list_feeds()}
    newsletter_announcements.enqueue_due()
    assert not told(hub)


def test_json_feeds_name_the_hub(reader, settings):
    settings.WEBSUB_HUBS = ["https://hub.example/"]
    NewsletterFactory(slug="monthly")

    for address in ("/feed/json/", "/newsletter/monthly/feed/json/"):
        feed = json.loads(reader.get(address).content)
        assert feed["hubs"] == [{"type": "WebSub", "url": "https://hub.example/"}]


def test_it_is_told_of_what_changes_appears_ends_and_is_withdrawn(
    hub, clock, publisher
):
    live = ArticleFactory(published=True)
    ArticleFactory(published=True, published_at=START + timedelta(minutes=10))
    ArticleFactory(published=True, ends_at=START + timedelta(minutes=20))
    ArticleFactory(draft=True)
    clock(minutes=1)
    announcements.enqueue_due()
    assert told(hub)
    for minute, change in [
        (5, live.save),
        (10, None),
        (20, None),
        (30, lambda: live.withdraw(by=publisher.user, reason="Wrong.")),
    ]:
        clock(minutes=minute)
        if change:
            change()
        announcements.enqueue_due()
        # Whoever saves may not have ended yet.
        assert not told(hub)
        clock(minutes=minute + 1)
        announcements.enqueue_due()
        assert "/feed/" in told(hub)
    clock(minutes=40)
    ArticleFactory(draft=True).save()
    clock(minutes=41)
    announcements.enqueue_due()
    assert not told(hub)


def test_a_new_hub_is_not_told_of_the_archive(hub, clock, settings):
    ArticleFactory(published=True)
    settings.WEBSUB_HUBS = [f"{hub.url}/202"]
    clock(minutes=1)

    announcements.enqueue_due()

    assert not told(hub)


def test_a_hub_that_fails_is_told_later_and_holds_up_nothing(
    hub, clock, settings, publisher
):
    broken = f"{hub.url}/503"
    settings.WEBSUB_HUBS = [broken]
    announcements.enqueue_due()
    clock(minutes=1)
    article = ArticleFactory(state="approved")
    # Nobody waits: publishing tells nobody by itself.
    article.publish(by=publisher.user)
    assert not hub.posted
    clock(minutes=2)
    assert Announcement.objects.claim(broken)

    # The queue tries again what raises (ecfr_site/tasks/queue.py).
    with pytest.raises(HTTPError):
        announcements.announce.func(broken)
    hub.posted.clear()
    # The task waits to be tried again, so that none is queued beside it.
    assert announcements.enqueue_due() == 0
    hub.mended.add("/503")
    announcements.announce.func(broken)

    assert "/feed/" in told(hub)
    assert Announcement.objects.get(channel=broken).asked_at is None


def test_what_a_lost_task_left_untold_is_told_after_an_hour(hub, clock, settings):
    [channel] = settings.WEBSUB_HUBS
    ArticleFactory(published=True)
    clock(minutes=1)
    Announcement.objects.claim(channel)

    announcements.enqueue_due()
    assert not told(hub)
    clock(minutes=70)
    announcements.enqueue_due()

    assert "/feed/" in told(hub)


def test_a_post_is_not_sent_on_as_a_get(elsewhere):
    with pytest.raises(HTTPError):
        announcements.post(f"{elsewhere.url}/to?/204", b"", "text/plain")

    assert elsewhere.asked == [("POST", "/to?/204")]


def test_feeds_name_the_hub_and_themselves(reader, settings):
    settings.WEBSUB_HUBS = ["https://hub.example/", "https://other.example/hub"]
    for path in ("/feed/", "/feed/rss/", "/corrections/feed/"):
        response = reader.get(path)

        links = feedparser.parse(response.content).feed.links
        hubs = [link.href for link in links if link.rel == "hub"]
        assert hubs == settings.WEBSUB_HUBS
        assert response["Link"] == (
            f'<{SITE}{path}>; rel="self", <https://hub.example/>; rel="hub", '
            '<https://other.example/hub>; rel="hub"'
        )


def test_nobody_is_told_where_no_setting_says_so(reader, clock):
    ArticleFactory(published=True)

    assert announcements.enqueue_due() == 0

    assert not Announcement.objects.exists()
    assert "Link" not in reader.get("/feed/")


def test_search_engines_are_told_of_pages(elsewhere, settings, clock):
    settings.INDEXNOW_KEY, settings.INDEXNOW_URL = "0123abcd", f"{elsewhere.url}/202"
    call_command("run_due")
    for slug in ("heat", "pipes"):
        ArticleFactory(published=True, slug=slug)
    Article.objects.filter(slug="pipes").update(state="withdrawn")
    clock(minutes=1)

    call_command("run_due")

    [(kind, body)] = elsewhere.posted
    assert kind == "application/json; charset=utf-8"
    said = json.loads(body)
    assert set(said.pop("urlList")) == {
        f"{SITE}/article/heat/",
        f"{SITE}/article/pipes/",
    }
    assert said == {
        "host": "127.0.0.1:8000",
        "key": "0123abcd",
        "keyLocation": f"{SITE}/0123abcd.txt",
    }


def test_the_key_is_where_search_engines_look_for_it(reader, settings):
    assert reader.get("/0123abcd.txt").status_code == 404
    settings.INDEXNOW_KEY = "0123abcd"

    response = reader.get("/0123abcd.txt")

    assert (response.content, response["Content-Type"]) == (b"0123abcd", "text/plain")
    assert reader.get("/0123abce.txt").status_code == 404
