"""Bylines print as institutes do, and every channel says the same."""

import json
import re

import pytest

from articles.models import Byline
from articles.models.byline import format_byline
from tests.factories import ArticleFactory, AuthorFactory

pytestmark = pytest.mark.django_db

ROLES = {"": "author", "w": "with", "e": "editor", "h": "host", "t": "translator"}


def credit(article, *names):
    """Byline rows from names; a prefix like "w:" gives the role."""
    for order, name in enumerate(names):
        prefix, _, plain = name.rpartition(":")
        Byline.objects.create(
            article=article,
            author=AuthorFactory(name=plain),
            role=ROLES[prefix],
            order=order,
        )


PRINTED = [
    ([], ""),
    (["Ada Verne"], "Ada Verne"),
    (["Ada Verne", "Bo Lund"], "Ada Verne and Bo Lund"),
    (["Ada Verne", "Bo Lund", "Cy Ray"], "Ada Verne, Bo Lund and Cy Ray"),
    (["Ada Verne", "w:Bo Lund", "w:Cy Ray"], "Ada Verne, with Bo Lund and Cy Ray"),
    (["w:Bo Lund", "Ada Verne"], "Ada Verne, with Bo Lund"),
    (["e:Ada Verne"], "Edited by Ada Verne"),
    (["h:Ada Verne", "w:Bo Lund"], "Hosted by Ada Verne, with Bo Lund"),
    # “Edited by Ada Verne, with Bo Lund” would say that both edited.
    (["e:Ada Verne", "w:Bo Lund"], "With Bo Lund, edited by Ada Verne"),
    (["e:Cy Ray", "Ada Verne", "w:Bo Li"], "Ada Verne, with Bo Li, edited by Cy Ray"),
    (["e:Cy Ray", "h:Ada Verne"], "Hosted by Ada Verne, edited by Cy Ray"),
    (["Ada Verne", "t:Bo Lund"], "Ada Verne, translated by Bo Lund"),
]


@pytest.mark.parametrize(("names", "printed"), PRINTED)
def test_a_byline_is_printed_as_institutes_do(names, printed):
    article = ArticleFactory(published=True)
    credit(article, *names)

    assert format_byline(article.bylines.select_related("author")) == printed


def text_of(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


@pytest.mark.parametrize(
    "names", [[], ["Ada Verne"], ["Ada Verne", "w:Bo Lund", "w:Cy Ray"]]
)
def test_page_listing_feed_and_structured_data_agree(reader, names):
    article = ArticleFactory(published=True)
    credit(article, *names)
    printed = {tuple(n): p for n, p in PRINTED}[tuple(names)]
    people = [name.rpartition(":")[2] for name in names]

    page = reader.get(article.get_absolute_url()).content.decode()
    listing = reader.get("/publications/").content.decode()
    feed = reader.get("/feed/").content.decode()
    data = json.loads(re.search(r'ld\+json">(.*?)</script>', page, re.S)[1])
    described = data["@graph"][0]

    if names:
        assert printed in text_of(page)
        assert printed in text_of(listing)
        assert all(f"<name>{name}</name>" in feed for name in people)
        assert [a["name"] for a in described["author"]] == people[:1]
        assert [a["name"] for a in described.get("contributor", [])] == people[1:]
        authors = re.findall(
            r'property="article:author" content="[^"]+/([^/"]+)/"', page
        )
        assert len(authors) == len(people)
    else:
        assert described["author"]["@type"] == "Organization"
        assert "article:author" not in page
        assert "<name></name>" not in feed
