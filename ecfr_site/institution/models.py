from django.db import models

from ecfr_site.caching.triggers import Seen
from ecfr_site.database.singleton import SingletonModel


class Institution(SingletonModel):
    """The publisher of the site: one row, edited in the admin."""

    name = models.CharField(
        max_length=200, default="Meridian Council on European Affairs"
    )
    short_name = models.CharField(max_length=60, default="Meridian Council")
    strapline = models.CharField(
        max_length=200,
        blank=True,
        help_text="One sentence for the home page and search engines.",
    )
    disclaimer = models.TextField(
        blank=True,
        help_text="Shown under every publication that has no disclaimer of its own.",
    )
    email = models.EmailField("e-mail address", blank=True)
    postal_address = models.TextField(blank=True)

    readers_see = Seen()

    class Meta(SingletonModel.Meta):
        verbose_name = "institution"
        verbose_name_plural = "institution"

    def __str__(self):
        return self.name
