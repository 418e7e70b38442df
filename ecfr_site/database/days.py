"""Days as rows are compared with them: by the moment that each begins."""

from datetime import date, datetime, time

from django.utils import timezone


def get_midnight(day: date) -> datetime:
    """The time when the day begins in the site's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))
