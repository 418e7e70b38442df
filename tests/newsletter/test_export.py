"""The list goes out as a table that can come in again, by who may take it out."""

import csv
import errno
import stat

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from newsletter.management.commands import export_subscribers
from newsletter.models import Newsletter, Subscriber
from tests.factories import NewsletterFactory, SubscriberFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/newsletter/subscriber/export.csv"


@pytest.fixture
def weekly(db):
    return Newsletter.objects.get(slug="weekly")


def lines(response):
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def test_a_row_tells_who_gets_what_since_when(newsletter_manager, weekly):
    ada = SubscriberFactory(email="Ada@example.org", newsletters=[weekly], tracked=True)
    ada.subscriptions.create(newsletter=NewsletterFactory(), confirmed_at=None)

    [row] = lines(newsletter_manager.get(LIST))

    assert row["email"] == "Ada@example.org"
    assert row["status"] == "active"
    assert row["newsletters"] == "weekly"
    assert row["analytics"] == "granted"
    local = timezone.localtime(ada.confirmed_at)
    assert row["confirmed_at"].startswith(f"{local:%Y-%m-%d %H:}")


def test_the_list_goes_out_as_it_is_filtered(newsletter_manager, weekly):
    SubscriberFactory(email="ada@example.org", newsletters=[weekly])
    SubscriberFactory(email="adam@example.org", status=Subscriber.Status.UNSUBSCRIBED)
    SubscriberFactory(email="bo@example.org")

    def found(query):
        rows = lines(newsletter_manager.get(f"{LIST}?{query}"))
        return {row["email"] for row in rows}

    assert found("q=ada") == {"ada@example.org", "adam@example.org"}
    assert found("q=ada&status__exact=active") == {"ada@example.org"}
    assert found(f"newsletter={weekly.pk}") == {"ada@example.org"}


def test_a_wrong_filter_leads_back_to_the_list(newsletter_manager):
    assert newsletter_manager.get(f"{LIST}?nonsense=1").status_code == 302


def test_only_newsletter_managers_take_the_list_out(newsletter_editor, publisher):
    assert newsletter_editor.get(LIST).status_code == 403
    assert publisher.get(LIST).status_code == 403


def test_longer_lists_need_no_more_queries(
    newsletter_manager, weekly, django_assert_num_queries
):
    for size in (1, 20):
        SubscriberFactory.create_batch(size, newsletters=[weekly])
        with django_assert_num_queries(14):
            assert len(lines(newsletter_manager.get(f"{LIST}?q=reader"))) >= size


def test_what_went_out_comes_in_elsewhere(weekly, tmp_path):
    SubscriberFactory(email="=ada@example.org", newsletters=[weekly], language="fr")
    path = tmp_path / "out.csv"
    call_command("export_subscribers", path)
    Subscriber.objects.all().delete()

    call_command("import_subscribers", path, source="The former site, 1 March 2025")

    ada = Subscriber.objects.mailable(weekly).get()
    assert ada.email == "=ada@example.org"
    assert ada.language == "fr"


def test_the_command_writes_some_for_its_owner_alone(weekly, tmp_path):
    SubscriberFactory(email="ada@example.org", newsletters=[weekly])
    SubscriberFactory(email="bo@example.org", newsletters=[weekly], status="bounced")
    SubscriberFactory(email="cy@example.org")
    path = tmp_path / "out.csv"

    call_command("export_subscribers", path, status="active", newsletter="weekly")

    rows = list(csv.DictReader(path.open(encoding="utf-8-sig")))
    assert [row["email"] for row in rows] == ["ada@example.org"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_newsletter_that_is_not_there_is_said(weekly, tmp_path):
    with pytest.raises(CommandError, match="There is no newsletter “daily”"):
        call_command("export_subscribers", tmp_path / "out.csv", newsletter="daily")


def test_half_a_list_is_not_left(weekly, tmp_path, monkeypatch):
    def fail(rows):
        yield "email\n"
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(export_subscribers, "pieces", fail)
    path = tmp_path / "out.csv"
    with pytest.raises(OSError, match="No space left"):
        call_command("export_subscribers", path)
    assert not path.exists()
