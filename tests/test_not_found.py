"""An address that leads nowhere is answered with the pages it may have meant."""

import pytest
from django.contrib.flatpages.models import FlatPage
from django.contrib.redirects.models import Redirect
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles.models import SearchWord
from tests.factories import ArticleFactory, AuthorFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def article():
    author = AuthorFactory(name="Inês Valdemar", slug="ines-valdemar")
    article = ArticleFactory(
        published=True, title="The veto is an alibi", slug="the-veto", authors=[author]
    )
    SearchWord.objects.learn_from(article.pk)
    return article


@pytest.mark.parametrize(
    "path",
    [
        "/article/the-veto-is-an-alibi-2/",
        "/article/the-vetto-is-an-alibi/",
        "/article/the-veto-is-an-al/",
        "/2019/03/the_veto_is_an_alibi.html",
        "/article/the%20veto%20is%20an%20alibi%20read%20this/",
    ],
)
def test_a_slip_in_the_address_leads_to_the_article(reader, article, path):
    response = reader.get(path)

    assert response.status_code == 404
    assert f'<a href="{article.get_absolute_url()}">' in response.text


def test_a_slip_in_a_name_leads_to_the_person(reader, article):
    page = reader.get("/people/ines-valdemr/").text

    assert '<a href="/people/ines-valdemar/">' in page


@pytest.mark.parametrize("slug", ["the-veto-secret", "the-veto"])
def test_nothing_that_is_not_published_is_offered(reader, slug):
    hidden = ArticleFactory(title="The veto secret plan", slug=slug)

    assert hidden.title not in reader.get("/article/the-veto-secret-plan/").text


@pytest.mark.parametrize("path", ["/wp-login.php", "/.env", "/x/", "/%00/", "/%ff%fe/"])
def test_robots_cost_no_search(reader, path):
    with CaptureQueriesContext(connection) as queries:
        response = reader.get(path)

    assert response.status_code == 404
    assert not [query for query in queries if "articles_search" in str(query["sql"])]


def test_what_a_redirect_or_a_simple_page_answers_costs_no_search(reader):
    Redirect.objects.create(site_id=1, old_path="/old-piece/", new_path="/topics/")
    page = FlatPage.objects.create(url="/our-partners/", title="Partners")
    page.sites.add(1)

    with CaptureQueriesContext(connection) as queries:
        answers = [reader.get("/old-piece/"), reader.get("/our-partners/")]

    assert [answer.status_code for answer in answers] == [301, 200]
    assert not [query for query in queries if "articles_search" in str(query["sql"])]


def test_who_asks_for_many_addresses_is_offered_nothing_more(reader, article, settings):
    settings.SEARCHES_AN_ADDRESS_A_MINUTE = 2
    path = "/article/the-veto-is-an-alibi-2/"

    pages = [reader.get(path) for _ in range(3)]

    assert ["Did you mean" in page.text for page in pages] == [True, True, False]
    assert {page.status_code for page in pages} == {404}


def test_the_page_has_a_search_field_and_no_newsletter_box(reader):
    page = reader.get("/no-such-page/").text

    assert '<input type="search" id="missing" name="q"' in page
    assert "signup" not in page
