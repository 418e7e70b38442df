from django.db import models


class SiteEdition(models.Model):
    """How often what readers see has changed; one row, which the database counts.

    Pages are kept under this number (site_edition.py, page_cache.py).
    """

    number = models.BigIntegerField(default=0)

    readers_see = None

    def __str__(self):
        return str(self.number)
