"""Two at the same article: its people, corrections and files, its state, its end."""

import pytest

from articles.models import Article
from tests.admin_site.desk import article_form
from tests.factories import ArticleFactory, AuthorFactory, CorrectionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return AuthorFactory(name="Ada Verne")


@pytest.fixture
def bruno():
    return AuthorFactory(name="Bruno Lind")


@pytest.fixture
def article(ada, bruno):
    article = ArticleFactory(draft=True, title="Before", authors=[ada, bruno])
    CorrectionFactory(article=article, text="It was 1957.")
    return article


@pytest.fixture
def mine(editor, article):
    """A form opened before a colleague saves the article."""
    return article_form(editor, article)


@pytest.fixture
def theirs(publisher, article, mine):
    return article_form(publisher, article)


def differences(form):
    texts = form.page.xpath("//*[contains(@class, 'conflict')]//dd")
    return " | ".join(" ".join(text.text_content().split()) for text in texts)


def test_a_colleagues_change_of_the_people_is_not_undone_unseen(mine, theirs, article):
    theirs["bylines-0-role"] = "editor"
    theirs.press("Save draft")

    mine.press("Save draft")

    assert "saved this article" in mine.said
    assert "Ada Verne, editor" in differences(mine)
    assert article.bylines.get(author__name="Ada Verne").role == "editor"

    mine.press("Save draft")

    assert article.bylines.get(author__name="Ada Verne").role == "author"


def test_a_changed_order_is_shown(mine, theirs, article):
    theirs["bylines-0-order"], theirs["bylines-1-order"] = "1", "0"
    theirs.press("Save draft")

    mine.press("Save draft")

    assert mine.page.xpath("//*[contains(@class, 'conflict')]//del")
    assert article.byline == "Bruno Lind and Ada Verne"


def test_two_corrections_of_the_same_words_are_compared(mine, theirs, article):
    theirs["corrections-0-text"] = "It was 1958."
    theirs.press("Save draft")
    mine["corrections-0-text"] = "It was 1959."

    mine.press("Save draft")

    assert "1958" in differences(mine)
    assert "1959" in differences(mine)

    mine.press("Save draft")

    assert article.corrections.get().text == "It was 1959."


def test_what_a_colleague_adds_stays(mine, theirs, article):
    theirs["bylines-2-author"] = str(AuthorFactory(name="Clara Ost").pk)
    theirs["bylines-2-order"] = "2"
    theirs.press("Save draft")
    mine["title"] = "After"
    mine.press("Save draft")

    mine.press("Save draft")

    article = Article.objects.get()
    assert article.title == "After"
    assert article.byline == "Ada Verne, Bruno Lind and Clara Ost"


def test_rows_that_a_colleague_deleted_come_back_with_my_words(mine, theirs, article):
    theirs["bylines-0-DELETE"] = "on"
    theirs["corrections-0-DELETE"] = "on"
    theirs.press("Save draft")
    mine["corrections-0-text"] = "It was 1959."
    mine.press("Save draft")
    assert "Ada Verne" in differences(mine)

    mine.press("Save draft")

    assert "Saved as a draft" in mine.said
    assert article.byline == "Ada Verne and Bruno Lind"
    assert article.corrections.get().text == "It was 1959."


def test_both_may_add_the_same_person(mine, theirs, article):
    clara = AuthorFactory(name="Clara Ost")
    for form, role in ((theirs, "author"), (mine, "with")):
        form["bylines-2-author"] = str(clara.pk)
        form["bylines-2-role"] = role
    theirs.press("Save draft")
    mine.press("Save draft")

    mine.press("Save draft")

    assert article.byline == "Ada Verne and Bruno Lind, with Clara Ost"


def test_two_people_change_places(mine, article, ada, bruno):
    mine["bylines-0-author"] = str(bruno.pk)
    mine["bylines-1-author"] = str(ada.pk)

    mine.press("Save draft")

    assert Article.objects.get().byline == "Bruno Lind and Ada Verne"


def test_one_takes_the_place_of_another_who_goes(mine, article, bruno):
    mine["bylines-0-author"] = str(bruno.pk)
    mine["bylines-1-DELETE"] = "on"

    mine.press("Save draft")

    assert Article.objects.get().byline == "Bruno Lind"


def test_text_for_an_article_that_moved_on_is_handed_back(contributor, editor):
    article = ArticleFactory(draft=True, created_by=contributor.user)
    mine = article_form(contributor, article)
    mine["body"] = "<p>Hours of <em>work</em>.<script>alert(1)</script></p>"
    article_form(editor, article).press("Submit for review")

    response = mine.press("Save draft")

    assert response.status_code == 403
    assert "<p>Hours of <em>work</em>.</p>" in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    article.refresh_from_db()
    assert "Hours" not in article.body


def test_text_for_an_article_that_was_deleted_is_handed_back(mine, article):
    mine["body"] = "<p>Hours of work.</p>"
    article.delete()

    page = mine.press("Save draft").content.decode()

    assert "A colleague has deleted this" in page
    assert "Hours of work." in page
