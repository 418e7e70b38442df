"""An export for WordPress can be moved in again, and is the same."""

import io
from datetime import UTC, datetime

import pytest

from articles.exporting.wxr import write_export
from articles.importing.mapping import Mapping
from articles.importing.pipeline import receive, set_mapping
from articles.models import ArchiveImport, Article, Topic
from authors.models import Author, Programme
from tests.articles.importing.archives import finish, work
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    ProgrammeFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

BODY = (
    '<h2>Head</h2>\n<p>Said<span class="footnote">See <a href="https://a.example/">'
    "there</a>.</span> [sic] &amp; done.</p>\n<table><tbody><tr><td>1</td></tr></tbody>"
    "</table>"
)


def describe(article):
    """The parts of an article that WXR can hold."""
    return {
        name: getattr(article, name)
        for name in ("title", "standfirst", "body", "slug", "language", "state")
    } | {
        "kind": article.kind_id,
        # To the second.
        "at": article.published_at and article.published_at.replace(microsecond=0),
        "seo": (article.seo_title, article.seo_description),
        "people": [(row.author.name, row.author.biography) for row in article.credits],
        "topics": {(t.kind, t.name, str(t.parent)) for t in article.topics.all()},
        "programmes": {str(programme) for programme in article.programmes.all()},
        "translation_of": str(article.translation_of),
        "leads": article.featured_at is not None,
    }


def describe_all():
    return [describe(article) for article in Article.objects.order_by("title")]


def fill():
    energy = TopicFactory(name="Energy & climate")
    gas = TopicFactory(name="Gas", parent=energy)
    original = ArticleFactory(
        published=True,
        kind="report",
        title="A < B & C",
        body=BODY,
        published_at=datetime(2019, 3, 31, 22, 15, tzinfo=UTC),
        featured_at=datetime(2020, 1, 1, tzinfo=UTC),
        seo_title="In short",
        seo_description="All about it.",
        authors=[
            AuthorFactory(name="Zoë Ö.", biography="<p>Zoë writes.</p>"),
            AuthorFactory(),
        ],
        topics=[gas, TopicFactory(region=True)],
        programmes=[ProgrammeFactory()],
    )
    ArticleFactory(
        title="B",
        published=True,
        language="de",
        translation_of=original,
        body=f'<p><a href="{original.get_absolute_url()}">There</a></p>',
        authors=[AuthorFactory()],
    )
    ArticleFactory(title="C", draft=True, authors=[AuthorFactory()])


def leave_and_come_back():
    file = io.BytesIO()
    write_export(file)
    file.seek(0)
    Article.objects.all().delete()
    for model in (Author, Topic, Programme):
        for row in model.objects.order_by("-pk"):
            row.delete()
    found = receive(file, "wordpress.xml", None, "wordpress")
    finish(found)
    set_mapping(found, Mapping(**found.mapping))
    return work(found, ArchiveImport.State.IMPORTING)


def test_articles_come_back_as_they_were():
    fill()
    before = describe_all()
    found = leave_and_come_back()
    assert describe_all() == before
    outcomes = found.items.count_outcomes()
    assert outcomes["piece", "created"] == 3
    assert not found.items.filter(kind="piece").with_losses()
