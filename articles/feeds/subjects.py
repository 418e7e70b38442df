"""Subjects of feeds: everything, a language, a kind, a person, a topic and so on.

Whatever gives out the latest work on something takes it from here, in any format.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse

from articles.models import Article, Kind, Series, Topic
from articles.models.queryset import ArticleQuerySet
from articles.tags import list_shown_in
from authors.models import Author, Programme
from ecfr_site.caching.seen import LISTS
from ecfr_site.institution.feed_formats import get_feed_path, list_feed_paths

LENGTH = 30


@dataclass(frozen=True)
class Subject:
    """Published articles with a name, a page and feeds of their own.

    key: what the names of its feeds' addresses begin with, "" for everything;
    tags: of the list of its articles. arguments: those of the addresses. language: of
    all its articles, or "".
    """

    key: str
    name: str
    path: str
    articles: ArticleQuerySet
    tags: tuple[str, ...] = (LISTS,)
    arguments: dict[str, str] = field(default_factory=dict)
    language: str = ""

    def latest(self) -> ArticleQuerySet:
        """The newest, with all that a feed says of them; two queries."""
        return self.articles.for_feeds()[:LENGTH]

    def get_feed_path(self, format_name: str) -> str:
        return get_feed_path(format_name, self.key, **self.arguments)


def list_feeds_about(articles: ArticleQuerySet) -> list[str]:
    """The paths of all feeds that show some of the articles, or no longer do."""
    subjects: set[tuple[str, ...]] = set()
    for article in articles.for_subjects():
        subjects |= {("",), ("correction",)}
        subjects |= {("language", article.language), ("kind", article.kind_id)}
        subjects |= {("author", each.slug) for each in article.authors.all()}
        subjects |= {("programme", each.slug) for each in article.programmes.all()}
        if article.series:
            subjects.add(("series", article.series.slug))
        for topic in article.topics.all():
            family = [topic, *topic.ancestors()]
            subjects |= {(each.kind, each.slug) for each in family}
    return [
        path
        for key, *arguments in sorted(subjects)
        for _, path in list_feed_paths(key, *arguments)
    ]


def everything() -> Subject:
    return Subject("", "", reverse("home"), Article.objects.published())


def of_language(language: str) -> Subject:
    names = dict(settings.LANGUAGES)
    if language not in names:
        raise Http404
    return Subject(
        "language",
        names[language],
        f"{reverse('publications')}?language={language}",
        Article.objects.published().filter(language=language),
        arguments={"language": language},
        language=language,
    )


def of_kind(kind: str) -> Subject:
    found = get_object_or_404(Kind, slug=kind)
    return Subject(
        "kind",
        found.plural,
        found.get_absolute_url(),
        Article.objects.published().filter(kind=kind),
        tuple(list_shown_in(found)),
        {"kind": kind},
    )


def of_author(slug: str) -> Subject:
    author = get_object_or_404(Author, slug=slug)
    return _of_page("author", author, author.bylines.list_articles().published())


def of_programme(slug: str) -> Subject:
    programme = get_object_or_404(Programme, slug=slug)
    return _of_page("programme", programme, programme.articles.published())


def of_series(slug: str) -> Subject:
    series = get_object_or_404(Series, slug=slug)
    return _of_page("series", series, series.articles.published())


def of_topic(slug: str) -> Subject:
    return _of_topic(Topic.Kind.TOPIC, slug)


def of_region(slug: str) -> Subject:
    return _of_topic(Topic.Kind.REGION, slug)


def _of_topic(kind: str, slug: str) -> Subject:
    topic = get_object_or_404(Topic, kind=kind, slug=slug)
    articles = Article.objects.published().about(topic)
    return _of_page(kind, topic, articles, *topic.family)


def _of_page(
    key: str,
    page: Author | Programme | Series | Topic,
    articles: ArticleQuerySet,
    *lists: Topic,
) -> Subject:
    """`lists`: the rows whose articles these are, if not the page alone."""
    return Subject(
        key,
        str(page),
        page.get_absolute_url(),
        articles,
        tuple(list_shown_in(*(lists or [page]))),
        {"slug": page.slug},
    )


# By key; each takes the arguments of its addresses, and raises Http404.
SUBJECTS: dict[str, Callable[..., Subject]] = {
    "": everything,
    "language": of_language,
    "kind": of_kind,
    "author": of_author,
    "programme": of_programme,
    "series": of_series,
    "topic": of_topic,
    "region": of_region,
}
