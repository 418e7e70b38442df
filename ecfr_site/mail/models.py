from typing import ClassVar

from django.db import models
from django.utils import timezone

from ecfr_site.database.singleton import SingletonManager, SingletonModel


class MailHoldManager(SingletonManager["MailHold"]):
    def is_on(self) -> bool:
        """Return whether mail is held; one query."""
        return self.exists()

    def start(self) -> None:
        self.update_or_create(pk=1, defaults={"since": timezone.now()})

    def end(self) -> bool:
        """Let mail go out again; return whether it was held."""
        deleted, _ = self.all().delete()
        return bool(deleted)


class MailHold(SingletonModel):
    """While there is a row, no mail leaves.

    A copy restored from a backup has one until somebody says that it is the site now.
    """

    since = models.DateTimeField()

    readers_see = None

    objects: ClassVar[MailHoldManager] = MailHoldManager()

    class Meta(SingletonModel.Meta):
        default_permissions = ()

    def __str__(self) -> str:
        return f"since {self.since:%Y-%m-%d %H:%M}"
