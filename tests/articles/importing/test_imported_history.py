"""The history of an imported article begins with what the import made of it."""

import pytest
from reversion.models import Revision, Version

from articles.history.snapshot import get_content, get_version_content
from articles.models import Article
from tests.articles.importing.archives import State, move_in, pack, work
from tests.articles.importing.test_pipeline import FILE, POST, capture_import
from tests.articles.importing.wxr import item

pytestmark = pytest.mark.django_db

PDF = FILE.replace("table.jpg", "a.pdf")
REPORT = item(8, "A", "", type="attachment", file=PDF, link="https://old.example/a/")


def list_comments(article):
    versions = Version.objects.get_for_object(article).order_by("pk")
    return [version.revision.comment for version in versions]


def test_it_begins_with_the_text_links_people_and_files_that_came_over():
    text = f'<a href="https://old.example/?p=2">two</a> <a href="{PDF}">A</a>'
    move_in(
        *(*POST, item(text=text, terms=[("category", "asia")])),
        *(item(2, slug="two"), REPORT),
        media=pack(**{"2019/03/a.pdf": b"%PDF-1.7"}),
    )
    for article in Article.objects.all():
        [version] = Version.objects.get_for_object(article)
        assert version.revision.comment == "Imported."
        assert get_version_content(version) == get_content(article)
    assert Article.objects.get(slug="a-piece").attachments.exists()


def test_the_first_save_here_is_compared_with_it(publisher):
    move_in(*POST, item())
    article = Article.objects.get()
    page = publisher.get(f"/admin/articles/article/{article.pk}/history/")
    assert "Imported." in page.text


def test_another_import_goes_on_with_the_history_and_undo_goes_back():
    move_in(*POST, item())
    article = Article.objects.get()
    found = move_in(*POST, item(text="Other words."))
    assert list_comments(article) == ["Imported.", "Imported again."]
    work(found, State.UNDOING)
    assert list_comments(article) == ["Imported."]


def test_an_import_that_changes_nothing_adds_nothing():
    move_in(*POST, item())
    move_in(*POST, item())
    assert list_comments(Article.objects.get()) == ["Imported."]


def test_undo_leaves_no_history():
    work(move_in(*POST, item()), State.UNDOING)
    assert not Version.objects.exists()
    assert not Revision.objects.exists()


def test_ten_histories_cost_as_many_queries_as_two():
    def count_queries(number):
        return sum("reversion_" in sql for sql in capture_import(number))

    assert count_queries(10) == count_queries(2) == 2
