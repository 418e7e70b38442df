import reversion
from django.db import models
from django.utils import timezone

from articles.models.validation import check_day
from ecfr_site.accounts.actors import build_actor_field
from ecfr_site.caching.seen import CORRECTIONS, Seen


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

    by = build_actor_field(editable=False)

    # They have a list of their own.
    readers_see = Seen(
        tags=("article-{article_id}", CORRECTIONS), part_of="article", unseen=("by",)
    )

    class Meta:
        ordering = ["date", "pk"]

    def __str__(self):
        return f"{self.date}: {self.text[:60]}"

    def clean(self):
        check_day(self.article, "date", self.date)
