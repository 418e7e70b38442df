from django.conf import settings
from django.db import models


class NotificationPreference(models.Model):
    """The news of articles that somebody wants by e-mail; all of it without a row."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notice_choice"
    )
    submitted = models.BooleanField("something waits for review", default=True)
    returned = models.BooleanField("my work comes back", default=True)
    approved = models.BooleanField("my work is approved", default=True)
    published = models.BooleanField("my work is published", default=True)
    assigned = models.BooleanField("something is assigned to me", default=True)
    commented = models.BooleanField("somebody comments on my work", default=True)
    mentioned = models.BooleanField("somebody mentions me", default=True)

    readers_see = None

    class Meta:
        db_table = "articles_noticechoice"

    def __str__(self):
        return f"Notices for {self.user}"

    def wants(self, event):
        """Return whether `event`, the name of one of the choices, is to be told."""
        return getattr(self, event)
