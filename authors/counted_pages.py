"""Pages whose readers are counted, by the names of their URLs."""

from collections.abc import Iterable

from authors.models import Author, Programme
from ecfr_site.statistics.pages import Finding


def find_authors(slugs: Iterable[str]) -> dict[str, int]:
    return dict(Author.objects.filter(slug__in=slugs).values_list("slug", "pk"))


def find_programmes(slugs: Iterable[str]) -> dict[str, int]:
    return dict(Programme.objects.filter(slug__in=slugs).values_list("slug", "pk"))


PAGES = {
    "people": None,
    "author": Finding("slug", find_authors, keeps_path=True),
    "programmes": None,
    "programme": Finding("slug", find_programmes, keeps_path=True),
}
