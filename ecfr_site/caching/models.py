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


class ContentTag(models.Model):
    """The content version in which what a tag names last changed; written by triggers.

    A tag that has no row never has (ecfr_site/caching/seen.py).
    """

    name = models.CharField(primary_key=True, max_length=60)
    number = models.BigIntegerField(db_index=True)

    readers_see = None

    def __str__(self) -> str:
        return self.name
