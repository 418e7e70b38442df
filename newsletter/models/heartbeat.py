from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Heartbeat(models.Model):
    """The last time and place that the scheduler sent from this database: one row.

    A database that was away for long, or wakes up as another site, may be a restored
    copy: nothing that it holds goes out by itself.
    """

    AWAY = timedelta(hours=1)

    beat_at = models.DateTimeField()
    site_url = models.CharField(max_length=300)

    readers_see = None

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_heartbeat")]

    def __str__(self):
        return f"{timezone.localtime(self.beat_at):%-d %B %Y, %H:%M}"

    @classmethod
    def is_steady(cls) -> bool:
        """Return whether the scheduler ran a moment ago; false before it ever ran."""
        return cls.objects.filter(
            site_url=settings.SITE_URL, beat_at__gt=timezone.now() - cls.AWAY
        ).exists()

    @classmethod
    def beat(cls):
        cls.objects.update_or_create(
            pk=1,
            defaults={"beat_at": timezone.now(), "site_url": settings.SITE_URL},
        )
