from datetime import timedelta

from django.conf import settings
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from articles.admin.panels.panel import Panel
from articles.models import Article
from articles.readers import ARTICLE, MONTH, ReaderReport
from ecfr_site.statistics.models import PageCount

DAYS = 30


class ReadersPanel(Panel):
    """Counts of readers of the live page, lately and in all."""

    def get_context(self, request, article):
        if article is None or not article.pk or settings.READER_STATISTICS == "off":
            return {}
        original = article.original
        if not original.was_public:
            return {}
        counts = PageCount.objects.filter(view=ARTICLE, object_id=original.pk)
        return {
            **build_readers_context(Article.objects.filter(pk=original.pk)),
            "readers_in_all": counts.aggregate(sum=Sum("number"))["sum"] or 0,
            "readers_address": build_readers_address(article=original.pk),
        }


def build_readers_context(articles):
    """`readers`, a ReaderReport of the last days, its `readers_days` and chart."""
    today = timezone.localdate()
    report = ReaderReport(articles, today - timedelta(days=DAYS - 1), today)
    return {
        "readers": report,
        "readers_chart": report.draw_days(f"Views in the last {DAYS} days"),
        "readers_span": DAYS,
    }


def build_readers_address(**narrowed):
    query = {**narrowed, "period": MONTH}
    return reverse("admin:articles_article_readers", query=query)
