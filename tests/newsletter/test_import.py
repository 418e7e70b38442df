"""Subscribers come in from a table, on somebody's word, and nobody comes back by it."""

import csv

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from ecfr_site.csv_format import plain, safe
from ecfr_site.importing.csv_file import Record
from newsletter.import_export.batch import import_records
from newsletter.import_export.changes import Changes
from newsletter.import_export.columns import guess_fields
from newsletter.import_export.rows import REFUSED, Plan
from newsletter.models import (
    ConsentRecord,
    Newsletter,
    Subscriber,
    Subscription,
    Suppression,
    digest_address,
)
from tests.factories import NewsletterFactory, SubscriberFactory

pytestmark = pytest.mark.django_db

SOURCE = "Conference in Brussels, 3 March 2025"
QUERIES = 17


@pytest.fixture
def weekly(db):
    newsletter = Newsletter.objects.get(slug="weekly")
    newsletter.name = "The Weekly"
    newsletter.save()
    return newsletter


@pytest.fixture
def daily(db):
    return NewsletterFactory(slug="daily", name="The Daily", language="de")


def take(*rows, **defaults):
    """Import rows; each a dict that says only what matters."""
    full = {
        "email": "ada@example.org",
        "newsletters": "weekly",
        "consent_source": SOURCE,
    }
    headers = list(dict.fromkeys(name for row in [full, *rows] for name in row))
    cells = [[{**full, **row}.get(name, "") for name in headers] for row in rows]
    return import_records(
        [Record(number, row, "") for number, row in enumerate(cells, 2)],
        Plan(guess_fields(headers), **defaults),
    )


def outcomes(results):
    return [result.outcome for result in results]


def refusal(results):
    [row] = [result for result in results if result.outcome == REFUSED]
    return row.note


def note(results):
    return results[-1].note


def test_who_is_new_is_active_at_once_with_the_evidence(weekly):
    take({"confirmed_at": "2025-03-03"})

    subscriber = Subscriber.objects.get()
    assert subscriber.status == Subscriber.Status.ACTIVE
    assert subscriber.confirmed_at.isoformat() == "2025-03-02T23:00:00+00:00"
    assert list(Subscriber.objects.mailable(weekly)) == [subscriber]
    record = ConsentRecord.objects.get()
    assert record.subscriber == subscriber
    assert record.action == ConsentRecord.Action.IMPORTED
    assert record.method == ConsentRecord.Method.IMPORT
    assert record.newsletter == weekly
    assert record.source == SOURCE


def test_the_address_is_kept_as_written_and_known_by_its_normal_form(weekly):
    take({"email": " Ada@Example.ORG "})

    assert Subscriber.objects.get().email == "Ada@Example.ORG"
    assert Subscriber.objects.get().normalised == "ada@example.org"


def test_several_newsletters_are_named_with_spaces_or_commas(weekly, daily):
    take(
        {"email": "a@example.org", "newsletters": "weekly daily"},
        {"email": "b@example.org", "newsletters": "daily,weekly"},
    )

    assert Subscriber.objects.mailable(weekly).count() == 2
    assert Subscriber.objects.mailable(daily).count() == 2


def test_without_a_language_it_is_that_of_the_newsletter(daily, weekly):
    take({"newsletters": "daily"}, {"email": "fr@example.org", "language": "fr"})

    assert Subscriber.objects.get(email="ada@example.org").language == "de"
    assert Subscriber.objects.get(email="fr@example.org").language == "fr"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"email": "ada"}, "@-sign"),
        ({"email": ""}, "The e-mail address is missing."),
        ({"consent_source": ""}, "where and when they agreed"),
        ({"consent_source": "x" * 201}, "Longer than 200"),
        ({"newsletters": ""}, "does not name its newsletters"),
        ({"newsletters": "weekly monthly"}, "“monthly”"),
        ({"language": "tlh"}, "“tlh”"),
        ({"confirmed_at": "yesterday"}, "“yesterday” is not a date"),
        ({"confirmed_at": "2025-02-30"}, "“2025-02-30” is not a date"),
        ({"confirmed_at": "2999-01-01"}, "future"),
        ({"analytics": "yes"}, "granted, denied"),
    ],
)
def test_a_row_that_cannot_be_is_refused_and_the_others_are_taken(weekly, wrong, said):
    result = take({"email": "good@example.org"}, wrong)

    assert said in refusal(result)
    assert Subscriber.objects.get().email == "good@example.org"


def test_each_reason_is_said_once_in_our_spelling(weekly):
    long = {"consent_source": "x" * 201, "analytics_source": "x" * 201}

    assert refusal(take(long)).count("Longer than 200") == 1
    assert "An e-mail address must have" in refusal(take({"email": "ada"}))


def test_an_ended_newsletter_takes_no_more_subscribers(weekly):
    NewsletterFactory(slug="ended", active=False)

    assert "“ended”" in refusal(take({"newsletters": "ended"}))


@pytest.mark.parametrize("reason", Suppression.Reason)
def test_a_suppressed_address_is_refused_without_the_reason(weekly, reason):
    Suppression.objects.create(digest=digest_address("ada@example.org"), reason=reason)

    result = take({"email": "ADA@example.org"})

    assert refusal(result) == "This address is suppressed."
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("status", ["bounced", "complained", "erased"])
def test_who_is_not_mailed_any_more_is_refused(weekly, status):
    SubscriberFactory(email="ada@example.org")
    Subscriber.objects.update(status=status)

    assert refusal(take({})) == "This address is suppressed."
    assert not Subscription.objects.exists()


def test_who_is_known_gets_more_newsletters_and_nothing_else(weekly, daily):
    ada = SubscriberFactory(email="ada@example.org", newsletters=[weekly])

    result = take(
        {"newsletters": "weekly daily", "language": "pl", "analytics": "denied"}
    )

    assert outcomes(result) == ["updated"]
    assert note(result) == "The Daily"
    assert {s.newsletter for s in ada.subscriptions.confirmed()} == {weekly, daily}
    ada.refresh_from_db()
    assert ada.language == "en"
    assert ada.analytics == Subscriber.Analytics.UNKNOWN
    assert ConsentRecord.objects.get().newsletter == daily


def test_taking_the_same_table_again_changes_nothing(weekly):
    take({})

    result = take({})

    assert outcomes(result) == ["unchanged"]
    assert note(result) == "already known"
    assert ConsentRecord.objects.count() == 1


def test_who_unsubscribed_is_never_subscribed_again(weekly):
    SubscriberFactory(email="ada@example.org", status=Subscriber.Status.UNSUBSCRIBED)

    result = take({})

    assert outcomes(result) == ["unchanged"]
    assert "has unsubscribed" in note(result)
    assert not Subscription.objects.exists()


@pytest.mark.parametrize("everything", [False, True])
def test_who_left_one_newsletter_does_not_get_it_again(weekly, daily, everything):
    ada = SubscriberFactory(email="ada@example.org")
    ConsentRecord.objects.create(
        subscriber=ada,
        action=ConsentRecord.Action.UNSUBSCRIBED,
        method=ConsentRecord.Method.ONE_CLICK,
        newsletter=None if everything else weekly,
    )

    result = take({"newsletters": "weekly daily"})

    assert "has left The Weekly" in note(result)
    assert not Subscriber.objects.mailable(weekly).exists()
    assert Subscriber.objects.mailable(daily).exists() is not everything


def test_who_waited_for_confirmation_is_active_by_the_evidence(weekly):
    ada = SubscriberFactory(email="ada@example.org", pending=True)
    Subscription.objects.create(subscriber=ada, newsletter=weekly)

    take({"analytics": "denied"})

    assert list(Subscriber.objects.mailable(weekly)) == [ada]
    ada.refresh_from_db()
    assert ada.analytics == Subscriber.Analytics.DENIED


def test_an_address_that_stands_twice_becomes_one_person(weekly, daily):
    result = take({}, {"email": "ADA@example.org", "newsletters": "weekly daily"}, {})

    assert [row.note for row in result] == [
        "The Weekly",
        "The Daily",
        "already known",
    ]
    assert Subscriber.objects.get().subscriptions.count() == 2


def test_agreement_to_analytics_needs_its_own_evidence(weekly):
    agreed = {"analytics": "granted", "analytics_source": "Form, 4 March 2025"}
    take(agreed, {"email": "bo@example.org", "analytics": "granted"})

    ada = Subscriber.objects.get(email="ada@example.org")
    assert ada.analytics == Subscriber.Analytics.GRANTED
    record = ada.consent.get(action=ConsentRecord.Action.ANALYTICS_GRANTED)
    assert record.source == "Form, 4 March 2025"
    bo = Subscriber.objects.get(email="bo@example.org")
    assert bo.analytics == Subscriber.Analytics.UNKNOWN
    assert not bo.is_tracked


def test_a_refusal_of_analytics_is_believed_without_evidence(weekly):
    take({"analytics": "denied"})

    ada = Subscriber.objects.get()
    assert ada.analytics == Subscriber.Analytics.DENIED
    assert ada.consent.filter(action=ConsentRecord.Action.ANALYTICS_DENIED).exists()


def test_longer_tables_need_no_more_queries(weekly, django_assert_num_queries):
    columns = ["email", "newsletters", "consent_source", "optin_ip", "status"]

    def table(size, host):
        new = ["weekly", SOURCE, "192.0.2.7", ""]
        rows = [[f"r{i}@{host}", *new] for i in range(size)]
        gone = [[f"gone{i}@{host}", "", "", "", "cleaned"] for i in range(size)]
        left = [[f"left{i}@{host}", "", "", "", "unsubscribed"] for i in range(size)]
        return [Record(1, row, "") for row in rows + gone + left]

    for size in (3, 70):
        host = f"{size}.example"
        people = [f"{name}{i}@{host}" for name in ("gone", "left") for i in range(2)]
        for email in people:
            SubscriberFactory(email=email, newsletters=[weekly])
        # Two savepoints; newsletters and topics; suppressed, known, what they get and
        # left; people, changes, subscriptions, the log, origins, suppressions;
        # subscriptions that end, deliveries of those who left and of the others.
        with django_assert_num_queries(QUERIES):
            import_records(table(size, host), Plan(guess_fields(columns)))


@given(st.text())
def test_no_cell_is_a_formula_and_each_comes_back_as_it_was(text):
    assert not safe(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert plain(safe(text)) == text


# By the command, for long files


@pytest.fixture
def file(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "subscribers.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_a_file_of_more_than_one_chunk_is_taken_whole(weekly, file, capsys):
    rows = "\n".join(f"reader{i}@example.org" for i in range(2500))

    call_command(
        "import_subscribers", file(f"email\n{rows}\n"), source=SOURCE,
        newsletter=["weekly"],
    )  # fmt: skip

    assert Subscriber.objects.mailable(weekly).count() == 2500
    said = capsys.readouterr().out
    assert "2,500 rows" in said
    assert "2,500 new" in said


def test_what_a_killed_run_left_is_taken_by_the_next(weekly, file, monkeypatch):
    path = file("email\n" + "\n".join(f"r{i}@example.org" for i in range(2500)))
    order = {"source": SOURCE, "newsletter": ["weekly"]}
    store = Changes.store

    def die_in_the_second_chunk(self):
        if self.created[0].email == "r1000@example.org":
            raise KeyboardInterrupt
        store(self)

    monkeypatch.setattr(Changes, "store", die_in_the_second_chunk)
    with pytest.raises(KeyboardInterrupt):
        call_command("import_subscribers", path, **order)
    assert Subscriber.objects.count() == 1000
    monkeypatch.undo()

    call_command("import_subscribers", path, **order)

    assert Subscriber.objects.count() == 2500
    assert ConsentRecord.objects.count() == 2500


def test_a_dry_run_reports_and_stores_nothing(weekly, file, tmp_path, capsys):
    SubscriberFactory(email="left@example.org", status="unsubscribed")
    path = file("email;newsletters\nada@example.org;weekly\nleft@example.org;weekly\n"
                "=nobody;weekly\n")  # fmt: skip
    report = tmp_path / "report.csv"

    call_command(
        "import_subscribers", path, source=SOURCE, dry_run=True, report=str(report)
    )

    said = capsys.readouterr().out
    assert "1 new, 0 known with more newsletters, 1 unchanged, " in said
    assert "0 suppressed, 1 refused" in said
    assert not Subscriber.objects.filter(email="ada@example.org").exists()
    rows = list(csv.reader(report.open(encoding="utf-8-sig")))
    assert rows[0] == ["row", "email", "reason"]
    assert rows[1] == [
        "2",
        "left@example.org",
        "has unsubscribed and stays unsubscribed",
    ]
    assert rows[2][:2] == ["3", "'=nobody"]
    assert "@-sign" in rows[2][2]


def test_excels_byte_order_mark_and_ragged_rows_are_read(weekly, file):
    path = file("\ufeffEmail;Newsletters;Language\nada@example.org;weekly\n\n")

    call_command("import_subscribers", path, source=SOURCE)

    assert Subscriber.objects.mailable(weekly).count() == 1


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("name\nAda\n", {}, "“email” among them"),
        ("", {}, "The file is empty"),
        ("email\n", {"newsletter": ["monthly"]}, "no newsletter “monthly”"),
    ],
)
def test_the_command_refuses_what_it_cannot_read(file, text, options, said):
    with pytest.raises(CommandError, match=said):
        call_command("import_subscribers", file(text), **options)
