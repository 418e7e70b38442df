"""Links of imported texts lead to what the site knows, and drafts are not told of."""

import pytest
from django.contrib.redirects.models import Redirect
from django.utils import timezone

from articles.importing.pipeline import receive
from articles.importing.redirecting import redirect_published
from articles.models import Article
from articles.workflow import State as ArticleState
from tests.articles.importing.archives import (
    State,
    finish,
    get_losses,
    move_in,
    pack,
    work,
)
from tests.articles.importing.test_pipeline import FILE, POST
from tests.articles.importing.wxr import HEAD, export, item
from tests.articles.search.test_page import make_pdf
from tests.factories import ArticleFactory

pytestmark = pytest.mark.django_db

LINKING = '<a href="/?p=101">a</a>'
PDF = FILE.replace("table.jpg", "a.pdf")


def edit(slug, title="Ours"):
    article = Article.objects.get(slug=slug)
    article.title = title
    article.save()


def get_body(slug):
    return Article.objects.get(slug=slug).body


@pytest.mark.parametrize("is_edited", [False, True])
@pytest.mark.parametrize("is_in_it", [False, True])
def test_links_lead_to_what_an_earlier_import_made(is_edited, is_in_it):
    move_in(*POST, item(101))
    if is_edited:
        edit("a-piece")
    again = [item(101, "Theirs")] if is_in_it else []
    found = move_in(*POST, *again, item(2, text=LINKING, slug="two"))
    assert 'href="/article/a-piece/"' in get_body("two")
    assert get_losses(found, source_id="2") == []


def test_links_lead_where_the_site_redirects_them():
    """To what came from another source, or was redirected by an editor."""
    ArticleFactory(slug="ours")
    Redirect.objects.create(site_id=1, old_path="/?p=101", new_path="/article/ours/")
    found = move_in(*POST, item(2, text='<a href="/?p=101#end">a</a>', slug="two"))
    assert 'href="/article/ours/#end"' in get_body("two")
    assert get_losses(found, source_id="2") == []


def move_in_from(address):
    head = HEAD.replace("https://old.example", address)
    text = f'<a href="{address}/?p=101">a</a>'
    file = export(*POST, item(2, text=text, slug="two"), head=head)
    found = receive(file, "other.xml", None, "wordpress")
    finish(found)
    return work(found, State.IMPORTING)


def test_links_do_not_lead_to_what_another_site_had_at_the_same_path():
    move_in(*POST, item(101))
    found = move_in_from("https://other.example")
    href = "https://other.example/?p=101"
    assert f'href="{href}"' in get_body("two")
    assert get_losses(found, source_id="2") == [f"link to {href}, which is not here"]


def test_they_do_if_it_is_the_same_site_under_another_address():
    move_in(*POST, item(101))
    move_in_from("http://www.old.example")
    assert 'href="/article/a-piece/"' in get_body("two")


def test_what_was_removed_for_good_leads_nowhere():
    Redirect.objects.create(site_id=1, old_path="/?p=101", new_path="")
    found = move_in(*POST, item(2, text=LINKING, slug="two"))
    assert get_losses(found, source_id="2") == ["link to /?p=101, which is not here"]


def test_what_was_deleted_here_leads_nowhere_though_it_is_redirected():
    move_in(*POST, item(101))
    Article.objects.all().delete()
    found = move_in(*POST, item(2, text=LINKING, slug="two"))
    assert "which is not here" in get_losses(found, source_id="2")[0]


# Drafts


def test_a_link_to_a_draft_is_named_and_does_not_tell_of_it(client):
    secret = item(101, "A secret", slug="a-secret", status="draft")
    found = move_in(*POST, secret, item(2, text=LINKING, slug="two"))
    assert get_losses(found, source_id="2") == [
        "link to /?p=101, which works once its target is published"
    ]
    article = Article.objects.get(slug="two")
    assert "secret" not in article.body + article.body_html
    assert 'href="/?p=101"' in article.body

    began = timezone.now()
    draft = Article.objects.get(slug="a-secret")
    draft.state, draft.published_at = ArticleState.PUBLISHED, began
    draft.save()
    redirect_published(began)
    assert client.get("/?p=101").headers["Location"] == "/article/a-secret/"


def test_so_is_one_to_a_file_of_a_draft():
    file = item(8, "A", "", type="attachment", file=PDF, link="https://old.example/a/")
    link = f'<a href="{PDF}">A</a>'
    parts = (
        *(*POST, file, item(1, text=link, slug="one", status="draft")),
        item(2, text=link, slug="two"),
    )
    found = move_in(*parts, media=pack(**{"2019/03/a.pdf": make_pdf("Tariffs")}))
    assert "works once its target is published" in get_losses(found, source_id="2")[0]
    assert 'href="/wp-content/uploads/2019/03/a.pdf"' in get_body("two")


def test_what_was_taken_back_leads_nowhere():
    work(move_in(*POST, item(101)), State.UNDOING)
    found = move_in(*POST, item(2, text=LINKING, slug="two"))
    assert "which is not here" in get_losses(found, source_id="2")[0]
