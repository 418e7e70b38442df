"""The demonstration has readers, once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from articles.models import Article
from articles.readers import ReaderReport
from ecfr_site.demo import readers
from ecfr_site.statistics.models import PageCount
from tests.factories import ArticleFactory, AttachmentFactory

pytestmark = pytest.mark.django_db


def test_there_is_something_to_see_and_loading_again_changes_nothing(monkeypatch):
    monkeypatch.setattr(readers, "DAYS", 14)
    article = ArticleFactory(published=True)
    AttachmentFactory(article=article)
    published = timezone.now() - timedelta(days=9)
    Article.objects.filter(pk=article.pk).update(published_at=published)

    readers.load()
    before = list(PageCount.objects.values_list())
    readers.load()

    yesterday = timezone.localdate() - timedelta(days=1)
    report = ReaderReport(None, yesterday - timedelta(days=13), yesterday)
    assert list(PageCount.objects.values_list()) == before
    assert [row.article for row in report.most_read] == [article]
    assert report.most_read[0].downloads
    assert report.sites[0][0] == "Google"
