"""Sum up rare referrers, so that no row tells of one reader."""

from collections import Counter, defaultdict
from datetime import date, timedelta

from django.core.cache import cache
from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import TruncWeek
from django.utils import timezone

from ecfr_site.security.rate_limits import CACHE_ERRORS
from ecfr_site.statistics.models import Key, ReferrerCount
from ecfr_site.statistics.referrers import FEWEST, KNOWN_NAMES, OTHER

# How far back weeks are looked at: logs may be read late.
WEEKS = 8
# Sites of a week that are summed up in one transaction; the rest a minute later.
AT_ONCE = 500


# How often it is looked at whether there is something to do, in seconds: of a busy
# site the weeks have tens of thousands of rows.
EVERY = 3600


def fold_when_due() -> int:
    """`fold_rare_referrers`, once in a while."""
    try:
        is_due = cache.add("rare-referrers-folded", True, EVERY)
    except CACHE_ERRORS:
        is_due = True
    return fold_rare_referrers() if is_due else 0


def fold_rare_referrers() -> int:
    """Put sites of weeks that are over, with fewer than FEWEST requests, into OTHER.

    Returns how many rows went. One query where there is nothing to do.
    """
    today = timezone.localdate()
    monday = today - timedelta(days=today.weekday())
    rare = list(
        ReferrerCount.objects.between(
            monday - timedelta(weeks=WEEKS), monday - timedelta(days=1)
        )
        .exclude(site__in=[OTHER, *KNOWN_NAMES])
        .order_by()
        .values_list(TruncWeek("day"), "site")
        .annotate(requests=Sum("number"))
        .filter(requests__lt=FEWEST)
    )
    sites: defaultdict[date, list[str]] = defaultdict(list)
    for week, site, _ in rare:
        sites[week].append(site)
    return sum(_fold_week(week, names[:AT_ONCE]) for week, names in sites.items())


def _fold_week(week: date, sites: list[str]) -> int:
    with transaction.atomic():
        rows = ReferrerCount.objects.between(week, week + timedelta(days=6)).filter(
            site__in=sites
        )
        # Locked, so that what is added meanwhile is not lost.
        found = list(rows.order_by("pk").select_for_update())
        counts: Counter[Key] = Counter()
        for row in found:
            counts[row.day, row.view, row.object_id, OTHER] += row.number
        ReferrerCount.objects.add(counts)
        ReferrerCount.objects.filter(pk__in=[row.pk for row in found]).delete()
    return len(found)
