"""Exports of other services as they are: their evidence, and who left there."""

import io
import zipfile

import pytest
from django.utils import timezone

from ecfr_site.importing.csv_file import Unreadable, detect_format, read_table
from newsletter import tasks
from newsletter.import_export import archive
from newsletter.import_export.batch import import_records
from newsletter.import_export.columns import guess_fields, recognise_service
from newsletter.import_export.rows import Plan
from newsletter.models import (
    ConsentRecord,
    Delivery,
    Newsletter,
    Signup,
    Subscriber,
    Suppression,
)
from tests.factories import DeliveryFactory, NewsletterFactory, SubscriberFactory
from tests.newsletter.test_import import SOURCE

pytestmark = pytest.mark.django_db


@pytest.fixture
def weekly(db):
    return Newsletter.objects.get(slug="weekly")


def read(content):
    """The plan and the records of a file, as its columns are guessed."""
    file = io.BytesIO(content if isinstance(content, bytes) else content.encode())
    file = archive.join_lists(file) if archive.is_archive(file) else file
    names, records = read_table(file, detect_format(file))
    plan = Plan(guess_fields(names), service=recognise_service(names))
    return plan, list(records)


def taken(content, *newsletters, dry_run=False, **choices):
    """{address: (outcome, note)} of the import of a file."""
    plan, records = read(content)
    plan.newsletters = list(newsletters)
    for name, value in choices.items():
        setattr(plan, name, value)
    [place] = plan.columns["email"]
    results = import_records(records, plan, dry_run)
    return {r.record.cells[place]: (r.outcome, r.note) for r in results}


# Mailchimp

COLUMNS = (
    "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,"
    "CONFIRM_TIME,CONFIRM_IP,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,"
    "NOTES,TAGS"
)
ADA = (
    'ada@example.org,Ada,Lovelace,2,"2021-03-04 10:00:00",192.0.2.1,'
    '"2021-03-04 10:05:00",2001:db8::2,,,Europe/Madrid,,,"2022-01-01 00:00:00",1,a1,,'
    '"""A"",""B"""'
)
MAILCHIMP = f"{COLUMNS}\n{ADA}\n"


def test_mailchimps_export_brings_its_evidence(weekly):
    taken(MAILCHIMP, weekly)

    ada = Subscriber.objects.mailable(weekly).get()
    assert ada.confirmed_at.isoformat().startswith("2021-03-04T09:05")
    assert ada.time_zone == "Europe/Madrid"
    record = ada.consent.get()
    assert record.source == (
        "Mailchimp: signed up 2021-03-04 10:00:00, confirmed 2021-03-04 10:05:00"
    )
    assert (record.origin.optin_ip, record.origin.confirm_ip) == (
        "192.0.2.1",
        "2001:db8::2",
    )
    [told] = ada.data()["consent"]
    assert told["signed_up_from"] == "192.0.2.1"


def test_no_network_address_is_left_of_whoever_is_erased(weekly):
    taken(MAILCHIMP, weekly)
    ada = Subscriber.objects.get()

    ada.erase(method=ConsentRecord.Method.DESK)

    left = repr(list(ConsentRecord.objects.values())) + repr(ada.data())
    assert "Mailchimp: signed up 2021" in left
    assert "192.0.2.1" not in left
    assert "2001:db8" not in left


def test_without_evidence_a_row_says_what_is_missing(weekly):
    text = "Email Address,CONFIRM_TIME,CONFIRM_IP\nada@example.org,,\n"

    [(outcome, note)] = taken(text, weekly).values()

    assert outcome == "refused"
    assert "where and when they agreed" in note


@pytest.mark.parametrize(
    ("column", "reason"), [("UNSUB_TIME", "unsubscribed"), ("CLEAN_TIME", "bounced")]
)
def test_mailchimps_lists_of_who_left_suppress_them(weekly, column, reason):
    text = f"{COLUMNS},{column}\n{ADA},2023-01-01 00:00:00\n"

    assert taken(text, weekly)["ada@example.org"][0] == "suppressed"

    assert not Subscriber.objects.exists()
    found = Suppression.objects.of("ada@example.org").get()
    assert found.reason == reason
    assert found.detail == "Imported: Mailchimp, 1 January 2023"
    # They never were ours: only the hash is kept.
    assert found.email == ""
    assert taken(MAILCHIMP, weekly)["ada@example.org"] == (
        "refused",
        "This address is suppressed.",
    )


def make_archive(**lists):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in lists.items():
            packed.writestr(f"{name}_members_export_1a2b.csv", text)
        packed.writestr("__MACOSX/._subscribed.csv", b"\0\0")
        packed.writestr("../../etc/readme.md", "no list")
    return file.getvalue()


def test_mailchimps_archive_is_taken_by_the_names_of_its_files(weekly):
    lists = {
        "subscribed": f"{COLUMNS}\n{ADA}\n{ADA.replace('ada@', 'bo,@')}\n",
        "unsubscribed": f"{COLUMNS},UNSUB_TIME\n{ADA.replace('ada@', 'left@')},\n",
        "cleaned": f"{COLUMNS}\n{ADA.replace('ada@', 'gone@')}\n",
        "nonsubscribed": f"{COLUMNS}\n{ADA.replace('ada@', 'buyer@')}\n",
    }

    found = taken(make_archive(**lists), weekly)

    assert {address: outcome for address, (outcome, _) in found.items()} == {
        "ada@example.org": "created",
        "bo": "refused",
        "left@example.org": "suppressed",
        "gone@example.org": "suppressed",
        "buyer@example.org": "refused",
    }
    assert "More cells than columns" in found["bo"][1]
    assert "not subscribed there" in found["buyer@example.org"][1]


def pack(**files):
    """An archive of texts, by the beginning of each name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, text in files.items():
            packed.writestr(f"{name}.txt", text)
    return file.getvalue()


def test_a_list_in_an_archive_may_be_a_text(weekly):
    assert taken(pack(subscribed=f"{COLUMNS}\n{ADA}\n"), weekly, dry_run=True) == taken(
        f"{COLUMNS}\n{ADA}\n".encode(), weekly
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (make_archive(), "no CSV file"),
        (pack(), "no CSV file"),
        (
            pack(readme="Exported on Monday.\nAsk help@example.org.\nAll the best\n"),
            "no CSV file",
        ),
        (make_archive(subscribed=MAILCHIMP)[:-40], "damaged"),
        (make_archive(**{f"subscribed{n}": MAILCHIMP for n in range(60)}), "too large"),
    ],
)
def test_an_archive_that_is_none_is_refused_with_the_reason(content, said):
    with pytest.raises(Unreadable, match=said):
        read(content)


def test_an_archive_that_would_fill_the_disk_is_refused(monkeypatch):
    monkeypatch.setattr(archive, "MOST_BYTES", 100_000)

    with pytest.raises(Unreadable, match="too large"):
        read(make_archive(subscribed=MAILCHIMP + "\n" * 200_000))


# The others

SERVICES = {
    "Ghost": "id,email,name,note,subscribed_to_emails,complimentary_plan,"
    "stripe_customer_id,created_at,deleted_at,labels,tiers\n"
    "1,in@example.org,I,,true,false,,2023-05-01T10:00:00.000Z,,,\n"
    "2,out@example.org,O,,false,false,,2023-05-01T10:00:00.000Z,,,\n",
    "Substack": "Email,Active_subscription,Expiry,Plan,Email disabled,Created at\n"
    "in@example.org,false,,other,false,2023-01-01\n"
    "out@example.org,false,,other,true,2023-01-01\n",
    "listmonk": "uuid,email,name,attributes,status,created_at,updated_at\n"
    '1,in@example.org,I,"{""a"": 1, ""b"": ""c""}",enabled,'
    "2023-05-01 12:34:56.123456 +0000 UTC,2023-05-01 12:34:56.123456 +0000 UTC\n"
    "2,out@example.org,O,{},blocklisted,2023-05-01 12:34:56 +0000 UTC,\n",
    "Brevo": "EMAIL;LASTNAME;FIRSTNAME;BLACKLISTED\n"
    "in@example.org;I;I;no\nout@example.org;O;O;yes\n",
    "CleverReach": "E-Mail;Registriert;Aktiviert;Deaktiviert;Quelle\n"
    "in@example.org;01.01.2023 12:00:00;01.01.2023 12:05:00;;Form\n"
    "out@example.org;01.01.2023 12:00:00;01.01.2023 12:05:00;02.02.2023 8:00:00;\n",
    "MailPoet": '\ufeff"Email","First name","Last name","Subscription IP",'
    '"Subscription time","Confirmation time","Confirmation IP","List status",'
    '"Global status","List"\n'
    '"in@example.org","I \\"x\\", y","I","192.0.2.1","2023-05-01 12:00:00",'
    '"2023-05-01 12:05:00","192.0.2.2","Subscribed","subscribed","A"\n'
    '"out@example.org","O","O","192.0.2.1","2023-05-01 12:00:00",'
    '"2023-05-01 12:05:00","192.0.2.2","subscribed","bounced","A"\n',
    "": "email,status,newsletters\n"
    "in@example.org,active,weekly\nout@example.org,unsubscribed,weekly\n",
}


@pytest.mark.parametrize("service", SERVICES)
def test_who_left_another_service_gets_no_mail_here(weekly, service):
    plan, _ = read(SERVICES[service])
    assert plan.service == service

    found = taken(SERVICES[service], weekly, source=SOURCE)

    assert found["in@example.org"][0] == "created", found
    assert found["out@example.org"][0] == "suppressed"
    assert Subscriber.objects.mailable(weekly).get().email == "in@example.org"
    assert Suppression.objects.of("out@example.org").exists()
    assert not Suppression.objects.of("in@example.org").exists()


@pytest.mark.parametrize("service", ["Ghost", "Substack", "listmonk", "Brevo"])
def test_being_on_a_list_is_no_evidence(weekly, service):
    assert taken(SERVICES[service], weekly)["in@example.org"] == (
        "refused",
        "The row does not say where and when they agreed.",
    )


@pytest.mark.parametrize("service", ["CleverReach", "MailPoet"])
def test_times_that_were_recorded_are_evidence(weekly, service):
    taken(SERVICES[service], weekly)

    source = Subscriber.objects.get().consent.get().source
    assert source.startswith(f"{service}: ")
    assert "2023" in source


def test_the_list_says_since_when(weekly):
    taken(SERVICES["listmonk"], weekly, source=SOURCE)

    assert Subscriber.objects.get().confirmed_at.isoformat() == (
        "2023-05-01T12:34:56+00:00"
    )


# Who is known here, and left there


def leave(word, left_at="", *newsletters):
    text = f"email,status,unsub_time\nada@example.org,{word},{left_at}\n"
    return taken(text, *newsletters)["ada@example.org"]


def test_who_left_there_is_unsubscribed_here_and_told_so_in_the_log(weekly):
    ada = SubscriberFactory(email="ada@example.org", newsletters=[weekly])

    assert leave("unsubscribed", "", weekly)[0] == "suppressed"

    assert not Subscriber.objects.mailable(weekly).exists()
    ada.refresh_from_db()
    assert ada.status == Subscriber.Status.UNSUBSCRIBED
    record = ada.consent.get()
    assert (record.action, record.method) == ("unsubscribed", "import")
    assert record.newsletter == weekly


def test_who_left_there_stays_with_the_other_newsletters(weekly):
    daily = NewsletterFactory()
    SubscriberFactory(email="ada@example.org", newsletters=[weekly, daily])

    leave("unsubscribed", "", weekly)

    assert Subscriber.objects.mailable(daily).exists()
    assert not Subscriber.objects.mailable(weekly).exists()


def test_who_confirmed_here_since_stays_subscribed(weekly):
    SubscriberFactory(email="ada@example.org", newsletters=[weekly])

    assert leave("unsubscribed", "2023-01-01", weekly)[0] == "unchanged"

    assert Subscriber.objects.mailable(weekly).exists()


@pytest.mark.parametrize("word", ["cleaned", "complained"])
def test_who_bounced_or_complained_there_is_suppressed_and_skipped(weekly, word):
    ada = SubscriberFactory(email="ada@example.org", newsletters=[weekly])
    delivery = DeliveryFactory(
        subscriber=ada, state=Delivery.State.PENDING, sent_at=None
    )

    assert leave(word, "", weekly)[0] == "suppressed"

    assert ada.consent.get().action == ConsentRecord.Action.SUPPRESSED
    ada.refresh_from_db()
    assert ada.status == {"cleaned": "bounced", "complained": "complained"}[word]
    assert Suppression.objects.of("ada@example.org").get().email == "ada@example.org"
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.SKIPPED


@pytest.mark.parametrize("first", ["subscribed", "unsubscribed"])
def test_who_stands_in_a_file_with_both_gets_no_mail(weekly, first):
    second = {"subscribed": "unsubscribed", "unsubscribed": "subscribed"}[first]
    text = f"email,status\nada@example.org,{first}\nADA@example.org,{second}\n"

    taken(text, weekly, source=SOURCE)

    assert not Subscriber.objects.mailable(weekly).exists()


def test_who_unsubscribed_elsewhere_can_sign_up_anew(weekly):
    leave("unsubscribed", "", weekly)

    Subscriber.objects.sign_up("ada@example.org", [weekly]).confirm()

    assert Subscriber.objects.mailable(weekly).get().email == "ada@example.org"
    assert not Suppression.objects.exists()


def test_who_complained_elsewhere_cannot(weekly):
    leave("complained", "", weekly)

    Subscriber.objects.sign_up("ada@example.org", [weekly]).confirm()

    assert not Subscriber.objects.mailable(weekly).exists()


def test_an_unknown_status_is_refused_and_not_guessed(weekly):
    outcome, note = leave("vip", "", weekly)

    assert outcome == "refused"
    assert "“vip” is not a known status" in note


# Who is asked


def test_whoever_left_no_evidence_can_be_asked_by_mail(weekly, mailoutbox):
    taken("email\nada@example.org\n", weekly, ask=True)

    ada = Subscriber.objects.get()
    assert ada.status == Subscriber.Status.PENDING
    assert not ada.consent.exists()
    signup = Signup.objects.get()
    assert signup.held  # Its mail waits for its turn.

    assert Signup.objects.release_imported() == [signup.pk]
    tasks.send_confirmation.call(signup.pk)
    [mail] = mailoutbox
    assert mail.to == ["ada@example.org"]
    assert "which now moves to our own site" in mail.body
    assert "somebody entered this address" not in mail.body
    Signup.objects.get().confirm()

    assert Subscriber.objects.mailable(weekly).get() == ada
    asked = ada.consent.first()
    assert (asked.action, asked.method) == ("asked", "import")


def test_mails_that_an_import_causes_hold_up_no_signup(weekly, settings):
    settings.SIGNUPS_AN_HOUR = 2
    text = "email\n" + "".join(f"r{n}@example.org\n" for n in range(30))
    taken(text, weekly, ask=True)
    Signup.objects.release_imported()

    assert not Subscriber.objects.sign_up("ada@example.org", [weekly]).held
    # Twenty a minute.
    assert Signup.objects.filter(imported=True, held=False).count() == 20
    assert Signup.objects.filter(created__lte=timezone.now()).count() == 31


def test_the_welcome_mail_is_a_choice(weekly):
    weekly.welcome_mails.create(subject="Hello", body="<p>Hi</p>", active=True)
    text = "email\nada@example.org\n"

    taken(text, weekly, source=SOURCE)
    assert not Delivery.objects.exists()

    taken(text.replace("ada", "bo"), weekly, source=SOURCE, welcome=True)
    assert Delivery.objects.get().subscriber.email == "bo@example.org"
