"""Process bounces and complaints."""

import re
from datetime import timedelta
from email.utils import parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from ecfr_site.mail.addresses import ascii_address, normalise
from ecfr_site.security import tokens
from newsletter.bounces import domain_guard
from newsletter.bounces.answers import COSTS, Fault, Verdict
from newsletter.models import (
    ConsentRecord,
    Delivery,
    Event,
    Subscriber,
    Suppression,
)

# What comes back later than this is about a message that nobody remembers.
MAX_AGE = timedelta(days=366)
# Of the tokens in a message, those that name its delivery.
PURPOSES = ("bounce", "message", "unsubscribe")
TOKEN = re.compile(
    rf"(?<![a-z2-7])[a-z2-7]{{{tokens.LENGTH}}}(?![a-z2-7])", re.IGNORECASE
)

# So long after the last bounce, the score starts afresh.
DECAY = timedelta(days=90)

_PART = r"[^\s<>()\[\]\"',;:@]"
ADDRESS = re.compile(rf"(?<!{_PART}){_PART}+@+{_PART}[^\s<>()\[\]\"',;:]*")


def build_return_path(delivery: Delivery) -> str:
    """The address that a mail server returns this message to (VERP).

    Reads the delivery's edition. Without BOUNCE_ADDRESS, the site's own address.
    """
    if not settings.BOUNCE_ADDRESS:
        return ascii_address(parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
    local, _, domain = ascii_address(settings.BOUNCE_ADDRESS).rpartition("@")
    return f"{local}+{delivery.token('bounce')}@{domain}"


def find_delivery(text: str) -> Delivery | None:
    """The delivery that a token in `text` was signed for, or None.

    `text` is a return path, or a header that holds a Message-ID or the address of
    unsubscribing.
    """
    for token in TOKEN.findall(text):
        for purpose in PURPOSES:
            try:
                number = tokens.check(purpose, token, MAX_AGE)
            except tokens.BadToken:
                continue
            return Delivery.objects.filter(pk=number).first()
    return None


def record_bounce(delivery: Delivery, verdict: Verdict, detail: str) -> Event:
    """Note that a message came back, and stop mailing an address that never works.

    A message counts once, however often we hear of it, and again only if it turns out
    to be worse: so it may be told twice, and half of the work done before a crash is
    done once. What is not the fault of the address is noted, and costs it nothing.
    Returns the event.
    """
    with transaction.atomic():
        subscriber = _lock_subscriber(delivery)
        known = delivery.events.filter(kind=Event.Kind.BOUNCE).first()
        if known and _cost_of(known) >= verdict.cost:
            return known
        event = known or Event(
            edition_id=delivery.edition_id, delivery=delivery, kind=Event.Kind.BOUNCE
        )
        event.hard = verdict.is_hard
        event.fault, event.reason = verdict.fault, verdict.reason
        event.detail = remove_addresses(detail)
        if domain_guard.is_spared(delivery):
            event.fault, event.reason = Fault.DOMAIN, domain_guard.REASON
        elif not subscriber.had_former_address(delivery.began_at):
            event.cost += _raise_score(subscriber, verdict, event.detail)
        event.save()
        domain_guard.spare_domain(delivery)
        return event


def record_address_bounce(address: str, verdict: Verdict, detail: str) -> None:
    """The same for a message that is no edition, as a confirmation mail: no event."""
    with transaction.atomic():
        if subscriber := _lock_subscriber_at(address):
            _raise_score(subscriber, verdict, remove_addresses(detail))


def record_complaint(delivery: Delivery, detail: str) -> Event:
    """Note a complaint of spam, and never mail this person again. Returns the event.

    From a former address it ends the subscriptions, which their owner may renew.
    """
    with transaction.atomic():
        subscriber = _lock_subscriber(delivery)
        event, _ = Event.objects.get_or_create(
            delivery=delivery,
            kind=Event.Kind.COMPLAINT,
            defaults={
                "edition_id": delivery.edition_id,
                "detail": remove_addresses(detail),
            },
        )
        if subscriber.had_former_address(delivery.began_at):
            subscriber.unsubscribe(method=ConsentRecord.Method.COMPLAINT)
        else:
            _suppress_complainer(subscriber, event.detail)
        return event


def record_address_complaint(address: str, detail: str) -> None:
    """The same for a message that is no edition."""
    with transaction.atomic():
        if subscriber := _lock_subscriber_at(address):
            _suppress_complainer(subscriber, remove_addresses(detail))


def _lock_subscriber(delivery: Delivery) -> Subscriber:
    """Its subscriber, for this transaction alone: two bounces are counted in turn."""
    return Subscriber.objects.select_for_update().get(pk=delivery.subscriber_id)


def _lock_subscriber_at(address: str) -> Subscriber | None:
    """The same by an address."""
    try:
        normalised = normalise(address)
    except ValidationError:
        return None
    return Subscriber.objects.select_for_update().filter(normalised=normalised).first()


def _cost_of(bounce: Event) -> float:
    """Return what it cost; before faults were noted, a soft one did, too."""
    if bounce.hard:
        return COSTS[Fault.ADDRESS]
    return COSTS.get(Fault(bounce.fault or Fault.MAILBOX), 0)


def _raise_score(subscriber: Subscriber, verdict: Verdict, detail: str) -> float:
    """Add what the verdict costs; a day counts no more than its hardest bounce.

    Returns by how much the score rose.

    Mailman keeps the score in this way, so that one bad day of a mail server costs
    nobody a subscription.
    """
    if not verdict.cost:
        return 0
    today = timezone.localdate()
    rise: float = verdict.cost
    hard = verdict.is_hard
    if subscriber.bounced_on == today:
        counted = COSTS[Fault.ADDRESS if subscriber.bounced_hard else Fault.MAILBOX]
        rise = max(0, rise - counted)
        hard = hard or subscriber.bounced_hard
    elif subscriber.bounced_on and today - subscriber.bounced_on > DECAY:
        subscriber.bounce_score = 0
    subscriber.bounce_score += rise
    subscriber.bounced_on = today
    subscriber.bounced_hard = hard
    subscriber.save(update_fields=["bounce_score", "bounced_on", "bounced_hard"])
    if subscriber.bounce_score >= settings.BOUNCE_THRESHOLD:
        subscriber.suppress(
            Suppression.Reason.BOUNCED,
            detail=f"Score {subscriber.bounce_score:g}. {detail}",
            method=ConsentRecord.Method.BOUNCE,
        )
    return rise


def _suppress_complainer(subscriber: Subscriber, detail: str) -> None:
    subscriber.suppress(
        Suppression.Reason.COMPLAINED,
        detail=detail,
        method=ConsentRecord.Method.COMPLAINT,
    )


def remove_addresses(detail: str) -> str:
    """A server's words that may be kept when the person is erased, and be seen by
    whoever may not see subscribers; no NUL, which PostgreSQL refuses."""
    detail = ADDRESS.sub("(address)", detail.replace("\x00", ""))
    return " ".join(detail.split())[:1000]
