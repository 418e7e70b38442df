"""The board shows what is in which state, with whom and until when; own work first."""

from datetime import timedelta

import pytest
from django.utils import timezone
from lxml import html

from articles.models import Article
from articles.workflow import State
from tests.admin_site.desk import article_form
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    CommentFactory,
    ProgrammeFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

BOARD = "/admin/articles/article/board/"
LIST = "/admin/articles/article/"


def page_of(client, address=BOARD):
    return html.fromstring(client.get(address).content.decode())


def columns(client, address=BOARD):
    """{heading: text of its cards}."""
    found = {}
    for column in page_of(client, address).find_class("board-column"):
        heading = column.find("h2").text.strip()
        found[heading] = " ".join(column.text_content().split())
    return found


def days_from_now(days):
    return timezone.localdate() + timedelta(days=days)


def test_each_article_stands_in_the_column_of_its_state(editor):
    ArticleFactory(title="Begun")
    ArticleFactory(title="Handed in", in_review=True)
    ArticleFactory(title="Read", state=State.APPROVED)
    ArticleFactory(title="To come", scheduled=True)
    ArticleFactory(title="Out", published=True)
    ArticleFactory(title="Old", published=True, published_at=days_ago(20))
    ArticleFactory(title="Gone", withdrawn=True)

    board = columns(editor)

    assert "Begun" in board["Draft"]
    assert "Handed in" in board["In review"]
    assert "Read" in board["Approved"]
    assert "To come" in board["Scheduled"]
    assert "Out" in board["Recently published"]
    assert "Old" not in str(board)
    assert "Gone" not in str(board)


def days_ago(days):
    return timezone.now() - timedelta(days=days)


def test_a_working_copy_stands_where_it_is_on_its_way(editor):
    live = ArticleFactory(title="Bread", published=True)
    live.start_working_copy(by=editor.user).submit(by=editor.user)

    board = columns(editor)

    assert "Changes to a live page Bread" in board["In review"]
    assert "Changes" not in board["Recently published"]


def test_a_card_says_with_whom_it_is_since_when_it_is_overdue_and_who_talks(editor):
    rosa = UserFactory(editor=True, first_name="Rosa", last_name="Ferrand")
    article = ArticleFactory(
        assigned_to=rosa, due=days_from_now(-1), authors=[AuthorFactory(name="Ada")]
    )
    CommentFactory.create_batch(2, article=article)
    CommentFactory(article=article, resolved=True)
    ArticleFactory(due=days_from_now(0), in_review=True)

    board = columns(editor)

    assert "With Rosa Ferrand" in board["Draft"]
    assert "overdue since" in board["Draft"]
    assert "2 open comments" in board["Draft"]
    assert "Ada" in board["Draft"]
    assert "overdue" not in board["In review"]


def test_the_board_is_narrowed_to_own_work_and_to_a_programme(editor):
    power = ProgrammeFactory(slug="power")
    ArticleFactory(title="Mine", created_by=editor.user)
    ArticleFactory(title="Assigned", assigned_to=editor.user, programmes=[power])
    ArticleFactory(title="Other", programmes=[power])

    mine = columns(editor, f"{BOARD}?whose=mine")["Draft"]
    of_power = columns(editor, f"{BOARD}?programme=power")["Draft"]

    assert "Mine" in mine
    assert "Assigned" in mine
    assert "Other" not in mine
    assert "Other" in of_power
    assert "Mine" not in of_power


@pytest.mark.parametrize("name", ["board", "calendar", "notices"])
class TestWhoMay:
    def test_strangers_sign_in(self, reader, name):
        answer = reader.get(f"/admin/articles/article/{name}/")
        assert answer["Location"].startswith("/admin/login/")

    def test_who_has_nothing_to_do_with_articles_does_not(
        self, newsletter_editor, name
    ):
        newsletter_editor.user.groups.clear()
        answer = newsletter_editor.get(f"/admin/articles/article/{name}/")
        assert answer.status_code == 403

    def test_everybody_at_the_desk_may(self, contributor, editor, manager, name):
        for client in (contributor, editor, manager):
            answer = client.get(f"/admin/articles/article/{name}/")
            assert answer.status_code == 200
            assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("address", [BOARD, "/admin/", LIST])
def test_a_contributor_sees_no_title_of_others_before_it_is_live(contributor, address):
    for trait in ("draft", "in_review", "scheduled"):
        ArticleFactory(title=f"Secret {trait}", problems=["No topic."], **{trait: True})
    ArticleFactory(title="Secret approved", state=State.APPROVED)
    live = ArticleFactory(title="Live", published=True)
    copy = live.start_working_copy(by=UserFactory(editor=True))
    Article.objects.filter(pk=copy.pk).update(title="Secret change")
    ArticleFactory(title="My own", created_by=contributor.user)

    page = contributor.get(address).content.decode()

    assert "Secret" not in page
    assert "My own" in page


@pytest.mark.parametrize("address", [BOARD, "/admin/", LIST])
def test_the_queries_do_not_grow_with_the_articles(
    editor, address, django_assert_max_num_queries
):
    def queries():
        with django_assert_max_num_queries(60) as taken:
            editor.get(address)
        return len(taken)

    def fill():
        for trait in ("draft", "in_review", "scheduled", "published"):
            article = ArticleFactory(
                **{trait: True},
                created_by=editor.user,
                assigned_to=UserFactory(editor=True),
                due=days_from_now(1),
                authors=[AuthorFactory()],
                programmes=[ProgrammeFactory()],
            )
            CommentFactory(article=article)
        article.start_working_copy(by=editor.user)

    fill()
    editor.get(address)
    before = queries()
    fill()
    fill()

    assert queries() == before


class TestOwnWork:
    def test_the_desk_begins_with_it_and_with_why_it_came_back(
        self, contributor, editor
    ):
        article = ArticleFactory(title="Ports", created_by=contributor.user)
        article.submit(by=contributor.user)
        article.return_to_author(by=editor.user, note="Mend the table.")

        first = page_of(contributor, "/admin/").find_class("desk-list")[0]

        assert first.find("h2").text == "My work"
        assert "Ports" in first.text_content()
        assert "Returned: Mend the table." in first.text_content()

    def test_what_was_submitted_again_is_not_called_returned(self, contributor, editor):
        article = ArticleFactory(created_by=contributor.user)
        article.submit(by=contributor.user)
        article.return_to_author(by=editor.user, note="Mend the table.")
        article.submit(by=contributor.user)

        page = contributor.get("/admin/").content.decode()

        assert "Mend the table." not in page

    def test_what_somebody_signs_is_theirs_too(self, contributor):
        author = AuthorFactory(user=contributor.user)
        ArticleFactory(title="Signed", in_review=True, authors=[author])

        first = page_of(contributor, "/admin/").find_class("desk-list")[0]

        assert "Signed" in first.text_content()

    def test_the_list_is_narrowed_to_it_by_choice(self, editor):
        ArticleFactory(title="Mine", created_by=editor.user)
        ArticleFactory(title="Other")
        live = ArticleFactory(title="Live", published=True)
        copy = live.start_working_copy(by=UserFactory(editor=True))
        Article.objects.filter(pk=copy.pk).update(assigned_to=editor.user)

        def titles(query):
            page = page_of(editor, f"{LIST}?{query}")
            return {link.text for link in page.xpath("//th/a")}

        assert titles("") == {"Mine", "Other", "Live"}
        assert titles("whose=mine") == {"Mine", "Live"}
        assert titles("whose=assigned") == {"Live"}


class TestPlan:
    def test_an_editor_assigns_and_sets_a_date(self, editor):
        colleague = UserFactory(editor=True)
        article = ArticleFactory()
        form = article_form(editor, article)
        form["assigned_to"] = str(colleague.pk)
        form["due"] = "2030-05-04"

        form.press("Save draft")

        article.refresh_from_db()
        assert article.assigned_to == colleague
        assert article.due.isoformat() == "2030-05-04"

    def test_only_who_may_write_and_still_works_here_can_be_chosen(self, editor):
        gone = UserFactory(editor=True, is_active=False)
        manager = UserFactory(manager=True)
        writer = UserFactory(contributor=True)

        form = article_form(editor, ArticleFactory())
        offered = form.page.xpath("//select[@name='assigned_to']/option/@value")

        assert str(writer.pk) in offered
        assert str(gone.pk) not in offered
        assert str(manager.pk) not in offered

    def test_a_contributor_sees_the_plan_and_cannot_change_it(
        self, contributor, editor
    ):
        article = ArticleFactory(
            created_by=contributor.user, due=days_from_now(3), assigned_to=editor.user
        )
        form = article_form(contributor, article)
        form["assigned_to"] = ""
        form["due"] = "2030-05-04"

        form.press("Save draft")

        article.refresh_from_db()
        assert article.assigned_to == editor.user
        assert article.due == days_from_now(3)

    def test_what_is_live_has_no_plan_of_its_own(self, editor):
        live = ArticleFactory(published=True)

        page = editor.get(f"{LIST}{live.pk}/change/").content.decode()

        assert 'name="due_0"' not in page
        assert 'name="due"' not in page

    def test_overdue_is_what_readers_do_not_see_yet(self, editor):
        ArticleFactory(title="Late", due=days_from_now(-1))
        ArticleFactory(title="Today", due=days_from_now(0))
        ArticleFactory(title="Out", published=True, due=days_from_now(-1))

        page = page_of(editor, f"{LIST}?due=overdue")

        assert [link.text for link in page.xpath("//th/a")] == ["Late"]
