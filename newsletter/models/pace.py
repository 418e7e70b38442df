from django.db import models
from django.utils import timezone


class Pace(models.Model):
    """The sending rate of a recipient's domain, or "" for all together.

    One row is shared by all workers: each books the time of its next messages in it.
    """

    domain = models.CharField(max_length=255, unique=True)
    next_at = models.DateTimeField(default=timezone.now)
    # Seconds between two messages, after the other side asked to slow down.
    slowed_to = models.FloatField(null=True)
    slowed_at = models.DateTimeField(null=True)

    readers_see = None

    def __str__(self):
        return self.domain or "all"
