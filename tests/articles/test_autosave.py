"""Autosave: for the writer alone, restored on request."""

import time

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from lxml import html
from reversion.models import Revision

from articles.models import Article, EditSession
from tests.admin_site.desk import article_form
from tests.articles.typing import Window
from tests.factories import ArticleFactory, AuthorFactory, UserFactory

pytestmark = pytest.mark.django_db

# The session, the account, its rights (2), changes that are due, the article, who is
# here, and keeping the text.
QUERIES = 9


@pytest.fixture
def article():
    return ArticleFactory(draft=True, title="Before", slug="before")


@pytest.fixture
def window(editor, article):
    window = Window(editor, article)
    window["title"] = "After"
    window["body"] = "<p>Hours of work: ‘kept’.</p>"
    return window


def offer(form):
    found = form.page.xpath("//*[@class='editing-offer']")
    return " ".join(found[0].text_content().split()) if found else ""


def kept(**field):
    return EditSession.objects.get(**field).draft_data


def test_what_is_typed_is_kept_and_the_article_untouched(window, article):
    before = article.changed

    answer = window.keep().json()

    assert answer["kept"]
    assert kept()["title"] == ["After"]
    article.refresh_from_db()
    assert (article.title, article.changed) == ("Before", before)
    assert not Revision.objects.exists()
    assert not LogEntry.objects.exists()


def test_tokens_and_the_script_s_own_words_are_not_kept(window):
    window.keep(csrfmiddlewaretoken="secret", _instead_of="x")

    own = [name for name in kept() if name.startswith(("_", "csrf"))]
    # The note of an editor goes with the text.
    assert own == ["_note"]


def test_there_is_one_slot_however_often_it_is_kept(window):
    for title in ("A", "B", "C"):
        window["title"] = title
        window.keep()

    assert kept()["title"] == ["C"]


def test_keeping_costs_the_same_however_many_are_here(
    window, article, django_assert_num_queries
):
    window.keep()
    with django_assert_num_queries(QUERIES):
        window.keep()
    with django_assert_num_queries(QUERIES):
        window.heartbeat()

    for _ in range(4):
        user = UserFactory(editor=True)
        EditSession.objects.heartbeat(user, article.pk, "other", 1)
    with django_assert_num_queries(QUERIES):
        window.keep()


def test_two_megabytes_are_kept(window):
    window["body"] = "<p>Übermaß</p>" * 150_000

    began = time.monotonic()
    answer = window.keep().json()

    assert answer["kept"]
    assert time.monotonic() - began < 10
    assert len(kept()["body"][0]) == len("<p>Übermaß</p>") * 150_000


def test_characters_that_a_database_refuses_do_not_stop_the_rest(window):
    window["standfirst"] = "A\0B"

    assert window.keep().json()["kept"]
    assert kept()["standfirst"] == ["AB"]


def test_the_form_offers_what_was_kept(window, editor, article):
    window.keep()

    form = article_form(editor, article)

    assert "would change: title, body" in offer(form)
    assert form["title"] == "Before"
    assert "After" in form.page.xpath("//*[@class='marks']//ins/text()")


def test_nothing_is_offered_that_is_no_different(editor, article):
    Window(editor, article).keep()

    assert not offer(article_form(editor, article))


def test_it_comes_back_unsaved_and_can_then_be_saved(window, article):
    author = AuthorFactory(name="Ada Verne")
    window["bylines-0-author"] = str(author.pk)
    window.keep()
    window.bring_back()

    assert "Not saved yet" in window.form.said
    assert window.form["title"] == "After"
    assert Article.objects.get().title == "Before"

    window.save()

    article.refresh_from_db()
    assert (article.title, article.byline) == ("After", "Ada Verne")
    assert kept() is None
    assert not offer(article_form(window.client, article))


def test_it_does_not_come_back_over_a_colleague(window, publisher, article):
    window.keep()
    theirs = article_form(publisher, article)
    theirs["title"] = "Theirs"
    theirs.press("Save draft")

    window.bring_back()

    assert "saved this article at" in window.form.said
    conflict = window.form.page.xpath("//*[contains(@class, 'conflict')]")[0]
    assert "Theirs" in conflict.xpath(".//del/text()")
    assert "After" in conflict.xpath(".//ins/text()")
    assert Article.objects.get().title == "Theirs"


def test_a_save_that_fails_keeps_it(window):
    window["original_date"] = "yesterday"
    window.keep()

    window.save()

    assert "Enter a valid date" in window.form.said
    assert kept()["title"] == ["After"]


def test_what_arrives_after_the_save_no_longer_counts(window):
    late = {"_serial": "1"}
    window.keep(_serial="2")
    window.form["_serial"] = "3"
    window.save()

    window.keep(**late)

    assert kept() is None


def test_of_two_reports_the_later_one_stays(window):
    window["title"] = "Later"
    window.keep(_serial="20")
    window["title"] = "Earlier"

    answer = window.keep(_serial="19").json()

    assert answer["kept"] is None
    # From which the window knows how to go on.
    assert answer["serial"] == 20
    assert kept()["title"] == ["Later"]


def test_text_in_a_second_window_takes_the_place_of_none(editor, article):
    first, second = (Window(editor, article, name) for name in ("w1", "w2"))
    first.heartbeat()

    second["title"] = "Written in the second"
    assert second.keep().json()["kept"]
    assert kept()["title"] == ["Written in the second"]

    first["title"] = "Written in the first"
    assert not first.keep().json()["kept"]
    assert kept()["title"] == ["Written in the second"]


def test_the_browser_is_told_what_was_saved(window):
    window.keep()

    window.save()

    cookie = window.client.cookies["desk_saved"]
    assert cookie.value.startswith("w1.")
    assert cookie["samesite"] == "Strict"


def test_it_is_thrown_away_on_request_alone(window, editor, article):
    window.keep()
    assert editor.get(f"{window.base}throw-away/").status_code == 405
    assert kept()

    window.throw_away()

    assert kept() is None
    assert not offer(article_form(editor, article))


def test_bringing_back_what_is_gone_saves_nothing(window):
    window.bring_back()

    assert "There is no unsaved text to restore" in window.form.said
    assert window.form["title"] == "Before"


def test_a_new_article_is_kept_and_comes_back(editor):
    window = Window(editor)
    window["title"] = "From nothing"
    window["body"] = "<p>The first words.</p>"
    assert window.keep().json()["kept"]

    window = Window(editor)
    assert "would change: title, body" in offer(window.form)
    window.bring_back()
    assert window.form["title"] == "From nothing"
    assert not Article.objects.exists()
    window["slug"] = "from-nothing"
    window.save()

    assert Article.objects.get().title == "From nothing"
    assert kept(article=None) is None
    assert not offer(Window(editor).form)


def test_a_working_copy_has_the_slot_of_its_article(editor):
    article = ArticleFactory(published=True, title="Live")
    copy = article.start_working_copy(by=editor.user)
    window = Window(editor, copy)
    window["title"] = "Changed"

    window.keep()

    assert EditSession.objects.get().article_id == article.pk
    assert "would change: title" in offer(article_form(editor, copy))


def test_an_expired_session_says_so_and_brings_it_back_after_signing_in(
    window, editor, article
):
    window.keep()
    window.form.values = {"_bring_back": ["1"]}
    editor.logout()

    assert window.keep().status_code == 302
    window.form.send({"_bring_back": ["1"]})
    window.form["username"] = editor.user.username
    window.form["password"] = "correct horse"
    window.form.press("Sign in and continue")

    assert "Not saved yet" in window.form.said
    assert window.form["title"] == "After"


def test_nobody_else_gets_it(window, publisher, article):
    window.keep()

    assert not offer(article_form(publisher, article))
    theirs = Window(publisher, article)
    theirs.bring_back()
    assert theirs.form["title"] == "Before"
    theirs.throw_away()
    assert kept(user=window.client.user)["title"] == ["After"]


def test_somebody_who_signs_in_in_the_same_browser_does_not_get_it(
    window, publisher, article
):
    window.client = publisher

    answer = window.keep(_who=str(publisher.user.pk + 1))

    assert answer.status_code == 401
    assert not EditSession.objects.exists()


def test_who_may_not_write_keeps_nothing(contributor, reader, editor, article):
    form = Window(editor, article).form
    values = {**form.values, "_typed": "1", "_window": "w", "_serial": "1"}
    addresses = [
        f"/admin/articles/article/{article.pk}/{name}/"
        for name in ("autosave", "take-over", "throw-away")
    ]
    for address in addresses:
        own = {**values, "_who": str(contributor.user.pk)}
        # As if it were not there: not even that it exists is said.
        assert contributor.post(address, own).status_code == 404
        assert reader.post(address, values).status_code == 302
        assert contributor.get(address).status_code == 405
    for name in ("autosave", "throw-away"):
        assert reader.post(f"/admin/articles/article/{name}/").status_code == 302
    assert not EditSession.objects.exists()


def test_who_may_begin_no_article_keeps_none(manager):
    report = {"_typed": "1", "_window": "w", "_serial": "1", "title": "Mine"}
    own = {**report, "_who": str(manager.user.pk)}

    assert manager.post("/admin/articles/article/autosave/", own).status_code == 403
    assert not EditSession.objects.exists()


def test_text_for_an_article_out_of_reach_is_handed_back(contributor, editor):
    article = ArticleFactory(draft=True, created_by=contributor.user)
    window = Window(contributor, article)
    window["body"] = "<p>Hours of work.</p>"
    window.keep()
    article_form(editor, article).press("Submit for review")

    assert window.keep().status_code == 403
    page = contributor.post(f"{window.base}change/", {"_bring_back": "1"})

    assert page.status_code == 403
    assert "Hours of work." in page.content.decode()


def test_answers_are_not_stored(window):
    assert "no-store" in window.keep()["Cache-Control"]


def test_opening_the_form_costs_the_same_however_many_are_here(window, editor, article):
    window.keep()
    page = f"/admin/articles/article/{article.pk}/change/"
    editor.get(page)
    with CaptureQueriesContext(connection) as alone:
        editor.get(page)
    for number in range(5):
        other = UserFactory(editor=True)
        EditSession.objects.heartbeat(
            other, article.pk, f"o{number}", 1, {"title": ["x"]}
        )

    with CaptureQueriesContext(connection) as crowded:
        editor.get(page)

    assert len(crowded) == len(alone)


def test_the_offer_can_be_used_without_a_script(window, editor, article):
    window.keep()
    page = html.fromstring(
        editor.get(f"/admin/articles/article/{article.pk}/change/").content
    )

    [offer] = page.xpath("//*[@class='editing-offer']")

    assert [button.text_content() for button in offer.xpath(".//button")] == [
        "Restore it",
        "Discard",
    ]
    # Forms do not stand within forms.
    assert not offer.xpath("ancestor::form")
