"""Pages about an article at the desk show the way back to it."""

import pytest
from lxml import html

from tests.factories import ArticleFactory

pytestmark = pytest.mark.django_db

HOME = "/admin/articles/article/"


def list_crumbs(client, address):
    """[(text, address)] of the way to a page, which is last and has no address."""
    response = client.get(f"{HOME}{address}")
    assert response.status_code == 200
    [crumbs] = html.fromstring(response.content.decode()).find_class("breadcrumbs")
    links = [(link.text_content(), link.get("href")) for link in crumbs.iter("a")]
    return [*links, (crumbs.text_content().rpartition("›")[2].strip(), None)]


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("board/", "Board"),
        ("calendar/", "Calendar"),
        ("output/", "Output"),
        ("readers/", "Readers"),
        ("manuscripts/", "From manuscripts"),
    ],
)
def test_pages_of_all_articles_lead_back_to_their_list(publisher, address, here):
    assert list_crumbs(publisher, address) == [
        ("Home", "/admin/"),
        ("Articles", HOME),
        (here, None),
    ]


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("comments/", "Comments"),
        ("history/", "History"),
        ("preview-links/", "Preview links"),
        ("withdraw/", "Withdraw"),
        ("manuscript/", "A newer manuscript"),
    ],
)
def test_pages_of_an_article_lead_back_to_it(publisher, article, address, here):
    if address == "manuscript/":
        article = ArticleFactory(draft=True, title="Cables under the sea")

    assert list_crumbs(publisher, f"{article.pk}/{address}") == [
        ("Home", "/admin/"),
        ("Articles", HOME),
        ("Cables under the sea", f"{HOME}{article.pk}/change/"),
        (here, None),
    ]


def test_a_page_behind_another_leads_back_to_that_one(publisher, article):
    changes = article.start_working_copy(by=publisher.user)

    compared = list_crumbs(publisher, f"{changes.pk}/compare/")
    discarding = list_crumbs(publisher, f"{changes.pk}/discard/")

    assert compared[2:] == [
        ("Cables under the sea", f"{HOME}{changes.pk}/change/"),
        ("History", f"{HOME}{changes.pk}/history/"),
        ("Compare versions", None),
    ]
    assert discarding[2:] == [
        ("Cables under the sea", f"{HOME}{changes.pk}/change/"),
        ("Discard the changes", None),
    ]
