"""Migration newsletter 0011 takes network addresses out of the log of consent."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from newsletter.models import ConsentRecord, Subscriber
from newsletter.models.consent_origin import ConsentOrigin
from tests.factories import SubscriberFactory

pytestmark = pytest.mark.django_db(transaction=True)

migration = import_module("newsletter.migrations.0011_addresses_of_consent")
SIGNED_UP = "Mailchimp: signed up 2023-01-01 10:00 from 192.0.2.1"
CONFIRMED = "confirmed 2023-01-02 11:00 from 2001:db8::1"


def record(source, method="import", **person):
    return ConsentRecord.objects.create(
        subscriber=SubscriberFactory(**person),
        action=ConsentRecord.Action.IMPORTED,
        method=method,
        source=source,
    )


def migrate():
    with connection.schema_editor() as editor:
        migration.move_addresses(apps, editor)


def get_source(record):
    return ConsentRecord.objects.get(pk=record.pk).source


def test_both_addresses_move_and_the_words_stay():
    both = record(f"{SIGNED_UP}, {CONFIRMED}")
    one = record(SIGNED_UP)

    migrate()

    assert get_source(both) == (
        "Mailchimp: signed up 2023-01-01 10:00, confirmed 2023-01-02 11:00"
    )
    origin = ConsentOrigin.objects.get(record=both)
    assert (origin.optin_ip, origin.confirm_ip) == ("192.0.2.1", "2001:db8::1")
    assert ConsentOrigin.objects.get(record=one).confirm_ip is None


def test_the_addresses_of_who_was_erased_go():
    erased = record(SIGNED_UP)
    Subscriber.objects.filter(pk=erased.subscriber_id).update(status="erased")

    migrate()

    assert "192.0.2.1" not in get_source(erased)
    assert not ConsentOrigin.objects.exists()


def test_all_other_records_stay_as_they_are():
    others = [
        record("Mailchimp: signed up 2023-01-01 10:00"),
        record("The fair, from 192.0.2.1"),
        record(SIGNED_UP, method="form"),
    ]
    record(SIGNED_UP)

    before = [get_source(each) for each in others]
    migrate()

    assert [get_source(each) for each in others] == before


def test_the_log_is_append_only_again():
    moved = record(SIGNED_UP)
    migrate()

    with pytest.raises(DatabaseError), transaction.atomic():
        ConsentRecord.objects.filter(pk=moved.pk).update(source="Another")


def test_run_twice_it_changes_nothing_more():
    moved = record(SIGNED_UP)
    migrate()
    migrate()

    assert ConsentOrigin.objects.filter(record=moved).count() == 1
