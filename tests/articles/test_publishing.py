"""Publication: the rights it takes, and what the article needs."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from articles.models import Article, EditorialPolicy
from articles.workflow import NotAllowed, State
from tests.factories import ArticleFactory, AuthorFactory, ImageFactory, UserFactory

pytestmark = pytest.mark.django_db


def changes_of(article, **fields):
    """A working copy of it, with the fields."""
    copy = article.start_working_copy(by=UserFactory(publisher=True))
    for name, value in fields.items():
        setattr(copy, name, value)
    copy.save()
    return copy


def four_eyes():
    EditorialPolicy.objects.update_or_create(defaults={"four_eyes": True})


def test_publishing_puts_the_article_before_readers_now():
    publisher = UserFactory(publisher=True)
    article = ArticleFactory(draft=True, published_at=None)

    article.publish(by=publisher)

    assert article in Article.objects.published()
    assert LogEntry.objects.get(object_id=str(article.pk)).user == publisher


def test_publishing_for_later_schedules_and_the_hour_alone_makes_it_public():
    article = ArticleFactory(draft=True)

    article.publish(
        by=UserFactory(publisher=True), at=timezone.now() + timedelta(hours=1)
    )

    assert article.is_scheduled
    assert article not in Article.objects.published()
    Article.objects.update(published_at=timezone.now() - timedelta(seconds=1))
    assert article in Article.objects.published()


def test_a_contributor_cannot_publish_and_nothing_changes():
    article = ArticleFactory(draft=True)

    with pytest.raises(NotAllowed):
        article.publish(by=UserFactory(contributor=True))

    assert Article.objects.get().state == State.DRAFT
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(
    ("step", "state", "who"),
    [
        ("submit", "draft", "contributor"),
        ("submit", "in_review", "editor"),
        ("return_to_author", "in_review", "contributor"),
        ("return_to_author", "draft", "editor"),
        ("approve", "in_review", "contributor"),
        ("approve", "draft", "editor"),
        ("publish", "draft", "editor"),
        ("publish", "published", "publisher"),
        ("unschedule", "scheduled", "editor"),
        ("unschedule", "published", "publisher"),
        ("withdraw", "published", "editor"),
        ("withdraw", "draft", "publisher"),
        ("feature", "published", "editor"),
        ("feature", "scheduled", "publisher"),
    ],
)
def test_a_step_itself_asks_who_takes_it_and_from_where(step, state, who):
    """Whatever door it is called from."""
    article = ArticleFactory(**{state: True}, withdrawal_reason="Wrong.")

    with pytest.raises(NotAllowed):
        getattr(article, step)(by=UserFactory(**{who: True}))

    stored = Article.objects.get()
    assert (stored.state, stored.featured_at) == (article.state, None)
    assert not LogEntry.objects.exists()


def test_nothing_is_published_that_has_ended_already():
    now = timezone.now()
    article = ArticleFactory(
        draft=True, published_at=now - timedelta(days=2), ends_at=now - timedelta(1)
    )

    with pytest.raises(ValidationError):
        article.publish(by=UserFactory(publisher=True))

    assert Article.objects.get().state == State.DRAFT


def test_what_leaves_the_schedule_changed_is_read_again():
    publisher = UserFactory(publisher=True)
    for body, state in (("", State.APPROVED), ("<p>Other.</p>", State.IN_REVIEW)):
        article = ArticleFactory(draft=True)
        article.publish(by=publisher, at=timezone.now() + timedelta(hours=1))
        article.body = body or article.body
        article.save()

        article.unschedule(by=publisher)

        assert article.state == state


def test_withdrawing_keeps_the_reason_and_hides_the_article():
    article = ArticleFactory(published=True)

    article.withdraw(by=UserFactory(publisher=True), reason="Figures were wrong.")

    assert article not in Article.objects.published()
    assert Article.objects.get().withdrawal_reason == "Figures were wrong."


def test_an_incomplete_draft_is_saved_and_only_publishing_asks_for_the_rest():
    article = ArticleFactory(draft=True, standfirst="", body="", image=ImageFactory())

    with pytest.raises(ValidationError) as error:
        article.publish(by=UserFactory(publisher=True))

    assert set(error.value.message_dict) == {"standfirst", "body", "image_alt"}
    assert Article.objects.get().state == State.DRAFT


@pytest.mark.parametrize("step", ["submit", "publish"])
def test_a_working_title_and_missing_words_are_asked_for(step):
    publisher = UserFactory(publisher=True)
    article = ArticleFactory(draft=True, title="Untitled draft", standfirst=" ")

    with pytest.raises(ValidationError) as error:
        getattr(article, step)(by=publisher)

    assert set(error.value.message_dict) == {"title", "standfirst"}


def test_each_step_is_kept_with_its_note_and_logged():
    editor = UserFactory(editor=True)
    article = ArticleFactory(in_review=True)

    article.return_to_author(by=editor, note="Please shorten it.")

    step = article.steps.get()
    assert (step.name, step.by, step.note) == (
        "return_to_author",
        editor,
        "Please shorten it.",
    )
    assert "Please shorten it." in LogEntry.objects.get().change_message


def test_the_steps_of_a_working_copy_hang_on_the_article():
    article = ArticleFactory(published=True)
    copy = changes_of(article)

    copy.submit(by=UserFactory(editor=True), note="Two figures.")

    assert article.steps.get().on_working_copy


def test_rescheduling_is_one_step():
    publisher = UserFactory(publisher=True)
    article = ArticleFactory(scheduled=True)
    later = timezone.now() + timedelta(days=3)

    article.publish(by=publisher, at=later)
    assert (article.published_at, article.status) == (later, "scheduled")

    article.publish(by=publisher, at=timezone.now())
    assert article in Article.objects.published()


def test_returning_what_is_scheduled_takes_it_off_the_schedule():
    article = ArticleFactory(scheduled=True)

    article.return_to_author(by=UserFactory(editor=True), note="Not yet.")

    assert article.state == State.DRAFT
    assert not Article.objects.scheduled()


def test_what_is_taken_off_the_schedule_stays_approved():
    publisher = UserFactory(publisher=True)
    article = ArticleFactory(draft=True)
    article.publish(by=publisher, at=timezone.now() + timedelta(hours=1))

    article.unschedule(by=publisher)

    assert article.state == State.APPROVED
    assert article.has_sign_off


def test_own_work_is_published_alone_only_without_four_eyes():
    publisher = UserFactory(publisher=True)
    article = ArticleFactory(draft=True, created_by=publisher)
    four_eyes()

    with pytest.raises(NotAllowed, match="somebody else must approve this version"):
        article.publish(by=publisher)

    EditorialPolicy.objects.update(four_eyes=False)
    article.publish(by=publisher)
    assert article in Article.objects.published()


def test_own_work_that_somebody_else_approved_is_published_until_it_changes():
    publisher = UserFactory(publisher=True)
    article = ArticleFactory(in_review=True, authors=[AuthorFactory(user=publisher)])
    four_eyes()
    with pytest.raises(NotAllowed, match="somebody else"):
        article.approve(by=publisher)
    article.approve(by=UserFactory(editor=True))

    article.body = "<p>Another text.</p>"
    article.save()
    with pytest.raises(NotAllowed, match="must approve this version"):
        article.publish(by=publisher)

    article.body = "<p>A first paragraph.</p><p>A second one.</p>"
    article.save()
    article.publish(by=publisher)
    assert article in Article.objects.published()


def test_own_approval_is_no_second_pair_of_eyes():
    publisher = UserFactory(publisher=True)
    article = ArticleFactory(in_review=True, created_by=publisher)
    article.approve(by=publisher)
    four_eyes()

    with pytest.raises(NotAllowed):
        article.publish(by=publisher)


def test_publishing_anothers_work_is_the_second_pair_of_eyes():
    four_eyes()
    article = ArticleFactory(draft=True, created_by=UserFactory(contributor=True))

    article.publish(by=UserFactory(publisher=True))

    assert article in Article.objects.published()


def test_changes_wait_while_their_article_is_withdrawn():
    publisher = UserFactory(publisher=True)
    article = ArticleFactory(published=True)
    copy = changes_of(article, body="<p>New.</p>")
    copy.publish(by=publisher, at=timezone.now() + timedelta(hours=1))

    article.withdraw(by=publisher, reason="Wrong.")
    copy = article.changes
    assert copy.state == State.APPROVED
    with pytest.raises(NotAllowed, match="publish it again before its changes"):
        copy.publish(by=publisher)

    article.publish(by=publisher)
    article.changes.publish(by=publisher, at=timezone.now())
    assert Article.objects.get().body == "<p>New.</p>"


def test_withdrawing_needs_a_reason():
    article = ArticleFactory(published=True)

    with pytest.raises(ValidationError, match="Tell readers why"):
        article.withdraw(by=UserFactory(publisher=True))

    assert Article.objects.get().state == State.PUBLISHED


def test_publishing_again_forgets_the_withdrawal():
    publisher = UserFactory(publisher=True)
    article = ArticleFactory(published=True)
    article.replaced_by = ArticleFactory(published=True)
    article.withdraw(by=publisher, reason="Wrong.")

    article.publish(by=publisher)

    article.refresh_from_db()
    assert article in Article.objects.published()
    assert (article.withdrawal_reason, article.withdrawn_at) == ("", None)
    assert article.replaced_by is None


@pytest.mark.parametrize("hours", [-1, 1])
def test_what_would_be_over_before_it_begins_is_not_published(hours):
    article = ArticleFactory(
        draft=True, ends_at=timezone.now() + timedelta(hours=hours)
    )

    with pytest.raises(ValidationError, match="over before|after the publication"):
        article.publish(
            by=UserFactory(publisher=True), at=timezone.now() + timedelta(hours=2)
        )


def test_asking_costs_queries_only_where_they_matter(django_assert_num_queries):
    publisher = UserFactory(publisher=True)
    publisher.has_perm("articles.publish_article")
    article = ArticleFactory(draft=True, created_by=publisher)
    anothers = ArticleFactory(draft=True)
    # Kept by the process; other tests empty it.
    ContentType.objects.get_for_model(Article)

    with django_assert_num_queries(1):  # whether four eyes are wanted
        article.list_transitions(publisher)
    four_eyes()
    with django_assert_num_queries(1):
        article.list_transitions(publisher)
    with django_assert_num_queries(2):  # and whether the user signs it
        anothers.list_transitions(publisher)


@pytest.mark.parametrize(
    "wrong",
    [
        {"published_at": None},
        {"original_url": "https://review.example/a", "original_outlet": ""},
    ],
)
def test_the_database_refuses_what_may_never_be_public(wrong):
    article = ArticleFactory(published=True)

    with pytest.raises(IntegrityError), transaction.atomic():
        Article.objects.filter(pk=article.pk).update(**wrong)


def test_the_database_refuses_a_published_picture_without_alternative_text():
    article = ArticleFactory(published=True)

    with pytest.raises(IntegrityError), transaction.atomic():
        Article.objects.filter(pk=article.pk).update(image=ImageFactory())
