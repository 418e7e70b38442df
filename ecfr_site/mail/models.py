from django.db import models
from django.utils import timezone

from ecfr_site.database.singleton import SingletonManager, SingletonModel


class MailHoldManager(SingletonManager):
    def is_on(self):
        """Return whether mail is held; one query."""
        return self.exists()

    def start(self):
        self.update_or_create(pk=1, defaults={"since": timezone.now()})

    def end(self):
        """Let mail go out again; return whether it was held."""
        deleted, _ = self.all().delete()
        return bool(deleted)


class MailHold(SingletonModel):
    """While there is a row, no mail leaves.

    A copy restored from a backup has one until somebody says that it is the site now.
    """

    since = models.DateTimeField()

    readers_see = None

    objects = MailHoldManager()

    class Meta(SingletonModel.Meta):
        default_permissions = ()

    def __str__(self):
        return f"since {self.since:%Y-%m-%d %H:%M}"
