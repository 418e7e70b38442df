"""Limits on the sending rate that all workers share, with back-off.

Every limit has a row in which a worker books the times of its next messages, so that
ten workers together are no faster than one may be.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from newsletter.models import Pace

# The row for all recipients together.
EVERYBODY = ""
# Times further off than this are not waited for with open connections.
HORIZON = timedelta(seconds=10)
# After a complaint of the other side: seconds between messages, at first and at most;
# and how long it takes until half of the slowness is forgotten.
SLOWED = 1.0
SLOWEST = 60.0
HALF_LIFE = timedelta(minutes=5)
FORGOTTEN = 0.05


def compute_interval(pace: Pace, now: datetime) -> float:
    """Seconds between two messages under this row's limits; 0 is no limit."""
    if pace.domain == EVERYBODY:
        rate = settings.NEWSLETTER_RATE
    else:
        rate = settings.NEWSLETTER_DOMAIN_RATES.get(pace.domain, 0)
    slowed = 0.0
    if pace.slowed_to and pace.slowed_at:
        slowed = pace.slowed_to * 0.5 ** ((now - pace.slowed_at) / HALF_LIFE)
    return max(1 / rate if rate else 0.0, slowed if slowed > FORGOTTEN else 0.0)


def find_limits() -> dict[str, Pace]:
    """The rows that limit anything now, by domain; one query."""
    now = timezone.now()
    configured = list(settings.NEWSLETTER_DOMAIN_RATES)
    if settings.NEWSLETTER_RATE:
        configured.append(EVERYBODY)
    known = {
        pace.domain: pace
        for pace in Pace.objects.filter(
            Q(domain__in=configured) | Q(slowed_at__gt=now - timedelta(hours=1))
        )
    }
    for domain in configured:
        if domain not in known:
            known[domain], _ = Pace.objects.get_or_create(domain=domain)
    return {
        domain: pace for domain, pace in known.items() if compute_interval(pace, now)
    }


def find_exhausted(paces: dict[str, Pace]) -> set[str]:
    """The domains that cannot take more within the horizon."""
    return {p.domain for p in paces.values() if p.next_at > timezone.now() + HORIZON}


def reserve(domains: list[str], paces: dict[str, Pace]) -> list[datetime | None]:
    """The time of each message, given by its recipient's domain; None: not soon."""
    now = timezone.now()
    wanted = Counter(domain for domain in domains if domain in paces)
    if EVERYBODY in paces and domains:
        wanted[EVERYBODY] = len(domains)
    booked = {domain: _reserve(domain, number) for domain, number in wanted.items()}
    slots: list[datetime | None] = []
    for domain in domains:
        times = [next(booked[key], None) for key in {domain, EVERYBODY} & booked.keys()]
        free = [time for time in times if time is not None]
        slots.append(max(free, default=now) if len(free) == len(times) else None)
    return slots


@transaction.atomic
def _reserve(domain: str, number: int) -> Iterator[datetime]:
    pace = Pace.objects.select_for_update().get(domain=domain)
    now = timezone.now()
    start = max(pace.next_at, now)
    seconds = compute_interval(pace, now)
    room = (
        int((now + HORIZON - start).total_seconds() / seconds) + 1
        if seconds
        else number
    )
    step = timedelta(seconds=seconds)
    slots = [start + place * step for place in range(min(number, max(0, room)))]
    pace.next_at = start + len(slots) * step
    pace.save(update_fields=["next_at"])
    return iter(slots)


@transaction.atomic
def back_off(domain: str) -> None:
    """The other side asked for it: send half as fast as now, and ever faster again."""
    Pace.objects.get_or_create(domain=domain)
    pace = Pace.objects.select_for_update().get(domain=domain)
    now = timezone.now()
    pace.slowed_to = min(SLOWEST, max(SLOWED, 2 * compute_interval(pace, now)))
    pace.slowed_at = now
    pace.next_at = max(pace.next_at, now + timedelta(seconds=pace.slowed_to))
    pace.save()
