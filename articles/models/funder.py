from django.db import models

from ecfr_site.caching.seen import Seen
from ecfr_site.institution.identifiers import ROR_SITE, RORField


class Funder(models.Model):
    """A payer for publications and projects, with what is printed about it."""

    name = models.CharField(max_length=200, unique=True)
    url = models.URLField("web site", max_length=300, blank=True)
    ror = RORField(
        "ROR ID",
        help_text="By which programs know the organisation: look it up at ror.org.",
    )
    statement = models.TextField(
        blank=True,
        max_length=1000,
        help_text="The sentence that the funder asks to print. Empty: “Funded by” "
        "and the name.",
    )

    readers_see = Seen()

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    @property
    def ror_url(self):
        return f"{ROR_SITE}{self.ror}" if self.ror else ""
