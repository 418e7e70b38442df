"""Spare the subscribers of a domain when most of it comes back at once.

A provider whose directory is down says "no such user" for everybody, and one that
blocks us may say the same. So the bounces of an edition are looked at together.
"""

from django.db.models import Exists, OuterRef, QuerySet

from ecfr_site.audit import log
from newsletter.bounces.answers import Fault
from newsletter.models import Delivery, DomainHold, Edition, Event, Subscriber

# So many at least, of those at the domain who were reached before.
FEWEST = 10
REASON = "most of the domain came back"


def is_spared(delivery: Delivery) -> bool:
    """Return whether bounces of this edition at this domain cost nobody anything."""
    return _bounces(delivery.edition, delivery.domain).filter(reason=REASON).exists()


def spare_domain(delivery: Delivery) -> bool:
    """Take back what an edition's bounces cost at a domain of which most came back.

    Holds the domain, too. Returns whether it did. To be called after a bounce was
    recorded; a fixed number of queries unless it does.
    """
    edition, domain = delivery.edition, delivery.domain
    bounces = _bounces(edition, domain).filter(cost__gt=0)
    # Nobody who is welcomed was reached before.
    if edition.is_welcome or not domain or bounces.count() < FEWEST:
        return False
    reached = _reached_before(edition, domain)
    came_back = reached.filter(events__kind=Event.Kind.BOUNCE, events__cost__gt=0)
    if came_back.count() < FEWEST or 2 * came_back.count() <= reached.count():
        return False
    costs = bounces.values_list("delivery__subscriber", "cost")
    for subscriber, cost in list(costs):
        Subscriber.objects.get(pk=subscriber).forgive_bounce(cost)
    bounces.update(cost=0, fault=Fault.DOMAIN, reason=REASON)
    because = "Most of its subscribers who were reached before came back."
    hold = DomainHold.objects.hold(domain, because, Fault.DOMAIN, edition)
    hold.notice_due = True
    hold.save(update_fields=["notice_due"])
    log.record("send", object=edition, detail=f"{domain}: {REASON}.")
    return True


def _bounces(edition: Edition, domain: str) -> QuerySet[Event]:
    return Event.objects.filter(
        edition=edition, kind=Event.Kind.BOUNCE, delivery__domain=domain
    )


def _reached_before(edition: Edition, domain: str) -> QuerySet[Delivery]:
    """Deliveries to the domain that a server has answered, of people mailed before."""
    before = Delivery.objects.filter(
        subscriber=OuterRef("subscriber"),
        edition__started_at__lt=edition.started_at,
        state=Delivery.State.SENT,
    )
    return edition.deliveries.filter(
        Exists(before),
        domain=domain,
        state__in=[Delivery.State.SENT, Delivery.State.FAILED],
    )
