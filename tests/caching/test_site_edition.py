"""The number of the site's edition grows with whatever changes what readers see."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.apps import apps
from django.db import connection, connections, transaction
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.models import Article
from ecfr_site.caching import middleware
from ecfr_site.caching.models import ContentVersion
from ecfr_site.caching.triggers import list_seen_models, watch_tables
from ecfr_site.images.models import Image
from ecfr_site.institution.models import Institution
from tests.factories import (
    ArticleFactory,
    BylineFactory,
    ImageFactory,
    PositionFactory,
    ProgrammeFactory,
    TopicFactory,
    UserFactory,
)

# The number is counted as a transaction ends.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("counted_version"),
]


# What no reader's page shows.
UNSEEN = {
    "articles.WatchedArticle",
    "articles.ArchiveImport",
    "articles.ImportedItem",
    "articles.OldAddress",
    "articles.AttachmentText",
    "articles.RelatedStatus",
    "articles.SearchText",
    "articles.SearchWord",
    "admin",
    "auth",
    "axes",
    "contenttypes",
    "django_tasks_database",
    "otp_static",
    "otp_totp",
    "reversion",
    "sessions",
    "articles.Article_body_images",
    "articles.Announcement",
    "articles.Comment",
    "articles.EditSession",
    "articles.EditorialPolicy",
    "articles.Link",
    "articles.Link_articles",
    "articles.NotificationPreference",
    "articles.PreviewLink",
    "articles.PreviewOpening",
    "articles.WorkflowEvent",
    "ecfr_site.AuditEntry",
    "ecfr_site.MailHold",
    "ecfr_site.MissingAddress",
    "ecfr_site.ContentTag",
    "ecfr_site.ContentVersion",
    "ecfr_site.PageCount",
    "ecfr_site.Passkey",
    "ecfr_site.ReadLog",
    "ecfr_site.ReferrerCount",
    "ecfr_site.WebhookDelivery",
    "ecfr_site.WebhookEndpoint",
    "ecfr_site.WebhookMessage",
    "newsletter.AlertPiece",
    "newsletter.AlertRun",
    "newsletter.ConsentOrigin",
    "newsletter.ConsentRecord",
    "newsletter.Delivery",
    "newsletter.Edition_writers",
    "newsletter.Event",
    "newsletter.DomainHold",
    "newsletter.Heartbeat",
    "newsletter.Interest",
    "newsletter.Link",
    "newsletter.Segment",
    "newsletter.SegmentProgramme",
    "newsletter.SegmentTopic",
    "newsletter.Pace",
    "newsletter.LeavingReason",
    "newsletter.MailRequest",
    "newsletter.RefusedRow",
    "newsletter.SenderCheck",
    "newsletter.Signup",
    "newsletter.Signup_newsletters",
    "newsletter.Subscriber",
    "newsletter.SubscriberImport",
    "newsletter.SubscriberImport_newsletters",
    "newsletter.Subscriber_topics",
    "newsletter.Subscription",
    "newsletter.Suppression",
    "newsletter.WelcomeMail",
}


def number():
    return ContentVersion.objects.get().number


def changes():
    """Every way to change what readers see, with none of the code that tells."""

    def author(article):
        author = article.bylines.first().author
        type(author).objects.filter(pk=author.pk).update(name="Other")

    def image(article):
        article.image, article.image_decorative = ImageFactory(), True
        article.save()
        before = number()
        Image.objects.filter(pk=article.image_id).update(credit="Other")
        assert number() > before

    def in_sql(article):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE articles_article SET title = 'By hand'")

    return {
        "title": lambda a: Article.objects.filter(pk=a.pk).update(title="Other"),
        "several rows": lambda a: Article.objects.bulk_update(
            [a], ["standfirst"], batch_size=1
        ),
        "raw SQL": in_sql,
        "byline": lambda a: BylineFactory(article=a),
        "author": author,
        "position": lambda a: PositionFactory(author=a.bylines.first().author),
        "programme": lambda a: a.programmes.add(ProgrammeFactory()),
        "topic": lambda a: a.topics.add(TopicFactory()),
        "image": image,
        "institution": lambda a: Institution(short_name="Other").save(),
        "correction": lambda a: a.corrections.create(text="Not seven but eight."),
        "deletion": lambda a: a.delete(),
    }


def test_every_change_is_counted(article):
    BylineFactory(article=article)
    article.standfirst = "Other"
    for name, change in changes().items():
        before = number()
        change(article)
        assert number() > before, name


def test_what_readers_do_not_see_is_not_counted(article):
    draft = ArticleFactory(draft=True)
    before = number()
    Article.objects.filter(pk=draft.pk).update(title="Other", body="<p>Other</p>")
    Article.objects.filter(pk=article.pk).update(problems=["x"], due=timezone.now())
    Article.objects.filter(pk=article.pk).update(title=article.title)
    UserFactory()
    assert number() == before


def test_a_transaction_that_fails_counts_nothing(article):
    before = number()
    with transaction.atomic():
        Article.objects.update(title="Other")
        transaction.set_rollback(True)
    assert number() == before


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="in memory threads have one connection"
)
def test_one_process_makes_a_page_and_others_get_the_last_copy(
    reader, article, monkeypatch, settings
):
    settings.PAGE_CACHE = True
    old = reader.get("/article/cables/")
    Article.objects.filter(pk=article.pk).update(title="Cables over the sea")
    begun, go_on = Event(), Event()
    made = middleware.is_for_all

    def slowly(request, response):
        begun.set()
        go_on.wait(10)
        return made(request, response)

    monkeypatch.setattr(middleware, "is_for_all", slowly)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(get_and_close, "/article/cables/")
        assert begun.wait(10)
        assert reader.get("/article/cables/").content == old.content
        go_on.set()
        assert b"Cables over the sea" in first.result(10).content


def get_and_close(address):
    try:
        return Client().get(address)
    finally:
        connections.close_all()


def test_every_table_is_watched_or_known_not_to_be_seen():
    watched = list_seen_models()
    for model in apps.get_models(include_auto_created=True):
        label = model._meta.label
        seen = label in watched
        assert seen != bool({label, model._meta.app_label} & UNSEEN), label
        if seen:
            fields = [*model._meta.concrete_fields, *model._meta.many_to_many]
            assert {field.name for field in fields} >= set(watched[label].unseen)


def test_every_model_of_ours_says_whether_readers_see_it():
    ours = ("articles", "authors", "ecfr_site", "newsletter")
    assert not [
        model._meta.label
        for model in apps.get_models()
        if model.__module__.startswith(ours) and not hasattr(model, "readers_see")
    ]


def test_triggers_are_made_once_and_mended_when_they_are_gone():
    def triggers():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
                if connection.vendor == "sqlite"
                else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
            )
            return sorted(row[0] for row in cursor.fetchall())

    before = triggers()
    with CaptureQueriesContext(connection) as asked:
        watch_tables("default", apps)
        # As `migrate` calls it: its models are related in another order.
        watch_tables("default", MigrationLoader(None).project_state().apps)
    assert not [q for q in asked if re.match("DROP|CREATE .*TRIGGER", q["sql"])]
    name = next(n for n in before if n.startswith("moves_tags"))
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"DROP TRIGGER {name}")
        else:
            cursor.execute(
                "SELECT tgrelid::regclass FROM pg_trigger WHERE tgname = %s",
                [name],
            )
            cursor.execute(f"DROP TRIGGER {name} ON {cursor.fetchone()[0]}")
    watch_tables("default", apps)
    assert triggers() == before
