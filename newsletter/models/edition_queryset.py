from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from newsletter.models.delivery import Delivery
from newsletter.models.edition_state import State

if TYPE_CHECKING:
    from newsletter.models.edition import Edition  # noqa: F401 named below


class EditionQuerySet(models.QuerySet["Edition"]):
    def counting(self):
        """Without those that were cancelled before anybody got them."""
        return self.exclude(state=State.CANCELLED, sent_count=0)

    def public(self):
        """Editions in the readers' archive."""
        return self.counting().filter(started_at__isnull=False)

    def newest_first(self):
        return self.order_by("-started_at", "-pk")

    def due(self):
        return self.filter(state=State.SCHEDULED, starts_at__lte=timezone.now())

    def sending(self) -> "EditionQuerySet":
        return self.filter(state=State.SENDING)

    def on_their_way(self):
        """Editions that go out without anybody doing anything more."""
        return self.filter(state__in=[State.SCHEDULED, State.SENDING])

    def read_long_ago(self):
        """Of which it is still known who read them, for longer than that is kept."""
        limit = timezone.now() - timedelta(days=settings.READING_KEPT_DAYS)
        return self.filter(finished_at__lt=limit, readers_forgotten=False)

    def with_uncertain(self):
        """Each with `uncertain`: how many deliveries a person must decide on."""
        uncertain = (
            Delivery.objects.uncertain()
            .filter(edition=models.OuterRef("pk"))
            .order_by()
            .values("edition")
            .annotate(number=models.Count("pk"))
            .values("number")
        )
        return self.annotate(uncertain=Coalesce(models.Subquery(uncertain), 0))
