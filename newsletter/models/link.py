from django.db import models

# Longer addresses are not counted.
LONGEST = 1000


class Link(models.Model):
    """An address in an edition, by number: what a tracked link leads to."""

    edition = models.ForeignKey(
        "newsletter.Edition", models.CASCADE, related_name="links"
    )
    number = models.PositiveSmallIntegerField()
    url = models.URLField(max_length=LONGEST)
    article = models.ForeignKey(
        "articles.Article", models.SET_NULL, null=True, related_name="+"
    )

    readers_see = None

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "number"], name="unique_link")
        ]

    def __str__(self):
        return self.url
