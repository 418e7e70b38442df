"""Editors take an article from the first draft to the public page and back."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from lxml import html

from articles.models import Article
from articles.workflow import State
from tests.admin_site.desk import OpenForm, article_form
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    ImageFactory,
    PositionFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db


def written(form, **values):
    """Fill in what a complete article needs."""
    defaults = {
        "title": "A visit’s meaning",
        "slug": "a-visit",
        "standfirst": "What it says.",
        "body": "<p>It is ‘done’.</p>",
    }
    for name, value in {**defaults, **values}.items():
        form[name] = value
    return form


def test_a_contributor_writes_a_draft_and_submits_it(contributor):
    form = written(article_form(contributor))
    form.press("Save draft")

    article = Article.objects.get()
    assert article.created_by == contributor.user
    assert article.state == State.DRAFT
    assert "Saved as a draft" in form.said

    article_form(contributor, article).press("Submit for review")

    article.refresh_from_db()
    assert article.state == State.IN_REVIEW


def test_a_publisher_publishes_at_once_from_the_first_form(publisher, reader):
    author = AuthorFactory()
    form = written(article_form(publisher))
    form["bylines-0-author"] = str(author.pk)
    form["topics"] = str(TopicFactory().pk)

    form.press("Publish now")

    assert "The page is live" in form.said
    page = reader.get("/article/a-visit/")
    assert page.status_code == 200
    assert author.name in page.content.decode()


def test_a_time_in_the_future_schedules(publisher, reader):
    later = timezone.localtime() + timedelta(days=2)
    form = written(article_form(publisher))
    form["published_at_0"] = later.strftime("%Y-%m-%d")
    form["published_at_1"] = "09:00:00"

    form.press("Publish now")

    assert f"It goes live on {later:%-d %B %Y}, 09:00 CE" in form.said
    assert Article.objects.get().is_scheduled
    assert reader.get("/article/a-visit/").status_code == 404


def test_an_incomplete_article_is_saved_as_a_draft(contributor):
    form = written(article_form(contributor), standfirst="", body="")

    form.press("Save draft")

    assert Article.objects.get().title == "A visit’s meaning"


def test_publishing_an_incomplete_article_says_what_is_missing_and_keeps_the_text(
    publisher,
):
    form = written(article_form(publisher), standfirst="")
    form["image"] = str(ImageFactory().pk)

    form.press("Publish now")

    assert "needs a standfirst" in form.said
    assert "Describe the image" in form.said
    assert not Article.objects.exists()
    assert form["title"] == "A visit’s meaning"
    assert form["body"] == "<p>It is ‘done’.</p>"


def changes_of(client, article):
    """The working copy's form."""
    return article_form(client, article.start_working_copy(client.user))


def test_a_live_page_is_updated_at_once(publisher, reader):
    article = ArticleFactory(published=True, slug="live")
    form = changes_of(publisher, article)
    form["standfirst"] = "Better said."

    form.press("Update the live page")

    assert "The live page has been updated" in form.said
    assert "Better said." in reader.get("/article/live/").content.decode()
    assert article.changes is None


def test_a_live_page_cannot_lose_what_it_needs(publisher):
    article = ArticleFactory(published=True)
    form = changes_of(publisher, article)
    form["standfirst"] = ""

    form.press("Update the live page")

    assert "needs a standfirst" in form.said
    article.refresh_from_db()
    assert article.standfirst


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"slug": "taken"}, "with this address"),
        ({"original_url": "https://x.example/a"}, "Name the outlet"),
        ({"bylines-1-author": "same"}, "duplicate"),
        ({"translation_of": "itself"}, "not a translation of itself"),
    ],
)
def test_what_cannot_be_saved_is_named_and_the_text_is_kept(publisher, wrong, said):
    author = AuthorFactory()
    ArticleFactory(published=True, slug="taken")
    article = ArticleFactory(published=True, slug="live", authors=[author])
    form = changes_of(publisher, article)
    form["body"] = "<p>New text.</p>"
    meant = {"same": str(author.pk), "itself": str(article.pk)}
    for name, value in wrong.items():
        form[name] = meant.get(value, value)

    form.press("Update the live page")

    assert said in form.said
    assert form["body"] == "<p>New text.</p>"
    article.refresh_from_db()
    assert "New text." not in article.body


@pytest.mark.parametrize("made", [{"draft": True}, {"published": True}])
def test_a_second_translation_in_a_language_is_named_and_the_text_is_kept(
    publisher, made
):
    original = ArticleFactory(published=True)
    ArticleFactory(language="de", translation_of=original, **made)
    form = article_form(publisher, ArticleFactory(draft=True))
    form["body"] = "<p>New text.</p>"
    form["language"], form["translation_of"] = "de", str(original.pk)

    form.press("Save draft")

    assert "There is a translation in this language." in form.said
    assert form["body"] == "<p>New text.</p>"


def test_an_original_keeps_another_language_than_its_translations(publisher):
    original = ArticleFactory(published=True, language="en")
    ArticleFactory(published=True, language="de", translation_of=original)
    form = changes_of(publisher, original)
    form["language"] = "de"

    form.press("Update the live page")

    assert "There is a translation in this language." in form.said


def test_an_original_with_translations_is_no_translation_itself(publisher):
    original = ArticleFactory(published=True, language="en")
    ArticleFactory(published=True, language="de", translation_of=original)
    form = changes_of(publisher, original)
    form["translation_of"] = str(ArticleFactory(published=True, language="fr").pk)

    form.press("Update the live page")

    assert "An article with translations is no translation itself." in form.said


def test_only_a_pdf_can_be_attached(publisher):
    article = ArticleFactory(draft=True)
    form = article_form(publisher, article)
    form["attachments-TOTAL_FORMS"] = "1"
    form["attachments-0-title"] = "Full report"
    form["attachments-0-order"] = "0"
    form["attachments-0-file"] = SimpleUploadedFile("report.pdf", b"<html>")

    form.press("Save draft")

    assert "not a PDF" in form.said
    assert not article.attachments.exists()


def test_withdrawing_needs_a_reason_which_readers_see(publisher, reader):
    article = ArticleFactory(published=True, slug="live")
    form = OpenForm(publisher, f"/admin/articles/article/{article.pk}/withdraw/")
    form.press("Withdraw")
    assert "Tell readers why" in form.said
    assert reader.get("/article/live/").status_code == 200

    form["withdrawal_reason"] = "Its data was wrong."
    form.press("Withdraw")

    page = reader.get("/article/live/")
    assert page.status_code == 410
    text = " ".join(html.fromstring(page.content).text_content().split())
    assert "Its data was wrong." in text
    assert f"Withdrawn on {timezone.localdate():%-d %B %Y}." in text


def test_readers_of_a_withdrawn_article_are_sent_to_another_that_is_published(
    publisher,
):
    article, other = ArticleFactory.create_batch(2, published=True)
    draft = ArticleFactory(draft=True)
    form = OpenForm(publisher, f"/admin/articles/article/{article.pk}/withdraw/")
    form["withdrawal_reason"] = "A newer one says more."
    for wrong in (draft, article):
        form["replaced_by"] = str(wrong.pk)
        form.press("Withdraw")
        assert "valid choice" in form.said

    form["replaced_by"] = str(other.pk)
    form.press("Withdraw")

    article.refresh_from_db()
    assert article.replaced_by == other
    assert form.said == f"Withdrawn: readers are sent to “{other.title}”."


def test_a_live_article_may_lead_the_home_page(publisher, reader):
    article = ArticleFactory(published=True)
    ArticleFactory(published=True)
    lead = f"/admin/articles/article/{article.pk}/feature/"
    assert (
        lead
        in publisher.get(
            f"/admin/articles/article/{article.pk}/change/"
        ).content.decode()
    )

    assert publisher.get(lead).status_code == 405
    publisher.post(lead)

    assert reader.get("/").context["lead"] == article


BUTTONS = {
    ("contributor", "draft"): {"Save draft", "Submit for review"},
    ("editor", "draft"): {"Save draft", "Submit for review"},
    ("editor", "in-review"): {"Save", "Approve", "Return to the author"},
    ("editor", "approved"): {"Save", "Return to the author"},
    ("publisher", "draft"): {"Save draft", "Submit for review", "Publish now"},
    ("publisher", "in-review"): {
        "Save",
        "Approve",
        "Return to the author",
        "Publish now",
    },
    ("editor", "published"): {"Save the changes", "Submit for review"},
    ("publisher", "published"): {
        "Save the changes",
        "Submit for review",
        "Update the live page",
    },
    ("publisher", "withdrawn"): {"Save", "Publish again"},
}


@pytest.mark.parametrize(("role", "state"), BUTTONS)
def test_each_role_is_offered_its_own_buttons(request, role, state):
    client = request.getfixturevalue(role)
    article = ArticleFactory(
        state=state, published_at=timezone.now(), created_by=client.user
    )

    assert set(article_form(client, article).buttons) == BUTTONS[role, state]


@pytest.mark.parametrize(
    ("role", "state", "own", "may"),
    [
        ("contributor", "draft", True, True),
        ("contributor", "draft", False, False),
        ("contributor", "in-review", True, False),
        ("contributor", "published", True, False),
        ("editor", "draft", False, True),
        ("editor", "approved", False, True),
        ("editor", "published", False, True),
        ("publisher", "published", False, True),
        ("manager", "draft", False, False),
    ],
)
def test_who_may_change_what(request, role, state, own, may):
    client = request.getfixturevalue(role)
    article = ArticleFactory(
        state=state,
        published_at=timezone.now(),
        created_by=client.user if own else None,
    )

    response = client.post(
        f"/admin/articles/article/{article.pk}/change/", {"title": "Forged"}
    )

    assert response.status_code == (200 if may else 403)
    article.refresh_from_db()
    assert article.title != "Forged"


@pytest.mark.parametrize("hours", [-1, 48])
def test_an_editor_does_not_move_what_is_scheduled(editor, hours):
    article = ArticleFactory(scheduled=True)
    time = timezone.localtime() + timedelta(hours=hours)
    form = article_form(editor, article)
    form["title"] = "Reworded"
    form["published_at_0"] = f"{time:%d/%m/%Y}"
    form["published_at_1"] = f"{time:%H:%M}"

    form.press("Save")

    stored = Article.objects.get()
    assert stored.title == "Reworded"
    assert stored.published_at == article.published_at.replace(microsecond=0)
    assert not stored.is_public


@pytest.mark.parametrize("step", ["publish", "approve", "withdraw"])
def test_a_forged_step_is_refused_and_nothing_is_lost(contributor, step):
    article = ArticleFactory(draft=True, created_by=contributor.user)
    form = article_form(contributor, article)
    form["title"] = "Changed"

    form.send({**form.values, "_step": [step]})

    assert "You cannot do this now" in form.said
    assert form["title"] == "Changed"
    article.refresh_from_db()
    assert article.state == State.DRAFT


def test_a_forged_lead_is_refused(contributor, editor):
    live = ArticleFactory(published=True, created_by=contributor.user)
    draft = ArticleFactory(draft=True)

    for client, article, status in (
        (contributor, live, 403),
        (editor, live, 403),
        (contributor, draft, 404),
    ):
        address = f"/admin/articles/article/{article.pk}/feature/"
        assert client.post(address).status_code == status
        article.refresh_from_db()
        assert article.featured_at is None


@pytest.mark.parametrize("state", ["published", "ended", "withdrawn"])
def test_what_readers_have_seen_cannot_be_deleted(publisher, state):
    now = timezone.now()
    states = {"ended": {"published_at": now - timedelta(days=1), "ends_at": now}}
    fields = states.get(state, {})
    seen = ArticleFactory(**{state if not fields else "published": True}, **fields)
    draft = ArticleFactory(draft=True)

    for article, asked in ((seen, 302), (draft, 200)):
        address = f"/admin/articles/article/{article.pk}/delete/"
        assert publisher.get(address).status_code == asked
        assert publisher.post(address, {"post": "yes"}).status_code == 302
    assert list(Article.objects.all()) == [seen]


@pytest.mark.parametrize(
    ("state", "reason"),
    [("published", "withdraw it instead"), ("withdrawn", "it stays withdrawn")],
)
def test_who_would_delete_what_readers_have_seen_is_told_what_to_do(
    admin_client, state, reason
):
    article = ArticleFactory(**{state: True})

    answer = admin_client.get(
        f"/admin/articles/article/{article.pk}/delete/", follow=True
    ).content.decode()

    assert "Readers have seen this article, so it is not deleted" in answer
    assert reason in answer
    assert "Your account may not have permission" not in answer


def test_who_may_not_delete_is_told_no_reason(contributor):
    article = ArticleFactory(published=True)

    assert (
        contributor.get(f"/admin/articles/article/{article.pk}/delete/").status_code
        == 403
    )


def test_a_preview_shows_a_draft_to_the_desk_alone(editor, reader):
    article = ArticleFactory(draft=True, title="Undisclosed")
    address = f"/admin/articles/article/{article.pk}/preview/"

    shown = editor.get(address)

    assert "Undisclosed" in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert shown["X-Robots-Tag"] == "noindex"
    assert reader.get(address).status_code == 302


def test_the_position_on_a_day_is_told_to_the_form(editor, reader):
    position = PositionFactory(title="Fellow")
    address = f"/admin/articles/article/position/?author={position.author_id}"

    assert editor.get(f"{address}&day=2021-01-01").json() == {"position": "Fellow"}
    assert editor.get(f"{address}&day=2019-01-01").json() == {
        "position": "no position on that day"
    }
    assert editor.get(f"{address}&day=01/02/2019").json() == {
        "position": "no position on that day"
    }
    assert editor.get(f"{address}&day=2021-99-99").json() == {"position": "Fellow"}
    assert reader.get(address).status_code == 302


def test_who_sees_no_articles_is_told_no_position(editor):
    position = PositionFactory(title="Fellow")
    editor.user.groups.clear()

    answer = editor.get(
        f"/admin/articles/article/position/?author={position.author_id}"
    )

    assert answer.status_code == 403


def test_only_who_may_publish_is_offered_to_publish_many(
    contributor, editor, publisher
):
    ArticleFactory(published=True)

    for client, may in ((contributor, False), (editor, False), (publisher, True)):
        page = client.get("/admin/articles/article/").content.decode()
        assert ('<option value="publish">' in page) is may


def test_the_list_deletes_nothing(publisher):
    """Live articles are withdrawn; a draft is deleted on its own page."""
    draft = ArticleFactory(draft=True)
    chosen = {"action": "delete_selected", "_selected_action": [draft.pk]}

    publisher.post("/admin/articles/article/", {**chosen, "post": "yes"})

    assert Article.objects.get() == draft


def test_the_list_takes_few_queries_whatever_it_holds(
    publisher, django_assert_num_queries, django_assert_max_num_queries
):
    def fill():
        ArticleFactory.create_batch(
            4, published=True, with_image=True, authors=AuthorFactory.create_batch(3)
        )

    fill()
    publisher.get("/admin/articles/article/")
    with django_assert_max_num_queries(20) as queries:
        publisher.get("/admin/articles/article/")
    fill()

    with django_assert_num_queries(len(queries)):
        publisher.get("/admin/articles/article/")


def list_findings(form):
    """The checklist's findings that are shown beside the form."""
    return [item.text_content() for item in form.page.iter("li")]


def says(form, words):
    return any(words in text for text in list_findings(form))


def test_what_pastes_lost_is_on_the_checklist_until_an_editor_has_looked(publisher):
    form = written(article_form(publisher))
    form["pasted"] = "2 images were left out.\n1 formula could not be kept.\n"
    form["body"] = '<p>One <img src="cid:map.png"></p>'
    form.press("Save draft")
    article = Article.objects.get()

    form = article_form(publisher, article)
    assert says(form, "2 images were left out.")
    assert says(form, "1 formula could not be kept.")
    assert says(form, "1 image that cannot be shown")
    form.press("Publish now")
    assert "2 images were left out." in form.said

    form = OpenForm(publisher, f"/admin/articles/article/{article.pk}/change/")
    form["losses_seen"] = "on"
    form.press("Save the changes")
    assert not says(article_form(publisher, article), "left out")


def test_a_text_that_lost_nothing_is_not_asked_about(publisher):
    form = written(article_form(publisher))
    form.press("Save draft")

    assert "losses_seen" not in article_form(publisher, Article.objects.get()).values


@pytest.mark.parametrize(
    "query",
    ["state__exact=", "state=scheduled", "state=published", "problems=yes", "q=visit"],
)
def test_the_list_is_filtered_and_searched(publisher, query):
    ArticleFactory(published=True, title="A visit")

    assert publisher.get(f"/admin/articles/article/?{query}").status_code in (200, 302)
