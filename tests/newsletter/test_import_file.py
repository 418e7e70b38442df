"""Files of subscribers as they come: each row stands for itself."""

import io

import pytest
from django.core.management import call_command

from ecfr_site.importing import csv_rows
from newsletter.import_export import subscriber_file
from newsletter.import_export.resources import SubscriberCSV, SubscriberResource
from newsletter.models import ConsentRecord, Newsletter, Subscriber
from tests.newsletter.test_import import SOURCE

HEAD = "email,newsletters,consent_source\n"
RAGGED = (
    HEAD + "ok@example.org,weekly,src\n"
    "long@example.org,weekly,Form at the Brussels conference, 3 March 2025\n"
    "last@example.org,weekly,src\n"
)


def rows_of(text, encoding="utf-8"):
    content = text if isinstance(text, bytes) else text.encode(encoding)
    columns, rows = subscriber_file.read(io.BytesIO(content))
    return [dict(zip(columns, row, strict=True)) for row in rows]


def addresses(text, encoding="utf-8"):
    return [row["email"] for row in rows_of(text, encoding)]


def problems(text):
    return {
        row["email"]: row[csv_rows.PROBLEM]
        for row in rows_of(text)
        if row[csv_rows.PROBLEM]
    }


@pytest.fixture
def weekly(db):
    return Newsletter.objects.get(slug="weekly")


def taken(text, **defaults):
    """The result of the import of a file."""
    table = SubscriberCSV().create_dataset(text.encode())
    result = SubscriberResource(**defaults).import_data(table)
    assert not result.has_errors()
    return result


def refusals(result):
    return {row.values[0]: " ".join(row.error.messages) for row in result.invalid_rows}


# Rows that cannot be read


def test_a_comma_too_many_refuses_its_row_alone(weekly):
    said = refusals(taken(RAGGED))

    assert said == {
        "long@example.org": "More cells than columns: put quotation marks around a "
        "text with a comma."
    }
    assert Subscriber.objects.mailable(weekly).count() == 2


def test_the_command_reads_it_in_the_same_way(weekly, tmp_path):
    file, report = tmp_path / "list.csv", tmp_path / "report.csv"
    file.write_text(RAGGED)

    call_command("import_subscribers", file, report=str(report))

    assert Subscriber.objects.mailable(weekly).count() == 2
    assert "long@example.org,More cells than columns" in report.read_text("utf-8-sig")


def test_a_refused_row_keeps_all_that_stood_in_it():
    [_, row, _] = rows_of(RAGGED)

    assert row["consent_source"] == "Form at the Brussels conference, 3 March 2025"


def test_empty_cells_at_the_end_of_a_row_are_none_too_many():
    assert not problems(HEAD + "ok@example.org,weekly,src,,\n")


@pytest.mark.parametrize("ending", ["b@example.org,y\n", 'b@example.org,"y"\n', ""])
def test_open_quotes_swallow_nothing(ending):
    text = 'email,source\na@example.org,"Form\nc@example.org,x\n' + ending

    assert list(problems(text)) == ["a@example.org"]
    assert "does not end" in problems(text)["a@example.org"]
    assert addresses(text)[:2] == ["a@example.org", "c@example.org"]
    assert len(addresses(text)) == (3 if ending else 2)


def test_quotes_within_a_text_and_lines_within_quotes_are_read():
    text = 'email,s\na@example.org,"Two\nlines, ""one"" cell"\nb@example.org,"A" form\n'

    assert [row["s"] for row in rows_of(text)] == ['Two\nlines, "one" cell', "A form"]
    assert not problems(text)


def test_a_character_that_no_database_stores_refuses_its_row(weekly):
    result = taken(HEAD + "a@example.org,weekly,\0src\nb@example.org,weekly,src\n")

    assert list(refusals(result)) == ["a@example.org"]
    assert Subscriber.objects.get().email == "b@example.org"


def test_a_cell_without_end_refuses_its_row():
    text = f"email,s\na@example.org,{'x' * 200_000}\nb@example.org,y\n"

    [said] = problems(text).values()
    assert "longer than" in said
    assert addresses(text)[1] == "b@example.org"


def test_many_open_quotes_take_no_time():
    text = "email,s\n" + 'a@example.org,"x\n' * 5_000

    assert len(rows_of(text)) == 5_000


# How others write


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Email,Town\nada@example.org,Köln\n", "utf-8"),
        ("Email,Town\nada@example.org,Köln\n", "utf-8-sig"),
        ("Email;Town\r\nada@example.org;Köln\r\n", "cp1252"),
        ("Email\tTown\r\nada@example.org\tKöln\r\n", "utf-16"),
        ("Email\tTown\r\nada@example.org\tKöln\r\n", "utf-16-le"),
        ("sep=;\r\nEmail;Town\r\nada@example.org;Köln\r\n", "utf-8-sig"),
        ("\n\n EMAIL , Town \n\nada@example.org,Köln\n,\n", "utf-8"),
        ("Email,Town\rada@example.org,Köln\r", "utf-8"),
        ("Town;E-Mail\nKöln;ada@example.org\n", "utf-8"),
        ('"Email Address","Town"\n"ada@example.org","Köln"\n', "utf-8"),
    ],
)
def test_what_spreadsheets_write_is_read(text, encoding):
    [row] = rows_of(text, encoding)

    assert row == {"email": "ada@example.org", "town": "Köln", csv_rows.PROBLEM: ""}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        (b"\n \n", "The file is empty"),
        (b"name,town\nAda,London\n", "It says: “name”, “town”"),
        (b"email,Email\na,b\n", "Two columns are named “email”"),
        (b"PK\x03\x04 and so on", "This is an Excel workbook"),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_reason(content, said):
    with pytest.raises(csv_rows.Unreadable, match=said):
        rows_of(content)


# Other services

MAILCHIMP = (
    "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,"
    "CONFIRM_TIME,CONFIRM_IP,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,"
    "NOTES,TAGS{}\n"
    'ada@example.org,Ada,Lovelace,2,"2021-03-04 10:00:00",192.0.2.1,'
    '"2021-03-04 10:05:00",192.0.2.2,,,,,,"2022-01-01 00:00:00",1,a1,,"""A"",""B"""{}\n'
)


def test_mailchimps_export_brings_its_evidence(weekly):
    taken(MAILCHIMP.format("", ""), newsletters=[weekly])

    ada = Subscriber.objects.mailable(weekly).get()
    assert ada.confirmed_at.isoformat().startswith("2021-03-04T09:05")
    assert ada.consent.get().source == (
        "Mailchimp: signed up 2021-03-04 10:00:00 from 192.0.2.1, "
        "confirmed 2021-03-04 10:05:00 from 192.0.2.2"
    )


def test_without_evidence_mailchimps_rows_say_what_is_missing(weekly):
    text = "Email Address,CONFIRM_TIME,CONFIRM_IP\nada@example.org,,\n"

    result = taken(text, newsletters=[weekly])

    assert "where and when they agreed" in refusals(result)["ada@example.org"]


@pytest.mark.parametrize(
    ("columns", "cells", "said"),
    [
        (
            ",UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_REASON",
            ",2023-01-01 00:00:00,The week,NORMAL",
            "unsubscribed",
        ),
        (",CLEAN_TIME,CLEAN_CAMPAIGN_TITLE", ",2023-01-01 00:00:00,x", "cleaned"),
    ],
)
def test_mailchimps_lists_of_who_left_subscribe_nobody(weekly, columns, cells, said):
    result = taken(MAILCHIMP.format(columns, cells), newsletters=[weekly])

    assert said in refusals(result)["ada@example.org"]
    assert not Subscriber.objects.exists()


SERVICES = {
    "ghost": "id,email,name,note,subscribed_to_emails,created_at\n"
    "1,in@example.org,I,,true,2023\n2,out@example.org,O,,false,2023\n",
    "substack": "Email,Active_subscription,Expiry,Plan,Email disabled,Created at\n"
    "in@example.org,false,,other,false,2023\nout@example.org,false,,other,true,2023\n",
    "listmonk": "uuid,email,name,attributes,status,created_at,updated_at\n"
    '1,in@example.org,I,"{""a"": 1}",enabled,2023,2023\n'
    "2,out@example.org,O,{},blocklisted,2023,2023\n",
    "brevo": "EMAIL;LASTNAME;FIRSTNAME;BLACKLISTED\n"
    "in@example.org;I;I;no\nout@example.org;O;O;yes\n",
    "cleverreach": "E-Mail;Aktiviert;Deaktiviert\n"
    "in@example.org;2023-01-01;\nout@example.org;2023-01-01;2023-02-01\n",
    "our own": "email,status,newsletters\n"
    "in@example.org,active,weekly\nout@example.org,unsubscribed,weekly\n",
}


@pytest.mark.parametrize("service", SERVICES)
def test_who_left_another_service_is_not_subscribed(weekly, service):
    result = taken(SERVICES[service], source=SOURCE, newsletters=[weekly])

    assert list(refusals(result)) == ["out@example.org"]
    assert "not subscribed there" in refusals(result)["out@example.org"]
    assert Subscriber.objects.mailable(weekly).get().email == "in@example.org"
    assert ConsentRecord.objects.get().source == SOURCE


@pytest.mark.parametrize("service", sorted(set(SERVICES) - {"our own"}))
def test_another_services_file_says_what_is_missing(weekly, service):
    said = refusals(taken(SERVICES[service]))["in@example.org"]

    assert "It does not say where and when they agreed." in said
    assert "It does not say which newsletters." in said
