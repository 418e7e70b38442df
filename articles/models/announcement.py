from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

# How long telling may take, with the tries again of a task, before it is thought lost.
LOST_AFTER = timedelta(hours=1)


class AnnouncementQuerySet(models.QuerySet):
    def start(self, channel, at):
        """The channel's row; a new one knows of all that was public `at` that time."""
        return self.get_or_create(channel=channel, defaults={"told_until": at})[0]

    def claim(self, channel):
        """Return whether the caller, and nobody else now, shall have it told."""
        now = timezone.now()
        free = Q(asked_at=None) | Q(asked_at__lt=now - LOST_AFTER)
        return bool(self.filter(free, channel=channel).update(asked_at=now))


class Announcement(models.Model):
    """The time until which a hub or a search engine has been told of changes.

    Written after it was told: a task that is lost or fails leaves nothing out.
    """

    # The hub's address, or the name of the protocol (articles/announcements.py).
    channel = models.CharField(max_length=500, unique=True)
    told_until = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)

    readers_see = None

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        # Nobody edits them.
        default_permissions = ()

    def __str__(self):
        return self.channel

    def record_told(self, until):
        type(self).objects.filter(pk=self.pk).update(told_until=until, asked_at=None)
