"""Editors talk about a text beside it; what they say never reaches readers."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from lxml import html

from articles.models import Article, Comment
from tests.factories import ArticleFactory, AuthorFactory, CommentFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def article(contributor):
    return ArticleFactory(title="Cables", in_review=True, created_by=contributor.user)


def comments_of(article):
    return f"/admin/articles/article/{article.pk}/comments/"


def form_of(article):
    return f"/admin/articles/article/{article.pk}/change/"


def say(client, article, text, **more):
    return client.post(comments_of(article), {"text": text, **more}, follow=True)


def said_beside(client, article):
    page = html.fromstring(client.get(form_of(article)).content.decode())
    [part] = page.xpath("//aside//details[contains(@class, 'comments')]")
    return " ".join(part.text_content().split())


def settle(client, comment, how):
    return client.post(f"{comments_of(comment.article)}{comment.pk}/{how}/")


def test_what_an_editor_says_of_a_passage_stands_beside_the_form(
    editor, contributor, article
):
    say(editor, article, "Is it so?", quote="A first paragraph.")

    beside = said_beside(contributor, article)
    assert "1 open" in beside
    assert "A first paragraph." in beside
    assert "Is it so?" in beside


def test_the_page_of_comments_takes_and_lists_them_without_the_form(editor, article):
    page = say(editor, article, "Is it so?")

    assert page.redirect_chain == [(comments_of(article), 302)]
    assert "Is it so?" in page.content.decode()


def test_the_page_is_kept_by_no_cache(editor, article):
    assert "no-store" in editor.get(comments_of(article))["Cache-Control"]


def test_an_empty_comment_is_refused_and_the_passage_kept(editor, article):
    page = say(editor, article, "", quote="A first paragraph.").content.decode()

    assert "This field is required." in page
    assert 'value="A first paragraph."' in page
    assert not Comment.objects.exists()


def test_an_answer_stands_in_its_thread(editor, contributor, article):
    thread = CommentFactory(article=article, by=editor.user)

    say(contributor, article, "It is.", answers=thread.pk)

    [answer] = thread.answered_by.all()
    assert answer.text == "It is."
    assert "1 open" in said_beside(editor, article)


def test_an_answer_opens_what_was_resolved(editor, contributor, article):
    thread = CommentFactory(article=article, resolved=True)

    say(contributor, article, "Not quite.", answers=thread.pk)

    thread.refresh_from_db()
    assert thread.resolved_at is None


def test_a_thread_of_another_article_is_not_answered_here(editor, article):
    elsewhere = CommentFactory()

    answer = editor.post(
        comments_of(article), {"text": "It is.", "answers": elsewhere.pk}
    )

    assert answer.status_code == 404
    assert not elsewhere.answered_by.exists()


def test_a_thread_is_resolved_and_opened_again(editor, article):
    thread = CommentFactory(article=article)

    settle(editor, thread, "resolve")
    thread.refresh_from_db()
    assert thread.resolved_by == editor.user
    assert "1 resolved" in said_beside(editor, article)
    assert "open" not in said_beside(editor, article).split("Nobody")[0][:14]

    settle(editor, thread, "reopen")
    thread.refresh_from_db()
    assert thread.resolved_at is None


@pytest.mark.parametrize("how", ["resolve", "reopen"])
def test_looking_at_an_address_settles_nothing(editor, article, how):
    thread = CommentFactory(article=article)

    answer = editor.get(f"{comments_of(article)}{thread.pk}/{how}/")

    assert answer.status_code == 405


class TestWhoMay:
    @pytest.fixture
    def thread(self, article):
        return CommentFactory(article=article, text="A quiet word.")

    def test_strangers_sign_in_first(self, reader, article, thread):
        for address in (comments_of(article), f"{comments_of(article)}1/resolve/"):
            answer = reader.post(address, {"text": "Hello."})
            assert answer.status_code == 302
            assert answer["Location"].startswith("/admin/login/")
        assert Comment.objects.get() == thread

    def test_contributors_talk_of_their_own_work(self, contributor, article, thread):
        assert say(contributor, article, "Thanks.").status_code == 200
        assert settle(contributor, thread, "resolve").status_code == 302

    def test_authors_talk_of_what_they_sign(self, contributor, thread):
        article = ArticleFactory(
            in_review=True, authors=[AuthorFactory(user=contributor.user)]
        )
        assert say(contributor, article, "Thanks.").status_code == 200

    def test_contributors_learn_nothing_of_what_is_others(self, contributor):
        thread = CommentFactory(article=ArticleFactory(title="Secret"))

        for answer in (
            contributor.get(comments_of(thread.article)),
            say(contributor, thread.article, "Hello."),
            settle(contributor, thread, "resolve"),
            settle(contributor, thread, "reopen"),
        ):
            assert answer.status_code == 404
            assert "Secret" not in answer.content.decode()
        assert Comment.objects.count() == 1

    def test_contributors_talk_of_what_is_live_but_settle_only_their_own(
        self, contributor
    ):
        live = ArticleFactory(published=True)
        thread = CommentFactory(article=live)

        assert say(contributor, live, "A comma is missing.").status_code == 200
        assert settle(contributor, thread, "resolve").status_code == 403
        own = Comment.objects.get(by=contributor.user)
        assert settle(contributor, own, "resolve").status_code == 302

    @pytest.mark.parametrize("state", ["draft", "in_review", "scheduled", "withdrawn"])
    def test_what_was_said_before_publication_stays_with_its_people(
        self, contributor, editor, state
    ):
        article = ArticleFactory(**{state: True})
        CommentFactory(article=article, text="He is bribed.", quote="the minister")
        article.publish(by=UserFactory(publisher=True), at=timezone.now())
        after = CommentFactory(article=article, text="A comma is missing.")

        for page in (comments_of(article), form_of(article)):
            told = contributor.get(page).content.decode()
            assert "bribed" not in told
            assert "the minister" not in told
            assert "A comma is missing." in told
            assert "bribed" in editor.get(page).content.decode()
        assert (
            settle(contributor, article.comments.first(), "reopen").status_code == 404
        )
        assert after in Comment.objects.visible_to(contributor.user)

    def test_a_piece_of_an_archive_is_published_when_it_is_not_on_its_day(
        self, contributor
    ):
        long_ago = timezone.now() - timedelta(days=3000)
        article = ArticleFactory(draft=True, published_at=long_ago)
        CommentFactory(article=article, text="He is bribed.")
        article.publish(by=UserFactory(publisher=True))

        assert not Comment.objects.visible_to(contributor.user)

    def test_what_is_said_while_it_waits_for_its_hour_is_said_of_a_draft(
        self, contributor
    ):
        article = ArticleFactory(draft=True)
        hour = timezone.now() + timedelta(hours=1)
        article.publish(by=UserFactory(publisher=True), at=hour)
        CommentFactory(article=article, text="He is bribed.")
        Article.objects.update(published_at=timezone.now())

        assert not Comment.objects.visible_to(contributor.user)

    @pytest.mark.parametrize("how", ["created_by", "assigned_to", "author"])
    def test_those_who_wrote_it_go_on_reading_it(self, contributor, how):
        article = ArticleFactory(in_review=True)
        CommentFactory(article=article, text="He is bribed.")
        if how == "author":
            author = AuthorFactory(user=contributor.user)
            article.bylines.create(author=author)
        else:
            Article.objects.filter(pk=article.pk).update(**{how: contributor.user})
        Article.objects.get().publish(by=UserFactory(publisher=True))

        assert "bribed" in contributor.get(comments_of(article)).content.decode()

    def test_an_answer_from_the_working_copy_is_not_shown_with_its_thread(
        self, contributor, editor
    ):
        live = ArticleFactory(published=True)
        thread = CommentFactory(article=live, text="A comma is missing.")
        copy = live.start_working_copy(by=editor.user)
        say(editor, copy, "The minister resigns.", answers=thread.pk)

        told = contributor.get(comments_of(live)).content.decode()

        assert "A comma is missing." in told
        assert "resigns" not in told
        assert "resigns" in editor.get(comments_of(live)).content.decode()

    def test_lists_count_only_what_may_be_read(self, contributor):
        article = ArticleFactory(draft=True)
        CommentFactory(article=article)
        article.publish(by=UserFactory(publisher=True))

        [listed] = Article.objects.for_desk(contributor.user)

        assert not listed.open_comments

    def test_managers_have_no_part_in_it(self, manager, article):
        live = CommentFactory(article=ArticleFactory(published=True), text="Hush.")

        assert manager.get(comments_of(live.article)).status_code == 403
        assert manager.post(comments_of(live.article), {"text": "x"}).status_code == 403
        assert settle(manager, live, "resolve").status_code == 403
        assert "Hush." not in manager.get(form_of(live.article)).content.decode()


class TestWorkingCopies:
    @pytest.fixture
    def live(self):
        return ArticleFactory(published=True, title="Live")

    @pytest.fixture
    def copy(self, live, editor):
        return live.start_working_copy(by=editor.user)

    def test_the_live_article_and_its_copy_share_their_comments(
        self, editor, live, copy
    ):
        say(editor, copy, "The new figures.")

        assert Comment.objects.get().article == live
        assert "The new figures." in editor.get(comments_of(live)).content.decode()

    def test_comments_stay_when_a_copy_goes(self, editor, publisher, live, copy):
        say(editor, copy, "The new figures.")

        copy.publish(by=publisher.user)

        assert not Article.objects.filter(live=live).exists()
        assert "The new figures." in said_beside(editor, live)

    def test_who_does_not_see_the_copy_reads_nothing_of_it(
        self, editor, contributor, live, copy
    ):
        say(editor, copy, "The minister resigns.")
        thread = Comment.objects.get()

        page = contributor.get(comments_of(live)).content.decode()

        assert "resigns" not in page
        assert settle(contributor, thread, "resolve").status_code == 404

    def test_who_began_the_article_reads_of_changes_when_they_are_live(
        self, editor, contributor, publisher, live, copy
    ):
        Article.objects.filter(pk=live.pk).update(created_by=contributor.user)
        say(editor, copy, "The minister resigns.")
        before = contributor.get(comments_of(live)).content.decode()

        copy.publish(by=publisher.user)

        assert "resigns" not in before
        assert "resigns" in contributor.get(comments_of(live)).content.decode()

    def test_who_is_assigned_to_the_copy_reads_it(
        self, editor, contributor, live, copy
    ):
        say(editor, copy, "The minister resigns.")
        Article.objects.filter(pk=copy.pk).update(assigned_to=contributor.user)

        assert "resigns" in contributor.get(comments_of(live)).content.decode()


def test_who_may_only_read_the_text_sees_it_as_text(contributor, article):
    Article.objects.filter(pk=article.pk).update(body="<p>As it <em>is</em>.</p>")

    page = contributor.get(form_of(article)).content.decode()

    assert "<p>As it <em>is</em>.</p>" in page


def test_comments_reach_neither_readers_nor_previews(editor, reader):
    live = ArticleFactory(published=True, slug="live")
    CommentFactory(article=live, text="A quiet word.")
    preview = f"/admin/articles/article/{live.pk}/preview/"

    for client, address in (
        (reader, "/article/live/"),
        (reader, "/feed/"),
        (reader, "/search/?q=quiet"),
        (editor, preview),
    ):
        assert "quiet word" not in client.get(address).content.decode()


class TestMentions:
    @pytest.fixture(autouse=True)
    def colleague(self):
        return UserFactory(
            editor=True, username="karin", first_name="Karin", last_name="Öst"
        )

    @pytest.mark.parametrize("name", ["karin", "Karin.Öst", "KARIN.ÖST", "karin."])
    def test_a_mention_tells_that_person(
        self, editor, article, name, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            page = say(editor, article, f"What does @{name} say?")

        assert "Nobody was told" not in page.content.decode()
        assert "karin@example.org" in [to for m in mail.outbox for to in m.to]

    @pytest.mark.parametrize("name", ["nobody", "stranger", "outsider", "gone"])
    def test_a_name_that_may_not_see_the_article_is_left_as_text(
        self, editor, article, name, django_capture_on_commit_callbacks
    ):
        UserFactory(username="stranger", contributor=True)
        UserFactory(username="outsider")
        UserFactory(username="gone", editor=True, is_active=False)

        with django_capture_on_commit_callbacks(execute=True):
            page = say(editor, article, f"Ask @{name}.")

        assert f"Nobody was told by “@{name}”" in page.content.decode()
        assert f"Ask @{name}." in page.content.decode()
        told = {to for m in mail.outbox for to in m.to}
        assert told == {article.created_by.email}

    def test_of_two_with_one_name_nobody_is_told_until_the_account_is_named(
        self, editor, article
    ):
        UserFactory(editor=True, username="k2", first_name="Karin", last_name="Öst")

        page = say(editor, article, "Ask @Karin.Öst.").content.decode()

        assert "Nobody was told by “@Karin.Öst”" in page
        assert 'data-mention="k2"' in page

    def test_an_address_in_a_comment_is_no_mention(self, editor, article):
        page = say(editor, article, "Write to press@karin.eu.").content.decode()

        assert "Nobody was told" not in page


def test_the_form_takes_as_many_queries_whatever_was_said(
    editor, article, django_assert_max_num_queries
):
    def queries():
        with django_assert_max_num_queries(60) as taken:
            editor.get(form_of(article))
        return len(taken)

    CommentFactory(answers=CommentFactory(article=article), article=article)
    before = queries()
    for _ in range(5):
        thread = CommentFactory(article=article)
        CommentFactory.create_batch(3, article=article, answers=thread)
        CommentFactory(article=article, resolved=True)
        UserFactory(editor=True)

    assert queries() == before
