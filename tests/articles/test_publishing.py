"""Who may bring an article before readers, and what it needs."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from articles.models import Article
from articles.workflow import TRANSITIONS, NotAllowed, State
from tests.factories import ArticleFactory, ImageFactory, UserFactory

pytestmark = pytest.mark.django_db

# Who may make which step, whatever the article; the workflow table says from where.
MAY = {
    "contributor": {"submit"},
    "editor": {"submit", "return_to_author", "approve"},
    "publisher": {
        "submit",
        "return_to_author",
        "approve",
        "publish",
        "unschedule",
        "withdraw",
    },
    "manager": set(),
}


@pytest.mark.parametrize("role", MAY)
@pytest.mark.parametrize("state", State)
def test_each_role_makes_only_its_own_steps(role, state):
    user = UserFactory(**{role: True})
    article = ArticleFactory(state=state, published_at=timezone.now())

    offered = {t.name for t in article.transitions_for(user)}

    possible = {t.name for t in TRANSITIONS if state in t.sources} - {"unschedule"}
    assert offered == MAY[role] & possible


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
