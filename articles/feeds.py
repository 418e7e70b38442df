"""Atom feeds (RFC 4287) of everything, a kind, an author, a programme, a topic,
and of corrections."""

from datetime import datetime, time
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import make_aware

from articles.models import Article, Topic
from authors.models import Author, Programme
from ecfr_site.institution.feeds import InstitutionFeed

LENGTH = 30


class LatestFeed(InstitutionFeed):
    """The latest published articles; the feeds below narrow them down."""

    def title(self, subject):
        name = self.institution.short_name
        return f"{name}: {subject}" if subject else name

    def link(self, subject):
        return subject.get_absolute_url() if subject else reverse("home")

    def published(self, subject):
        return Article.objects.published()

    def items(self, subject):
        return self.published(subject).for_lists().with_corrections()[:LENGTH]

    def item_title(self, article):
        return article.title

    def item_description(self, article):
        return article.standfirst

    def item_author_name(self, article):
        return article.byline

    def item_pubdate(self, article):
        return article.published_at

    def item_updateddate(self, article):
        return article.updated_at


class KindFeed(LatestFeed):
    def get_object(self, request, kind):
        if kind not in Article.Kind:
            raise Http404
        return Article.Kind(kind)

    def title(self, kind):
        return super().title(kind.plural)

    def link(self, kind):
        return reverse("publications", args=[kind])

    def published(self, kind):
        return super().published(kind).filter(kind=kind)


class CorrectionFeed(InstitutionFeed):
    def title(self):
        return f"{self.institution.short_name}: Corrections"

    def link(self):
        return reverse("corrections")

    def items(self):
        return Article.objects.published().their_corrections()[:LENGTH]

    def item_title(self, correction):
        return correction.article.title

    def item_description(self, correction):
        return correction.text

    def item_link(self, correction):
        return correction.article.get_absolute_url()

    def item_guid(self, correction):
        host = urlsplit(settings.SITE_URL).hostname
        return f"tag:{host},{correction.date}:correction-{correction.pk}"

    def item_pubdate(self, correction):
        return make_aware(datetime.combine(correction.date, time()))

    item_updateddate = item_pubdate


class AuthorFeed(LatestFeed):
    def get_object(self, request, slug):
        return get_object_or_404(Author, slug=slug)

    def published(self, author):
        return author.articles.published()


class ProgrammeFeed(LatestFeed):
    def get_object(self, request, slug):
        return get_object_or_404(Programme, slug=slug)

    def published(self, programme):
        return programme.articles.published()


class TopicFeed(LatestFeed):
    def get_object(self, request, slug, kind):
        return get_object_or_404(Topic, slug=slug, kind=kind)

    def published(self, topic):
        return Article.objects.published().about(topic)
