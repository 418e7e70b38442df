"""The editors' week at the desk: gather, compose, look, test, check, send, decide."""

from datetime import date, timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from lxml import html

from newsletter.models import Delivery, Edition, Heartbeat
from newsletter.models.edition_state import State
from tests.admin_site.desk import OpenForm
from tests.factories import (
    ArticleFactory,
    EditionFactory,
    NewsletterFactory,
    SubscriberFactory,
    TopicFactory,
    UserFactory,
)

# Later than two years ahead is refused as a slip.
NEXT_YEAR = date.today().year + 1

pytestmark = pytest.mark.django_db

LIST = "/admin/newsletter/edition/"


@pytest.fixture
def newsletter():
    """With three readers."""
    newsletter = NewsletterFactory(name="The Weekly")
    SubscriberFactory.create_batch(3, newsletters=[newsletter])
    return newsletter


@pytest.fixture
def edition(newsletter):
    """A draft of two pieces."""
    return EditionFactory(
        newsletter=newsletter,
        subject="The week",
        articles=[
            ArticleFactory(published=True, title="The quiet port"),
            ArticleFactory(published=True, title="A louder harbour"),
        ],
    )


@pytest.fixture
def now(django_capture_on_commit_callbacks):
    """`with now:` what follows a commit follows at once."""
    Heartbeat.beat()
    return django_capture_on_commit_callbacks(execute=True)


def open_form(client, edition):
    return OpenForm(
        client, reverse("admin:newsletter_edition_change", args=[edition.pk])
    )


def saved(edition):
    return Edition.objects.get(pk=edition.pk)


def titles(edition):
    return [str(item) for item in edition.items.select_related("article")]


def shown(response):
    """The text of a page, in one line."""
    page = html.fromstring(response.content.decode())
    [main] = page.xpath("//main")
    return " ".join(main.text_content().split())


# A new one


def test_a_new_edition_is_gathered_by_one_button(newsletter_editor, newsletter):
    ArticleFactory(published=True, title="Fresh")
    ArticleFactory(draft=True, title="Raw")

    form = OpenForm(newsletter_editor, f"{LIST}add/")
    response = newsletter_editor.post(
        f"{LIST}add/", {"newsletter": newsletter.pk}, follow=True
    )

    assert "New edition of The Weekly" in form.buttons
    edition = Edition.objects.get()
    assert titles(edition) == ["Fresh"]
    assert edition.created_by == newsletter_editor.user
    assert "with 1 piece, published since the last edition" in shown(response)


def test_a_week_without_news_is_said(newsletter_editor, newsletter):
    response = newsletter_editor.post(
        f"{LIST}add/", {"newsletter": newsletter.pk}, follow=True
    )

    assert "Nothing has been published in the last week" in shown(response)


def test_after_an_edition_it_is_said_which(newsletter_editor, newsletter):
    last = EditionFactory(newsletter=newsletter, state="sent", subject="The quiet port")

    response = newsletter_editor.post(
        f"{LIST}add/", {"newsletter": newsletter.pk}, follow=True
    )

    said = "Nothing has been published since the last edition, “The quiet port”."
    assert said in shown(response)
    assert f'href="{LIST}{last.pk}/change/"' in response.content.decode()


def test_an_open_draft_is_offered_first(newsletter_editor, newsletter):
    EditionFactory(newsletter=newsletter, state="sent")
    EditionFactory()
    draft = EditionFactory(newsletter=newsletter, subject="The quiet port")

    response = newsletter_editor.post(f"{LIST}add/", {"newsletter": newsletter.pk})

    assert "Open the draft “The quiet port”" in shown(response)
    assert f'href="{LIST}{draft.pk}/change/"' in response.content.decode()
    assert newsletter.editions.count() == 2

    values = {"newsletter": newsletter.pk, "another": "1"}
    newsletter_editor.post(f"{LIST}add/", values)
    assert newsletter.editions.count() == 3


def test_what_came_since_is_added_on_demand(newsletter_editor, newsletter):
    newsletter_editor.post(f"{LIST}add/", {"newsletter": newsletter.pk})
    edition = Edition.objects.get()
    ArticleFactory(published=True, title="Late", published_at=timezone.now())
    form = open_form(newsletter_editor, edition)
    [button] = [name for name in form.buttons if "add what was published" in name]

    form.press(button)
    assert "Added: 1 piece." in form.said
    assert titles(edition) == ["Late"]

    [button] = [name for name in form.buttons if "add what was published" in name]
    form.press(button)
    assert "Nothing new has been published." in form.said


# Composing


def test_pieces_are_put_in_order_said_otherwise_and_dropped(newsletter_editor, edition):
    third = ArticleFactory(published=True, title="The dredger")
    form = open_form(newsletter_editor, edition)
    form["items-0-DELETE"] = "on"
    form["items-1-order"] = "1"
    form["items-1-teaser"] = "Louder than last year."
    form["items-2-order"] = "0"
    form["items-2-article"] = str(third.pk)
    form["items-TOTAL_FORMS"] = "3"
    form["subject"] = "The loud week"

    form.press("Save")

    assert "Saved." in form.said
    edition = saved(edition)
    assert titles(edition) == ["The dredger", "A louder harbour"]
    assert edition.items.last().teaser == "Louder than last year."
    assert edition.subject == "The loud week"
    assert edition.changed_by == newsletter_editor.user


def test_only_published_pieces_are_taken(newsletter_editor, edition):
    form = open_form(newsletter_editor, edition)
    form["items-2-article"] = str(ArticleFactory(draft=True, title="Raw").pk)
    form["items-TOTAL_FORMS"] = "3"

    form.press("Save")

    assert "This piece is not published" in form.said
    assert len(titles(edition)) == 2


def test_a_piece_is_not_taken_twice(newsletter_editor, edition):
    form = open_form(newsletter_editor, edition)
    form["items-2-article"] = str(edition.items.first().article_id)
    form["items-TOTAL_FORMS"] = "3"

    form.press("Save")

    assert form.response.status_code == 200
    assert len(titles(edition)) == 2


@pytest.mark.parametrize("other", ["draft", "published"])
def test_a_chosen_piece_is_not_exchanged_for_another(newsletter_editor, edition, other):
    form = open_form(newsletter_editor, edition)
    form["items-0-article"] = str(ArticleFactory(**{other: True}).pk)

    form.press("Save")

    assert titles(edition) == ["The quiet port", "A louder harbour"]


def test_a_piece_that_was_withdrawn_is_pointed_out(newsletter_editor, edition):
    article = edition.items.first().article
    article.state = "withdrawn"
    article.save()

    assert "Not published. Remove it." in shown(
        open_form(newsletter_editor, edition).response
    )


def test_saving_over_a_colleague_is_refused_and_the_text_kept(
    newsletter_editor, publisher, edition
):
    form = open_form(newsletter_editor, edition)
    theirs = open_form(publisher, edition)
    theirs["subject"] = "Their subject"
    theirs.press("Save")

    form["subject"] = "My subject"
    form["items-0-teaser"] = "My teaser."
    form.press("Save")

    assert saved(edition).subject == "Their subject"
    assert f"{publisher.user} saved this edition" in form.said
    assert form["subject"] == "My subject"
    assert form["items-0-teaser"].strip() == "My teaser."
    assert {"Their", "My"} <= set(form.page.xpath("//del/text() | //ins/text()"))

    form.press("Save")
    assert saved(edition).subject == "My subject"


def test_a_colleagues_new_order_is_not_overwritten_either(
    newsletter_editor, publisher, edition
):
    form = open_form(newsletter_editor, edition)
    theirs = open_form(publisher, edition)
    theirs["items-0-teaser"] = "Their teaser."
    theirs.press("Save")

    form["items-0-teaser"] = "My teaser."
    form.press("Save")

    assert edition.items.first().teaser == "Their teaser."
    assert {"Their", "My"} <= set(form.page.xpath("//del/text() | //ins/text()"))


def test_a_save_without_a_change_leaves_an_approval(
    newsletter_editor, edition, settings
):
    settings.NEWSLETTER_APPROVAL_OVER = 1
    edition.approve(by=UserFactory(publisher=True))

    open_form(newsletter_editor, edition).press("Save")
    assert saved(edition).is_approved
    assert saved(edition).changed_by is None

    form = open_form(newsletter_editor, edition)
    form["items-0-teaser"] = "Another claim."
    form.press("Save")
    assert not saved(edition).is_approved
    assert "The earlier approval no longer counts" in shown(form.response)


def test_a_text_of_ones_own_begins_with_what_is_made(newsletter_editor, edition):
    form = open_form(newsletter_editor, edition)

    form.press("Save and fill in from the pieces")

    assert "The quiet port" in form["text"]
    assert "Save and fill in from the pieces" not in form.buttons
    assert saved(edition).changed_by == newsletter_editor.user


def test_a_text_of_ones_own_is_not_overwritten(newsletter_editor, edition):
    form = open_form(newsletter_editor, edition)
    form["text"] = "All my own words."

    form.press("Save and fill in from the pieces")

    assert "This edition has a plain text" in form.said
    assert saved(edition).text.strip() == "All my own words."


def test_the_last_piece_and_the_introduction_may_go(newsletter_editor, edition):
    form = open_form(newsletter_editor, edition)
    form["items-0-DELETE"] = form["items-1-DELETE"] = "on"
    form["introduction"] = ""

    form.press("Save")

    assert titles(edition) == []


# Looking at it


@pytest.fixture
def preview(newsletter_editor, edition):
    def get(**query):
        address = reverse("admin:newsletter_edition_preview", args=[edition.pk])
        return newsletter_editor.get(address, query)

    return get


def test_the_preview_is_the_message_in_light_or_dark(preview):
    light, dark = preview(scheme="light"), preview(scheme="dark")

    for response in (light, dark):
        assert "The quiet port" in response.content.decode()
        assert "prefers-color-scheme" not in response.content.decode()
        assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert "color-scheme:only light" in light.content.decode()
    assert "color-scheme:only dark" in dark.content.decode()
    assert light.content != dark.content


def test_the_preview_shows_the_text_as_text(preview):
    response = preview(part="text")

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert "The quiet port" in response.content.decode()


@pytest.fixture
def typed(newsletter_editor, edition):
    """The preview of what an open form holds, and that form."""
    form = open_form(newsletter_editor, edition)
    address = reverse("admin:newsletter_edition_preview", args=[edition.pk])

    def get():
        return newsletter_editor.post(address, form.values).content.decode()

    return get, form


def test_the_preview_shows_what_is_typed_and_saves_nothing(typed, edition):
    get, form = typed
    form["preheader"] = "Not saved yet."
    form["introduction"] = "<p>Dear all</p><script>evil()</script>"
    form["items-0-title"] = "Another title"
    before = edition.content()

    page = get()

    assert "Not saved yet." in page
    assert "Dear all" in page
    assert "Another title" in page
    assert "evil()" not in page
    assert Edition.objects.get().content() == before


def test_what_is_typed_may_have_errors(typed):
    get, form = typed
    form["subject"] = "x" * 200
    form["preheader"] = "Not saved yet."
    assert "Not saved yet." in get()


def test_pieces_that_are_removed_are_not_in_the_preview(typed, edition):
    get, form = typed
    title = edition.items.first().article.title
    assert title in get()
    form["items-0-DELETE"] = "on"
    assert title not in get()


def test_nothing_is_typed_into_a_sent_edition(typed, newsletter_editor, edition):
    _, form = typed
    Edition.objects.update(state="sent")
    address = reverse("admin:newsletter_edition_preview", args=[edition.pk])
    assert newsletter_editor.post(address, form.values).status_code == 403


def test_the_preview_may_be_framed_by_the_desk_alone(preview):
    policy = preview()["Content-Security-Policy"]

    assert "frame-ancestors 'self'" in policy


def test_the_links_of_a_preview_bring_nobody_to_unsubscribe(preview, reader):
    page = html.fromstring(preview().content.decode())
    [link] = {
        href for href in page.xpath("//a/@href") if "/newsletter/unsubscribe/" in href
    }

    response = reader.post(link.removeprefix("http://127.0.0.1:8000"))

    assert response.status_code in (200, 404, 410)
    assert Delivery.objects.count() == 0


# A test


def test_a_test_goes_to_the_named_colleagues(newsletter_editor, edition):
    UserFactory(username="ada", publisher=True)
    UserFactory(username="bo", contributor=True)
    form = open_form(newsletter_editor, edition)
    assert form["addresses"].strip() == newsletter_editor.user.email
    form["addresses"] = "ada@example.org, bo@example.org\nada@example.org"

    form.press("Save and send a test")

    assert [message.to for message in mail.outbox] == [
        ["ada@example.org"],
        ["bo@example.org"],
    ]
    message = mail.outbox[0]
    assert message.subject == "[Test] The week"
    assert "List-Unsubscribe" in message.message()
    assert "A test was sent to ada@example.org." in form.said
    assert not Delivery.objects.exists()
    # Whoever tests, tests again.
    assert "bo@example.org" in open_form(newsletter_editor, edition)["addresses"]


def test_two_tests_are_two_messages(newsletter_editor, edition):
    for _ in range(2):
        open_form(newsletter_editor, edition).press("Save and send a test")

    first, second = (message.message()["Message-ID"] for message in mail.outbox)
    assert first != second


def test_a_test_shows_what_has_just_been_written(newsletter_editor, edition):
    form = open_form(newsletter_editor, edition)
    form["subject"] = "A better subject"

    form.press("Save and send a test")

    assert mail.outbox[0].subject == "[Test] A better subject"


@pytest.mark.parametrize(
    ("addresses", "said"),
    [
        ("", "Enter an address"),
        ("ada@example", "“ada@example” is not an e-mail address"),
        (" ".join(f"a{n}@example.org" for n in range(11)), "You entered 11 addresses"),
    ],
)
def test_a_test_to_nobody_or_to_many_is_refused(
    newsletter_editor, edition, addresses, said
):
    form = open_form(newsletter_editor, edition)
    form["addresses"] = addresses

    form.press("Save and send a test")

    assert said in form.said
    assert not mail.outbox


def test_a_test_that_fails_says_why(newsletter_editor, edition, settings):
    settings.MAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    form = open_form(newsletter_editor, edition)
    form.press("Save and send a test")

    assert "No test was sent to" in form.said
    assert "Connection refused" in form.said


# The check


def test_the_check_is_shown_and_void_after_a_change(newsletter_editor, edition):
    form = open_form(newsletter_editor, edition)
    assert "Not checked yet" in shown(form.response)
    form["subject"] = "TODO"

    form.press("Save and check now")
    assert "The subject still has “TODO” in it" in shown(form.response)
    assert "1 to fix" in shown(form.response)

    form["subject"] = "The week"
    form.press("Save")
    assert "The edition has changed since then. Check it again." in shown(form.response)
    assert "to fix" not in shown(form.response)

    form.press("Save and check now")
    assert "Nothing prevents sending." in shown(form.response)


# Sending


def go_on(form):
    """From the form to the confirmation, which is a form too."""
    form.press("Save and send now to 3 people…")
    return form


def test_what_will_happen_is_shown_before_it_does(newsletter_manager, edition):
    page = shown(go_on(open_form(newsletter_manager, edition)).response)

    assert "Send this edition now?" in page
    assert "The Weekly, 2 pieces" in page
    assert "3 people" in page
    assert "<letters@example.org>" in page
    assert saved(edition).state == State.DRAFT


def test_sent_now_it_begins_at_once(newsletter_manager, edition, now, settings):
    settings.MAIL_BACKEND = "ecfr_site.mail.outbox.EmailBackend"
    settings.NEWSLETTER_CONNECTIONS = 1
    form = go_on(open_form(newsletter_manager, edition))

    with now:
        form.press("Send now to 3 people", follow=False)

    assert saved(edition).state == State.SENT
    assert saved(edition).sent_count == 3


def test_it_is_scheduled_for_the_institutions_hour(newsletter_manager, edition, now):
    form = open_form(newsletter_manager, edition)
    form["at_0"], form["at_1"] = f"{NEXT_YEAR}-07-01", "09:30"
    form.press("Save and schedule…")
    assert f", 1 July {NEXT_YEAR}, 09:30 CEST" in shown(form.response)

    with now:
        form.press(f"Schedule for 1 July {NEXT_YEAR}, 09:30 CEST")

    assert saved(edition).state == State.SCHEDULED
    assert timezone.localtime(saved(edition).scheduled_at).hour == 9
    assert f"Scheduled for 1 Jul {NEXT_YEAR}, 09:30." in form.said
    assert not Delivery.objects.exists()


def test_a_year_that_was_mistyped_is_not_scheduled(newsletter_manager, edition):
    form = open_form(newsletter_manager, edition)
    form["at_0"], form["at_1"] = "9999-07-01", "09:30"

    form.press("Save and schedule…")

    assert "more than two years ahead. Check the year." in form.said
    assert saved(edition).state == State.DRAFT


def test_a_change_takes_it_off_the_schedule(newsletter_manager, edition):
    schedule(edition)
    form = open_form(newsletter_manager, edition)
    form.press("Save")
    assert saved(edition).state == State.SCHEDULED

    form["subject"] = "Something else"
    form.press("Save")

    assert saved(edition).state == State.DRAFT
    assert "The edition changed after it was scheduled" in shown(form.response)


def test_a_change_of_its_pieces_alone_takes_it_off_too(newsletter_manager, edition):
    schedule(edition)
    form = open_form(newsletter_manager, edition)
    form["items-0-teaser"] = "Another claim."

    form.press("Save")

    assert saved(edition).state == State.DRAFT
    assert "The edition changed after it was scheduled" in shown(form.response)


def test_it_is_taken_off_the_schedule(newsletter_manager, edition):
    schedule(edition)

    open_form(newsletter_manager, edition).press("Take off the schedule")

    assert saved(edition).state == State.DRAFT


def test_what_is_wrong_is_said_instead_of_a_button(newsletter_manager, edition):
    form = open_form(newsletter_manager, edition)
    form["subject"] = ""
    go_on(form)

    assert "This edition cannot be sent" in shown(form.response)
    assert "It has no subject." in shown(form.response)
    assert not form.buttons


def test_what_changed_while_looking_is_not_sent(newsletter_manager, edition):
    form = go_on(open_form(newsletter_manager, edition))
    edition.items.update(teaser="Something bolder.")

    form.press("Send now to 3 people")

    assert "has changed meanwhile" in shown(form.response)
    assert saved(edition).state == State.DRAFT


def test_who_would_get_nothing_for_their_topics_is_not_counted(
    newsletter_manager, edition, newsletter, now, settings
):
    settings.MAIL_BACKEND = "ecfr_site.mail.outbox.EmailBackend"
    settings.NEWSLETTER_CONNECTIONS = 1
    energy, trade = TopicFactory.create_batch(2)
    for item in edition.items.all():
        item.article.topics.set([energy])
    for topics in ([energy], [trade], [trade, energy], [trade]):
        SubscriberFactory(newsletters=[newsletter]).topics.set(topics)

    form = open_form(newsletter_manager, edition)
    assert "Goes to 5 people from" in shown(form.response)
    assert "Not to 2 people more" in shown(form.response)
    form.press("Save and send now to 5 people…")
    with now:
        form.press("Send now to 5 people", follow=False)

    edition = saved(edition)
    assert edition.state == State.SENT
    assert edition.sent_count == 5


def test_an_old_check_is_made_again(newsletter_manager, edition):
    schedule(edition)
    edition.unschedule(by=newsletter_manager.user)
    Edition.objects.update(
        checked_at=timezone.now() - timedelta(hours=2),
        findings=[{"level": "error", "text": "The link was dead in the morning."}],
    )

    form = go_on(open_form(newsletter_manager, edition))

    assert "dead in the morning" not in shown(form.response)
    assert "Send now to 3 people" in form.buttons


@pytest.mark.parametrize(
    "at", ["tomorrow", f"{NEXT_YEAR}-13-01T00:00:00Z", f"{NEXT_YEAR}-01-01T00:00"]
)
def test_what_is_no_moment_never_means_now(newsletter_manager, edition, at):
    go_on(open_form(newsletter_manager, edition))

    response = newsletter_manager.post(
        reverse("admin:newsletter_edition_send", args=[edition.pk]),
        {"content": edition.content(), "at": at},
    )

    assert response.status_code == 400
    assert saved(edition).state == State.DRAFT


def test_more_than_the_set_number_needs_a_second_person(
    newsletter_manager, publisher, edition, settings
):
    settings.NEWSLETTER_APPROVAL_OVER = 2
    form = open_form(newsletter_manager, edition)
    assert "Needs approval" in shown(form.response)
    form["subject"] = "My own words"
    go_on(form)
    assert "a second person approves it first" in shown(form.response)

    open_form(newsletter_manager, edition).press("Approve")
    assert not saved(edition).is_approved

    open_form(publisher, edition).press("Approve")
    assert f"Approved by {publisher.user}" in shown(
        open_form(newsletter_manager, edition).response
    )
    assert (
        "Send now to 3 people" in go_on(open_form(newsletter_manager, edition)).buttons
    )


@pytest.mark.parametrize(
    ("values", "button"),
    [
        ({"subject": "My own words"}, "Save"),
        ({"items-0-teaser": "My own words."}, "Save"),
        ({"items-1-DELETE": "on"}, "Save"),
        ({}, "Save and add what was published since"),
        ({}, "Save and fill in from the pieces"),
    ],
)
def test_who_changed_anything_last_does_not_approve_it(
    publisher, edition, settings, values, button
):
    settings.NEWSLETTER_APPROVAL_OVER = 2
    Edition.objects.update(
        changed_by=UserFactory(), gathered_at=timezone.now() - timedelta(days=1)
    )
    ArticleFactory(published=True, title="Fresh")
    form = open_form(publisher, edition)
    for name, value in values.items():
        form[name] = value
    # "Save" alone is the shortest of those that begin with it.
    form.press(min((b for b in form.buttons if b.startswith(button)), key=len))

    form.press("Approve")

    assert "You have changed it since it was last approved" in form.said
    assert not saved(edition).is_approved


def test_who_changed_anything_does_not_approve_it_after_a_colleagues_tick(
    publisher, newsletter_editor, edition, settings
):
    settings.NEWSLETTER_APPROVAL_OVER = 2
    form = open_form(publisher, edition)
    form["subject"] = "My own words"
    form.press("Save")
    colleague = open_form(newsletter_editor, edition)
    colleague["preheader"] = "Of a colleague."
    colleague.press("Save")

    form = open_form(publisher, edition)
    form.press("Approve")

    assert "You have changed it since it was last approved" in form.said
    assert not saved(edition).is_approved


def test_below_it_nobody_is_bothered(publisher, edition, settings):
    settings.NEWSLETTER_APPROVAL_OVER = 3

    assert "Approve" not in open_form(publisher, edition).buttons


# While it is sent


def test_until_a_worker_is_free_it_is_on_its_way(newsletter_editor, edition):
    schedule(edition)
    form = open_form(newsletter_editor, edition)
    progress = reverse("admin:newsletter_edition_progress", args=[edition.pk])

    for response in (form.response, newsletter_editor.get(progress)):
        assert "as soon as a worker is free" in response.content.decode()
    assert "data-progress" in form.response.content.decode()

    edition.schedule(
        by=UserFactory(newsletter_manager=True), at=timezone.now() + timedelta(days=1)
    )
    page = open_form(newsletter_editor, edition).response.content.decode()
    assert "data-progress" not in page


def schedule(edition):
    edition.checked_content = edition.content()
    edition.checked_at = timezone.now()
    edition.save()
    edition.schedule(by=UserFactory(newsletter_manager=True))


@pytest.fixture
def sending(edition):
    schedule(edition)
    edition.start()
    return edition


def ledger_on(page):
    """The numbers of the ledger's table, by name."""
    rows = html.fromstring(page.content.decode()).xpath("//tr[th[@scope='row']]")
    found = {}
    for row in rows:
        name, number, *_ = [cell.text_content().strip() for cell in row]
        found[name] = number
    return found


def test_the_numbers_are_followed(newsletter_editor, sending):
    Delivery.objects.filter(pk=Delivery.objects.first().pk).update(state="sent")
    form = open_form(newsletter_editor, sending)

    response = newsletter_editor.get(
        reverse("admin:newsletter_edition_progress", args=[sending.pk])
    )

    assert "data-progress" in form.response.content.decode()
    assert (
        ledger_on(response)
        == ledger_on(form.response)
        == {
            "Sent": "1",
            "Waiting": "2",
            "Failed": "0",
            "Skipped": "0",
            "Uncertain": "0",
            "Recipients": "3",
        }
    )


def test_trouble_with_the_mail_server_is_shown(newsletter_editor, sending):
    Edition.objects.update(trouble="The mail server cannot be reached.")
    progress = reverse("admin:newsletter_edition_progress", args=[sending.pk])

    for response in (
        open_form(newsletter_editor, sending).response,
        newsletter_editor.get(progress),
    ):
        assert "The mail server cannot be reached." in response.content.decode()


def test_a_ledger_that_does_not_close_is_pointed_out(newsletter_editor, sending):
    Delivery.objects.first().delete()

    assert "These figures do not add up to the 3 recipients" in shown(
        open_form(newsletter_editor, sending).response
    )


def test_it_pauses_and_goes_on_by_buttons(newsletter_manager, sending, now, settings):
    settings.MAIL_BACKEND = "ecfr_site.mail.outbox.EmailBackend"
    settings.NEWSLETTER_CONNECTIONS = 1
    form = open_form(newsletter_manager, sending)
    form.press("Pause")
    assert saved(sending).state == State.PAUSED

    with now:
        form.press("Resume", follow=False)

    assert saved(sending).state == State.SENT


def test_the_rest_is_cancelled_after_a_second_thought(newsletter_manager, sending):
    form = open_form(newsletter_manager, sending)
    form.press("Cancel the rest")
    assert "3 people will not get" in shown(form.response)
    assert saved(sending).state == State.SENDING

    form.press("Cancel the rest")

    assert saved(sending).state == State.CANCELLED
    assert "Nobody else will get this edition" in form.said


def test_its_words_can_no_longer_be_changed(newsletter_manager, sending):
    address = reverse("admin:newsletter_edition_change", args=[sending.pk])
    form = OpenForm(newsletter_manager, address)
    assert "Save" not in form.buttons
    assert "subject" not in form.values

    response = newsletter_manager.post(address, {"subject": "Too late"})

    assert response.status_code == 403
    assert saved(sending).subject == "The week"


def test_it_cannot_be_sent_a_second_time(newsletter_manager, sending):
    send = reverse("admin:newsletter_edition_send", args=[sending.pk])

    assert "This edition cannot be sent" in shown(newsletter_manager.get(send))

    Edition.objects.update(checked_at=None)
    act = reverse("admin:newsletter_edition_act", args=[sending.pk])
    response = newsletter_manager.post(act, {"_act": "send"}, follow=True)
    assert "This edition is being sent." in shown(response)
    # What was found before it began is left as it was.
    assert saved(sending).checked_at is None
    assert Delivery.objects.count() == 3


def test_what_was_begun_links_to_report_and_web_edition(newsletter_editor, edition):
    form = open_form(newsletter_editor, edition)
    assert "Report" not in form.response.content.decode()

    schedule(edition)
    edition.start()

    report = reverse("admin:newsletter_edition_report", args=[edition.pk])
    for page in (
        newsletter_editor.get(LIST),
        open_form(newsletter_editor, edition).response,
    ):
        links = html.fromstring(page.content.decode()).xpath("//main//a/@href")
        assert report in links
        assert edition.get_absolute_url() in links


# Uncertain


@pytest.fixture
def uncertain(sending):
    """Of the three, one was sent."""
    Delivery.objects.update(state="sent", sent_at=timezone.now())
    for delivery in Delivery.objects.all()[1:]:
        Delivery.objects.filter(pk=delivery.pk).update(
            state="uncertain", reason="The worker was lost."
        )
    sending.finish()
    return sending


def states(edition):
    return sorted(edition.deliveries.values_list("state", flat=True))


def test_all_are_sent_again_at_once(newsletter_manager, uncertain, now, settings):
    settings.MAIL_BACKEND = "ecfr_site.mail.outbox.EmailBackend"
    settings.NEWSLETTER_CONNECTIONS = 1
    form = open_form(newsletter_manager, uncertain)
    assert "The worker was lost." in shown(form.response)

    with now:
        form.press("Send all 2 again", follow=False)

    assert states(uncertain) == ["sent"] * 3
    assert saved(uncertain).state == State.SENT


def test_all_are_taken_as_sent(newsletter_manager, uncertain):
    form = open_form(newsletter_manager, uncertain)

    form.press("Mark all as sent")

    assert states(uncertain) == ["sent"] * 3
    assert "Marked as sent: 2 messages." in form.said


@pytest.mark.parametrize(
    ("button", "expected"),
    [
        ("Send again", ["pending", "sent", "uncertain"]),
        ("Mark as sent", ["sent", "sent", "uncertain"]),
    ],
)
def test_one_of_them_is_decided_on(newsletter_manager, uncertain, button, expected):
    open_form(newsletter_manager, uncertain).press(button)

    assert states(uncertain) == expected


def test_one_of_another_edition_is_left_alone(newsletter_manager, uncertain):
    other = Delivery.objects.uncertain().first()
    elsewhere = EditionFactory(state="sent", started_at=timezone.now())

    newsletter_manager.post(
        reverse("admin:newsletter_edition_act", args=[elsewhere.pk]),
        {"_act": f"resend {other.pk}"},
    )

    assert states(uncertain) == ["sent", "uncertain", "uncertain"]


def test_the_list_points_to_them(newsletter_editor, uncertain):
    assert "2 uncertain" in shown(newsletter_editor.get(LIST))


# Speed


def queries_of(client, address, django_assert_max_num_queries):
    with django_assert_max_num_queries(100) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_the_list_takes_the_same_queries_whatever_it_holds(
    newsletter_editor, uncertain, django_assert_max_num_queries
):
    few = queries_of(newsletter_editor, LIST, django_assert_max_num_queries)
    for _ in range(5):
        EditionFactory(state="sent", started_at=timezone.now())

    many = queries_of(newsletter_editor, LIST, django_assert_max_num_queries)

    assert many == few


def test_the_form_takes_the_same_queries_whatever_it_holds(
    newsletter_editor, edition, django_assert_max_num_queries
):
    address = reverse("admin:newsletter_edition_change", args=[edition.pk])
    few = queries_of(newsletter_editor, address, django_assert_max_num_queries)
    for order in range(2, 9):
        article = ArticleFactory(published=True, with_image=True)
        edition.items.create(article=article, order=order)

    many = queries_of(newsletter_editor, address, django_assert_max_num_queries)

    assert many == few
    assert few <= 30


def test_the_page_while_sending_takes_the_same_queries_for_any_audience(
    newsletter_manager, uncertain, django_assert_max_num_queries
):
    address = reverse("admin:newsletter_edition_change", args=[uncertain.pk])
    few = queries_of(newsletter_manager, address, django_assert_max_num_queries)
    for subscriber in SubscriberFactory.create_batch(5):
        uncertain.deliveries.create(
            subscriber=subscriber, state="uncertain", due_at=timezone.now()
        )

    many = queries_of(newsletter_manager, address, django_assert_max_num_queries)

    assert many == few
