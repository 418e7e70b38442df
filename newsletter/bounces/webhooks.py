"""Process mail services' webhooks: events of django-anymail."""

import re
from typing import Any

from anymail.exceptions import AnymailError
from anymail.signals import (
    AnymailTrackingEvent,
    EventType,
    RejectReason,
    tracking,
)
from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation, ValidationError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt

from ecfr_site.mail.addresses import normalise
from newsletter.bounces import handler
from newsletter.bounces.answers import REPLY, STATUS, Fault, Stage, Verdict, judge
from newsletter.models import ConsentRecord, Delivery, Event

# Beside WEBHOOK_SECRET, by what a service proves that a message is its own.
SIGNATURES = (
    "WEBHOOK_SIGNING_KEY",
    "WEBHOOK_KEY",
    "SIGNING_SECRET",
    "TRACKING_SECRET",
    "TRACKING_WEBHOOK_VERIFICATION_KEY",
)
# In words, and in the services' names of their own events.
SOFT = re.compile(r"soft.?bounce|transient|temporar", re.IGNORECASE)


def is_secured() -> bool:
    """Return whether the service's messages can be told from forged ones."""
    service = settings.EMAIL_SERVICE.upper()
    return bool(
        settings.ANYMAIL.get("WEBHOOK_SECRET")
        or any(settings.ANYMAIL.get(f"{service}_{name}") for name in SIGNATURES)
    )


@csrf_exempt
def webhook(request: HttpRequest, path: str) -> HttpResponse:
    """Anymail's view for the service in use; to strangers a plain refusal (400).

    Its views for other services ask for secrets that are not ours, or for none, and
    stumble over what they do not expect.
    """
    try:
        match = resolve(f"/{path}", "anymail.urls")
        if path.partition("/")[0] != settings.EMAIL_SERVICE:
            raise BadRequest(f"No message at {path} is expected.")
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return response
    except (AnymailError, Resolver404) as error:
        raise BadRequest(f"No message at {path} is understood.") from error


@receiver(tracking, dispatch_uid="newsletter")
def receive(
    sender: type, event: AnymailTrackingEvent, esp_name: str, **kwargs: Any
) -> None:
    """Record what became of a message; the same event twice changes nothing.

    Deferred ones are still tried: the service says so when it gives up. Opens and
    clicks are our own affair. Raises SuspiciousOperation, answered with 400.
    """
    # Where no secret is set, Anymail's view lets anybody in.
    if not is_secured():
        raise SuspiciousOperation(f"No event of {esp_name} is expected.")
    detail = event.mta_response or event.description or event.event_type
    match event.event_type, event.reject_reason:
        case (EventType.COMPLAINED, _) | (EventType.REJECTED, RejectReason.SPAM):
            record_complaint(event, detail)
        case (EventType.UNSUBSCRIBED, _) | (
            EventType.REJECTED,
            RejectReason.UNSUBSCRIBED,
        ):
            unsubscribe(event)
        case (EventType.BOUNCED | EventType.REJECTED | EventType.FAILED, _):
            record_bounce(event, detail)


def record_bounce(event: AnymailTrackingEvent, detail: str) -> None:
    if delivery := find_delivery(event):
        handler.record_bounce(delivery, judge_event(event), detail)
    elif event.recipient:
        handler.record_address_bounce(event.recipient, judge_event(event), detail)


def record_complaint(event: AnymailTrackingEvent, detail: str) -> None:
    if delivery := find_delivery(event):
        handler.record_complaint(delivery, detail)
    elif event.recipient:
        handler.record_address_complaint(event.recipient, detail)


def unsubscribe(event: AnymailTrackingEvent) -> None:
    """Somebody used the service's own link: from this edition's newsletter."""
    delivery = find_delivery(event)
    if delivery and delivery.subscriber.unsubscribe(
        delivery.edition.newsletter, method=ConsentRecord.Method.ONE_CLICK
    ):
        Event.objects.create(
            edition=delivery.edition, delivery=delivery, kind=Event.Kind.UNSUBSCRIBE
        )


def judge_event(event: AnymailTrackingEvent) -> Verdict:
    """By the words of the receiving server, else by the kind that the service names.

    Services know of old bounces and wrong addresses without asking again, and describe
    a kind of event with every cause that it may have.
    """
    if event.event_type == EventType.FAILED:
        return judge(Stage.SERVICE, "")
    answer, description = event.mta_response or "", event.description or ""
    if not answer and (STATUS.search(description) or REPLY.search(description)):
        answer = description
    verdict = judge(Stage.SERVICE, answer)
    if verdict.fault is not Fault.NOBODY:
        return verdict
    if SOFT.search(f"{answer} {description} {event.esp_event}"):
        return judge(Stage.SERVICE, "", "soft")
    if event.reject_reason == RejectReason.BOUNCED:
        described = judge(Stage.SERVICE, description)
        if described.fault is not Fault.NOBODY:
            return described
    return judge(Stage.SERVICE, "", event.reject_reason or "")


def find_delivery(event: AnymailTrackingEvent) -> Delivery | None:
    """The delivery by the number that we gave to the service, else by its own."""
    number = str((event.metadata or {}).get("delivery", ""))
    if number.isdecimal():
        return Delivery.objects.filter(pk=number).first()
    if not event.message_id:
        return None
    found = Delivery.objects.filter(remote_id=event.message_id)
    if event.recipient and len(found[:2]) > 1:
        # One number for a whole batch.
        try:
            found = found.filter(subscriber__normalised=normalise(event.recipient))
        except ValidationError:
            return None
    found = found[:2]
    return found[0] if len(found) == 1 else None
