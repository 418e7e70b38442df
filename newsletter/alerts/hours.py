"""Hours of alerts, by the subscriber's own clock."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Case, DateTimeField, Value, When

from newsletter.models import Frequency
from newsletter.models.audience import ALL_ZONES

# Nothing is sent from one to the other.
QUIET_FROM, QUIET_UNTIL = time(22), time(7)
# Daily and weekly alerts have what was published until then.
SENT_AT = time(8)
MONDAY = 0


def find_zone(name: str) -> ZoneInfo:
    """The subscriber's, or the institution's for those who chose none."""
    return ZoneInfo(name if name in ALL_ZONES else settings.TIME_ZONE)


def is_quiet(moment: datetime, zone: ZoneInfo) -> bool:
    clock = moment.astimezone(zone).time()
    return clock >= QUIET_FROM or clock < QUIET_UNTIL


def find_morning(moment: datetime, zone: ZoneInfo) -> datetime:
    """The end of the quiet hours that the moment is in."""
    local = moment.astimezone(zone)
    day = local.date() + timedelta(days=local.time() >= QUIET_FROM)
    return datetime.combine(day, QUIET_UNTIL, zone)


def find_cutoff(frequency: str, moment: datetime, zone: ZoneInfo) -> datetime | None:
    """Until when pieces are in an alert that is sent now; None in quiet hours.

    Of daily and weekly ones the last hour at which one was due: whoever missed it, as
    when nothing worked, gets it later.
    """
    if is_quiet(moment, zone):
        return None
    if frequency == Frequency.AT_ONCE:
        return moment
    local = moment.astimezone(zone)
    day = local.date() - timedelta(days=local.time() < SENT_AT)
    if frequency == Frequency.WEEKLY:
        day -= timedelta(days=(day.weekday() - MONDAY) % 7)
    return datetime.combine(day, SENT_AT, zone)


def build_cutoffs(
    frequency: str, moment: datetime, names: Iterable[str], field: str
) -> Case | None:
    """An expression: the cut-off by the time zone in `field`, NULL in quiet hours.

    `names` are the zones to tell apart; None if it is quiet in all of them.
    """
    by_cutoff: dict[datetime, list[str]] = {}
    for name in names:
        if cutoff := find_cutoff(frequency, moment, find_zone(name)):
            by_cutoff.setdefault(cutoff, []).append(name)
    if not by_cutoff:
        return None
    whens = [
        When(**{f"{field}__in": zones}, then=Value(cutoff))
        for cutoff, zones in by_cutoff.items()
    ]
    return Case(*whens, output_field=DateTimeField())
