from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

from django.db import connection, models
from django.db.models.functions import StrIndex, Substr
from django.utils import timezone

ALL_ZONES = available_timezones()


class Audience:
    """Recipients of an edition, and its hour in each time zone."""

    def zone_times(self):
        """Pairs of time zone and the moment it is due there; one query if needed."""
        if not self.in_local_time:
            return []
        wall = timezone.localtime(self.scheduled_at).replace(tzinfo=None)
        zones = self.audience().order_by().values_list("time_zone", flat=True)
        return [
            (zone, datetime.combine(wall.date(), wall.time(), ZoneInfo(zone)))
            for zone in zones.exclude(time_zone="").distinct()
            if zone in ALL_ZONES
        ]

    def _freeze_audience(self, now):
        zones = [
            models.When(time_zone=zone, then=models.Value(due))
            for zone, due in self.zone_times()
        ]
        elsewhere = max(self.scheduled_at, now)
        return self.add_deliveries(
            self.audience(),
            models.Case(
                *zones,
                default=models.Value(elsewhere),
                output_field=models.DateTimeField(),
            ),
        )

    def add_deliveries(self, people, due_at):
        """A delivery for each, due at that expression; one statement. How many."""
        domain = Substr("normalised", StrIndex("normalised", models.Value("@")) + 1)
        audience = people.order_by().values_list("pk", due_at, domain)
        sql, parameters = audience.query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(
                # Django's own SQL, with its values bound.
                "INSERT INTO newsletter_delivery (edition_id, state, wave, attempts, "  # noqa: S608
                "reason, remote_id, subscriber_id, due_at, domain) SELECT %s, "
                f"'pending', 1, 0, '', '', audience.* FROM ({sql}) audience",
                [self.pk, *parameters],
            )
            return cursor.rowcount
