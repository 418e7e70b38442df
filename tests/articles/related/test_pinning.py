"""Editors pin related work in the article's form."""

import pytest
from reversion.models import Version

from articles.history import diff
from articles.history.snapshot import get_content
from tests.admin_site.desk import article_form
from tests.factories import ArticleFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def others():
    return [ArticleFactory(published=True, title=f"Other {n}") for n in range(4)]


def pin(form, *articles):
    form["pinned"] = [str(article.pk) for article in articles]
    return form


def test_an_editor_pins_up_to_three_pieces(editor, others):
    article = ArticleFactory(draft=True)

    pin(article_form(editor, article), *others[:3]).press("Save draft")
    assert set(article.pinned.all()) == set(others[:3])

    form = article_form(editor, article)
    pin(form, *others).press("Save draft")
    assert "Choose up to 3 pieces." in form.said
    assert article.pinned.count() == 3


def test_no_article_is_pinned_to_itself(editor):
    article = ArticleFactory(draft=True)

    form = article_form(editor, article)
    pin(form, article).press("Save draft")

    assert "Choose other pieces than this one." in form.said
    assert not article.pinned.exists()


def test_a_change_to_a_live_article_is_pinned_aside_and_compared(
    publisher, others, reader
):
    live = ArticleFactory(published=True, slug="live")

    pin(article_form(publisher, live), others[0]).press("Save the changes")

    copy = live.changes
    assert list(copy.pinned.all()) == [others[0]]
    assert not live.pinned.exists()
    before, after = get_content(live), get_content(copy)
    assert diff.list_changed_fields(before, after) == ["Pinned related work"]
    [found] = [
        difference
        for difference in diff.compare(before, after, diff.find_names(before, after))
        if difference.name == "pinned"
    ]
    assert "Other 0" in found.passages[0].after


def test_a_contributor_pins_no_draft_of_others(contributor, others):
    hidden = ArticleFactory(draft=True, title="Hidden")
    article = ArticleFactory(draft=True, created_by=contributor.user)

    form = article_form(contributor, article)
    pin(form, hidden).press("Save draft")

    assert not article.pinned.exists()
    assert "Hidden" not in form.page.text_content()


def test_an_earlier_text_comes_back_with_what_was_pinned(editor, others):
    article = ArticleFactory(draft=True)
    pin(article_form(editor, article), others[0]).press("Save draft")
    pin(article_form(editor, article)).press("Save draft")
    first = Version.objects.get_for_object(article).order_by("pk")[0]
    article.refresh_from_db()

    article.restore(first, by=editor.user)

    assert list(article.pinned.all()) == [others[0]]


def test_the_preview_of_a_draft_names_what_its_page_will(editor, others):
    article = ArticleFactory(draft=True)
    article.pinned.add(others[2], ArticleFactory(draft=True, title="Unseen"))

    page = editor.get(f"/admin/articles/article/{article.pk}/preview/")

    assert page.context["related"][0] == others[2]
    assert len(page.context["related"]) <= 3
    assert "Unseen" not in page.content.decode()
