"""The heading over an article's people says what they did."""

import pytest

from tests.factories import ArticleFactory, AuthorFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "roles", "heading"),
    [
        ("commentary", ["author"], "Author"),
        ("report", ["author", "author"], "Authors"),
        (
            "report",
            ["author", "author", "editor", "translator"],
            "Authors, editor and translator",
        ),
        ("report", ["author", "with"], "Author and contributor"),
        ("open-letter", ["translator", "translator"], "Translators"),
        ("podcast", ["host", "with", "with"], "Host and guests"),
        ("podcast", ["host", "host"], "Hosts"),
        ("podcast", ["author", "author"], "Speakers"),
        ("podcast", ["with"], "Guest"),
    ],
)
def test_people_are_headed_by_what_they_did(reader, kind, roles, heading):
    article = ArticleFactory(published=True, kind=kind)
    for order, role in enumerate(roles):
        article.bylines.create(author=AuthorFactory(), role=role, order=order)

    page = reader.get(article.get_absolute_url()).content.decode()

    assert f'<h2 id="authors">{heading}</h2>' in page


def test_a_guest_of_a_podcast_is_called_a_guest(reader):
    article = ArticleFactory(published=True, kind="podcast")
    article.bylines.create(author=AuthorFactory(), role="host")
    article.bylines.create(author=AuthorFactory(), role="with")

    page = reader.get(article.get_absolute_url()).content.decode()

    assert '<span class="role">(guest)</span>' in page
    assert "(with)" not in page
