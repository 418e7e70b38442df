"""Earlier versions come back as any other change: seen first, checked, saved."""

import pytest
from lxml import html

from articles.models import Article
from articles.workflow import State
from tests.admin.desk import OpenForm, article_form
from tests.factories import ArticleFactory, AuthorFactory, TopicFactory

pytestmark = pytest.mark.django_db


def versions(client, article):
    """Addresses of the versions, the latest first."""
    page = client.get(f"/admin/articles/article/{article.pk}/history/")
    links = html.fromstring(page.content).xpath("//a/@href")
    return [link for link in links if f"/article/{article.pk}/history/" in link]


@pytest.fixture
def article(publisher):
    """Published since, with another text, fewer people and another address."""
    article = ArticleFactory(
        draft=True,
        slug="before",
        body="<p>The first text.</p>",
        authors=[AuthorFactory(name="Ada Verne"), AuthorFactory(name="Bruno Lind")],
        topics=[TopicFactory()],
    )
    article_form(publisher, article).press("Save draft")
    form = article_form(publisher, article)
    form["body"] = "<p>The second text.</p>"
    form["slug"] = "after"
    form["bylines-0-DELETE"] = "on"
    form["topics"] = []
    form.press("Publish or schedule")
    return article


def test_an_earlier_text_comes_back_and_the_page_stays_live(publisher, article, reader):
    published = Article.objects.get().published_at.replace(microsecond=0)
    form = OpenForm(publisher, versions(publisher, article)[-1])
    assert "The second text." in Article.objects.get().body

    form.press("Update the live page")

    article = Article.objects.get()
    assert article.state == State.PUBLISHED
    assert article.published_at == published
    assert article.byline == "Ada Verne and Bruno Lind"
    assert article.topics.count() == 1
    assert "The first text." in reader.get("/article/before/").content.decode()
    assert reader.get("/article/after/")["Location"] == "/article/before/"


def test_an_earlier_version_is_no_way_around_the_rules(editor, publisher, article):
    for address in versions(editor, article):
        assert b"_save" not in editor.get(address).content
        assert editor.post(address, {"_save": "1"}).status_code == 405
        assert publisher.post(address, {"_save": "1"}).status_code == 405
    assert Article.objects.get().state == State.PUBLISHED


def test_a_version_belongs_to_its_article(publisher, article):
    other = ArticleFactory(draft=True)
    number = versions(publisher, article)[0].rstrip("/").split("/")[-1]

    address = f"/admin/articles/article/{other.pk}/history/{number}/"

    assert publisher.get(address).status_code == 404


def test_a_deleted_article_comes_back_as_a_draft(publisher, article):
    Article.objects.get().delete()
    page = publisher.get("/admin/articles/article/recover/")
    links = html.fromstring(page.content).xpath("//a[contains(@href, 'recover/')]")

    OpenForm(publisher, links[-1].get("href")).press("Save")

    article = Article.objects.get()
    assert article.state == State.DRAFT
    assert "text." in article.body


def test_what_was_not_deleted_cannot_be_recovered(publisher, article):
    number = versions(publisher, article)[-1].rstrip("/").split("/")[-1]
    address = f"/admin/articles/article/recover/{number}/"

    assert publisher.post(address, {"_save": "1"}).status_code == 404
    assert Article.objects.get().state == State.PUBLISHED
