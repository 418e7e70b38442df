"""A real conversation with a mail server that misbehaves: the ledger says what was."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.utils import timezone

from ecfr_site.database.durability import get_database_start
from ecfr_site.mail import outbox
from newsletter.models import (
    ConsentRecord,
    Delivery,
    Edition,
    Heartbeat,
    Pace,
    Subscriber,
    delivery,
)
from newsletter.sending import (
    late_answers,
    ledger,
    outcomes,
    transport,
    worker,
)
from newsletter.sending.jobs import Job
from newsletter.sending.ledger import Ledger
from tests.factories import (
    ArticleFactory,
    EditionFactory,
    NewsletterFactory,
    SubscriberFactory,
    TopicFactory,
)
from tests.newsletter.mail_server import MailServer

pytestmark = pytest.mark.django_db

ADA, BO, CY = "ada@example.org", "bo@example.org", "cy@example.net"


@pytest.fixture(params=[True, False], ids=["pipelining", "one by one"])
def server(request, settings, monkeypatch):
    # Late answers are waited for here, where the test's transaction is seen.
    monkeypatch.setattr(late_answers, "AT_MOST", 0)
    monkeypatch.setattr(transport, "FINAL_TIMEOUT", 2)
    settings.MAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_TIMEOUT = 2
    settings.NEWSLETTER_CONNECTIONS = 1
    with MailServer(pipelining=request.param) as server:
        settings.EMAIL_PORT = server.port
        yield server


@pytest.fixture
def edition(db):
    """Due, with an article, to Ada, Bo and Cy."""
    Heartbeat.beat()
    newsletter = NewsletterFactory()
    for address in (ADA, BO, CY):
        SubscriberFactory(email=address, newsletters=[newsletter])
    return EditionFactory(
        due=True, newsletter=newsletter, articles=[ArticleFactory(published=True)]
    )


def send(edition):
    """Start it and work until nothing is due; every delivery by its address."""
    worker.start(edition)
    return go_on(edition)


def go_on(edition):
    while worker.step(edition.pk):
        pass
    edition.refresh_from_db()
    rows = edition.deliveries.select_related("subscriber")
    return {delivery.subscriber.email: delivery for delivery in rows}


def wake(edition):
    """Let the time pass that retries wait for."""
    edition.deliveries.filter(state__in=["retry", "pending"]).update(
        due_at=timezone.now()
    )
    Pace.objects.all().delete()


def test_everybody_gets_it_once_and_the_edition_is_sent(server, edition):
    rows = send(edition)

    assert server.accepted == {ADA: 1, BO: 1, CY: 1}
    assert {row.state for row in rows.values()} == {"sent"}
    assert all(row.sent_at and row.lease_until is None for row in rows.values())
    assert edition.state == Edition.State.SENT
    assert (edition.audience_count, edition.sent_count) == (3, 3)
    # One conversation for all of them.
    assert server.handler.connections == 1


def test_the_message_carries_the_recipient_and_nobody_else(server, edition):
    rows = send(edition)

    message = message_from_bytes(server.handler.messages[ADA], policy=policy.default)
    assert message["To"] == ADA
    assert message["Message-ID"] == f"<{rows[ADA].token('message')}@example.org>"
    assert rows[ADA].token("unsubscribe") in message["List-Unsubscribe"]
    body = message.get_body(["html"]).get_content()
    assert rows[ADA].token("unsubscribe") in body
    assert rows[BO].token("unsubscribe") not in str(message)
    assert "placeholder" not in str(message)


def test_the_return_path_names_the_delivery(server, edition, settings):
    settings.BOUNCE_ADDRESS = "bounces@example.org"

    rows = send(edition)

    token = rows[BO].token("bounce")
    assert server.handler.senders[BO] == f"bounces+{token}@example.org"


def test_a_bad_address_fails_and_counts_as_a_bounce(server, edition):
    server.faults[BO] = "550 5.1.1 No such user"

    rows = send(edition)

    assert rows[BO].state == "failed"
    assert "No such user" in rows[BO].reason
    assert rows[BO].events.get().hard
    assert server.accepted == {ADA: 1, CY: 1}
    assert edition.state == Edition.State.SENT


def test_a_refusal_of_policy_is_no_bounce(server, edition):
    server.faults[BO] = "554 5.7.1 Not welcome here"

    rows = send(edition)

    assert rows[BO].state == "failed"
    assert not rows[BO].events.exists()


def test_a_refused_message_fails_with_the_servers_words(server, edition):
    server.faults[BO] = ("message", "554 5.6.0 Too ugly")

    rows = send(edition)

    assert (rows[BO].state, server.accepted[BO]) == ("failed", 0)
    assert "Too ugly" in rows[BO].reason


@pytest.mark.parametrize(
    "fault", ["452 4.3.1 No room", ("message", "452 Not now"), "drop"]
)
def test_a_temporary_failure_is_tried_again_as_the_same_message(server, edition, fault):
    server.faults[BO] = [fault]
    rows = send(edition)
    assert (rows[BO].state, rows[BO].attempts) == ("retry", 1)
    assert rows[BO].due_at > timezone.now()
    assert edition.state == Edition.State.SENDING

    wake(edition)
    rows = go_on(edition)

    assert server.accepted == {ADA: 1, BO: 1, CY: 1}
    assert edition.state == Edition.State.SENT
    message = message_from_bytes(server.handler.messages[BO])
    assert rows[BO].token("message") in message["Message-ID"]


def test_who_is_never_reached_fails_in_the_end(server, edition):
    server.faults[BO] = "452 4.3.1 No room"
    rows = send(edition)

    for _ in delivery.BACKOFF:
        wake(edition)
        rows = go_on(edition)

    assert rows[BO].state == "failed"
    assert rows[BO].reason.startswith("Given up: 452")
    assert edition.state == Edition.State.SENT


@pytest.mark.parametrize("code", [421, 450, 451, 454])
def test_throttling_slows_the_sender_to_a_domain(server, edition, code):
    server.faults[CY] = [f"{code} 4.7.0 Slower, please"] * 4
    rows = send(edition)
    assert (rows[CY].state, rows[CY].attempts) == ("retry", 1)
    slowed = Pace.objects.get()
    assert (slowed.domain, slowed.slowed_to >= 1) == ("example.net", True)

    for _ in range(4):
        wake(edition)
        rows = go_on(edition)

    assert rows[CY].state == "sent"
    assert server.accepted == {ADA: 1, BO: 1, CY: 1}


@pytest.mark.parametrize("fault", ["drop after", "hang after"])
def test_without_the_servers_word_it_is_uncertain_and_held(server, edition, fault):
    server.faults[BO] = [fault]

    rows = send(edition)
    wake(edition)
    rows = go_on(edition)

    assert rows[BO].state == "uncertain"
    assert server.accepted == {ADA: 1, BO: 1, CY: 1}
    numbers = edition.ledger()
    assert (numbers["sent"], numbers["uncertain"], numbers["audience"]) == (2, 1, 3)


def test_when_nothing_is_answered_it_pauses_before_many_are_uncertain(
    server, edition, monkeypatch
):
    monkeypatch.setattr(outcomes, "ALL_LOST", 2)
    for address in (ADA, BO, CY):
        server.faults[address] = "drop after"

    send(edition)

    assert edition.state == Edition.State.PAUSED
    assert edition.ledger()["uncertain"] == 2


def test_an_unreachable_server_costs_nobody_an_attempt(edition, settings):
    settings.MAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    settings.NEWSLETTER_CONNECTIONS = 1
    worker.start(edition)

    worker.step(edition.pk, seconds=1)

    edition.refresh_from_db()
    assert "cannot be reached" in edition.trouble
    waiting = edition.deliveries.filter(state="pending", attempts=0, claim=None)
    assert waiting.count() == 3


def test_when_everything_is_refused_it_pauses_before_all_have_failed(
    server, edition, monkeypatch
):
    monkeypatch.setattr(outcomes, "ALL_WRONG", 2)
    for address in (ADA, BO, CY):
        server.faults[address] = ("message", "554 5.7.1 You are on a blocklist")

    send(edition)

    assert edition.state == Edition.State.PAUSED
    assert "blocklist" in edition.held_because


# Leaving wins


LEAVE = {
    "unsubscribing": lambda s: s.unsubscribe(method=ConsentRecord.Method.ONE_CLICK),
    "a complaint": lambda s: s.suppress(
        "complained", "", method=ConsentRecord.Method.COMPLAINT
    ),
    "erasure": lambda s: s.erase(method=ConsentRecord.Method.PREFERENCES),
}


@pytest.mark.parametrize("leave", LEAVE.values(), ids=LEAVE)
@pytest.mark.parametrize("claimed", [False, True])
def test_who_leaves_during_a_send_gets_nothing(
    server, edition, leave, claimed, monkeypatch
):
    worker.start(edition)
    bo = edition.deliveries.get(subscriber__email=BO).subscriber
    if claimed:
        # Bo leaves when a worker has the delivery in hand already.
        claim = worker.Connection.claim

        def claim_and_then(connection):
            jobs = claim(connection)
            if jobs:
                leave(bo)
            return jobs

        monkeypatch.setattr(worker.Connection, "claim", claim_and_then)
    else:
        leave(bo)

    go_on(edition)

    assert server.accepted == {ADA: 1, CY: 1}
    assert edition.deliveries.get(subscriber=bo).state == "skipped"
    assert edition.deliveries.get(subscriber=bo).reason
    assert edition.state == Edition.State.SENT


# Who gets what


def test_only_mailable_subscribers_are_in_the_audience(server, edition):
    newsletter = edition.newsletter
    SubscriberFactory(email="pending@example.org", pending=True, newsletters=[])
    SubscriberFactory(email="other@example.org", newsletters=[NewsletterFactory()])
    tomorrow = timezone.localdate() + timedelta(days=1)
    SubscriberFactory(paused_until=tomorrow, newsletters=[newsletter])
    SubscriberFactory(
        email="back@example.org",
        paused_until=timezone.localdate(),
        newsletters=[newsletter],
    )

    rows = send(edition)

    assert set(rows) == {ADA, BO, CY, "back@example.org"}


def test_only_who_agreed_is_tracked(server, edition):
    SubscriberFactory(
        email="yes@example.org", tracked=True, newsletters=[edition.newsletter]
    )

    send(edition)

    assert b"/newsletter/click/" in server.handler.messages["yes@example.org"]
    assert b"/newsletter/open/" in server.handler.messages["yes@example.org"]
    for address in (ADA, BO, CY):
        assert b"/newsletter/click/" not in server.handler.messages[address]
        assert b"/newsletter/open/" not in server.handler.messages[address]


def test_who_chose_topics_gets_the_pieces_on_them_or_nothing(server, edition):
    energy, law = TopicFactory(), TopicFactory()
    on_energy = ArticleFactory(published=True, title="On energy", topics=[energy])
    edition.items.create(article=on_energy, order=1)
    ada, bo, _ = (d.subscriber for d in go_to(edition, ADA, BO, CY))
    ada.topics.add(energy)
    bo.topics.add(law)

    rows = go_on(edition)

    assert b"On energy" in server.handler.messages[ADA]
    assert b"Article" not in server.handler.messages[ADA].partition(b"\r\n\r\n")[0]
    other = edition.items.exclude(article=on_energy).get().article.title
    assert other.encode() not in server.handler.messages[ADA]
    assert other.encode() in server.handler.messages[CY]
    assert (rows[BO].state, rows[BO].reason) == (
        "skipped",
        "nothing on the chosen topics",
    )


def go_to(edition, *addresses):
    worker.start(edition)
    rows = edition.deliveries.select_related("subscriber")
    return [rows.get(subscriber__email=address) for address in addresses]


def test_an_address_beyond_ascii_is_mailed_where_the_server_can(server, edition):
    for address in ("zoë@example.org", "uli@bücher.example"):
        SubscriberFactory(email=address, newsletters=[edition.newsletter])

    rows = send(edition)

    assert rows["zoë@example.org"].state == "sent"
    assert rows["uli@bücher.example"].state == "sent"
    assert server.accepted["uli@xn--bcher-kva.example"] == 1


def test_without_a_mail_server_messages_are_files(edition, settings):
    settings.MAIL_BACKEND = "ecfr_site.mail.outbox.EmailBackend"
    settings.NEWSLETTER_CONNECTIONS = 1

    send(edition)

    assert len(outbox.list_newest()) == 3
    assert edition.state == Edition.State.SENT


# The ledger under several workers


@pytest.fixture
def advance(db):
    with ledger.prepare_statement() as advance:
        yield advance


def let_the_lease_end(monkeypatch):
    """It was short, so that it began long after the database did."""
    monkeypatch.setattr(delivery, "LEASE", timedelta())
    Delivery.objects.update(lease_until=timezone.now() - timedelta(milliseconds=1))


def test_what_is_frozen_at_the_start_is_what_is_sent(server, edition):
    worker.start(edition)
    article = edition.items.get().article
    article.title = "Changed afterwards"
    article.save()

    go_on(edition)

    assert b"Changed afterwards" not in server.handler.messages[ADA]


def test_two_claims_never_hold_the_same_delivery(edition):
    worker.start(edition)

    _, first = edition.claimable().claim(2)
    _, second = edition.claimable().claim(2)

    assert len(first) == 2
    assert len(second) == 1
    assert not set(first) & set(second)


def test_a_lost_worker_leaves_claims_to_others_and_one_uncertain(
    server, edition, advance, monkeypatch
):
    worker.start(edition)
    claim, numbers = edition.claimable().claim(3)
    own = Ledger(claim, numbers, advance)
    jobs = [
        Job(delivery, None)
        for delivery in Delivery.objects.filter(pk__in=numbers).order_by("pk")
    ]
    assert own.mark_submitting(jobs[0])
    own.mark_accepted(jobs[0])
    assert own.mark_submitting(jobs[1])
    # Killed here. Nothing is touched before the lease is over.
    go_on(edition)
    assert not server.accepted
    let_the_lease_end(monkeypatch)

    go_on(edition)

    states = [Delivery.objects.get(pk=job.delivery.pk).state for job in jobs]
    assert states == ["sent", "uncertain", "sent"]
    assert sum(server.accepted.values()) == 1


def test_a_worker_that_wakes_up_late_sends_nothing_twice(
    server, edition, advance, monkeypatch
):
    worker.start(edition)
    claim, numbers = edition.claimable().claim(3)
    late = Ledger(claim, numbers, advance)
    let_the_lease_end(monkeypatch)
    go_on(edition)

    for row in Delivery.objects.all():
        assert not late.mark_submitting(Job(row, None))


def test_a_worker_that_wakes_up_late_leaves_anothers_claim_alone(
    edition, advance, monkeypatch
):
    worker.start(edition)
    claim, numbers = edition.claimable().claim(3)
    late = Ledger(claim, numbers, advance)
    let_the_lease_end(monkeypatch)
    edition.deliveries.recover()
    edition.claimable().claim(3)
    before = list(Delivery.objects.values())

    for row in Delivery.objects.all():
        assert not late.mark_submitting(Job(row, None))
        late.mark_accepted(Job(row, None, remote_id="not mine"))
        late.commit()
        late.mark_failed(row, "not mine")
        late.retry(row, "not mine")
        late.mark_uncertain(row, "not mine")
        late.put_back(row)
        late.skip(row, "not mine")
    late.give_back()

    assert list(Delivery.objects.values()) == before


def test_who_is_not_to_be_mailed_any_more_is_not(server, edition):
    """Whatever ended it: also what told the ledger nothing."""
    worker.start(edition)
    Subscriber.objects.filter(email=ADA).update(status="complained")
    Subscriber.objects.get(email=BO).subscriptions.all().delete()

    rows = go_on(edition)

    assert [rows[address].state for address in (ADA, BO, CY)] == [
        "skipped",
        "skipped",
        "sent",
    ]
    assert rows[ADA].reason == "no longer subscribed"
    assert list(server.accepted) == [CY]


def test_what_was_claimed_before_the_database_started_is_uncertain(server, edition):
    worker.start(edition)
    _, numbers = edition.claimable().claim(2)
    Delivery.objects.filter(pk__in=numbers).update(lease_until=get_database_start())

    go_on(edition)

    claimed = Delivery.objects.filter(pk__in=numbers)
    assert {row.state for row in claimed} == {"uncertain"}
    assert sum(server.accepted.values()) == 1


def test_the_uncertain_are_sent_again_or_taken_for_sent(server, edition):
    for address in (ADA, BO):
        server.faults[address] = ["drop after"]
    rows = send(edition)
    manager = edition.deliveries

    manager.filter(pk=rows[ADA].pk).resend()
    manager.filter(pk=rows[BO].pk).accept()
    Edition.objects.update(state=Edition.State.SENDING)
    rows = go_on(edition)

    assert server.accepted == {ADA: 2, BO: 1, CY: 1}
    assert {row.state for row in rows.values()} == {"sent"}


def test_an_edition_whose_ledger_does_not_close_is_never_called_sent(server, edition):
    worker.start(edition)
    edition.deliveries.last().delete()

    go_on(edition)

    assert edition.state == Edition.State.PAUSED
    assert "does not close" in edition.held_because


def test_pausing_stops_it_and_resuming_goes_on(server, edition, newsletter_manager):
    worker.start(edition)
    edition.refresh_from_db()
    edition.pause(by=newsletter_manager.user)

    go_on(edition)
    assert not server.accepted

    edition.resume(by=newsletter_manager.user)
    go_on(edition)
    assert server.accepted == {ADA: 1, BO: 1, CY: 1}


def test_pausing_stops_a_worker_in_the_midst_of_a_batch(
    server, edition, newsletter_manager, monkeypatch
):
    monkeypatch.setattr(worker, "LOOK", 0)
    deliver = worker.Connection.deliver

    def deliver_and_pause(connection, job):
        deliver(connection, job)
        Edition.objects.get().pause(by=newsletter_manager.user)

    monkeypatch.setattr(worker.Connection, "deliver", deliver_and_pause)

    send(edition)

    assert sum(server.accepted.values()) == 1
    states = sorted(edition.deliveries.values_list("state", flat=True))
    assert states == ["pending", "pending", "sent"]


def test_an_error_of_ours_is_said_and_loses_nobody(server, edition, monkeypatch):
    worker.start(edition)
    edition.refresh_from_db()
    monkeypatch.setattr("newsletter.sending.jobs.compose", lambda *args: 1 / 0)

    worker.step(edition.pk)

    edition.refresh_from_db()
    assert "ZeroDivisionError" in edition.trouble
    assert edition.deliveries.filter(state="pending").count() == 3
    monkeypatch.undo()
    go_on(edition)
    assert (edition.state, edition.trouble) == (Edition.State.SENT, "")


def test_cancelling_skips_the_others_with_the_reason(
    server, edition, newsletter_manager
):
    worker.start(edition)
    edition.refresh_from_db()
    edition.cancel(by=newsletter_manager.user)

    rows = go_on(edition)

    assert not server.accepted
    assert {(row.state, row.reason) for row in rows.values()} == {
        ("skipped", "the edition was cancelled")
    }
