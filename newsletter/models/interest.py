from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone

from newsletter.models.following import Following, Frequency

if TYPE_CHECKING:
    from newsletter.models.subscriber import Subscriber  # noqa: F401 named below


class InterestQuerySet(models.QuerySet["Interest"]):
    def with_followed(self) -> "InterestQuerySet":
        """With what is followed, in the order of the page that lists them."""
        return self.select_related(*Following.KINDS).order_by("created", "pk")

    def start_anew(self) -> int:
        """Let no piece count that is public already: it may have been mailed."""
        return self.update(counts_from=timezone.now())


class Interest(Following):
    """An alert that a subscriber has confirmed: new work on one thing, and how often.

    What the alerts brought stands in AlertPiece. Ending an interest removes the row;
    the log of consent keeps what was.
    """

    MOST = 30

    subscriber = models.ForeignKey(
        "newsletter.Subscriber", models.CASCADE, related_name="interests"
    )
    frequency = models.CharField(max_length=10, choices=Frequency)
    created = models.DateTimeField(auto_now_add=True)
    # Only pieces that were published after this moment.
    counts_from = models.DateTimeField(default=timezone.now)

    readers_see = None

    objects = InterestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(topic__isnull=False, programme=None, author=None)
                | Q(topic=None, programme__isnull=False, author=None)
                | Q(topic=None, programme=None, author__isnull=False),
                name="interest_in_one_thing",
            ),
            *(
                models.UniqueConstraint(
                    fields=["subscriber", kind], name=f"unique_{kind}_interest"
                )
                for kind in Following.KINDS
            ),
        ]
        indexes = [models.Index(fields=["frequency"], name="interest_by_frequency")]

    def __str__(self):
        return f"{self.followed}, {self.get_frequency_display()}"

    def data(self):
        """For the subscriber, ready for JSON; reads what is followed."""
        return {
            "follows": str(self.followed),
            "kind": next(kind for kind in self.KINDS if getattr(self, f"{kind}_id")),
            "frequency": self.frequency,
            "created": self.created,
            "counts_from": self.counts_from,
        }


class AlertPiece(models.Model):
    """A piece that an alert brings to a subscriber: once, whatever becomes of it.

    The row is written with the delivery that brings it, and outlives the interest.
    """

    subscriber = models.ForeignKey(
        "newsletter.Subscriber", models.CASCADE, related_name="alert_pieces"
    )
    edition = models.ForeignKey(
        "newsletter.Edition", models.CASCADE, related_name="alert_pieces"
    )
    article = models.ForeignKey("articles.Article", models.CASCADE, related_name="+")
    # What it translates, or the piece itself: in whatever language, it comes once.
    original = models.ForeignKey("articles.Article", models.CASCADE, related_name="+")
    # Whoever ends it need not wait for a run that is being put together.
    interest = models.ForeignKey(
        Interest,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="pieces",
    )

    readers_see = None

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subscriber", "original"], name="unique_alert_piece"
            )
        ]

    def __str__(self):
        return f"{self.article} to {self.subscriber}"
