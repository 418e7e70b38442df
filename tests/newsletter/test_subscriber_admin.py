"""Subscribers are looked up, their history is told, and hard decisions are undone."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from lxml import html

from ecfr_site.audit.models import AuditEntry
from newsletter.admin import import_forms
from newsletter.models import (
    ConsentRecord,
    Event,
    Link,
    Newsletter,
    RefusedRow,
    Subscriber,
    SubscriberImport,
    Suppression,
    Wording,
)
from tests.admin_site.desk import OpenForm
from tests.factories import DeliveryFactory, EditionFactory, SubscriberFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/newsletter/subscriber/"
IMPORT = f"{LIST}import/"
SUPPRESSIONS = "/admin/newsletter/suppression/"
Method = ConsentRecord.Method


@pytest.fixture
def weekly(db):
    return Newsletter.objects.get(slug="weekly")


@pytest.fixture
def ada(weekly):
    return SubscriberFactory(email="ada@example.org", newsletters=[weekly])


@pytest.fixture
def bounced(ada):
    ada.suppress("bounced", "550 5.1.1 No such user", method=Method.BOUNCE)
    return ada


def page_of(client, subscriber):
    response = client.get(f"{LIST}{subscriber.pk}/change/")
    assert response.status_code == 200
    return html.fromstring(response.content.decode())


def words(element):
    return " ".join(element.text_content().split())


def history(client, subscriber):
    page = page_of(client, subscriber)
    return [words(item) for item in page.xpath("//ol[@class='history']/li")]


def act(client, subscriber, name):
    return client.post(f"{LIST}{subscriber.pk}/{name}/act/", follow=True)


# The list


def test_more_subscribers_need_no_more_queries(
    newsletter_manager, weekly, django_assert_num_queries
):
    for size in (2, 30):
        SubscriberFactory.create_batch(size, newsletters=[weekly])
        for number in range(size):
            Subscriber.objects.sign_up(f"reader-{size}-{number}@example.org", [weekly])
        # Due changes, session, account, second factor, permissions twice,
        # institution, hold of mail; count, rows, subscriptions, newsletters, sign-ups,
        # their newsletters, newsletters to filter by, and requests by mail.
        with django_assert_num_queries(16):
            newsletter_manager.get(f"{LIST}?q=reader")


def test_the_list_is_filtered_by_newsletter_and_by_analytics(newsletter_manager, ada):
    SubscriberFactory(email="bo@example.org", tracked=True)

    def found(query):
        page = newsletter_manager.get(f"{LIST}?{query}").content.decode()
        return "ada@example.org" in page, "bo@example.org" in page

    newsletter = ada.subscriptions.get().newsletter_id
    assert found(f"newsletter={newsletter}") == (True, False)
    assert found("analytics__exact=granted") == (False, True)
    assert found("newsletter=nonsense") == (True, True)


def test_an_address_is_found_by_its_beginning_however_it_is_written(
    newsletter_manager, ada
):
    assert b"ada@example.org" in newsletter_manager.get(f"{LIST}?q=ADA@Ex").content
    assert b"ada@example.org" not in newsletter_manager.get(f"{LIST}?q=example").content


def test_disposable_addresses_are_marked(newsletter_manager, ada):
    SubscriberFactory(email="bo@mailinator.com")

    page = html.fromstring(newsletter_manager.get(LIST).content)

    [mark] = page.xpath("//*[@class='problem-mark']")
    assert words(mark.getparent()) == "bo@mailinator.com disposable"


def test_who_may_not_see_subscribers_sees_none(newsletter_editor, publisher, ada):
    for client in (newsletter_editor, publisher):
        assert client.get(LIST).status_code == 403
        assert client.get(f"{LIST}{ada.pk}/change/").status_code == 403


# One subscriber


def test_the_history_is_told_in_order_with_reasons_and_words(
    newsletter_manager, ada, weekly
):
    wording = Wording.objects.first()
    ada.set_analytics(True, method=Method.FORM, wording=wording)
    edition = EditionFactory(newsletter=weekly, subject="The week", state="sent")
    delivery = DeliveryFactory(
        edition=edition,
        subscriber=ada,
        state="failed",
        reason="550 No such user",
        due_at=timezone.now() - timedelta(days=1),
    )
    link = Link.objects.create(edition=edition, number=1, url="https://example.org/a/")
    Event.objects.create(edition=edition, delivery=delivery, kind="click", link=link)

    click, agreed, failed = history(newsletter_manager, ada)

    assert "Clicked: https://example.org/a/" in click
    assert "Agreed to analytics" in agreed
    assert "By sign-up form, consent text Version" in agreed
    assert "failed The week 550 No such user" in failed
    page = page_of(newsletter_manager, ada)
    assert page.xpath(f"//a[@href='/admin/newsletter/wording/{wording.pk}/change/']")


def test_what_somebody_read_is_not_shown_once_they_refuse(newsletter_manager, ada):
    delivery = DeliveryFactory(subscriber=ada)
    for kind in ("open", "click", "unsubscribe"):
        Event.objects.create(edition=delivery.edition, delivery=delivery, kind=kind)

    told = " ".join(history(newsletter_manager, ada))

    assert "Unsubscribed" in told
    assert "Opened" not in told
    assert "Clicked" not in told


def test_a_longer_history_needs_no_more_queries(
    newsletter_manager, ada, django_assert_num_queries
):
    ada.set_analytics(True, method=Method.FORM)
    history(newsletter_manager, ada)  # the content types are cached from here on
    for size in (1, 6):
        for _ in range(size):
            delivery = DeliveryFactory(subscriber=ada)
            Event.objects.create(edition=delivery.edition, delivery=delivery)
            ada.pause(timezone.localdate() + timedelta(days=3), method=Method.DESK)
            ada.pause(None, method=Method.DESK)
        with django_assert_num_queries(19):
            history(newsletter_manager, ada)


def test_a_hard_decision_is_told_with_its_reason_and_undone(
    newsletter_manager, bounced, weekly
):
    assert not Subscriber.objects.mailable(weekly).exists()
    assert "550 5.1.1 No such user" in words(page_of(newsletter_manager, bounced))

    response = act(newsletter_manager, bounced, "reinstate")

    assert "mailed again" in response.content.decode()
    assert Subscriber.objects.mailable(weekly).get() == bounced
    assert not Suppression.objects.exists()
    record = bounced.consent.last()
    assert record.action == ConsentRecord.Action.REINSTATED
    assert record.source == newsletter_manager.user.username


def test_somebody_is_unsubscribed_from_everything(newsletter_manager, ada, weekly):
    act(newsletter_manager, ada, "unsubscribe")

    assert not Subscriber.objects.mailable(weekly).exists()
    record = ada.consent.last()
    assert (record.action, record.method) == ("unsubscribed", "desk")


def test_erasing_asks_first_and_leaves_no_address_in_the_log(newsletter_manager, ada):
    act(newsletter_manager, ada, "unsubscribe")
    question = newsletter_manager.get(f"{LIST}{ada.pk}/erase/act/")
    assert "Erase permanently" in question.content.decode()
    ada.refresh_from_db()
    assert ada.email

    response = act(newsletter_manager, ada, "erase")

    ada.refresh_from_db()
    assert ada.status == Subscriber.Status.ERASED
    assert "ada@example.org" not in response.content.decode()
    assert not LogEntry.objects.filter(object_repr__contains="ada@").exists()
    assert Suppression.objects.of("ada@example.org").exists()


def test_only_what_is_possible_is_offered(newsletter_manager, ada):
    def offered(subscriber):
        page = page_of(newsletter_manager, subscriber)
        return [words(li) for li in page.xpath("//ul[@class='object-tools']/li")]

    assert offered(ada) == ["Unsubscribe from everything", "Erase…"]
    ada.suppress("complained", method=Method.COMPLAINT)
    assert offered(ada)[0] == "Mail this address again"
    ada.erase(method=Method.DESK)
    assert offered(ada) == []


@pytest.mark.parametrize("name", ["reinstate", "unsubscribe"])
def test_acts_are_posted(newsletter_manager, ada, name):
    assert newsletter_manager.get(f"{LIST}{ada.pk}/{name}/act/").status_code == 405


def test_what_is_no_act_is_not_found(newsletter_manager, ada):
    assert act(newsletter_manager, ada, "promote").status_code == 404


@pytest.mark.parametrize("name", ["reinstate", "unsubscribe", "erase"])
def test_who_may_not_change_subscribers_cannot_act(newsletter_editor, bounced, name):
    assert act(newsletter_editor, bounced, name).status_code == 403
    bounced.refresh_from_db()
    assert bounced.status == Subscriber.Status.BOUNCED


# Suppressions


def suppress(client, address):
    form = OpenForm(client, f"{SUPPRESSIONS}add/")
    form["address"] = address
    form["detail"] = "They wrote to us"
    form.press("Save")
    return form


def test_an_address_is_suppressed_by_hand(newsletter_manager, ada, weekly):
    suppress(newsletter_manager, "ADA@example.org")
    suppress(newsletter_manager, "nobody@example.org")

    assert not Subscriber.objects.mailable(weekly).exists()
    found = Suppression.objects.of("nobody@example.org").get()
    assert (found.reason, found.detail) == ("manual", "They wrote to us")


@pytest.mark.parametrize(
    ("address", "said"),
    [("ada@example.org", "already suppressed"), ("ada", "@-sign")],
)
def test_what_cannot_be_suppressed_is_said(newsletter_manager, bounced, address, said):
    assert said in suppress(newsletter_manager, address).said


def test_an_erased_address_is_found_by_its_whole_and_exact_form(
    newsletter_manager, ada
):
    ada.erase(method=Method.DESK)

    def found(query):
        page = newsletter_manager.get(f"{SUPPRESSIONS}?q={query}").content.decode()
        return "an erased address" in page

    assert found("Ada@Example.org")
    assert not found("bo@example.org")
    assert not found("ada")


def test_lifting_a_suppression_mails_its_subscriber_again_and_is_logged(
    newsletter_manager, bounced, weekly
):
    suppression = Suppression.objects.get()

    form = OpenForm(newsletter_manager, f"{SUPPRESSIONS}{suppression.pk}/delete/")
    form.press("Lift the suppression", follow=False)

    assert Subscriber.objects.mailable(weekly).exists()
    assert not Suppression.objects.exists()
    entry = LogEntry.objects.get()
    assert entry.change_message == "Lifted."
    assert "ada" not in entry.object_repr


def test_lifting_one_without_a_subscriber_forgets_it(newsletter_manager):
    suppression, _ = Suppression.objects.suppress("", "gone@example.org", "erased")

    form = OpenForm(newsletter_manager, f"{SUPPRESSIONS}{suppression.pk}/delete/")
    form.press("Lift the suppression", follow=False)

    assert not Suppression.objects.exists()


def test_a_suppression_is_never_rewritten(newsletter_manager, bounced):
    address = f"{SUPPRESSIONS}{Suppression.objects.get().pk}/change/"

    assert newsletter_manager.get(address).status_code == 200
    assert newsletter_manager.post(address, {"detail": "x"}).status_code == 403


def test_who_may_not_see_suppressions_sees_none(newsletter_editor):
    assert newsletter_editor.get(SUPPRESSIONS).status_code == 403
    assert newsletter_editor.get(f"{SUPPRESSIONS}add/").status_code == 403


# Import


def upload(client, content, name="list.csv"):
    data = content if isinstance(content, bytes) else content.encode()
    return client.post(IMPORT, {"file": SimpleUploadedFile(name, data)})


def look_at(client, content, name="list.csv", **chosen):
    """Upload a file, match its columns as is proposed, and have every row checked."""
    response = upload(client, content, name)
    if response.status_code != 302:
        return response
    form = OpenForm(client, response.url)
    for field, value in chosen.items():
        form[field] = value
    return form.press("Check every row")


def confirm(client, response):
    """Import what was checked."""
    form = OpenForm(client, response.redirect_chain[-1][0])
    return form.press("Import")


HEAD = "email;newsletters;consent_source\n"
SOURCE = "Conference, 3 March 2025"


def test_a_file_is_looked_at_before_anything_is_stored(newsletter_manager, weekly):
    left = SubscriberFactory(email="left@example.org", status="unsubscribed")
    Suppression.objects.suppress("", "gone@example.org", "erased")
    rows = [f"{name}@example.org;weekly;{SOURCE}" for name in ("bo", "left", "gone")]
    response = look_at(newsletter_manager, "\ufeff" + HEAD + "\n".join(rows))

    said = words(html.fromstring(response.content.decode()))
    assert "Nothing is stored yet" in said
    assert "New subscribers 1" in said
    assert "Has unsubscribed and stays unsubscribed 1" in said
    assert "This address is suppressed. 1" in said
    assert Subscriber.objects.get() == left

    answer = words(
        html.fromstring(confirm(newsletter_manager, response).content.decode())
    )

    assert "Imported 3 rows on" in answer
    assert "New subscribers 1" in answer
    assert "Unchanged 1 Refused 1" in answer
    assert Subscriber.objects.mailable(weekly).get().email == "bo@example.org"


def test_the_log_tells_of_an_import_without_addresses(newsletter_manager, weekly):
    confirm(
        newsletter_manager,
        look_at(newsletter_manager, f"{HEAD}bo@example.org;weekly;{SOURCE}\n"),
    )

    begun, done = AuditEntry.objects.filter(action="import").order_by("pk")
    assert begun.user == done.user == newsletter_manager.user
    assert "1 rows" in begun.detail
    assert "1 created" in done.detail
    assert "bo@" not in repr(list(AuditEntry.objects.values()))


def test_a_file_that_is_discarded_leaves_nothing(
    newsletter_manager, weekly, settings, django_capture_on_commit_callbacks
):
    response = look_at(newsletter_manager, f"{HEAD}bo@example.org;weekly;\n")
    assert list(settings.PRIVATE_ROOT.rglob("*.csv"))

    page = response.redirect_chain[-1][0]
    with django_capture_on_commit_callbacks(execute=True):
        OpenForm(newsletter_manager, page).press("Delete the file")

    assert not list(settings.PRIVATE_ROOT.rglob("*.csv"))
    assert not RefusedRow.objects.exists()


@pytest.mark.parametrize("page", ["", "{pk}/", "{pk}/refused.csv"])
def test_who_may_not_import_reaches_no_page_of_it(
    newsletter_manager, newsletter_editor, publisher, page, weekly
):
    look_at(newsletter_manager, f"{HEAD}bo@example.org;weekly;\n")
    address = IMPORT + page.format(pk=SubscriberImport.objects.get().pk)

    assert newsletter_manager.get(address).status_code == 200
    for client in (newsletter_editor, publisher):
        assert client.get(address).status_code == 403
        assert client.post(address, {"act": "import"}).status_code == 403
    assert not Subscriber.objects.exists()


def test_too_long_a_file_is_left_to_an_archive_or_the_command(
    newsletter_manager, weekly, monkeypatch
):
    monkeypatch.setattr(import_forms, "MOST_BYTES", 60)

    response = upload(newsletter_manager, HEAD + f"bo@example.org;weekly;{SOURCE}\n")

    assert "manage.py import_subscribers" in response.content.decode()
    assert not SubscriberImport.objects.exists()
