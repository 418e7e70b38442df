"""Atom feeds (RFC 4287) of everything, a kind, an author, a programme, a topic."""

from django.contrib.syndication.views import Feed
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed

from articles.models import Article, Topic
from authors.models import Author, Programme
from ecfr_site.models import Institution

LENGTH = 30


class LatestFeed(Feed):
    """The latest published articles; the feeds below narrow them down."""

    feed_type = Atom1Feed

    def title(self, subject):
        name = Institution.objects.current().short_name
        return f"{name}: {subject}" if subject else name

    def link(self, subject):
        return subject.get_absolute_url() if subject else reverse("home")

    def published(self, subject):
        return Article.objects.published()

    def items(self, subject):
        return self.published(subject).for_lists().with_corrections()[:LENGTH]

    def item_description(self, article):
        return article.standfirst

    def item_author_name(self, article):
        return article.byline

    def item_pubdate(self, article):
        return article.published_at

    def item_updateddate(self, article):
        return article.updated_at


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
