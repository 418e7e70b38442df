import reversion
from django.conf import settings
from django.db import models
from django.utils import timezone

from ecfr_site.caching.triggers import Seen


@reversion.register()
class Correction(models.Model):
    """A correction that readers see: what was wrong, what is right, and its date."""

    article = models.ForeignKey(
        "articles.Article", models.CASCADE, related_name="corrections"
    )
    date = models.DateField(default=timezone.localdate)
    text = models.TextField(
        help_text="Say what the article said before and what is right."
    )

    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )

    readers_see = Seen(unseen=("by",))

    class Meta:
        ordering = ["date", "pk"]

    def __str__(self):
        return f"{self.date}: {self.text[:60]}"
