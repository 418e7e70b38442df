"""Editors change a published article aside: the desk takes them to the right text."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from reversion.models import Version

from articles.history.snapshot import get_content
from articles.models import Article
from articles.workflow import State
from tests.admin_site.desk import article_form
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    CorrectionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

LIST = "/admin/articles/article/"


@pytest.fixture
def live():
    article = ArticleFactory(
        published=True,
        title="The live title",
        slug="live",
        authors=[AuthorFactory(name="Ada Verne"), AuthorFactory(name="Bruno Lind")],
    )
    CorrectionFactory(article=article, text="It was 1957.")
    AttachmentFactory(article=article)
    return Article.objects.get()


@pytest.fixture
def before(live):
    """Everything that readers see of the article, to compare later."""
    return get_content(live)


def text_of(response):
    return " ".join(response.content.decode().split())


# The first save


def test_the_first_save_makes_a_working_copy_and_leaves_the_page(
    editor, live, before, reader
):
    form = article_form(editor, live)
    assert form["title"] == "The live title"
    form["title"] = "The new title"
    form["body"] = "<p>New text.</p>"

    form.press("Save the changes")

    changes = live.changes
    assert (changes.title, changes.state) == ("The new title", State.DRAFT)
    assert get_content(Article.objects.get(pk=live.pk)) == before
    assert "The live title" in reader.get("/article/live/").content.decode()
    assert form.address.startswith(f"{LIST}{changes.pk}/change/")
    assert "readers go on seeing the live page" in form.said


def test_rows_are_changed_in_the_copy_and_not_in_the_live_article(editor, live, before):
    form = article_form(editor, live)
    form["bylines-0-role"] = "editor"
    form["bylines-1-DELETE"] = "on"
    form["bylines-2-author"] = str(AuthorFactory(name="Clara Ost").pk)
    form["bylines-2-order"] = "3"
    form["corrections-0-text"] = "It was 1958."
    form["attachments-0-title"] = "The report"

    form.press("Save the changes")

    changes = live.changes
    assert changes.byline == "Clara Ost, edited by Ada Verne"
    assert changes.corrections.get().text == "It was 1958."
    assert changes.attachments.get().title == "The report"
    assert get_content(Article.objects.get(pk=live.pk)) == before


def test_two_people_change_places_in_the_copy(editor, live, before):
    ada, bruno = live.bylines.order_by("pk")
    form = article_form(editor, live)
    form["bylines-0-author"] = str(bruno.author_id)
    form["bylines-1-author"] = str(ada.author_id)

    form.press("Save the changes")

    assert live.changes.byline == "Bruno Lind and Ada Verne"
    assert get_content(Article.objects.get(pk=live.pk)) == before


def test_another_file_is_only_in_the_copy(editor, live, before):
    form = article_form(editor, live)
    file = SimpleUploadedFile("new.pdf", b"%PDF-1.7\n%%EOF\n")
    form["attachments-0-file"] = file

    form.press("Save the changes")

    assert "new" in live.changes.attachments.get().file.name
    assert get_content(Article.objects.get(pk=live.pk)) == before


def test_changes_may_be_incomplete_until_they_are_published(publisher, live):
    form = article_form(publisher, live)
    form["standfirst"] = ""
    form.press("Save the changes")
    assert live.changes.standfirst == ""

    form.press("Update the live page")

    assert "needs a standfirst" in form.said
    assert Article.objects.get(pk=live.pk).standfirst


def test_a_form_that_does_not_pass_begins_nothing(editor, live, before):
    form = article_form(editor, live)
    form["original_date"] = "yesterday"
    form["body"] = "<p>New text.</p>"
    form["corrections-0-text"] = "It was 1958."

    form.press("Save the changes")

    assert "Enter a valid date" in form.said
    assert Article.objects.get() == live
    assert form["body"] == "<p>New text.</p>"

    form["original_date"] = ""
    form.press("Save the changes")

    assert live.changes.corrections.get().text == "It was 1958."
    assert get_content(Article.objects.get(pk=live.pk)) == before


def test_a_row_that_does_not_pass_begins_nothing(editor, live):
    form = article_form(editor, live)
    form["title"] = "The new title"
    form["corrections-0-text"] = ""

    form.press("Save the changes")

    assert Article.objects.get().title == "The live title"


def test_saving_what_is_the_same_begins_nothing(editor, live):
    form = article_form(editor, live)

    form.press("Save the changes")

    assert "nothing differs" in form.said
    assert Article.objects.get() == live


def test_changes_are_published_with_their_first_save(publisher, live, reader):
    form = article_form(publisher, live)
    form["title"] = "The new title"
    form["bylines-1-DELETE"] = "on"

    form.press("Update the live page")

    article = Article.objects.get()
    assert article.pk == live.pk
    assert article.byline == "Ada Verne"
    assert "The new title" in reader.get("/article/live/").content.decode()
    kept = [version.field_dict["title"] for version in _versions(live)]
    assert kept == ["The new title", "The live title"]


def _versions(article):
    return Version.objects.get_for_object(article).order_by("-pk")


@pytest.mark.parametrize("role", ["contributor", "manager"])
def test_who_may_not_change_a_live_article_begins_nothing(request, role, live):
    client = request.getfixturevalue(role)
    if role == "contributor":
        live.authors.filter(name="Ada Verne").update(user=client.user)
        Article.objects.update(created_by=client.user)

    response = client.post(f"{LIST}{live.pk}/change/", {"title": "Forged"})

    assert response.status_code == 403
    assert Article.objects.get().title == "The live title"


def test_a_contributor_cannot_publish_through_the_changes(contributor, editor, live):
    live.authors.filter(name="Ada Verne").update(user=contributor.user)
    changes = live.start_working_copy(by=editor.user)
    form = article_form(contributor, changes)
    assert "Update the live page" not in form.buttons
    form["title"] = "Forged"

    answer = form.send({**form.values, "_step": ["publish"]})

    assert answer.status_code == 403
    assert Article.objects.get(pk=live.pk).title == "The live title"


# Where there are changes already


def test_opening_the_article_opens_its_changes(editor, live):
    changes = live.start_working_copy(by=editor.user)

    response = editor.get(f"{LIST}{live.pk}/change/")

    assert response["Location"] == f"{LIST}{changes.pk}/change/"
    assert "has unpublished changes" in text_of(editor.get(response["Location"]))


def test_who_may_only_read_it_sees_the_live_article(manager, editor, live):
    live.start_working_copy(by=editor.user)

    response = manager.get(f"{LIST}{live.pk}/change/")

    assert response.status_code == 200
    assert response.context["changes"] is None
    assert b"Save the changes" not in response.content


def test_a_colleague_who_began_at_the_same_time_is_not_overwritten(
    editor, publisher, live, before
):
    mine, theirs = article_form(editor, live), article_form(publisher, live)
    theirs["title"] = "Theirs"
    theirs["bylines-0-role"] = "editor"
    theirs["corrections-0-text"] = "It was 1958."
    theirs.press("Save the changes")
    mine["title"] = "Mine"
    mine["attachments-0-title"] = "My report"

    mine.press("Save the changes")

    assert f"{publisher.user} saved this article" in mine.said
    assert live.changes.title == "Theirs"
    differences = text_of(mine.response)
    assert "<del>Theirs</del>" in differences
    assert "It was 1957" in differences

    mine.press("Save the changes")

    changes = live.changes
    assert Article.objects.count() == 2
    assert changes.title == "Mine"
    assert changes.bylines.count() == 2
    assert changes.attachments.get().title == "My report"
    assert changes.corrections.count() == 1 or {
        row.text for row in changes.corrections.all()
    } == {"It was 1957.", "It was 1958."}
    assert get_content(Article.objects.get(pk=live.pk)) == before


def test_a_form_of_a_text_that_was_replaced_is_stale(editor, publisher, live):
    mine, theirs = article_form(editor, live), article_form(publisher, live)
    theirs["title"] = "Theirs"
    theirs.press("Update the live page")
    mine["standfirst"] = "My standfirst."

    mine.press("Save the changes")

    assert "saved this article" in mine.said
    assert Article.objects.get().title == "Theirs"

    mine.press("Save the changes")

    assert live.changes.standfirst == "My standfirst."
    assert live.changes.bylines.count() == 2
    assert Article.objects.get(live=None).title == "Theirs"


def test_a_scheduled_article_is_edited_itself(publisher):
    article = ArticleFactory(scheduled=True)
    form = article_form(publisher, article)
    form["title"] = "Better"

    form.press(next(label for label in form.buttons if label.startswith("Save; it")))

    assert Article.objects.get().title == "Better"


def test_an_article_whose_publication_ended_is_changed_aside(editor, live):
    Article.objects.update(ends_at=live.published_at + timedelta(minutes=1))
    form = article_form(editor, live)
    form["title"] = "The new title"

    form.press("Save the changes")

    assert live.changes.title == "The new title"


# What the desk says


def test_the_form_says_both_states(editor, publisher, live):
    form = article_form(editor, live)
    form["title"] = "The new title"
    form.press("Save the changes")
    form = article_form(publisher, live.changes)
    assert f"changes by {editor.user}, not yet published" in text_of(form.response)
    form["title"] = "A newer title"
    form.press("Save the changes")

    text = text_of(form.response)

    assert f"Live since {live.date_text}; changes by two people, not yet" in text
    assert "/article/live/" in text
    assert f"{LIST}{live.pk}/compare/?from=live&amp;to=changes" in text


def test_the_list_has_one_line_with_both_states(editor, live):
    changes = live.start_working_copy(by=editor.user)
    changes.submit(by=editor.user)

    text = text_of(editor.get(LIST))

    assert text.count("The live title") == 1
    assert "changes in review" in text


@pytest.mark.parametrize("state", ["draft", "in-review", "published"])
def test_the_filter_finds_articles_by_the_state_of_their_changes(editor, live, state):
    Article.objects.filter(pk=live.start_working_copy(by=editor.user).pk).update(
        state="in-review"
    )

    found = text_of(editor.get(f"{LIST}?state={state}"))

    assert ("The live title" in found) == (state != "draft")


def test_the_front_page_of_the_desk_lists_changes_as_such(editor, live):
    changes = live.start_working_copy(by=editor.user)
    assert "Changes to The live title" in text_of(editor.get("/admin/"))
    changes.submit(by=editor.user)
    assert "Changes to The live title" in text_of(editor.get("/admin/"))


def test_nothing_to_choose_from_offers_a_working_copy(editor, live):
    changes = live.start_working_copy(by=editor.user)
    Article.objects.filter(pk=changes.pk).update(title="Undisclosed corridor")
    address = "/admin/autocomplete/?app_label=articles&model_name=article"

    for field in ("translation_of",):
        answer = editor.get(f"{address}&field_name={field}&term=")
        assert "Undisclosed" not in answer.content.decode()


# Discarding


def test_discarding_asks_first_and_then_leaves_the_page(editor, live, before):
    changes = live.start_working_copy(by=editor.user)
    address = f"{LIST}{changes.pk}/discard/"

    assert "Discard the changes?" in text_of(editor.get(address))
    assert live.changes == changes
    response = editor.post(address, follow=True)

    assert "Changes discarded" in text_of(response)
    assert get_content(Article.objects.get()) == before
    history = text_of(editor.get(f"{LIST}{live.pk}/history/"))
    assert "Changes discarded" in history or "Not yet saved on the desk" in history


@pytest.mark.parametrize("role", ["contributor", "manager", "reader"])
def test_who_may_not_change_it_cannot_discard_it(request, role, live):
    client = request.getfixturevalue(role)
    changes = live.start_working_copy(by=UserFactory(editor=True))

    assert client.post(f"{LIST}{changes.pk}/discard/").status_code in (302, 403, 404)
    assert live.changes == changes


def test_an_editor_does_not_discard_the_changes_of_a_colleague(editor, live):
    changes = live.start_working_copy(by=UserFactory(editor=True))
    address = f"{LIST}{changes.pk}/discard/"

    assert editor.get(address).status_code == 403
    assert editor.post(address).status_code == 403
    assert live.changes == changes
    assert address not in text_of(editor.get(f"{LIST}{changes.pk}/change/"))


def test_only_changes_can_be_discarded_and_not_be_deleted(publisher, live):
    changes = live.start_working_copy(by=publisher.user)

    assert publisher.post(f"{LIST}{live.pk}/discard/").status_code == 404
    deletion = publisher.post(
        f"{LIST}{changes.pk}/delete/", {"post": "yes"}, follow=True
    )
    assert "discard them instead" in text_of(deletion)
    assert Article.objects.count() == 2


# What it costs


def queries(client, address):
    with CaptureQueriesContext(connection) as found:
        assert client.get(address).status_code == 200
    return len(found)


def test_the_list_costs_the_same_however_many_have_changes(editor, live):
    live.start_working_copy(by=editor.user)
    few = queries(editor, LIST)
    for _ in range(6):
        article = ArticleFactory(published=True, authors=[AuthorFactory()])
        article.start_working_copy(by=editor.user).submit(by=editor.user)

    assert queries(editor, LIST) == few


def test_the_form_costs_the_same_however_many_revisions_and_rows(editor, live):
    form = article_form(editor, live)
    form["title"] = "The new title"
    form.press("Save the changes")
    address = f"{LIST}{live.changes.pk}/change/"
    queries(editor, address)
    few = queries(editor, address)
    for number in range(4):
        form["title"] = f"Title {number}"
        form.press("Save the changes")
    for _ in range(4):
        live.changes.bylines.create(author=AuthorFactory())
        CorrectionFactory(article=live.changes)
        AttachmentFactory(article=live.changes)
    queries(editor, address)

    assert queries(editor, address) == few
