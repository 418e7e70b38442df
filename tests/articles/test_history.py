"""Every save is in the history; earlier texts come back without touching live pages."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from lxml import html
from reversion.models import Version

from articles.models import Article
from articles.workflow import State
from tests.admin_site.desk import OpenForm, article_form
from tests.factories import ArticleFactory, AuthorFactory, TopicFactory

pytestmark = pytest.mark.django_db


def page_of(client, address):
    return html.fromstring(client.get(address).content.decode())


def history(client, article, query=""):
    return page_of(client, f"/admin/articles/article/{article.pk}/history/{query}")


def lines(page):
    found = page.xpath("//ol[@class='revisions']/li[not(@class='now')]")
    return [" ".join(line.text_content().split()) for line in found]


def versions(article):
    """The latest first."""
    return Version.objects.get_for_object(article).order_by("-pk")


def restore(client, article, version):
    return client.post(
        f"/admin/articles/article/{article.pk}/history/{version.pk}/restore/",
        follow=True,
    )


@pytest.fixture
def draft(editor):
    """Saved twice: with another text, fewer people and another address since."""
    article = ArticleFactory(
        draft=True,
        slug="before",
        body="<p>The first text.</p>",
        authors=[AuthorFactory(name="Ada Verne"), AuthorFactory(name="Bruno Lind")],
        topics=[TopicFactory(name="Trade")],
    )
    article_form(editor, article).press("Save draft")
    form = article_form(editor, article)
    form["body"] = "<p>The second text.</p>"
    form["slug"] = "after"
    form["bylines-0-DELETE"] = "on"
    form["topics"] = []
    form["_note"] = "After the call with Ada."
    form.press("Save draft")
    return Article.objects.get()


@pytest.fixture
def live(draft, publisher):
    article_form(publisher, draft).press("Publish now")
    return Article.objects.get()


# The list


def test_each_save_says_who_when_what_and_why(editor, draft):
    second, first = lines(history(editor, draft))

    assert f"by {editor.user}" in second
    assert "Text, People, Address" in second.replace("Slug", "Address")
    assert "Topics and regions" in second
    assert "After the call with Ada." in second
    assert "The first revision" in first


def test_steps_stand_among_the_revisions_with_their_notes(editor, publisher, draft):
    draft.submit(by=editor.user)
    draft.return_to_author(by=editor.user, note="Shorter, please.")

    found = lines(history(editor, draft))

    assert "Returned to the author" in found[0]
    assert "Shorter, please." in found[0]
    assert "Submitted for review" in found[1]


def test_the_history_of_changes_is_that_of_the_article_with_the_changes_marked(
    editor, live
):
    form = article_form(editor, live)
    form["title"] = "Changed"
    form.press("Save the changes")

    for article in Article.objects.all():
        top = lines(history(editor, article))[0]
        assert "changes, draft" in top
        assert "Title" in top
        assert "first text" not in top
    assert len(lines(history(editor, live))) == 5


def test_a_long_history_comes_in_pages_at_the_same_cost(editor, draft):
    def cost():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            history(editor, draft)
        return len(queries)

    few = cost()
    for number in range(30):
        form = article_form(editor, draft)
        form["title"] = f"Title {number}"
        form.press("Save draft")

    assert cost() <= few
    first, second = lines(history(editor, draft)), history(editor, draft, "?page=2")
    assert len(first) == 25
    assert len(lines(second)) == 7
    # Compared with the one before, which stands on the next page.
    assert all("Title" in line for line in first)
    assert "The first revision" in lines(second)[-1]


def test_any_two_are_chosen_and_compared(editor, draft):
    new, old = versions(draft)
    page = history(editor, draft)
    assert page.xpath(f"//input[@type='radio' and @name='from' and @value='{old.pk}']")

    page = page_of(
        editor,
        f"/admin/articles/article/{draft.pk}/compare/?from={new.pk}&to={old.pk}",
    )

    # The older one is on the left, whichever was chosen there.
    [text] = page.xpath("//section[h2='Text']")
    assert text.xpath(".//*[@class='before']//del/text()") == ["first"]
    assert text.xpath(".//*[@class='after']//ins/text()") == ["second"]
    [people] = page.xpath("//section[h2='People']")
    assert "Ada Verne" in people.xpath("string(.//*[@class='before']//del)")
    assert "Trade" in page.xpath("string(//section[h2='Topics and regions'])")


# Bringing back


def test_a_draft_gets_an_earlier_text_and_stays_where_it_is(editor, draft):
    draft.submit(by=editor.user)
    old = versions(draft).last()

    restore(editor, draft, old)

    article = Article.objects.get()
    assert "The first text." in article.body
    assert article.slug == "before"
    assert article.byline == "Ada Verne and Bruno Lind"
    assert article.topics.count() == 1
    assert article.state == State.IN_REVIEW
    assert "Restored the text of" in lines(history(editor, draft))[0]


def test_a_live_article_gets_it_into_a_working_copy(editor, live, reader):
    published = live.published_at.replace(microsecond=0)

    page = restore(editor, live, versions(live).last())

    live.refresh_from_db()
    assert "The second text." in live.body
    assert live.published_at.replace(microsecond=0) == published
    assert "The second text." in reader.get("/article/after/").content.decode()
    assert "The first text." in live.changes.body
    assert live.changes.byline == "Ada Verne and Bruno Lind"
    assert live.changes.published_at.replace(microsecond=0) == published
    assert page.redirect_chain[-1][0].endswith(f"/{live.changes.pk}/change/")


def test_what_was_in_the_working_copy_stays_in_its_history(editor, live):
    changes = live.start_working_copy(by=editor.user)
    changes.body = "<p>Hours of work.</p>"
    changes.save()

    restore(editor, live, versions(live).last())

    assert "The first text." in live.changes.body
    kept = [v for v in versions(changes) if "Hours of work." in v.serialized_data]
    restore(editor, live, kept[0])
    assert "Hours of work." in live.changes.body


def test_a_restored_text_voids_the_approval_of_the_changes(editor, publisher, live):
    changes = live.start_working_copy(by=editor.user)
    changes.submit(by=editor.user)
    changes.approve(by=editor.user)

    restore(editor, live, versions(live).last())

    assert live.changes.state == State.IN_REVIEW


def test_what_is_gone_since_is_said(editor, draft):
    Article.objects.filter(pk=draft.pk).update(slug="elsewhere")
    ArticleFactory(slug="before")
    draft.topics.clear()
    draft.topics.model.objects.all().delete()

    said = restore(editor, draft, versions(draft).last()).content.decode()

    assert "now belongs to another article" in said
    assert "No longer there: 1 of the topics" in said
    assert Article.objects.get(pk=draft.pk).slug == "elsewhere"


@pytest.mark.parametrize("role", ["contributor", "manager"])
def test_who_may_not_change_it_may_not_restore_it(request, role, draft, live):
    client = request.getfixturevalue(role)

    response = restore(client, live, versions(live).last())

    assert response.status_code in (403, 404)
    assert live.changes is None
    assert b"Restore" not in history_page(client, live)


def test_a_writer_restores_nothing_once_it_is_with_the_editors(contributor):
    own = ArticleFactory(draft=True, created_by=contributor.user, body="<p>A.</p>")
    article_form(contributor, own).press("Save draft")
    form = article_form(contributor, own)
    form["body"] = "<p>B.</p>"
    form.press("Submit for review")

    response = restore(contributor, own, versions(own).last())

    assert response.status_code == 403
    assert Article.objects.get().body == "<p>B.</p>"
    page = history_page(contributor, own)
    assert b"Submitted for review" in page
    assert b"Restore" not in page


def history_page(client, article):
    return client.get(f"/admin/articles/article/{article.pk}/history/").content


def test_restoring_takes_a_post(editor, live):
    old = versions(live).last()
    address = f"/admin/articles/article/{live.pk}/history/{old.pk}/"

    assert editor.get(f"{address}restore/").status_code == 405
    assert editor.post(address, {"_save": "1"}).status_code == 405
    assert Article.objects.count() == 1


@pytest.mark.parametrize("where", ["history/{}/", "compare/?from={}&to=now"])
def test_a_version_belongs_to_its_article(publisher, draft, where):
    other = ArticleFactory(draft=True)
    old = versions(draft).last()
    address = f"/admin/articles/article/{other.pk}/{where.format(old.pk)}"

    assert publisher.get(address).status_code == 404
    assert restore(publisher, other, old).status_code == 404


@pytest.mark.parametrize("page", ["history/", "compare/", "history/{}/"])
def test_what_the_desk_hides_has_no_history_for_others(
    contributor, reader, draft, page
):
    page = page.format(versions(draft).last().pk)
    address = f"/admin/articles/article/{draft.pk}/{page}"

    assert contributor.get(address).status_code == 404
    assert reader.get(address).status_code == 302


@pytest.mark.parametrize("where", ["history/", "compare/", "history/{}/"])
def test_earlier_texts_of_a_live_page_are_for_its_own_people(contributor, live, where):
    """Publication opens nothing of the earlier texts."""
    old = versions(live).last().pk
    address = f"/admin/articles/article/{live.pk}/{where.format(old)}"

    assert contributor.get(address).status_code == 403
    Article.objects.filter(pk=live.pk).update(assigned_to=contributor.user)
    assert contributor.get(address).status_code == 200


@pytest.mark.parametrize("own", [False, True])
def test_changes_are_hidden_from_who_sees_only_the_live_page(
    contributor, editor, live, own
):
    if own:
        Article.objects.filter(pk=live.pk).update(created_by=contributor.user)
    form = article_form(editor, live)
    form["title"] = "Undisclosed corridor"
    form.press("Save the changes")
    changes = live.changes
    version = versions(changes).first()

    for number in (live.pk, changes.pk):
        for page in (
            "history/",
            "compare/?from=live&to=changes",
            "compare/",
            f"history/{version.pk}/",
            "change/",
            "discard/",
        ):
            address = f"/admin/articles/article/{number}/{page}"
            assert b"Undisclosed" not in contributor.get(address).content
    assert (
        b"Undisclosed"
        in editor.get(f"/admin/articles/article/{live.pk}/compare/").content
    )


# Deleted articles


def test_a_deleted_article_comes_back_as_a_draft(publisher, live):
    creator = live.created_by
    live.delete()
    page = page_of(publisher, "/admin/articles/article/recover/")
    [link] = page.xpath("//a[contains(@href, 'recover/')]/@href")

    OpenForm(publisher, link).press("Restore the article")

    article = Article.objects.get()
    assert article.state == State.DRAFT
    assert "The second text." in article.body
    assert article.byline == "Bruno Lind"
    assert article.created_by == (creator or publisher.user)


def test_what_was_not_deleted_cannot_be_recovered(publisher, live):
    address = f"/admin/articles/article/recover/{versions(live).last().pk}/"

    assert publisher.post(address).status_code == 404
    assert Article.objects.get().state == State.PUBLISHED


def test_a_working_copy_is_never_recovered(publisher, editor, live):
    changes = live.start_working_copy(by=editor.user)
    article_form(editor, changes).press("Save the changes")
    number = versions(changes).first().pk
    changes.delete()

    page = publisher.get("/admin/articles/article/recover/")

    assert f"recover/{number}/" not in page.content.decode()
    address = f"/admin/articles/article/recover/{number}/"
    assert publisher.post(address).status_code == 404
