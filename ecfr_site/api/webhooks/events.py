"""Events that apps declare, and how they become rows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from django.db import transaction

from ecfr_site.api.webhooks.models import WebhookDelivery, WebhookEndpoint
from ecfr_site.api.webhooks.models import WebhookMessage as Message
from ecfr_site.declarations import find_declarations


@dataclass(frozen=True)
class Event:
    """Something that can be told, named as its type in a message.

    build: from the subject's number and address to the `data` of the message; None if
    there is nothing to tell of it any more.
    """

    name: str
    label: str
    build: Callable[[int, str], dict[str, Any] | None]


@cache
def list_events() -> dict[str, Event]:
    """{name: Event} of all apps."""
    return {
        event.name: event
        for module in find_declarations("webhooks")
        for event in module.EVENTS
    }


# Sent by hand to one endpoint, whatever it is told of else.
TEST = Event(
    "webhook.test",
    "A test message",
    lambda number, url: {"message": "This webhook works."},
)


def send_test(endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Write down a test message to this endpoint, which is told on commit."""
    message = Message.objects.create(event=TEST.name, subject=endpoint.pk)
    delivery = WebhookDelivery.objects.create(message=message, endpoint=endpoint)
    transaction.on_commit(partial(delivery.enqueue), robust=True)
    return delivery


def find_event(name: str) -> Event | None:
    """The event of this name, of an app's or for tests."""
    return TEST if name == TEST.name else list_events().get(name)


def announce(event: str, subject: int, url: str = "") -> int:
    """Write down who is to be told, in the transaction of the act; return how many.

    They are told on commit, or else by the scheduler.
    """
    endpoints = [each for each in WebhookEndpoint.objects.active() if each.wants(event)]
    if not endpoints:
        return 0
    message = Message.objects.create(event=event, subject=subject, url=url)
    for endpoint in endpoints:
        delivery = WebhookDelivery.objects.create(message=message, endpoint=endpoint)
        # One that fails is tried once a minute, not with each message.
        if not endpoint.failing_since:
            transaction.on_commit(partial(delivery.enqueue), robust=True)
    return len(endpoints)


def begin_watching() -> None:
    """Have each app remember what is published, where it has to: the first endpoint."""
    for module in find_declarations("webhooks"):
        if begin := getattr(module, "begin_watching", None):
            begin()
