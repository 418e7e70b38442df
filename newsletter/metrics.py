"""Gauges of the newsletter: deliveries by state, and whether the scheduler runs."""

from datetime import timedelta

from django.db.models import Count
from django.utils import timezone

from ecfr_site.monitoring.metrics import Gauge
from ecfr_site.tasks.queue import age
from newsletter.models import Delivery, Heartbeat

# Older editions do not change any more, and there are millions of rows of them.
MAIL_DAYS = 7


def deliveries():
    """Deliveries by state, of the editions that began in the last days."""
    since = timezone.now() - timedelta(days=MAIL_DAYS)
    counted = (
        Delivery.objects.filter(edition__started_at__gte=since)
        .order_by()
        .values_list("state")
        .annotate(Count("pk"))
    )
    return dict.fromkeys(Delivery.State.values, 0) | dict(counted)


def clock_age():
    """Seconds since `run_due` last ran; None if it never did."""
    beat = Heartbeat.objects.values_list("beat_at", flat=True).first()
    return age(beat) if beat else None


GAUGES = [
    Gauge(
        "deliveries",
        f"Messages of editions of the last {MAIL_DAYS} days.",
        deliveries,
        labels=["state"],
    ),
    Gauge("clock_age_seconds", "Since run_due last ran.", clock_age),
]
