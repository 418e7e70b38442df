from django.contrib.flatpages.sitemaps import FlatPageSitemap
from django.contrib.sitemaps import Sitemap
from django.urls import reverse

from articles.models import Article, Topic
from authors.models import Author, Programme
from newsletter.models import Edition, Newsletter


class ArticleSitemap(Sitemap):
    # What is written in a fraction of a second; 50,000 are allowed (sitemaps.org).
    limit = 5000

    def items(self):
        return Article.objects.published().only("slug", "changed")

    def lastmod(self, article):
        return article.changed


class AuthorSitemap(Sitemap):
    def items(self):
        return Author.objects.only("slug").order_by("pk")


class ProgrammeSitemap(Sitemap):
    def items(self):
        return Programme.objects.only("slug").order_by("pk")


class TopicSitemap(Sitemap):
    def items(self):
        return Topic.objects.only("slug", "kind").order_by("pk")


class EditionSitemap(Sitemap):
    def items(self):
        return Edition.objects.public().select_related("newsletter").order_by("pk")

    def lastmod(self, edition):
        return edition.started_at


class ArchiveSitemap(Sitemap):
    def items(self):
        sent = Edition.objects.public().values("newsletter")
        return Newsletter.objects.filter(pk__in=sent).order_by("pk")


class IndexSitemap(Sitemap):
    def items(self):
        return [
            "home",
            "publications",
            "people",
            "programmes",
            "topics",
            "corrections",
        ]

    def location(self, name):
        return reverse(name)


sitemaps = {
    "indexes": IndexSitemap,
    "articles": ArticleSitemap,
    "people": AuthorSitemap,
    "programmes": ProgrammeSitemap,
    "topics": TopicSitemap,
    "archives": ArchiveSitemap,
    "editions": EditionSitemap,
    "pages": FlatPageSitemap,
}
