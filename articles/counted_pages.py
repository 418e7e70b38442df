"""Pages whose readers are counted, by the names of their URLs."""

from collections.abc import Iterable

from articles.models import Article, Attachment, Series, Topic
from articles.models.attachment import FOLDER
from ecfr_site.statistics.pages import Finding


def find_articles(slugs: Iterable[str]) -> dict[str, int]:
    found = Article.objects.originals().filter(slug__in=slugs)
    return dict(found.values_list("slug", "pk"))


def find_offering_articles(paths: Iterable[str]) -> dict[str, int]:
    """The articles that readers had the files from."""
    names = {FOLDER + path: path for path in paths}
    found = Attachment.objects.filter(file__in=names, article__live=None)
    return {names[name]: pk for name, pk in found.values_list("file", "article")}


def find_topics(slugs: Iterable[str]) -> dict[str, int]:
    return dict(Topic.objects.filter(slug__in=slugs).values_list("slug", "pk"))


def find_series(slugs: Iterable[str]) -> dict[str, int]:
    return dict(Series.objects.filter(slug__in=slugs).values_list("slug", "pk"))


PAGES = {
    "article": Finding("slug", find_articles),
    "cite": Finding("slug", find_articles, keeps_path=True),
    "cite_version": Finding("slug", find_articles, keeps_path=True),
    "document": Finding("slug", find_articles, keeps_path=True),
    "versions": Finding("slug", find_articles, keeps_path=True),
    "version": Finding("slug", find_articles, keeps_path=True),
    "version_changes": Finding("slug", find_articles, keeps_path=True),
    "file": Finding("path", find_offering_articles, keeps_path=True),
    "publications": None,
    "corrections": None,
    "republish": Finding("slug", find_articles, keeps_path=True),
    "series": Finding("slug", find_series, keeps_path=True),
    "series_list": None,
    "topics": None,
    "topic": Finding("slug", find_topics, keeps_path=True),
    "region": Finding("slug", find_topics, keeps_path=True),
}
