"""The import at the desk: what is found is shown and corrected, and what is refused
comes back; killed or stopped, it goes on without doing a row twice."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone
from lxml import html

from newsletter import tasks
from newsletter.import_export import batch, steps
from newsletter.import_export.changes import Changes
from newsletter.models import (
    ConsentRecord,
    Newsletter,
    RefusedRow,
    Subscriber,
    SubscriberImport,
)
from tests.admin_site.desk import OpenForm
from tests.factories import NewsletterFactory, SubscriberFactory
from tests.newsletter.test_subscriber_admin import (
    HEAD,
    IMPORT,
    SOURCE,
    confirm,
    look_at,
    upload,
    words,
)

pytestmark = pytest.mark.django_db

MAILCHIMP = (
    "Email Address,First Name,CONFIRM_TIME,CONFIRM_IP\n"
    "ada@example.org,Ada,2021-03-04 10:05:00,192.0.2.2\n"
)


@pytest.fixture
def weekly():
    return Newsletter.objects.get(slug="weekly")


def page_words(response):
    return words(html.fromstring(response.content.decode()))


def columns_of(client, content, name="list.csv"):
    """The form that matches the columns of a file."""
    return OpenForm(client, upload(client, content, name).url)


# What is found


def test_what_was_found_of_a_file_is_shown(newsletter_manager):
    text = "E-Mail;Name;Seit\nada@example.org;Jürgen;2023-01-01\n"

    form = columns_of(newsletter_manager, text.encode("cp1252"))

    assert (form["delimiter"], form["encoding"]) == (";", "cp1252")
    assert [form[f"column_{n}"] for n in range(3)] == ["email", "", ""]
    assert "Jürgen" in page_words(form.response)


def test_what_was_found_wrong_is_corrected(newsletter_manager, weekly):
    form = columns_of(newsletter_manager, "a|b@example.org\nc|d@example.org\n")
    assert not form["header"]

    form["delimiter"] = ";"
    form["header"] = "on"
    form.press("Read it again")

    found = SubscriberImport.objects.get()
    assert found.column_names == ["a|b@example.org"]
    assert form["delimiter"] == ";"


def test_columns_are_matched_by_hand(newsletter_manager, weekly):
    form = columns_of(newsletter_manager, "Wer,Wann\nada@example.org,31/12/2023\n")
    assert form["column_0"] == form["column_1"] == ""

    form.press("Check every row")
    assert "Choose the column that contains the e-mail addresses." in form.said

    form["column_0"], form["column_1"] = "email", "confirmed_at"
    form["newsletters"] = [weekly.pk]
    confirm(newsletter_manager, form.press("Check every row"))

    ada = Subscriber.objects.mailable(weekly).get()
    assert timezone.localdate(ada.confirmed_at).isoformat() == "2023-12-31"


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"newsletters": []}, "Choose at least one newsletter."),
        ({"without_evidence": "attest"}, "Enter where and when they agreed"),
        ({"column_1": "email"}, "Only one column can be “E-mail address”."),
        ({"column_1": "nonsense"}, "Select a valid choice"),
        ({"column_1": "confirmed_at"}, "can be read in two ways. Choose one."),
    ],
)
def test_a_choice_that_is_missing_is_asked_for_and_nothing_is_lost(
    newsletter_manager, weekly, chosen, said
):
    form = columns_of(newsletter_manager, "email,Wann\nada@example.org,05/01/2023\n")
    form["newsletters"] = [weekly.pk]
    form["statement"] = "" if "without_evidence" in chosen else "Conference"
    for name, value in chosen.items():
        form[name] = value

    form.press("Check every row")

    assert said in form.said
    if "newsletters" not in chosen:
        assert form["newsletters"] == str(weekly.pk)
    assert SubscriberImport.objects.get().state == "new"


def test_a_newsletter_that_has_ended_cannot_be_chosen(newsletter_manager):
    ended = NewsletterFactory(active=False)
    form = columns_of(newsletter_manager, MAILCHIMP)
    form["newsletters"] = [ended.pk]

    form.press("Check every row")

    assert "Select a valid choice" in form.said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 and so on", "damaged"),
        (b"\xd0\xcf\x11\xe0 and so on", "This is an Excel workbook"),
        (b"," * 300, "The file is empty"),
        (b"x," * 300 + b"\n", "more than 200 columns"),
    ],
)
def test_what_is_no_list_is_refused_with_the_reason(newsletter_manager, content, said):
    response = upload(newsletter_manager, content)

    assert response.status_code == 200
    assert said in response.content.decode()
    assert not SubscriberImport.objects.exists()


# What becomes of the rows


def test_mailchimps_export_is_taken_with_a_newsletter_chosen(
    newsletter_manager, weekly
):
    response = look_at(newsletter_manager, MAILCHIMP, newsletters=[weekly.pk])

    assert "New subscribers 1" in page_words(response)
    confirm(newsletter_manager, response)
    assert Subscriber.objects.mailable(weekly).get().email == "ada@example.org"


def test_a_source_is_said_once_for_all_rows(newsletter_manager, weekly):
    response = look_at(
        newsletter_manager,
        "email\nada@example.org\n",
        newsletters=[weekly.pk],
        without_evidence="attest",
        statement=SOURCE,
    )

    confirm(newsletter_manager, response)

    assert Subscriber.objects.get().consent.get().source == SOURCE


def test_a_statement_that_was_not_chosen_is_no_evidence(newsletter_manager, weekly):
    response = look_at(
        newsletter_manager,
        "email\nada@example.org\n",
        newsletters=[weekly.pk],
        statement=SOURCE,
    )

    assert "The row does not say where and when they agreed. 1" in page_words(response)


def test_refused_rows_come_back_as_a_file_with_the_reason(newsletter_manager, weekly):
    text = (
        "Name,email,newsletters,consent_source\n"
        f'=Ada,ada@example.org,weekly,"{SOURCE}"\n'
        f"=Bo,bo@example.org,weekly,{SOURCE}\n"
        "Jo,jörg@example.org,weekly,src\n"
    )
    look_at(newsletter_manager, text)
    received = SubscriberImport.objects.get()

    answer = newsletter_manager.get(f"{IMPORT}{received.pk}/refused.csv")

    assert f"refused-{received.pk}.csv" in answer["Content-Disposition"]
    file = b"".join(answer).decode("utf-8-sig")
    head, bo, jo = csv.reader(io.StringIO(file))
    assert head == ["Name", "email", "newsletters", "consent_source", "reason"]
    # No spreadsheet runs it.
    assert bo[:4] == ["'=Bo", "bo@example.org", "weekly", SOURCE]
    assert "More cells than columns" in bo[4]
    assert "before the @" in jo[4]
    assert not Subscriber.objects.exists()
    # What is to be mended is in it: the file can be taken again.
    again = look_at(newsletter_manager, file.replace("jörg", "joerg"))
    assert "New subscribers 2 Refused 0" in page_words(again)


def test_a_check_counts_an_address_once(newsletter_manager, weekly, monkeypatch):
    monkeypatch.setattr(steps, "ROWS_AT_ONCE", 1)
    monkeypatch.setattr(steps, "STEP", 0)
    row = f"ada@example.org;weekly;{SOURCE}\n"

    response = look_at(newsletter_manager, HEAD + row + row.replace("ada", "ADA"))

    assert "New subscribers 1 Unchanged 1" in page_words(response)
    done = confirm(newsletter_manager, response)
    assert "New subscribers 1 Unchanged 1" in page_words(done)


def test_a_file_is_gone_once_it_is_imported(
    newsletter_manager, weekly, settings, django_capture_on_commit_callbacks
):
    response = look_at(newsletter_manager, f"{HEAD}a@example.org;weekly;{SOURCE}\n")

    with django_capture_on_commit_callbacks(execute=True):
        confirm(newsletter_manager, response)

    assert not list(settings.PRIVATE_ROOT.rglob("*.csv"))


def test_what_is_forgotten_cannot_be_acted_on(newsletter_manager, weekly):
    look_at(newsletter_manager, f"{HEAD}a@example.org;weekly;\n")
    received = SubscriberImport.objects.get()
    SubscriberImport.objects.update(created=timezone.now() - timedelta(days=15))

    tasks.enqueue_due_imports()

    assert not RefusedRow.objects.exists()
    address = f"{IMPORT}{received.pk}/"
    for act in ("import", "check", "read", "resume", "stop"):
        newsletter_manager.post(address, {"act": act, "delimiter": ","})
    assert "The file has been deleted" in page_words(newsletter_manager.get(address))
    received.refresh_from_db()
    assert received.state == "checked"
    assert not Subscriber.objects.exists()


def test_a_refused_row_goes_with_its_person(newsletter_manager, weekly):
    ada = SubscriberFactory(email="ada@example.org")
    look_at(newsletter_manager, f"{HEAD}ADA@example.org;weekly;\n")
    [told] = ada.data()["refused_on_import"]
    assert told["cells"][0] == "ADA@example.org"

    ada.erase(method=ConsentRecord.Method.DESK)

    assert not RefusedRow.objects.exists()


def test_what_is_no_act_is_not_found(newsletter_manager, weekly):
    look_at(newsletter_manager, f"{HEAD}a@example.org;weekly;\n")
    address = f"{IMPORT}{SubscriberImport.objects.get().pk}/"

    assert newsletter_manager.post(address, {"act": "burn"}).status_code == 404
    assert newsletter_manager.delete(address).status_code == 405


# Steps


@pytest.fixture
def checked(newsletter_manager, weekly):
    """Five rows, the third of them refused, that were checked."""
    rows = [f"r{n}@example.org;weekly;{SOURCE}" for n in range(5)]
    rows[2] = "r2;weekly;"
    look_at(newsletter_manager, HEAD + "\n".join(rows))
    return SubscriberImport.objects.get()


@pytest.fixture
def in_small_steps(monkeypatch):
    monkeypatch.setattr(steps, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(steps, "PAUSE", 0)


def assert_complete(received):
    received.refresh_from_db()
    assert received.state == "done"
    assert received.counts == {"created": 4, "refused": 1}
    assert received.refused_rows.count() == 1
    assert Subscriber.objects.count() == ConsentRecord.objects.count() == 4


def test_it_is_imported_step_by_step(checked, in_small_steps):
    checked.start("importing")

    assert steps.run_step(checked.pk, seconds=0)
    assert Subscriber.objects.count() == 2
    assert steps.run_step(checked.pk, seconds=0)
    assert steps.run_step(checked.pk, seconds=0)
    assert not steps.run_step(checked.pk, seconds=0)

    assert_complete(checked)
    assert not steps.run_step(checked.pk)
    assert_complete(checked)


def test_a_step_that_dies_leaves_nothing_half_done(
    checked, in_small_steps, monkeypatch
):
    checked.start("importing")
    steps.run_step(checked.pk, seconds=0)

    def die(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(steps, "_store_refused", die)
        with pytest.raises(KeyboardInterrupt):
            steps.run_step(checked.pk, seconds=0)
    checked.refresh_from_db()
    assert (checked.done, Subscriber.objects.count()) == (2, 2)

    steps.run_step(checked.pk)
    assert_complete(checked)


def test_two_workers_do_no_row_twice(checked, in_small_steps, monkeypatch):
    checked.start("importing")
    apply = batch.Batch.apply
    read = batch.Batch.__init__

    def be_overtaken(self, *args):
        monkeypatch.setattr(batch.Batch, "__init__", read)
        steps.run_step(checked.pk, seconds=0)
        read(self, *args)

    monkeypatch.setattr(batch.Batch, "__init__", be_overtaken)
    assert not steps.run_step(checked.pk)
    assert apply is batch.Batch.apply

    steps.run_step(checked.pk)
    assert_complete(checked)


def test_who_signs_up_at_that_very_moment_is_known_the_second_time(
    checked, in_small_steps, monkeypatch
):
    checked.start("importing")
    store = Changes.store

    def collide(self):
        monkeypatch.setattr(Changes, "store", store)
        raise IntegrityError

    monkeypatch.setattr(Changes, "store", collide)
    steps.run_step(checked.pk)

    assert_complete(checked)


def test_a_stop_leaves_the_rest_alone_and_it_can_go_on(
    newsletter_manager, checked, in_small_steps
):
    checked.start("importing")
    steps.run_step(checked.pk, seconds=0)
    address = f"{IMPORT}{checked.pk}/"
    page = newsletter_manager.get(address)
    assert page["Refresh"]
    assert "2 of 5" in page_words(page)

    OpenForm(newsletter_manager, address).press("Stop")
    assert not steps.run_step(checked.pk)
    assert Subscriber.objects.count() == 2

    OpenForm(newsletter_manager, address).press("Resume")
    assert_complete(checked)


def test_an_import_without_a_worker_gets_one(checked):
    checked.start("importing")

    assert tasks.enqueue_due_imports() == 1

    assert_complete(checked)
    assert tasks.enqueue_due_imports() == 0


def test_an_error_stops_it_and_says_so(newsletter_manager, checked, monkeypatch):
    checked.start("importing")
    file = checked.file.path
    import os

    os.rename(file, f"{file}.away")
    tasks.run_import.call(checked.pk)

    page = newsletter_manager.get(f"{IMPORT}{checked.pk}/")
    assert "An error stopped it" in page_words(page)
    os.rename(f"{file}.away", file)
    OpenForm(newsletter_manager, f"{IMPORT}{checked.pk}/").press("Resume")
    assert_complete(checked)


def test_pages_need_as_many_queries_for_longer_files(
    newsletter_manager, weekly, django_assert_num_queries
):
    counted = []
    for size in (2, 30):
        rows = "".join(f"x{n}-{size};weekly;{SOURCE}\n" for n in range(size))
        look_at(newsletter_manager, HEAD + rows)
        address = f"{IMPORT}{SubscriberImport.objects.latest('pk').pk}/"
        for page in (address, f"{address}?columns", IMPORT):
            with django_assert_num_queries(PAGES, exact=False) as asked:
                newsletter_manager.get(page)
            counted.append(len(asked))
    assert counted[:3] == counted[3:]


PAGES = 12
