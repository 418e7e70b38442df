"""Webhooks reach a receiver signed, are tried again, and end somewhere."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from articles.webhooks import announce_changes
from ecfr_site.api.webhooks import sending
from ecfr_site.api.webhooks.events import announce
from ecfr_site.api.webhooks.models import (
    BACKOFF,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
)
from ecfr_site.api.webhooks.tasks import deliver, enqueue_due
from ecfr_site.security import outbound
from tests.factories import ArticleFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivery(endpoint, article):
    announce("article.published", article.pk, "https://site.example/article/cables/")
    return WebhookDelivery.objects.get()


def attempt(delivery):
    """Once more, as if its time had come."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(due_at=timezone.now())
    deliver.call(delivery.pk)
    delivery.refresh_from_db()


def verify(endpoint, request, secret=None):
    headers, body = request
    return Webhook(secret or endpoint.secret).verify(body, headers)


def test_a_message_is_the_article_of_the_api_signed(
    delivery, endpoint, receiver, reader
):
    deliver.call(delivery.pk)

    [(headers, body)] = receiver.received
    message = verify(endpoint, (headers, body))
    assert message["type"] == "article.published"
    assert message["data"] == reader.get("/api/v1/articles/cables").json()
    assert headers["webhook-id"] == delivery.message_id
    delivery.refresh_from_db()
    assert (delivery.state, delivery.status, delivery.attempts) == (
        "delivered",
        200,
        1,
    )
    assert delivery.response == "Thank you."


def test_a_forged_message_is_told(delivery, endpoint, receiver):
    deliver.call(delivery.pk)
    [(headers, body)] = receiver.received

    with pytest.raises(WebhookVerificationError):
        verify(endpoint, (headers, body.replace(b"Cables", b"Tables")))


def test_it_is_sent_on_commit(
    endpoint, article, receiver, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        announce("article.updated", article.pk)
        assert not receiver.received

    assert len(receiver.received) == 1


def test_a_task_run_twice_sends_once(delivery, receiver):
    deliver.call(delivery.pk)
    deliver.call(delivery.pk)

    assert len(receiver.received) == 1


def test_a_lost_task_is_found_by_the_scheduler(delivery, receiver):
    enqueue_due()

    assert len(receiver.received) == 1
    assert enqueue_due() == 0


def test_both_secrets_sign_for_a_day_after_a_change(delivery, endpoint, receiver):
    former = endpoint.secret
    endpoint.rotate_secret()
    deliver.call(delivery.pk)

    [request] = receiver.received
    assert verify(endpoint, request)
    assert verify(endpoint, request, secret=former)
    endpoint.former_until = timezone.now()
    assert endpoint.secrets == [endpoint.secret]


@pytest.mark.parametrize("status", [302, 400, 500])
def test_what_is_not_accepted_is_tried_again_later(delivery, receiver, status):
    receiver.status, receiver.answer = status, b"No."
    before = timezone.now()
    deliver.call(delivery.pk)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.status) == ("waiting", status)
    assert delivery.response == "No."
    assert delivery.due_at >= before + BACKOFF[0]
    # A redirect is not followed.
    assert len(receiver.received) == 1
    receiver.status = 200
    attempt(delivery)
    ids = {headers["webhook-id"] for headers, _ in receiver.received}
    assert (delivery.state, len(ids)) == ("delivered", 1)


def test_after_the_last_attempt_it_is_given_up(delivery, receiver):
    receiver.status = 503
    WebhookDelivery.objects.update(attempts=len(BACKOFF))

    attempt(delivery)

    assert delivery.state == "failed"


def test_a_failing_endpoint_is_asked_with_one_message_a_minute(
    delivery, endpoint, receiver, article
):
    receiver.status = 500
    deliver.call(delivery.pk)
    for _ in range(3):
        announce("article.updated", article.pk)

    assert enqueue_due() == 1


def test_an_endpoint_that_fails_for_days_is_switched_off_and_managers_are_told(
    delivery, endpoint, receiver, article
):
    UserFactory(manager=True, email="boss@example.org")
    UserFactory(editor=True, email="editor@example.org")
    receiver.status = 500
    announce("article.updated", article.pk)
    WebhookEndpoint.objects.update(failing_since=timezone.now() - timedelta(days=4))

    attempt(delivery)

    endpoint.refresh_from_db()
    assert not endpoint.active
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"failed"}
    assert [each.to for each in mail.outbox] == [["boss@example.org"]]
    assert receiver.url in mail.outbox[0].body


def test_a_receiver_that_is_gone_is_switched_off_at_once(delivery, endpoint, receiver):
    receiver.status = 410
    deliver.call(delivery.pk)

    endpoint.refresh_from_db()
    assert not endpoint.active


def test_success_ends_a_row_of_failures(delivery, endpoint, receiver):
    WebhookEndpoint.objects.update(failing_since=timezone.now() - timedelta(days=4))
    deliver.call(delivery.pk)

    endpoint.refresh_from_db()
    assert endpoint.failing_since is None


def test_a_slow_receiver_is_not_waited_for(delivery, receiver, monkeypatch):
    monkeypatch.setattr(sending, "SECONDS", 0.1)
    receiver.seconds = 5
    deliver.call(delivery.pk)

    delivery.refresh_from_db()
    assert delivery.state == "waiting"
    assert "TimeoutError" in delivery.response


def test_a_long_answer_is_cut(delivery, receiver):
    receiver.answer = b"x" * 100_000
    deliver.call(delivery.pk)

    delivery.refresh_from_db()
    assert len(delivery.response) == sending.MOST_BYTES


def test_nothing_is_sent_into_private_networks(delivery, receiver, settings):
    settings.LINKS_MAY_BE_PRIVATE = False
    deliver.call(delivery.pk)

    delivery.refresh_from_db()
    assert not receiver.received
    assert "private network" in delivery.response


def test_what_was_withdrawn_meanwhile_is_not_sent(delivery, receiver, article):
    article.state = "withdrawn"
    article.save()
    deliver.call(delivery.pk)

    delivery.refresh_from_db()
    assert delivery.state == "obsolete"
    assert not receiver.received


def test_old_messages_are_removed_and_new_ones_kept(endpoint, article, settings):
    settings.WEBHOOKS_KEPT_DAYS = 5
    for _ in range(3):
        announce("article.updated", article.pk)
    ended, waiting, new = WebhookDelivery.objects.order_by("pk")
    long_ago = timezone.now() - timedelta(days=6)
    rows = WebhookDelivery.objects
    rows.filter(pk__in=[ended.pk, new.pk]).update(state="delivered")
    rows.filter(pk__in=[ended.pk, waiting.pk]).update(created=long_ago)
    rows.filter(pk=waiting.pk).update(due_at=timezone.now() + timedelta(hours=1))
    WebhookMessage.objects.update(happened_at=long_ago)

    enqueue_due()

    assert set(rows.all()) == {waiting, new}
    assert WebhookMessage.objects.count() == 2


def test_without_a_webhook_nothing_is_written_down(article):
    announce_changes.call()
    ArticleFactory(published=True)
    announce_changes.call()

    assert not WebhookMessage.objects.exists()


def test_only_what_an_endpoint_asks_for_is_sent(endpoint, article, receiver):
    endpoint.events = ["article.withdrawn"]
    endpoint.save()

    assert announce("article.published", article.pk) == 0


@pytest.fixture
def meanwhile(monkeypatch):
    """Have something done at the desk while a message is on its way."""

    def do(act):
        post = outbound.post

        def post_and_act(*arguments):
            answer = post(*arguments)
            act()
            return answer

        monkeypatch.setattr(outbound, "post", post_and_act)

    return do


@pytest.mark.parametrize("status", [200, 500, 410])
def test_a_webhook_may_be_deleted_while_it_is_told(
    delivery, endpoint, receiver, meanwhile, status
):
    receiver.status = status
    meanwhile(endpoint.delete)

    deliver.call(delivery.pk)

    assert receiver.received
    assert not WebhookDelivery.objects.exists()


def test_what_fails_while_it_is_switched_off_is_not_sent_later(
    delivery, endpoint, receiver, meanwhile
):
    receiver.status = 500
    meanwhile(endpoint.switch_off)

    deliver.call(delivery.pk)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.status) == ("failed", 500)
