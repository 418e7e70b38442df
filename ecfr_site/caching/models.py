from django.db import models


class ContentVersion(models.Model):
    """The version of what readers see; one row, which triggers count up.

    Pages are cached under this number (ecfr_site/caching/triggers.py).
    """

    number = models.BigIntegerField(default=0)

    readers_see = None

    class Meta:
        db_table = "ecfr_site_siteedition"

    def __str__(self) -> str:
        return str(self.number)
