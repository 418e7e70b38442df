"""Whatever becomes of a published article is announced, once."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from articles.models import Article, WatchedArticle
from articles.webhooks import (
    announce_changes,
    begin_watching,
    build_withdrawal,
    enqueue_due,
)
from ecfr_site.api.webhooks.events import list_events
from ecfr_site.api.webhooks.models import WebhookEndpoint, WebhookMessage
from newsletter.webhooks import build_edition
from tests.factories import (
    ArticleFactory,
    CorrectionFactory,
    DeliveryFactory,
    EditionFactory,
    SegmentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def watched(article):
    """Of one article, published before anybody listened."""
    begin_watching()
    WebhookEndpoint.objects.create(url="https://a.example/", events=[*list_events()])


def news():
    """The events that are announced now: (event, number)."""
    known = set(WebhookMessage.objects.values_list("pk", flat=True))
    announce_changes.call()
    found = WebhookMessage.objects.exclude(pk__in=known).order_by("happened_at")
    return list(found.values_list("event", "subject"))


def test_what_was_there_before_is_no_news():
    assert news() == []


def test_a_publication_is_announced_once():
    new = ArticleFactory(published=True)

    assert news() == [("article.published", new.pk)]
    assert news() == []


def test_a_scheduled_article_is_announced_at_its_minute():
    new = ArticleFactory(scheduled=True)
    assert news() == []

    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        assert news() == [("article.published", new.pk)]


def test_the_first_save_of_what_was_there_before_is_no_update(article):
    article.save()

    assert news() == []


def test_the_first_change_of_what_was_there_before_is_an_update(article):
    assert news() == []
    article.title = "Another title"
    article.save()

    assert news() == [("article.updated", article.pk)]


def test_an_update_is_announced_and_a_save_without_one_is_not():
    new = ArticleFactory(published=True)
    news()
    new.featured_at = timezone.now()
    new.save()
    assert news() == []

    copy = new.start_working_copy(UserFactory(publisher=True))
    copy.title = "Another title"
    copy.save()
    assert news() == []
    copy.replace_live(by=None)

    assert news() == [("article.updated", new.pk)]


def test_a_correction_is_announced_as_one(article):
    CorrectionFactory(article=article)
    article.save()

    assert news() == [("article.corrected", article.pk)]


def test_a_withdrawal_is_announced_with_its_reason(article, settings):
    article.withdrawal_reason = "It was wrong."
    article.state = "withdrawn"
    article.save()

    assert news() == [("article.withdrawn", article.pk)]
    message = WebhookMessage.objects.get()
    assert build_withdrawal(message.subject, message.url) == {
        "id": article.pk,
        "url": f"{settings.SITE_URL}/article/cables/",
        "reason": "It was wrong.",
        "replaced_by": None,
    }
    article.state = "published"
    article.save()
    assert news() == [("article.published", article.pk)]
    assert build_withdrawal(message.subject, message.url) is None


def test_the_end_of_a_publication_and_its_deletion_are_withdrawals(article):
    ending = ArticleFactory(published=True)
    news()
    Article.objects.filter(pk=ending.pk).update(ends_at=timezone.now())
    number = article.pk
    article.delete()

    assert set(news()) == {
        ("article.withdrawn", ending.pk),
        ("article.withdrawn", number),
    }


def test_nothing_is_remembered_while_nobody_listens(django_assert_max_num_queries):
    WebhookEndpoint.objects.update(active=False)
    assert enqueue_due() == 0
    assert not WatchedArticle.objects.exists()
    with django_assert_max_num_queries(2):
        enqueue_due()


def test_an_edition_in_the_archive_is_announced_when_it_is_sent(settings):
    edition = EditionFactory(state="sending", started_at=timezone.now())
    edition.audience_count = 1
    edition.save()
    DeliveryFactory(edition=edition)

    assert edition.finish()

    [message] = WebhookMessage.objects.all()
    assert (message.event, message.subject) == ("edition.sent", edition.pk)
    data = build_edition(message.subject, message.url)
    assert data["url"] == message.url
    assert data["subject"] == edition.subject


def test_an_edition_that_only_some_get_is_not_announced():
    edition = EditionFactory(state="sending", started_at=timezone.now())
    edition.segment = SegmentFactory(newsletter=edition.newsletter)
    edition.save()

    assert edition.finish()
    assert not WebhookMessage.objects.exists()
    assert build_edition(edition.pk, "") is None
