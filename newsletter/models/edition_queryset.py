from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from newsletter.models.delivery import Delivery
from newsletter.models.edition_state import State

if TYPE_CHECKING:
    from newsletter.models.edition import Edition
    from newsletter.models.newsletter import Newsletter


class EditionQuerySet(models.QuerySet["Edition"]):
    def issues(self) -> "EditionQuerySet":
        """Editions that editors put together: none of welcome mails or alerts."""
        return self.filter(is_welcome=False, alert="")

    def alerts(self) -> "EditionQuerySet":
        """Runs of alerts."""
        return self.exclude(alert="")

    def welcome_to(self, newsletter: "Newsletter") -> "Edition":
        """The edition that the welcome mails of a newsletter are deliveries of.

        It is always being sent, to whoever comes, and readers never find it.
        """
        edition, _ = self.get_or_create(
            newsletter=newsletter,
            is_welcome=True,
            defaults={"state": State.SENDING, "released_at": timezone.now()},
        )
        edition.newsletter = newsletter
        return edition

    def counting(self):
        """Issues without those that were cancelled before anybody got them."""
        return self.issues().exclude(state=State.CANCELLED, sent_count=0)

    def begun(self):
        """Issues that have gone out, or are on their way, to anybody."""
        return self.counting().filter(started_at__isnull=False)

    def public(self):
        """Editions in the readers' archive: those to everybody, of what has one."""
        has_archive = models.Q(newsletter__is_press_list=False) | models.Q(
            newsletter__public_archive=True
        )
        return self.begun().filter(has_archive, segment=None)

    def newest_first(self):
        return self.order_by("-started_at", "-pk")

    def drafts(self):
        return self.filter(state=State.DRAFT)

    def open(self) -> "EditionQuerySet":
        """Editions that can still be changed."""
        return self.filter(state__in=[State.DRAFT, State.SCHEDULED])

    def due(self):
        return self.filter(state=State.SCHEDULED, starts_at__lte=timezone.now())

    def sending(self) -> "EditionQuerySet":
        return self.filter(state=State.SENDING)

    def on_their_way(self):
        """Editions that go out without anybody doing anything more.

        Of welcome mails those that somebody waits for.
        """
        waiting = Delivery.objects.waiting().filter(edition=models.OuterRef("pk"))
        return self.filter(
            models.Q(is_welcome=False) | models.Exists(waiting),
            state__in=[State.SCHEDULED, State.SENDING],
        )

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
