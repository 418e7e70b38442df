"""Sitemaps for search engines (sitemaps.org), with Google's extensions for
translations, images and news."""

from datetime import timedelta
from functools import wraps

from django.contrib.flatpages.sitemaps import FlatPageSitemap
from django.contrib.sitemaps import Sitemap
from django.db.models import Exists, Max, OuterRef, Subquery
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.timezone import localdate

from articles.models import Article, Series, Topic
from authors.models import Author, Programme
from ecfr_site.database.days import get_midnight
from ecfr_site.institution.feeds import clean_for_xml
from ecfr_site.institution.models import Institution
from ecfr_site.richtext.absolute import make_absolute
from newsletter.models import Edition, Newsletter

# Of one news sitemap, as Google has it.
MOST_NEWS = 1000
# Articles by which the last changes of most listings are found.
LATEST = 500


def without_date(view):
    """The view of a sitemap without the time of its newest page as its own.

    That stays when another page goes, and whoever asks by time would not hear of it.
    """

    @wraps(view)
    def answer(request, **kwargs):
        response = view(request, **kwargs)
        del response["Last-Modified"]
        return response

    return answer


class ChangingSitemap(Sitemap):
    """Items with the time `last_changed`, or None where nothing was published yet."""

    def lastmod(self, item):
        return item.last_changed

    def get_latest_lastmod(self):
        changes = (item.last_changed for item in self.items())
        return max(filter(None, changes), default=None)


class ArticleSitemap(ChangingSitemap):
    # What is written in a fraction of a second; 50,000 are allowed (sitemaps.org).
    limit = 500

    def items(self):
        return (
            Article.objects.published()
            .select_related(None)
            .only("slug", "language", "translation_of", "image", "published_at")
            # Published by itself it has not been saved on that day.
            .annotate(last_changed=Greatest("changed", "published_at"))
        )

    def get_latest_lastmod(self):
        return get_latest_change()

    def _urls(self, page, protocol, domain):
        # With the images of one page alone.
        page_items = self.paginator.page(page).object_list
        shown = page_items.select_related("image").prefetch_related("body_images")
        groups = group_translations()
        urls = []
        for article in shown:
            images = [article.image] if article.image else []
            images += article.body_images.all()
            group = groups.get(article.translation_of_id or article.pk, [])
            urls.append(
                {
                    "location": f"{protocol}://{domain}{article.get_absolute_url()}",
                    "lastmod": article.last_changed,
                    "images": [make_absolute(image.share_url) for image in images],
                    "alternates": [
                        {
                            "location": f"{protocol}://{domain}{e.get_absolute_url()}",
                            "lang_code": e.language,
                        }
                        for e in group
                    ],
                }
            )
        return urls


class NewsSitemap(ChangingSitemap):
    """The articles of today and yesterday: two days at most, whenever it was cached."""

    def items(self):
        yesterday = localdate() - timedelta(days=1)
        return (
            Article.objects.published()
            .filter(
                published_at__gte=get_midnight(yesterday),
                precision=Article.Precision.DAY,
            )
            .select_related(None)
            .only("slug", "language", "title", "published_at")
            .annotate(last_changed=Greatest("changed", "published_at"))[:MOST_NEWS]
        )

    def _urls(self, page, protocol, domain):
        urls = super()._urls(page, protocol, domain)
        name = clean_for_xml(Institution.objects.current().name)
        return [
            url | {"publication": name, "title": clean_for_xml(url["item"].title)}
            for url in urls
        ]


def get_latest_change(articles=None):
    """The time of the last change of published articles, or of some; None without any.

    Two queries that an index answers, however many there are.
    """
    published = Article.objects.published() if articles is None else articles
    times = []
    for field in ("changed", "published_at"):
        latest = published.order_by(f"-{field}").values_list(field, flat=True)
        # For the first alone SQLite would read and sort all.
        times += list(latest[:LATEST])[:1]
    return max(filter(None, times), default=None)


def group_translations():
    """{number of the original: the public articles of a group of translations}."""
    links = Article.objects.originals().order_by().filter(translation_of__isnull=False)
    linked = links.values("pk").union(links.values("translation_of"))
    found = (
        Article.objects.published().filter(pk__among_few=linked).order_by("language")
    )
    found = found.select_related(None).only("slug", "language", "translation_of")
    groups = {}
    for article in found:
        groups.setdefault(article.translation_of_id or article.pk, []).append(article)
    return {key: group for key, group in groups.items() if len(group) > 1}


class ListingSitemap(Sitemap):
    """Pages that list articles, with the last change of one of these."""

    def items(self):
        return self.pages.order_by("pk")

    @cached_property
    def changes(self):
        """{number of a page: time of the last change of an article that it lists}."""
        changes = {}
        for field in ("changed", "published_at"):
            for number, at in self.find_latest(field).items():
                changes[number] = max(at, changes.get(number, at))
        return changes

    def find_latest(self, field):
        """{number of a page: the latest time in this field}; two queries.

        Most pages list one of the articles that are the latest of all, by an index; the
        articles of the others alone are all read.
        """
        articles = Article.objects.published().order_by(f"-{field}").values("pk")
        found = self.read_latest(field, pk__in=articles[:LATEST])
        others = self.pages.exclude(pk__in=list(found)).values("pk")
        return found | self.read_latest(field, **{f"{self.relation}__in": others})

    def read_latest(self, field, **conditions):
        articles = Article.objects.published().filter(**conditions).order_by()
        rows = articles.values_list(self.relation).annotate(at=Max(field))
        return {number: at for number, at in rows if number is not None}

    def lastmod(self, page):
        return self.changes.get(page.pk)

    def list_articles(self):
        return Article.objects.published().filter(**{f"{self.relation}__isnull": False})

    def get_latest_lastmod(self):
        return get_latest_change(self.list_articles())


class AuthorSitemap(ListingSitemap):
    pages, relation = Author.objects.only("slug"), "authors"


class ProgrammeSitemap(ListingSitemap):
    pages, relation = Programme.objects.only("slug"), "programmes"


class SeriesSitemap(ListingSitemap):
    pages, relation = Series.objects.only("slug"), "series"

    def items(self):
        parts = Article.objects.published().filter(series=OuterRef("pk"))
        return super().items().filter(Exists(parts))


class TopicSitemap(ListingSitemap):
    pages, relation = Topic.objects.only("slug", "kind"), "topics"


class EditionSitemap(Sitemap):
    def items(self):
        return Edition.objects.public().select_related("newsletter").order_by("pk")

    def lastmod(self, edition):
        return edition.started_at


class ArchiveSitemap(ChangingSitemap):
    def items(self):
        sent = Edition.objects.public().order_by().filter(newsletter=OuterRef("pk"))
        last = sent.values("newsletter").annotate(at=Max("started_at")).values("at")
        return (
            Newsletter.objects.annotate(last_changed=Subquery(last[:1]))
            .filter(last_changed__isnull=False)
            .order_by("pk")
        )


class IndexSitemap(Sitemap):
    def items(self):
        return [
            "home",
            "publications",
            "people",
            "programmes",
            "topics",
            "series_list",
            "corrections",
        ]

    def location(self, name):
        return reverse(name)

    def get_latest_lastmod(self):
        return get_latest_change()


# Simple pages do not know when they changed.
sitemaps = {
    "indexes": IndexSitemap,
    "articles": ArticleSitemap,
    "news": NewsSitemap,
    "people": AuthorSitemap,
    "programmes": ProgrammeSitemap,
    "series": SeriesSitemap,
    "topics": TopicSitemap,
    "archives": ArchiveSitemap,
    "editions": EditionSitemap,
    "pages": FlatPageSitemap,
}
