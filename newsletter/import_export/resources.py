"""Subscribers as rows of a table: what comes in, on whose word, and what goes out."""

from dataclasses import dataclass, field
from datetime import datetime, time

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.results import RowResult

from ecfr_site.csv_format import plain
from ecfr_site.importing import csv_rows
from ecfr_site.importing.admin import RowCSV
from ecfr_site.mail.addresses import check_reachable
from newsletter.import_export import services, subscriber_file
from newsletter.models import (
    ConsentRecord,
    Newsletter,
    Subscriber,
    Subscription,
    Suppression,
)

Status = Subscriber.Status
Analytics = Subscriber.Analytics
Action = ConsentRecord.Action
NOT_MAILED = {Status.BOUNCED, Status.COMPLAINED, Status.ERASED}
SUPPRESSED = "This address is suppressed."
KNOWN = "known already"
SOURCE_LENGTH = ConsentRecord._meta.get_field("source").max_length


class SubscriberCSV(RowCSV):
    columns = subscriber_file.COLUMNS


class RowAndNote(RowResult):
    """The result of a row, in words."""

    note = ""


@dataclass
class Entry:
    """A row as it was understood."""

    email: str
    normalised: str
    newsletters: list[Newsletter]
    language: str
    confirmed_at: datetime
    analytics: str
    analytics_source: str
    consent_source: str
    added: list[Newsletter] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    # Whether it makes somebody active, and not only adds newsletters.
    confirms: bool = False


class SubscriberResource(ModelResource):
    """Addresses that agreed elsewhere, in a fixed number of queries a table.

    Who is new is active at once. Of who is known nothing changes but that newsletters
    are added, and none that this person ever left. A row without `consent_source` or
    `newsletters` takes the ones given here; without a source it is refused.
    """

    newsletters = Field()
    analytics_source = Field()
    consent_source = Field()

    class Meta:
        model = Subscriber
        fields = [
            "email",
            "status",
            "newsletters",
            "language",
            "confirmed_at",
            "analytics",
            "analytics_source",
            "consent_source",
        ]
        import_id_fields = ["email"]
        use_bulk = True
        batch_size = None  # A table is written at once.
        skip_diff = True

    def __init__(self, source="", newsletters=(), **kwargs):
        super().__init__(**kwargs)
        self.source = source
        self.default_newsletters = list(newsletters)

    def get_import_order(self):
        return [
            "email",
            "newsletters",
            "language",
            "confirmed_at",
            "analytics",
            "analytics_source",
            "consent_source",
        ]

    def get_export_order(self):
        return [
            "email",
            "status",
            "newsletters",
            "language",
            "analytics",
            "confirmed_at",
        ]

    @classmethod
    def get_row_result_class(cls):
        return RowAndNote

    def for_export(self, subscribers):
        """An iterator of rows, the head first; memory does not grow with them."""
        yield self.get_export_headers()
        found = subscribers.prefetch_related("subscriptions__newsletter")
        for subscriber in found.iterator(chunk_size=2000):
            yield self.export_resource(subscriber)

    def dehydrate_newsletters(self, subscriber):
        return " ".join(
            subscription.newsletter.slug
            for subscription in subscriber.subscriptions.all()
            if subscription.confirmed_at
        )

    # What is known already: one query each for all rows

    def before_import(self, dataset, **kwargs):
        self.now = timezone.now()
        self.addresses = {cell: _address(cell) for cell in dataset["email"]}
        normalised = {a for a in self.addresses.values() if isinstance(a, str)}
        self.offered = {n.slug: n for n in Newsletter.objects.offered()}
        self.suppressed = Suppression.objects.suppressed(normalised)
        known = Subscriber.objects.filter(normalised__in=normalised)
        self.known = {subscriber.normalised: subscriber for subscriber in known}
        numbers = [subscriber.pk for subscriber in self.known.values()]
        self.subscribed = set(
            Subscription.objects.confirmed()
            .filter(subscriber__in=numbers)
            .values_list("subscriber__normalised", "newsletter")
        )
        self.left = set(
            ConsentRecord.objects.filter(
                subscriber__in=numbers, action=Action.UNSUBSCRIBED
            ).values_list("subscriber__normalised", "newsletter")
        )
        self.entries = []

    # One row

    def before_import_row(self, row, **kwargs):
        self.entry = self.read(row)

    def read(self, row):
        """The row as an Entry. Raises ValidationError, by column."""
        if problem := row.get(csv_rows.PROBLEM):
            raise ValidationError({"row": problem})
        services.check_subscribed(row)
        row = services.with_evidence(row)
        errors = {}

        def take(column, read):
            try:
                return read((row.get(column) or "").strip())
            except ValidationError as error:
                errors[column] = error

        normalised = take("email", lambda _: self._mailable(row.get("email")))
        newsletters = take("newsletters", self._newsletters)
        entry = Entry(
            email=plain((row.get("email") or "").strip()),
            normalised=normalised,
            newsletters=newsletters,
            language=take("language", _language)
            or (newsletters[0].language if newsletters else ""),
            confirmed_at=take("confirmed_at", _moment) or self.now,
            analytics=take("analytics", _analytics),
            analytics_source=take("analytics_source", _source),
            consent_source=take("consent_source", self._consent),
        )
        if errors:
            raise ValidationError(errors)
        if entry.analytics == Analytics.GRANTED and not entry.analytics_source:
            entry.analytics = Analytics.UNKNOWN
            entry.notes.append(
                "analytics: not asked, since it does not say where and when they agreed"
            )
        return entry

    def _mailable(self, cell):
        address = self.addresses[cell]
        if isinstance(address, ValidationError):
            raise address
        if address in self.suppressed:
            raise ValidationError(SUPPRESSED)
        known = self.known.get(address)
        if known and known.status in NOT_MAILED:
            raise ValidationError(SUPPRESSED)
        return address

    def _newsletters(self, cell):
        slugs = cell.replace(",", " ").split()
        unknown = [slug for slug in slugs if slug not in self.offered]
        if unknown:
            raise ValidationError(f"There is no newsletter “{'”, “'.join(unknown)}”.")
        found = [self.offered[slug] for slug in dict.fromkeys(slugs)]
        if not found and not self.default_newsletters:
            raise ValidationError("It does not say which newsletters.")
        return found or self.default_newsletters

    def _consent(self, cell):
        if not cell and not self.source:
            raise ValidationError("It does not say where and when they agreed.")
        return _source(cell or self.source)

    def get_instance(self, instance_loader, row):
        return self.known.get(self.entry.normalised)

    def import_instance(self, instance, row, **kwargs):
        entry = self.entry
        person = entry.normalised
        if instance.status == Status.UNSUBSCRIBED:
            entry.notes.append("has unsubscribed, and stays so")
            return
        for newsletter in entry.newsletters:
            if (person, newsletter.pk) in self.subscribed:
                continue
            if {(person, newsletter.pk), (person, None)} & self.left:
                entry.notes.append(f"has left {newsletter}, and stays so")
                continue
            entry.added.append(newsletter)
            self.subscribed.add((person, newsletter.pk))
        if instance.status == Status.PENDING and entry.added:
            self.confirm(instance)

    def confirm(self, subscriber):
        entry = self.entry
        entry.confirms = True
        subscriber.email = subscriber.email or entry.email
        subscriber.normalised = entry.normalised
        subscriber.status = Status.ACTIVE
        subscriber.confirmed_at = entry.confirmed_at
        subscriber.language = entry.language
        subscriber.analytics = entry.analytics

    def skip_row(self, instance, original, row, import_validation_errors=None):
        return not self.entry.added

    def save_instance(self, instance, is_create, row, **kwargs):
        if is_create:
            self.create_instances.append(instance)
            self.known[self.entry.normalised] = instance
        elif self.entry.confirms:
            self.update_instances.append(instance)
        self.entries.append((instance, self.entry))

    def get_bulk_update_fields(self):
        return ["status", "confirmed_at", "language", "analytics"]

    def after_import_row(self, row, row_result, **kwargs):
        notes = self.entry.notes
        if self.entry.added:
            notes.insert(0, ", ".join(str(n) for n in self.entry.added))
        row_result.note = "; ".join(notes) or KNOWN
        row_result.row_values = {"email": self.entry.email}

    # All rows

    def after_import(self, dataset, result, **kwargs):
        if result.has_errors():
            return  # It is rolled back.
        Subscription.objects.bulk_create(
            [
                Subscription(
                    subscriber=subscriber,
                    newsletter=newsletter,
                    confirmed_at=entry.confirmed_at,
                )
                for subscriber, entry in self.entries
                for newsletter in entry.added
            ],
            update_conflicts=True,
            unique_fields=["newsletter", "subscriber"],
            update_fields=["confirmed_at"],
        )
        ConsentRecord.objects.bulk_create(
            record
            for subscriber, entry in self.entries
            for record in _evidence(subscriber, entry)
        )


def _evidence(subscriber, entry):
    def record(action, source, newsletter=None):
        return ConsentRecord(
            subscriber=subscriber,
            action=action,
            method=ConsentRecord.Method.IMPORT,
            newsletter=newsletter,
            source=source,
        )

    for newsletter in entry.added:
        yield record(Action.IMPORTED, entry.consent_source, newsletter)
    if entry.confirms and entry.analytics == Analytics.GRANTED:
        yield record(Action.ANALYTICS_GRANTED, entry.analytics_source)
    if entry.confirms and entry.analytics == Analytics.DENIED:
        yield record(
            Action.ANALYTICS_DENIED, entry.analytics_source or entry.consent_source
        )


def _address(cell):
    """The normalised address, or the ValidationError that says why it is none."""
    try:
        return check_reachable(plain((cell or "").strip()))
    except ValidationError as error:
        return error


def _language(cell):
    if cell and cell not in dict(settings.LANGUAGES):
        raise ValidationError(f"The site has no language “{cell}”.")
    return cell


def _moment(cell):
    """Return when somebody confirmed, or None. Days begin at midnight of the site."""
    if not cell:
        return None
    try:
        day = parse_date(cell)
        moment = datetime.combine(day, time()) if day else parse_datetime(cell)
    except ValueError:
        moment = None
    if moment is None:
        raise ValidationError(f"“{cell}” is no date. Write it as 2025-03-31.")
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment)
    if moment > timezone.now():
        raise ValidationError("This is in the future.")
    return moment


def _analytics(cell):
    if cell and cell not in Analytics.values:
        raise ValidationError(f"Write {', '.join(Analytics.values)} or nothing.")
    return cell or Analytics.UNKNOWN


def _source(cell):
    if len(cell) > SOURCE_LENGTH:
        raise ValidationError(f"Longer than {SOURCE_LENGTH} characters.")
    return cell
