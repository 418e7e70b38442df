"""Whatever mail servers answer, an edition comes to an end, and the others get it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from newsletter import tasks
from newsletter.bounces import domain_guard
from newsletter.models import DomainHold, Edition, Heartbeat, Pace, Subscriber, delivery
from newsletter.sending import late_answers, outcomes, transport, worker
from tests.factories import (
    ArticleFactory,
    DeliveryFactory,
    EditionFactory,
    NewsletterFactory,
    SubscriberFactory,
)
from tests.newsletter.mail_server import MailServer

pytestmark = pytest.mark.django_db

HERE = [f"reader{n}@example.org" for n in range(6)]
THERE = [f"reader{n}@example.net" for n in range(8)]


@pytest.fixture
def server(settings, monkeypatch):
    # Late answers are waited for here, where the test's transaction is seen.
    monkeypatch.setattr(late_answers, "AT_MOST", 0)
    monkeypatch.setattr(transport, "FINAL_TIMEOUT", 1)
    settings.MAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_TIMEOUT = 1
    settings.NEWSLETTER_CONNECTIONS = 1
    with MailServer() as server:
        settings.EMAIL_PORT = server.port
        yield server


@pytest.fixture
def edition(db):
    """Begun, to six people at example.org and eight at example.net."""
    Heartbeat.beat()
    newsletter = NewsletterFactory()
    for address in HERE + THERE:
        SubscriberFactory(email=address, newsletters=[newsletter])
    edition = EditionFactory(
        due=True, newsletter=newsletter, articles=[ArticleFactory(published=True)]
    )
    worker.start(edition)
    edition.refresh_from_db()
    return edition


def work(edition):
    """Let the scheduler and a worker go on until nothing is due; states by address."""
    tasks.advance_edition(edition)
    while worker.step(edition.pk):
        pass
    edition.refresh_from_db()
    rows = edition.deliveries.values_list("subscriber__email", "state")
    return dict(rows)


def let_hours_pass(edition, hours=24):
    """Until everything that waits is due, and every hold is over."""
    passed = timedelta(hours=hours)
    waiting = edition.deliveries.filter(state__in=["retry", "pending"])
    waiting.update(due_at=timezone.now())
    DomainHold.objects.update(until=timezone.now())
    Pace.objects.all().delete()
    Edition.objects.filter(trouble_since__isnull=False).update(
        trouble_since=edition.trouble_since and edition.trouble_since - passed
    )
    edition.refresh_from_db()


@pytest.mark.parametrize(
    "fault",
    [
        "450 4.1.2 Recipient address rejected: Domain not found",
        "451 4.3.0 Try again later",
        "452 4.2.2 Mailbox full",
        "421 4.7.0 Come back later",
        ("message", "451 4.7.1 Greylisted"),
        "drop",
    ],
)
def test_an_address_that_is_put_off_for_ever_fails_in_the_end(server, edition, fault):
    server.faults[THERE[0]] = fault

    states = work(edition)
    for _ in delivery.BACKOFF:
        let_hours_pass(edition)
        states = work(edition)

    assert states.pop(THERE[0]) == "failed"
    assert set(states.values()) == {"sent"}
    assert edition.state == Edition.State.SENT
    row = edition.deliveries.get(state="failed")
    assert row.reason.startswith("Given up: ")


@pytest.mark.parametrize(
    "fault",
    [
        "550 Mail rejected. IP blocked OFR_506 [506]",
        (
            "message",
            "550 5.7.1 Blocked, see https://spamhaus.org/query/bl?ip=192.0.2.1",
        ),
        "450 4.7.1 Client host rejected: cannot find your reverse hostname",
    ],
)
def test_a_domain_that_blocks_us_is_left_alone_and_the_others_get_it(
    server, edition, fault
):
    server.faults["@example.net"] = fault

    states = work(edition)

    assert {states[address] for address in HERE} == {"sent"}
    hold = DomainHold.objects.get()
    assert (hold.domain, hold.edition) == ("example.net", edition)
    assert hold.until > timezone.now() + timedelta(minutes=10)
    tried = edition.deliveries.filter(domain="example.net").exclude(reason="")
    assert tried.count() == outcomes.DOMAIN_REFUSES
    assert not Subscriber.objects.filter(bounce_score__gt=0).exists()


def test_a_provider_that_knows_nobody_any_more_costs_nobody(
    server, edition, monkeypatch
):
    monkeypatch.setattr(outcomes, "ALL_WRONG", 3)
    monkeypatch.setattr(domain_guard, "FEWEST", 4)
    before = EditionFactory(state="sent", started_at=timezone.now() - timedelta(days=7))
    for person in Subscriber.objects.all():
        DeliveryFactory(edition=before, subscriber=person, state="sent")
    server.faults["@example.net"] = "550 5.1.1 No such user"

    states = work(edition)

    assert {states[address] for address in HERE} == {"sent"}
    assert list(states.values()).count("failed") == 4
    assert DomainHold.objects.get().domain == "example.net"
    assert not Subscriber.objects.filter(bounce_score__gt=0).exists()


def test_a_domain_that_is_held_is_tried_with_one_message(server, edition):
    server.faults["@example.net"] = "550 Mail rejected. IP blocked OFR_506 [506]"
    work(edition)
    failed = edition.deliveries.filter(state="failed").count()

    let_hours_pass(edition)
    work(edition)

    assert edition.deliveries.filter(state="failed").count() == failed + 1
    assert DomainHold.objects.get().tries == 2


def test_a_domain_that_takes_mail_again_gets_the_rest_at_once(server, edition):
    server.faults["@example.net"] = ["451 4.7.1 Your server is on a blocklist"] * 5
    work(edition)
    assert DomainHold.objects.exists()

    let_hours_pass(edition)
    states = work(edition)

    assert set(states.values()) == {"sent"}
    assert not DomainHold.objects.exists()
    assert edition.state == Edition.State.SENT


def test_deliveries_to_a_held_domain_end_without_being_tried(server, edition):
    server.faults["@example.net"] = "450 4.7.1 Blocked by reputation"
    work(edition)

    for _ in delivery.BACKOFF:
        edition.deliveries.filter(state="retry").update(due_at=timezone.now())
        states = work(edition)
    edition.deliveries.filter(state="retry").update(due_at=timezone.now())
    states = work(edition)

    assert {states[address] for address in THERE} == {"failed"}
    assert edition.state == Edition.State.SENT
    assert set(edition.deliveries.filter(state="failed").values_list("fault")) == {
        ("server",)
    }


@pytest.mark.parametrize("fault", ["drop after", "hang after"])
def test_a_domain_whose_answers_are_lost_makes_few_uncertain(server, edition, fault):
    server.faults["@example.net"] = fault

    states = work(edition)

    assert {states[address] for address in HERE} == {"sent"}
    assert list(states.values()).count("uncertain") == outcomes.DOMAIN_LOSES
    assert DomainHold.objects.get().domain == "example.net"


@pytest.mark.parametrize("fault", ["drop", "421 4.3.2 Not now", "451 4.3.0 Not now"])
def test_a_server_that_takes_nothing_costs_nobody_an_attempt(server, edition, fault):
    server.faults.at_mail = fault

    for _ in range(5):
        let_hours_pass(edition, hours=0)
        states = work(edition)

    assert set(states.values()) == {"pending"}
    assert not edition.deliveries.filter(attempts__gt=0).exists()
    assert edition.trouble
    assert edition.trouble_since


def test_after_two_days_of_it_a_person_decides(server, edition):
    server.faults.at_mail = "421 4.3.2 Not now"
    work(edition)
    let_hours_pass(edition, hours=47)
    work(edition)
    assert edition.state == Edition.State.SENDING

    let_hours_pass(edition, hours=2)
    work(edition)

    assert edition.state == Edition.State.PAUSED
    assert "Nothing could be sent for two days" in edition.held_because


def test_trouble_that_passed_is_forgotten(server, edition, newsletter_manager):
    server.faults.at_mail = "421 4.3.2 Not now"
    work(edition)
    server.faults.at_mail = ""
    let_hours_pass(edition)

    work(edition)

    assert (edition.trouble, edition.trouble_since) == ("", None)
    assert edition.state == Edition.State.SENT


# The test group


@pytest.fixture
def canary(edition):
    """The edition, of which all at example.org and two others go first."""
    edition.newsletter.canary = 8
    edition.newsletter.canary_minutes = 0
    edition.newsletter.canary_limit = 10
    edition.newsletter.save()
    Edition.objects.update(released_at=None)
    edition.refresh_from_db()
    first = [*HERE, *THERE[:2]]
    edition.deliveries.filter(subscriber__email__in=first).update(wave=0)
    return edition


def test_the_test_group_is_not_held_by_one_that_is_tried_again(server, canary):
    server.faults[HERE[0]] = "452 4.2.2 Mailbox full"

    work(canary)
    states = work(canary)

    assert canary.released_at
    assert states.pop(HERE[0]) == "retry"
    assert set(states.values()) == {"sent"}


def test_the_test_group_does_not_wait_for_a_domain_that_is_held(server, canary):
    DomainHold.objects.hold("example.net", "Blocked", "server")

    work(canary)
    work(canary)

    assert canary.released_at


def test_a_test_group_that_nobody_accepts_is_held_after_an_hour(server, canary):
    server.faults["@example.org"] = server.faults["@example.net"] = "451 4.7.1 Wait"
    work(canary)
    assert canary.state == Edition.State.SENDING

    Edition.objects.update(started_at=timezone.now() - timedelta(hours=2))
    canary.refresh_from_db()
    work(canary)

    assert canary.state == Edition.State.PAUSED
    assert "None of the first 8" in canary.held_because


def test_bounces_are_a_share_of_those_that_were_decided(server, canary):
    for address in HERE[:4]:
        server.faults[address] = "452 4.2.2 Mailbox full"
    server.faults[HERE[4]] = "550 5.1.1 No such user"

    work(canary)
    work(canary)

    assert canary.state == Edition.State.PAUSED
    assert "1 of the first 4 messages bounced" in canary.held_because


# Tasks


def test_copies_of_a_task_do_not_pile_up_while_no_worker_runs(edition, settings):
    from django_tasks_db.models import DBTaskResult

    settings.TASKS = {"default": {"BACKEND": settings.TASK_QUEUE}}

    for _ in range(5):
        tasks.enqueue_due()

    steps = DBTaskResult.objects.filter(task_path__endswith="send_edition")
    assert steps.count() == settings.NEWSLETTER_WORKERS


# Answers that take long


@pytest.fixture
def patient(server, monkeypatch):
    """The server, whose late answers are waited for beside the connection."""
    monkeypatch.setattr(late_answers, "AT_MOST", 40)
    monkeypatch.setattr(late_answers, "PATIENCE", 0.1)
    monkeypatch.setattr(transport, "FINAL_TIMEOUT", 10)
    yield server
    late_answers.join()


@pytest.mark.django_db(transaction=True)
def test_a_late_answer_does_not_hold_up_the_others(patient, edition):
    patient.faults[HERE[0]] = ("slow", 2)

    worker.step(edition.pk)

    rows = dict(edition.deliveries.values_list("subscriber__email", "state"))
    assert rows.pop(HERE[0]) == "submitting"
    assert set(rows.values()) == {"sent"}

    late_answers.join()
    tasks.advance_edition(edition)

    assert edition.deliveries.filter(state="sent").count() == len(HERE + THERE)
    edition.refresh_from_db()
    assert edition.state == Edition.State.SENT


@pytest.mark.django_db(transaction=True)
def test_a_late_refusal_is_heard(patient, edition, monkeypatch):
    patient.faults[HERE[0]] = ("slow", 1, "554 5.6.0 Not like this")

    worker.step(edition.pk)
    late_answers.join()

    row = edition.deliveries.get(subscriber__email=HERE[0])
    assert (row.state, row.fault) == ("failed", "message")


@pytest.mark.django_db(transaction=True)
def test_a_late_answer_keeps_its_lease(patient, edition, monkeypatch):
    patient.faults[HERE[0]] = ("slow", 2)
    monkeypatch.setattr(delivery, "LEASE", timedelta(seconds=1))

    worker.step(edition.pk)

    edition.deliveries.recover()
    row = edition.deliveries.get(subscriber__email=HERE[0])
    assert row.state == "submitting"


@pytest.mark.django_db(transaction=True)
def test_a_slow_domain_has_so_many_conversations_at_once(patient, edition, monkeypatch):
    patient.faults["@example.net"] = ("slow", 1.5)
    monkeypatch.setattr(late_answers, "OF_DOMAIN", 2)

    worker.step(edition.pk, seconds=1)

    rows = edition.deliveries.filter(domain="example.net")
    assert rows.filter(state="submitting").count() == 2
    assert edition.deliveries.filter(domain="example.org", state="sent").count() == 6
