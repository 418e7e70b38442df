"""Addresses never break."""

import pytest

from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    ProgrammeFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("make", "folder"),
    [
        (lambda slug: ArticleFactory(published=True, slug=slug), "article"),
        (lambda slug: AuthorFactory(slug=slug), "people"),
        (lambda slug: ProgrammeFactory(slug=slug), "programmes"),
        (lambda slug: TopicFactory(slug=slug), "topics"),
    ],
)
def test_every_old_address_redirects_at_once_to_the_present_one(reader, make, folder):
    page = make("first")
    for slug in ("second", "third"):
        page.slug = slug
        page.save()

    for old in ("first", "second"):
        response = reader.get(f"/{folder}/{old}/")
        assert response.status_code == 301
        assert response["Location"] == f"/{folder}/third/"
    assert reader.get(f"/{folder}/third/").status_code == 200


def test_a_page_that_returns_to_its_old_address_does_not_redirect_to_itself(reader):
    article = ArticleFactory(published=True, slug="first")
    for slug in ("second", "first"):
        article.slug = slug
        article.save()

    assert reader.get("/article/first/").status_code == 200
    assert reader.get("/article/second/")["Location"] == "/article/first/"


def test_a_page_loaded_without_its_slug_is_saved_without_a_redirect(
    reader, django_assert_num_queries
):
    AuthorFactory(slug="ada")
    with django_assert_num_queries(1):
        author = AuthorFactory._meta.model.objects.only("name").get()

    author.name = "Ada Verne"
    author.save()

    assert reader.get("/people/ada/").status_code == 200
