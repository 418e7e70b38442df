"""The demonstration content: complete, and loaded once."""

import pytest
from django.core.management import call_command
from django.core.serializers import serialize
from django.db import transaction
from django.test import override_settings

from articles.models import Article, Comment, Kind, WorkflowEvent
from articles.tasks import list_addresses
from authors.models import Author, Position, Programme
from ecfr_site.demo import archive
from ecfr_site.images.models import Image
from newsletter.models import (
    ConsentRecord,
    Delivery,
    Edition,
    Event,
    Newsletter,
    Signup,
    Subscriber,
    Suppression,
    Wording,
)

NO_TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """The demonstration, once for all tests, which put back what they change."""
    with (
        django_db_blocker.unblock(),
        override_settings(TASKS=NO_TASKS),
        transaction.atomic(),
    ):
        call_command("load_demo", verbosity=0)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def demo(loaded, settings, db):
    """Loads it once more."""
    settings.TASKS = NO_TASKS
    return lambda: call_command("load_demo", verbosity=0)


def test_the_desk_is_at_work(demo):
    copies = Article.objects.filter(live__isnull=False)
    assert {copy.state for copy in copies} == {"in-review", "published"}
    assert copies.scheduled().exists()
    assert Comment.objects.filter(answers__isnull=False).exists()
    assert (
        WorkflowEvent.objects.filter(name="return_to_author").exclude(note="").exists()
    )


def test_it_has_work_of_every_kind_and_state_by_people_who_held_posts(demo):
    articles = Article.objects.originals()
    assert articles.published().count() >= 38
    assert {article.kind for article in articles.published()} == set(Kind.objects.all())
    assert articles.scheduled().exists()
    assert articles.filter(state="draft").exists()
    assert articles.filter(state="withdrawn").exists()
    assert articles.published().exclude(original_url="").exists()
    assert articles.published().filter(corrections__isnull=False).exists()
    assert articles.published().filter(body_html__contains="doc-noteref").exists()
    assert Author.objects.count() == 14
    assert Programme.objects.count() == 6
    assert Position.objects.directing().filter(ended__isnull=False).exists()
    for article in articles.published():
        words = len(article.body_html.split())
        assert words >= 500, article


def test_loading_it_again_changes_nothing(demo):
    images = Image.objects.count()
    article = Article.objects.published().first()
    article.title = "An editor's own words"
    article.save()
    before = list(Article.objects.values("pk", "changed", "title").order_by("pk"))

    demo()

    after = list(Article.objects.values("pk", "changed", "title").order_by("pk"))
    assert after == before
    assert Image.objects.count() == images


def test_its_internal_links_lead_somewhere(demo, reader):
    paths = {
        address
        for article in Article.objects.published()
        for address in list_addresses(article)
        if address.startswith("/")
    }

    assert paths
    assert [path for path in paths if reader.get(path).status_code != 200] == []


def test_it_has_two_newsletters_and_says_what_it_promises(demo):
    weekly, monthly = Newsletter.objects.offered()

    assert (weekly.name, monthly.language) == ("Meridian Weekly", "de")
    for newsletter in (weekly, monthly):
        assert newsletter.description
        assert newsletter.cadence
        assert newsletter.sender_email.endswith("@meridian.example")
    for language in ("en", "de"):
        wording = Wording.objects.current(language)
        assert wording.created_by == "demonstration"
        assert wording.language == language


def test_its_subscribers_are_in_every_state_and_each_has_evidence(demo):
    subscribers = Subscriber.objects.all()

    assert subscribers.count() == 40
    assert {s.status for s in subscribers} == set(Subscriber.Status)
    assert {s.analytics for s in subscribers} == set(Subscriber.Analytics)
    for subscriber in subscribers.exclude(status="pending"):
        assert subscriber.consent.exists()
        actions = {record.action for record in subscriber.consent.all()}
        granted = ConsentRecord.Action.ANALYTICS_GRANTED in actions
        assert granted or subscriber.analytics != "granted"
    assert Suppression.objects.count() == 3
    for record in ConsentRecord.objects.exclude(wording=None):
        assert record.wording.created < record.at


def test_its_editions_were_sent_and_their_ledgers_close(demo):
    weekly = Newsletter.objects.get(slug="weekly")
    first, second = weekly.editions.public().order_by("started_at")

    for edition in (first, second):
        ledger = edition.ledger()
        assert edition.state == Edition.State.SENT
        assert ledger["audience"] == edition.audience_count > 25
        assert ledger["sent"] == edition.sent_count > 20
        assert ledger["failed"] == ledger["skipped"] == 1
        assert ledger["waiting"] == 0
        assert all(item.frozen["title"] for item in edition.items.all())
        assert edition.links.exclude(article=None).count() == edition.items.count()
        for delivery in edition.deliveries.filter(state=Delivery.State.SENT):
            assert edition.started_at < delivery.sent_at
    assert {event.kind for event in Event.objects.all()} == set(Event.Kind)
    [draft] = weekly.editions.filter(state=Edition.State.DRAFT)
    assert draft.items.count() == 3


def test_only_of_those_who_agreed_it_noted_what_they_read(demo):
    reading = Event.objects.filter(kind__in=[Event.Kind.OPEN, Event.Kind.CLICK])

    assert reading.by_people().count() > 20
    assert reading.exclude(machine="").exists()
    for event in reading.select_related("delivery__subscriber"):
        assert event.delivery.subscriber.analytics == "granted"
        assert event.at > event.delivery.sent_at


def test_loading_it_again_leaves_the_newsletters_as_they_are(demo):
    def rows():
        return [
            serialize("json", model.objects.order_by("pk"))
            for model in (
                ConsentRecord,
                Delivery,
                Edition,
                Event,
                Newsletter,
                Signup,
                Subscriber,
                Suppression,
                Wording,
            )
        ]

    Newsletter.objects.filter(slug="weekly").update(name="An editor's own weekly")
    before = rows()

    demo()

    assert rows() == before


def test_it_fills_up_an_archive_and_goes_on_where_it_was_killed(
    demo, monkeypatch, reader
):
    monkeypatch.setattr(archive, "AT_ONCE", 10)

    def killed(number, total):
        if number == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        archive.load(100, killed)
    assert Article.objects.published().count() < 100

    call_command("load_demo", articles=100, verbosity=0)

    copies = Article.objects.filter(slug__startswith=archive.SLUG)
    assert Article.objects.published().count() == 100
    assert copies.exclude(bylines=None).exclude(topics=None).count() >= 50
    assert reader.get(copies.last().get_absolute_url()).status_code == 200
