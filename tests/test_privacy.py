"""Personal data: documented, and removed when its time is over."""

import re
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.conf import settings as site
from django.core.management import call_command
from django.utils import timezone

from articles.models import Article, EditSession
from tests.factories import ArticleFactory, UserFactory

# Of things, not of people.
NOBODY = {
    "articles.Announcement",
    "articles.WatchedArticle",
    "articles.OldAddress",
    "articles.Attachment",
    "articles.AttachmentText",
    "articles.Funder",
    "articles.Kind",
    "articles.Document",
    "articles.FormerVersion",
    "articles.Link",
    "articles.RelatedArticle",
    "articles.RelatedStatus",
    "articles.SearchText",
    "articles.SearchWord",
    "articles.Series",
    "articles.Topic",
    "auth.Group",
    "auth.Permission",
    "authors.Programme",
    "contenttypes.ContentType",
    "ecfr_site.MailHold",
    "ecfr_site.MissingAddress",
    "ecfr_site.ContentTag",
    "ecfr_site.ContentVersion",
    "ecfr_site.PageCount",
    "ecfr_site.ReadLog",
    "ecfr_site.ReferrerCount",
    "ecfr_site.WebhookDelivery",
    "ecfr_site.WebhookEndpoint",
    "ecfr_site.WebhookMessage",
    "newsletter.AlertRun",
    "newsletter.EditionItem",
    "newsletter.DomainHold",
    "newsletter.Heartbeat",
    "newsletter.Link",
    "newsletter.Newsletter",
    "newsletter.Pace",
    "newsletter.Segment",
    "newsletter.SegmentProgramme",
    "newsletter.SegmentTopic",
    "newsletter.SenderCheck",
    "newsletter.WelcomeMail",
    "redirects.Redirect",
    "sites.Site",
}


def days_ago(days):
    return timezone.now() - timedelta(days=days)


def test_the_page_on_privacy_names_every_model_that_may_tell_of_people():
    text = (site.BASE_DIR / "docs/privacy.md").read_text()
    named = set(re.findall(r"`(\w+\.[A-Z]\w+)`", text))

    assert named | NOBODY == {model._meta.label for model in apps.get_models()}
    assert not named & NOBODY


@pytest.mark.django_db
def test_failed_sign_ins_are_forgotten_after_their_days(settings):
    settings.SIGN_IN_FAILURES_DAYS = 10
    for name, days in (("old", 11), ("recent", 9)):
        attempt = AccessAttempt.objects.create(username=name, failures_since_start=1)
        AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=days_ago(days))

    call_command("run_due")

    assert [attempt.username for attempt in AccessAttempt.objects.all()] == ["recent"]


@pytest.mark.django_db
def test_a_pause_longer_than_these_days_goes_on(settings):
    settings.SIGN_IN_FAILURES_DAYS = 1
    settings.AXES_COOLOFF_TIME = timedelta(days=3)
    attempt = AccessAttempt.objects.create(username="ada", failures_since_start=5)
    AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=days_ago(2))

    call_command("run_due")

    assert AccessAttempt.objects.exists()


@pytest.mark.django_db
def test_unsaved_text_goes_only_when_nobody_came_back_to_it(settings):
    settings.UNSAVED_TEXT_DAYS = 10
    article = ArticleFactory()
    for name, typed, seen in (("gone", 11, 11), ("back", 11, 1), ("new", 9, 9)):
        EditSession.objects.create(
            article=article,
            user=UserFactory(username=name),
            since=days_ago(20),
            seen_at=days_ago(seen),
            draft_data={"title": ["Words"]},
            typed_at=days_ago(typed),
        )

    call_command("run_due")

    kept = EditSession.objects.values_list("user__username", flat=True)
    assert sorted(kept) == ["back", "new"]
    assert Article.objects.filter(pk=article.pk).exists()


@pytest.mark.django_db
def test_many_are_removed_in_several_steps(monkeypatch):
    monkeypatch.setattr("ecfr_site.database.queries.REMOVED_AT_ONCE", 2)
    for name in "abc":
        AccessAttempt.objects.create(username=name, failures_since_start=1)
    AccessAttempt.objects.update(attempt_time=days_ago(400))

    call_command("run_due")
    assert AccessAttempt.objects.count() == 1
    call_command("run_due")
    assert not AccessAttempt.objects.exists()
