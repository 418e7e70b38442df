"""The clock starts what is due, sees to what was left, and never sends by surprise."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_tasks import task_backends

from newsletter import tasks
from newsletter.models import Delivery, Edition, Heartbeat
from tests.factories import (
    ArticleFactory,
    EditionFactory,
    NewsletterFactory,
    SubscriberFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def outbox(settings):
    settings.MAIL_BACKEND = "ecfr_site.mail.outbox.EmailBackend"
    settings.NEWSLETTER_CONNECTIONS = 1


@pytest.fixture
def edition(db):
    """Due, to two people."""
    newsletter = NewsletterFactory()
    SubscriberFactory.create_batch(2, newsletters=[newsletter])
    return EditionFactory(
        due=True, newsletter=newsletter, articles=[ArticleFactory(published=True)]
    )


def run_due(edition):
    call_command("run_due", verbosity=0)
    edition.refresh_from_db()
    return edition


def queued():
    """Return the arguments of each queued `send_edition`."""
    results = task_backends["default"].results
    return [r.args for r in results if r.task.func is tasks.send_edition.func]


def beat(ago=timedelta(), **values):
    Heartbeat.objects.update_or_create(
        pk=1,
        defaults={
            "beat_at": timezone.now() - ago,
            "site_url": "http://127.0.0.1:8000",
            **values,
        },
    )


def test_what_is_due_goes_out(edition):
    run_due(edition)

    assert edition.state == Edition.State.SENT
    assert edition.sent_count == 2


def test_what_is_not_due_yet_stays(edition):
    Edition.objects.update(starts_at=timezone.now() + timedelta(minutes=5))

    assert run_due(edition).state == Edition.State.SCHEDULED


def test_a_long_past_schedule_does_not_send_by_itself(edition):
    Edition.objects.update(starts_at=timezone.now() - timedelta(hours=2))

    run_due(edition)

    assert edition.state == Edition.State.DRAFT
    assert "had passed" in edition.held_because
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    "sign",
    [{"ago": timedelta(hours=5)}, {"site_url": "https://staging.example"}],
    ids=["asleep for hours", "another site's"],
)
@pytest.mark.parametrize("state", ["scheduled", "sending"])
def test_what_may_be_a_restored_copy_sends_nothing(edition, sign, state):
    Edition.objects.update(state=state, started_at=timezone.now())
    beat(**sign)

    run_due(edition)
    run_due(edition)

    assert edition.state in (Edition.State.DRAFT, Edition.State.PAUSED)
    assert "restored copy" in edition.held_because
    assert not Delivery.objects.exists()


def test_a_task_left_in_a_restored_queue_sends_nothing_before_the_clock_ran(edition):
    beat(ago=timedelta(hours=5))

    tasks.send_edition.enqueue(edition.pk)

    edition.refresh_from_db()
    assert edition.state == Edition.State.SCHEDULED


def test_what_was_on_its_way_in_a_restored_copy_does_not_go_on(edition):
    assert edition.start()
    beat(ago=timedelta(hours=5))

    tasks.send_edition.enqueue(edition.pk)

    assert edition.deliveries.waiting().count() == 2


def test_a_piece_that_was_withdrawn_meanwhile_holds_it(edition):
    article = edition.items.get().article
    type(article).objects.filter(pk=article.pk).update(state="withdrawn")

    run_due(edition)

    assert edition.state == Edition.State.DRAFT
    assert article.title in edition.held_because


def test_a_task_that_comes_twice_changes_nothing(edition):
    beat()

    tasks.send_edition.enqueue(edition.pk)
    tasks.send_edition.enqueue(edition.pk)

    edition.refresh_from_db()
    assert (edition.state, edition.sent_count) == (Edition.State.SENT, 2)


def test_a_task_that_comes_late_does_not_ask_what_became_of_the_pieces(edition):
    beat()
    tasks.send_edition.enqueue(edition.pk)
    edition.items.get().article.withdraw(UserFactory(publisher=True), "Wrong.")

    tasks.send_edition.enqueue(edition.pk)

    edition.refresh_from_db()
    assert (edition.state, edition.held_because) == (Edition.State.SENT, "")


def test_a_lost_task_is_queued_again(edition, settings):
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}
    }
    run_due(edition)
    run_due(edition)

    assert queued() == [[edition.pk], [edition.pk]]


def test_several_workers_are_called_where_there_are_several(edition, settings):
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}
    }
    settings.NEWSLETTER_WORKERS = 3

    run_due(edition)

    assert queued() == [[edition.pk]] * 3


def test_a_working_worker_is_left_alone(edition, settings):
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}
    }
    Edition.objects.update(
        state="sending", started_at=timezone.now(), worked_at=timezone.now()
    )

    run_due(edition)

    assert not queued()


def test_the_canary_goes_first_and_the_others_when_it_is_well(edition):
    edition.newsletter.canary = 1
    edition.newsletter.canary_minutes = 30
    edition.newsletter.save()
    run_due(edition)
    assert edition.ledger()["sent"] == 1
    Edition.objects.update(worked_at=None)
    run_due(edition)
    assert edition.ledger()["sent"] == 1

    Delivery.objects.filter(state="sent").update(
        sent_at=timezone.now() - timedelta(minutes=31)
    )
    Edition.objects.update(worked_at=None)
    run_due(edition)

    assert edition.ledger()["sent"] == 2
    assert edition.state == Edition.State.SENT


def test_a_canary_that_comes_back_pauses_the_others(edition):
    edition.newsletter.canary = 1
    edition.newsletter.save()
    run_due(edition)
    sent = edition.deliveries.get(state="sent")
    sent.events.create(edition=edition, kind="bounce")
    Delivery.objects.filter(pk=sent.pk).update(
        sent_at=timezone.now() - timedelta(hours=1)
    )
    Edition.objects.update(worked_at=None)

    run_due(edition)

    assert edition.state == Edition.State.PAUSED
    assert "bounced" in edition.held_because
    assert edition.ledger()["sent"] == 1
