"""Gauges of the newsletter: deliveries by state, and whether the scheduler runs."""

from datetime import timedelta

from django.db.models import Count
from django.utils import timezone

from ecfr_site.mail.models import MailHold
from ecfr_site.monitoring.health import judge_age
from ecfr_site.monitoring.metrics import Gauge
from ecfr_site.tasks.queue import age
from newsletter.models import Delivery, DomainHold, Heartbeat

# Older editions do not change any more, and there are millions of rows of them.
MAIL_DAYS = 7
# It runs each minute.
SCHEDULER_SECONDS = 300


def count_deliveries():
    """Deliveries by state, of the editions that began in the last days."""
    since = timezone.now() - timedelta(days=MAIL_DAYS)
    counted = (
        Delivery.objects.filter(edition__started_at__gte=since)
        .order_by()
        .values_list("state")
        .annotate(Count("pk"))
    )
    return dict.fromkeys(Delivery.State.values, 0) | dict(counted)


def measure_scheduler_age():
    """Seconds since `run_due` last ran; None if it never did."""
    beat = Heartbeat.objects.values_list("beat_at", flat=True).first()
    return age(beat)


def check_scheduler():
    if MailHold.objects.is_on():
        return "mail is held: this is a restored copy"
    return judge_age(measure_scheduler_age(), SCHEDULER_SECONDS, "ran", "never ran")


def count_holds():
    return DomainHold.objects.active().count()


CHECKS = {"scheduler": check_scheduler}
GAUGES = [
    Gauge(
        "deliveries",
        f"Messages of editions of the last {MAIL_DAYS} days.",
        count_deliveries,
        labels=["state"],
    ),
    Gauge("held_domains", "Recipients' domains that are left alone.", count_holds),
    Gauge("clock_age_seconds", "Since run_due last ran.", measure_scheduler_age),
]
