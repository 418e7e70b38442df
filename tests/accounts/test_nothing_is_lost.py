"""No failed check, expired session or colleague makes an editor lose text."""

import pytest
from django.test import Client
from lxml import html

from articles.models import Article
from tests.admin_site.desk import OpenForm, article_form
from tests.factories import ArticleFactory, AuthorFactory, UserFactory

pytestmark = pytest.mark.django_db

WRITTEN = "<p>Hours of work: ‘kept’.</p>"


@pytest.fixture
def article():
    return ArticleFactory(draft=True, title="Before", slug="before")


@pytest.fixture
def form(editor, article):
    """An editor's form with new text in it, a byline included, not yet saved."""
    form = article_form(editor, article)
    form["title"] = "After"
    form["body"] = WRITTEN
    form["bylines-0-author"] = str(AuthorFactory(name="Ada Verne").pk)
    return form


def is_unsaved(article):
    return Article.objects.get(pk=article.pk).title == "Before"


def test_a_failed_check_brings_everything_back(form, article):
    form["original_url"] = "https://review.example/a"

    form.press("Save draft")

    assert is_unsaved(article)
    assert "Name the outlet" in form.said
    assert form["title"] == "After"
    assert form["body"] == WRITTEN
    assert form["bylines-0-author"]


def test_after_an_expired_session_signing_in_brings_the_text_back(
    form, article, editor
):
    editor.logout()
    form.press("Save draft")
    assert "Your session has ended" in form.said
    assert form.response.status_code == 401 or is_unsaved(article)

    form["username"] = editor.user.username
    form["password"] = "correct horse"
    form.press("Sign in and continue")

    assert "Not saved yet" in form.said
    assert is_unsaved(article)
    assert form["title"] == "After"
    assert form["body"] == WRITTEN
    assert form["bylines-0-author"]

    form.press("Save draft")

    article.refresh_from_db()
    assert article.title == "After"
    assert "kept" in article.body
    assert article.byline == "Ada Verne"


def test_a_wrong_password_keeps_the_text_too(form, article, editor):
    editor.logout()
    form.press("Save draft")
    form["username"] = editor.user.username
    form["password"] = "wrong"

    form.press("Sign in and continue")

    assert "correct" in form.said or "enter" in form.said.lower()
    assert form["body"] == WRITTEN
    assert b"wrong" not in form.response.content


def test_somebody_without_the_right_gets_no_further_by_signing_in(
    form, article, editor
):
    UserFactory(username="stranger", is_staff=True)
    editor.logout()
    form.press("Save draft")
    form["username"] = "stranger"
    form["password"] = "correct horse"

    assert form.press("Sign in and continue").status_code == 403
    assert is_unsaved(article)


def test_a_form_older_than_the_session_brings_the_text_back(form, article, editor):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(editor.user)
    stale = OpenForm(strict, form.address)
    strict.cookies["csrftoken"] = "x" * 32
    stale["title"] = "After"
    stale["body"] = WRITTEN

    stale.take(stale.press("Save draft"))
    assert "signed in again" in stale.said
    assert is_unsaved(article)
    strict.cookies["csrftoken"] = stale.response.cookies["csrftoken"].value
    stale.press("Continue editing")

    assert "Not saved yet" in stale.said
    assert stale["body"] == WRITTEN
    assert is_unsaved(article)

    stale.press("Save draft")
    assert Article.objects.get().title == "After"


def test_a_foreign_page_cannot_save_in_an_editors_name(article, editor):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(editor.user)
    address = f"/admin/articles/article/{article.pk}/change/"

    answer = strict.post(address, {"title": "<script>alert(1)</script>"})

    assert answer.status_code == 403
    assert b"<script>alert" not in answer.content
    assert is_unsaved(article)


def test_of_two_editors_the_second_is_told_and_both_texts_are_kept(
    form, article, publisher
):
    publisher.user.first_name, publisher.user.last_name = "Mira", "Castell"
    publisher.user.save()
    theirs = article_form(publisher, article)
    theirs["title"] = "Theirs"
    theirs["standfirst"] = "What they wrote."
    theirs.press("Save draft")

    form.press("Save draft")

    article.refresh_from_db()
    assert article.title == "Theirs"
    assert "Mira Castell saved this article at" in form.said
    assert form["body"] == WRITTEN
    differences = form.page.xpath("//*[contains(@class, 'conflict')]")[0]
    assert "Theirs" in differences.xpath(".//del/text()")
    assert "After" in differences.xpath(".//ins/text()")

    form.press("Save draft")

    article.refresh_from_db()
    assert article.title == "After"


def test_only_what_differs_is_shown(editor, publisher, article):
    mine, theirs = article_form(editor, article), article_form(publisher, article)
    theirs["standfirst"] = "What they wrote."
    theirs.press("Save draft")
    mine["body"] = article.body.replace("</p>", "</p>\r\n\r\n\t")

    mine.press("Save draft")

    assert mine.page.xpath("//*[contains(@class, 'conflict')]//dt/text()") == [
        "Standfirst"
    ]


def test_the_replaced_text_stays_in_the_history(form, article, publisher):
    theirs = article_form(publisher, article)
    theirs["standfirst"] = "What they wrote."
    theirs.press("Save draft")
    form.press("Save draft")
    form.press("Save draft")
    assert "What they wrote." not in Article.objects.get().standfirst

    history = publisher.get(f"/admin/articles/article/{article.pk}/history/")
    versions = [
        link
        for link in html.fromstring(history.content).xpath("//a/@href")
        if f"/article/{article.pk}/history/" in link
    ]

    pages = [publisher.get(link).content.decode() for link in versions]
    kept = [" ".join(html.fromstring(page).text_content().split()) for page in pages]
    assert any("What they wrote." in page for page in kept)


def test_two_editors_who_change_nothing_different_do_not_disturb_each_other(
    editor, publisher, article
):
    mine, theirs = article_form(editor, article), article_form(publisher, article)
    theirs.press("Save draft")

    mine.press("Save draft")

    assert "Saved as a draft" in mine.said
