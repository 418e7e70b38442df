"""All that a batch of imported rows changes, in a fixed number of statements."""

from datetime import datetime

from newsletter import press_lists
from newsletter.import_export.rows import Plan, Row
from newsletter.models import (
    ConsentOrigin,
    ConsentRecord,
    Delivery,
    Newsletter,
    Signup,
    Subscriber,
    Subscription,
    Suppression,
    digest_address,
)

Analytics = Subscriber.Analytics
Action = ConsentRecord.Action
METHOD = ConsentRecord.Method.IMPORT


class Changes:
    """Decisions on rows, gathered one after another and stored together."""

    def __init__(self, plan: Plan, now: datetime):
        self.plan, self.now = plan, now
        self.created: list[Subscriber] = []
        self.changed: dict[str, Subscriber] = {}
        self.entries: list[tuple[Subscriber, Row, list[Newsletter]]] = []
        self.asked: list[tuple[Subscriber, list[Newsletter]]] = []
        self.left: list[tuple[Subscriber, set[int]]] = []
        self.ended: list[tuple[Subscriber, Row]] = []
        self.strangers: list[Row] = []

    def store(self) -> None:
        Subscriber.objects.bulk_create(self.created)
        new = {person.pk for person in self.created}
        Subscriber.objects.bulk_update(
            list(self.changed.values()),
            ["status", "confirmed_at", "language", "analytics"],
        )
        self._store_subscriptions()
        self._store_topics(new)
        self._store_consent()
        self._store_suppressions()
        self._store_leaving()
        self._store_questions()
        self._welcome()

    def _store_subscriptions(self) -> None:
        Subscription.objects.bulk_create(
            [
                Subscription(
                    subscriber=person,
                    newsletter=newsletter,
                    confirmed_at=row.confirmed_at or self.now,
                )
                for person, row, added in self.entries
                for newsletter in added
            ],
            update_conflicts=True,
            unique_fields=["newsletter", "subscriber"],
            update_fields=["confirmed_at"],
        )

    def _store_topics(self, new: set[int]) -> None:
        through = Subscriber.topics.through
        chosen = {
            (person.pk, topic.pk)
            for person, row, _ in self.entries
            for topic in row.topics
            if person.pk in new
        }
        through._default_manager.bulk_create(
            through(subscriber_id=person, topic_id=topic) for person, topic in chosen
        )

    def _store_consent(self) -> None:
        records, origins = [], []
        for person, row, added in self.entries:
            for newsletter in added:
                record = _record(person, Action.IMPORTED, row.source, newsletter.pk)
                records.append(record)
                if row.optin_ip or row.confirm_ip:
                    origins.append((record, row))
            records += _record_analytics(person, row)
        for person, leaving in self.left:
            records += [
                _record(person, Action.UNSUBSCRIBED, self._service, pk)
                for pk in leaving
            ]
        records += [
            _record(person, Action.SUPPRESSED, self._service)
            for person, _ in self.ended
        ]
        ConsentRecord.objects.bulk_create(records)
        ConsentOrigin.objects.bulk_create(
            ConsentOrigin(
                record=record, optin_ip=row.optin_ip, confirm_ip=row.confirm_ip
            )
            for record, row in origins
        )

    @property
    def _service(self) -> str:
        return self.plan.service or "The former list"

    def _store_suppressions(self) -> None:
        """Of strangers no address is kept, only its keyed hash."""
        rows = [("", row) for row in self.strangers]
        rows += [(person.email, row) for person, row in self.ended]
        Suppression.objects.bulk_create(
            [
                Suppression(
                    digest=digest_address(row.normalised),
                    email=email,
                    reason=row.ended,
                    detail=self._describe_end(row),
                )
                for email, row in rows
            ],
            update_conflicts=True,
            unique_fields=["digest"],
            update_fields=["email", "reason", "detail"],
        )

    def _describe_end(self, row: Row) -> str:
        day = f", {row.ended_at:%-d %B %Y}" if row.ended_at else ""
        return f"Imported: {self._service}{day}"

    def _store_leaving(self) -> None:
        """Subscriptions end, and messages that have not begun are not sent."""
        pairs = [(person.pk, pk) for person, leaving in self.left for pk in leaving]
        for newsletter in sorted({pk for _, pk in pairs}):
            people = [person for person, pk in pairs if pk == newsletter]
            Subscription.objects.filter(
                newsletter=newsletter, subscriber__in=people
            ).delete()
            Delivery.objects.filter(
                edition__newsletter=newsletter, subscriber__in=people
            ).skip("unsubscribed")
        if self.ended:
            Delivery.objects.filter(
                subscriber__in=[person.pk for person, _ in self.ended]
            ).skip("suppressed: imported")

    def _store_questions(self) -> None:
        """Signups whose mails go out one after another: `Signup.release_imported`."""
        signups = Signup.objects.bulk_create(
            Signup(
                subscriber=person,
                address=digest_address(person.normalised),
                held=True,
                imported=True,
            )
            for person, _ in self.asked
        )
        Signup.newsletters.through._default_manager.bulk_create(
            Signup.newsletters.through(signup_id=signup.pk, newsletter_id=newsletter.pk)
            for signup, (_, added) in zip(signups, self.asked, strict=True)
            for newsletter in added
        )

    def _welcome(self) -> None:
        """Whoever is put on a press list is told, whatever the plan says."""
        newsletters = {n: None for _, _, added in self.entries for n in added}
        for newsletter in newsletters:
            people = [
                person for person, _, added in self.entries if newsletter in added
            ]
            if newsletter.is_press_list:
                press_lists.notify(people, newsletter)
            elif self.plan.welcome:
                newsletter.welcome_mails.queue_all(people, newsletter)


def _record(person, action, source, newsletter_id=None):
    return ConsentRecord(
        subscriber=person,
        action=action,
        method=METHOD,
        newsletter_id=newsletter_id,
        source=source,
    )


def _record_analytics(person, row):
    if row.analytics == Analytics.GRANTED:
        return [_record(person, Action.ANALYTICS_GRANTED, row.analytics_source)]
    if row.analytics == Analytics.DENIED:
        source = row.analytics_source or row.source
        return [_record(person, Action.ANALYTICS_DENIED, source)]
    return []
