"""Those whom a step, an assignment or a comment concerns are told of it by e-mail."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from articles import notifications
from articles.models import Article, Comment, NotificationPreference, WorkflowEvent
from articles.staff import find_viewers
from tests.admin_site.desk import OpenForm, article_form
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    CommentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

CHOICE = "/admin/articles/article/notices/"


@pytest.fixture
def writer():
    return UserFactory(contributor=True, username="writer", first_name="Lena")


@pytest.fixture
def karin():
    return UserFactory(editor=True, username="karin")


@pytest.fixture
def henrik():
    return UserFactory(publisher=True, username="henrik")


@pytest.fixture
def article(writer):
    return ArticleFactory(title="Cables", created_by=writer)


def told():
    """{address: subject} of what was sent since, each address once."""
    notifications.enqueue_due()
    addresses = [to for message in mail.outbox for to in message.to]
    assert len(addresses) == len(set(addresses))
    found = {message.to[0]: message.subject for message in mail.outbox}
    mail.outbox.clear()
    return found


def say(article, by, text, **more):
    comment = Comment(article=article, by=by, text=text, **more)
    comment.post()
    return comment


class TestSteps:
    def test_what_is_submitted_is_told_to_all_who_approve(
        self, article, writer, karin, henrik
    ):
        UserFactory(manager=True)
        UserFactory(contributor=True)

        article.submit(by=writer)

        said = "Lena submitted “Cables” for review"
        assert told() == {"karin@example.org": said, "henrik@example.org": said}

    def test_only_to_the_assignee_if_there_is_one(self, article, writer, karin, henrik):
        article.assigned_to = henrik
        article.submit(by=writer)

        assert list(told()) == ["henrik@example.org"]

    def test_what_comes_back_is_told_to_who_wrote_it_with_the_note(
        self, article, writer, karin
    ):
        author = UserFactory(contributor=True, username="author")
        AuthorFactory(user=author).bylines.create(article=article)
        article.submit(by=writer)
        told()

        article.return_to_author(by=karin, note="Mend the table.")
        notifications.enqueue_due()

        assert {m.to[0] for m in mail.outbox} == {
            "writer@example.org",
            "author@example.org",
        }
        text = mail.outbox[0].body
        assert "karin returned “Cables”" in text
        assert "Mend the table." in text
        assert f"/admin/articles/article/{article.pk}/change/" in text
        assert CHOICE in text

    def test_approval_and_publication_are_told_to_who_wrote_it(
        self, article, writer, karin, henrik
    ):
        article.submit(by=writer)
        told()

        article.approve(by=karin)
        assert told() == {"writer@example.org": "karin approved “Cables”"}

        article.publish(by=henrik)
        assert told() == {"writer@example.org": "henrik published “Cables”"}

    def test_scheduling_says_when(self, article, writer, henrik):
        at = timezone.localtime().replace(year=2031, month=5, day=4, hour=9, minute=0)

        article.publish(by=henrik, at=at)

        assert told() == {
            "writer@example.org": "henrik scheduled “Cables” for 4 May 2031, 09:00 CEST"
        }

    def test_who_made_the_changes_learns_that_they_are_live(
        self, article, writer, karin, henrik
    ):
        article.publish(by=henrik)
        told()
        copy = article.start_working_copy(by=karin)
        copy.submit(by=karin)
        assert told() == {
            "henrik@example.org": "karin submitted changes to “Cables (changes)” "
            "for review"
        }

        copy.publish(by=henrik)

        assert set(told()) == {"writer@example.org", "karin@example.org"}

    def test_withdrawing_is_told_to_nobody(self, article, henrik):
        article.publish(by=henrik)
        told()

        article.withdraw(by=henrik, reason="Wrong.")

        assert told() == {}


class TestNobodyIsBothered:
    def test_with_what_they_did_themselves(self, article, karin):
        article.created_by = karin
        article.submit(by=karin)

        assert told() == {}

    @pytest.mark.parametrize(
        "account", [{"is_active": False}, {"email": ""}, {"is_staff": False}]
    )
    def test_who_has_no_desk_or_no_address(self, article, writer, account):
        UserFactory(editor=True, **account)
        UserFactory(is_superuser=True, **{"is_staff": True, **account})

        article.submit(by=writer)

        assert told() == {}

    def test_who_did_not_choose_it(self, article, writer, karin, henrik):
        NotificationPreference.objects.create(user=karin, submitted=False)
        NotificationPreference.objects.create(user=henrik, published=False)

        article.submit(by=writer)

        assert list(told()) == ["henrik@example.org"]

    def test_twice_for_two_reasons(self, article, writer, karin):
        article.assigned_to = writer
        article.save()

        say(article, karin, "@writer, is it so?")

        assert told() == {
            "writer@example.org": "karin mentioned you in a comment on “Cables”"
        }

    def test_twice_by_a_task_that_runs_twice(self, article, writer, karin):
        article.submit(by=writer)
        step = WorkflowEvent.objects.get()
        notifications.notify_transition.enqueue(step.pk)
        notifications.notify_transition.enqueue(step.pk)

        assert len(mail.outbox) == 1

    def test_with_old_news(self, article, writer, karin):
        article.submit(by=writer)
        WorkflowEvent.objects.update(at=timezone.now() - timedelta(days=2))

        assert told() == {}


class TestMailThatFails:
    def test_is_asked_for_again_while_the_server_is_away(
        self, article, writer, karin, monkeypatch
    ):
        article.submit(by=writer)

        def away(self):
            raise ConnectionRefusedError

        with monkeypatch.context() as patched:
            patched.setattr(EmailBackend, "open", away)
            with pytest.raises(ConnectionRefusedError):
                notifications.notify_transition.call(WorkflowEvent.objects.get().pk)

        assert list(told()) == ["karin@example.org"]

    def test_does_not_keep_others_from_theirs(
        self, article, writer, karin, henrik, monkeypatch
    ):
        send = EmailBackend.send_messages

        def refuse(self, messages):
            if messages[0].to == ["karin@example.org"]:
                raise OSError
            return send(self, messages)

        monkeypatch.setattr(EmailBackend, "send_messages", refuse)
        article.submit(by=writer)

        assert list(told()) == ["henrik@example.org"]


class TestComments:
    def test_are_told_to_writers_assignee_and_who_spoke_before(
        self, article, writer, karin, henrik
    ):
        article.assigned_to = karin
        article.save()
        thread = say(article, henrik, "Is it so?")
        assert set(told()) == {"writer@example.org", "karin@example.org"}

        say(article, writer, "It is.", answers=thread)

        said = "Lena commented on “Cables”"
        assert told() == {"karin@example.org": said, "henrik@example.org": said}

    def test_of_another_thread_are_not(self, article, karin, henrik):
        say(article, henrik, "Is it so?")
        told()

        say(article, karin, "A comma is missing.")

        assert "henrik@example.org" not in told()

    def test_lead_to_where_they_were_said_and_quote_the_passage(self, article, karin):
        comment = say(article, karin, "Is it so?", quote="Cables are cheap.")
        notifications.enqueue_due()

        [message] = mail.outbox
        assert f"/change/#comment-{comment.pk}" in message.body
        assert "Cables are cheap." in message.body
        assert "Is it so?" in message.body

    def test_of_a_working_copy_are_not_told_to_who_does_not_see_it(
        self, article, writer, karin, henrik
    ):
        stranger = UserFactory(contributor=True, username="stranger")
        live = ArticleFactory(published=True)
        live.start_working_copy(by=henrik)
        thread = CommentFactory(article=live, by=stranger)
        told()

        say(live, karin, "@stranger", answers=thread, on_working_copy=True)

        assert list(told()) == ["henrik@example.org"]

    def test_of_before_publication_are_not_told_to_outsiders_after_it(
        self, article, karin
    ):
        UserFactory(contributor=True, username="outsider")
        comment = Comment.objects.create(
            article=article, by=karin, text="@outsider He is bribed."
        )
        article.publish(by=UserFactory(publisher=True))
        mail.outbox.clear()

        notifications.notify_comment.call(comment.pk)

        assert "outsider@example.org" not in [m.to[0] for m in mail.outbox]
        assert mail.outbox

    def test_a_mention_one_does_not_want_is_a_comment_all_the_same(
        self, article, writer, karin
    ):
        NotificationPreference.objects.create(user=writer, mentioned=False)

        say(article, karin, "@writer, is it so?")

        assert told() == {"writer@example.org": "karin commented on “Cables”"}


class TestAtTheDesk:
    def test_a_step_is_told_at_once(
        self, editor, writer, article, django_capture_on_commit_callbacks
    ):
        article.submit(by=writer)
        told()
        with django_capture_on_commit_callbacks(execute=True):
            form = article_form(editor, article)
            form["_note"] = "Shorter, please."
            form.press("Return to the author")

        assert [message.to for message in mail.outbox] == [["writer@example.org"]]

    def test_the_assignee_is_told_once(
        self, editor, karin, article, django_capture_on_commit_callbacks
    ):
        form = article_form(editor, article)
        form["assigned_to"] = str(karin.pk)
        with django_capture_on_commit_callbacks(execute=True):
            form.press("Save draft")
            form.press("Save draft")

        [message] = mail.outbox
        assert message.to == ["karin@example.org"]
        assert "assigned “Cables” to you" in message.subject

    def test_who_takes_it_on_is_not(
        self, editor, article, django_capture_on_commit_callbacks
    ):
        form = article_form(editor, article)
        form["assigned_to"] = str(editor.user.pk)
        with django_capture_on_commit_callbacks(execute=True):
            form.press("Save draft")

        assert mail.outbox == []

    def test_each_chooses_what_to_be_told(self, editor, contributor):
        form = OpenForm(editor, CHOICE)
        del form.values["commented"]
        form.press("Save")

        assert "Your notification settings have been saved." in form.said
        choice = NotificationPreference.objects.get()
        assert choice.user == editor.user
        assert not choice.commented
        assert choice.submitted

        form["commented"] = "on"
        form.press("Save")
        assert NotificationPreference.objects.get().commented
        assert "submitted" not in OpenForm(contributor, CHOICE).values


def test_the_plan_of_who_sees_what_is_the_same_from_both_sides(
    writer, karin, henrik, django_assert_num_queries
):
    UserFactory(manager=True)
    UserFactory(is_staff=True, is_superuser=True)
    UserFactory(editor=True, is_active=False)
    author = AuthorFactory(user=UserFactory(contributor=True))
    ArticleFactory(created_by=writer)
    ArticleFactory(authors=[author], in_review=True)
    ArticleFactory(assigned_to=writer, scheduled=True)
    ArticleFactory(published=True)
    ArticleFactory(published=True, ends_at=timezone.now())
    ArticleFactory(withdrawn=True)
    live = ArticleFactory(published=True, authors=[author])
    live.start_working_copy(by=karin)
    users = get_user_model().objects.filter(is_active=True)

    for article in Article.objects.all():
        with django_assert_num_queries(1):
            seeing = set(find_viewers(article))
        assert seeing == {
            user
            for user in users
            if Article.objects.visible_to(user).filter(pk=article.pk).exists()
        }
