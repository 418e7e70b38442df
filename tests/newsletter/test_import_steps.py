"""The import at the desk: what is missing is said once, what is refused comes back."""

import base64
import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from lxml import html

from ecfr_site.importing import admin
from newsletter.models import Newsletter, Subscriber
from tests.factories import NewsletterFactory
from tests.newsletter.test_subscriber_admin import (
    HEAD,
    IMPORT,
    LIST,
    SOURCE,
    confirm,
    look_at,
)

pytestmark = pytest.mark.django_db

PROCESS = f"{LIST}process_import/"
MAILCHIMP = (
    "Email Address,First Name,CONFIRM_TIME,CONFIRM_IP\n"
    "ada@example.org,Ada,2021-03-04 10:05:00,192.0.2.2\n"
)


@pytest.fixture
def weekly():
    return Newsletter.objects.get(slug="weekly")


def carried(text, **more):
    """What the second step posts."""
    data = text if isinstance(text, bytes) else text.encode()
    return {
        "import_file_name": base64.b64encode(data).decode(),
        "original_file_name": "list.csv",
        "format": "0",
        "resource": "",
        **more,
    }


def test_mailchimps_export_is_taken_with_a_newsletter_chosen(
    newsletter_manager, weekly
):
    file = SimpleUploadedFile("list.csv", MAILCHIMP.encode())
    response = newsletter_manager.post(
        IMPORT, {"import_file": file, "format": "0", "newsletters": [weekly.pk]}
    )

    answer = confirm(newsletter_manager, response).content.decode()

    assert "Imported: 1 new" in answer
    assert Subscriber.objects.mailable(weekly).get().email == "ada@example.org"


def test_a_newsletter_that_has_ended_cannot_be_chosen(newsletter_manager):
    ended = NewsletterFactory(active=False)
    chosen = {"newsletters": [ended.pk]}
    file = SimpleUploadedFile("list.csv", MAILCHIMP.encode())

    newsletter_manager.post(IMPORT, {"import_file": file, "format": "0", **chosen})
    newsletter_manager.post(PROCESS, carried(MAILCHIMP, **chosen))

    assert not Subscriber.objects.exists()


def test_a_source_is_said_once_for_all_rows(newsletter_manager, weekly):
    file = SimpleUploadedFile("list.csv", b"email\nada@example.org\n")
    response = newsletter_manager.post(
        IMPORT,
        {
            "import_file": file,
            "format": "0",
            "newsletters": [weekly.pk],
            "consent_source": SOURCE,
        },
    )

    confirm(newsletter_manager, response)

    assert Subscriber.objects.get().consent.get().source == SOURCE


def test_without_a_newsletter_the_reason_names_what_is_missing(
    newsletter_manager, weekly
):
    page = look_at(newsletter_manager, MAILCHIMP).content.decode()

    assert "It does not say which newsletters." in page
    assert "CSV UTF-8" not in page


def test_refused_rows_come_back_as_a_file_with_the_reason(newsletter_manager, weekly):
    text = (
        "Name,email,newsletters,consent_source\n"
        f'Ada,ada@example.org,weekly,"{SOURCE}"\n'
        f"Bo,bo@example.org,weekly,{SOURCE}\n"
        "Jo,jörg@example.org,weekly,src\n"
    )
    response = look_at(newsletter_manager, text)
    page = html.fromstring(response.content.decode())
    [form] = [f for f in page.forms if "process_import" in (f.action or "")]
    assert "Download the refused rows" in response.content.decode()

    answer = newsletter_manager.post(
        form.action, {**dict(form.form_values()), "refused": "1"}
    )

    assert "refused.csv" in answer["Content-Disposition"]
    file = b"".join(answer).decode("utf-8-sig")
    head, bo, jo = csv.reader(io.StringIO(file))
    assert head == ["email", "name", "newsletters", "consent_source", "reason"]
    assert bo[:4] == ["bo@example.org", "Bo", "weekly", SOURCE]
    assert "More cells than columns" in bo[4]
    assert "before the @" in jo[4]
    assert not Subscriber.objects.exists()
    # What is to be mended is in it: the file can be taken again.
    assert "1 are new" in " ".join(
        html.fromstring(look_at(newsletter_manager, file).content)
        .text_content()
        .split()
    )


@pytest.mark.parametrize("limit", [{"MOST_ROWS": 2}, {"MOST_BYTES": 60}])
def test_the_second_step_takes_no_longer_file_than_the_first(
    newsletter_manager, weekly, monkeypatch, limit
):
    for name, value in limit.items():
        monkeypatch.setattr(admin, name, value)
    text = HEAD + f"bo@example.org;weekly;{SOURCE}\n" * 3

    for more in ({}, {"refused": "1"}):
        answer = newsletter_manager.post(PROCESS, carried(text, **more), follow=True)
        assert "manage.py import_subscribers" in answer.content.decode()
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("content", ["%%%", "bmFtZQo=", "", "UEsDBA=="])
def test_a_second_step_without_its_file_says_so(newsletter_manager, content):
    posted = {**carried(""), "import_file_name": content}

    answer = newsletter_manager.post(PROCESS, posted, follow=True)

    assert answer.status_code == 200
    assert answer.redirect_chain
    assert not Subscriber.objects.exists()


def test_the_second_step_is_posted(newsletter_manager):
    assert newsletter_manager.get(PROCESS).status_code == 405


def test_who_may_not_import_gets_no_refused_rows(publisher):
    posted = carried("email\nada@example.org\n", refused="1")

    assert publisher.post(PROCESS, posted).status_code == 403
