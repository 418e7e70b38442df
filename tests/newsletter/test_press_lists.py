"""A press list: only editors add people, nobody else sees it, and leaving is easy."""

from email import message_from_bytes, policy
from urllib.parse import urljoin, urlsplit

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse
from lxml import html

from ecfr_site.audit.models import AuditEntry
from ecfr_site.importing.csv_file import Record
from newsletter import press_lists
from newsletter.composing.embedding import render_form
from newsletter.forms import PreferencesForm
from newsletter.import_export.batch import import_records
from newsletter.import_export.columns import guess_fields
from newsletter.import_export.rows import Plan
from newsletter.models import (
    ConsentRecord,
    Delivery,
    Edition,
    Newsletter,
    Signup,
    Subscriber,
    Suppression,
    WelcomeMail,
)
from tests.admin_site.desk import OpenForm
from tests.conftest import signed_in
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    EditionFactory,
    NewsletterFactory,
    ProgrammeFactory,
    SubscriberFactory,
    TopicFactory,
    WelcomeMailFactory,
)
from tests.newsletter.mail_server import MailServer

pytestmark = pytest.mark.django_db

ADA = "ada@paper.example.org"
CARD = "Card, Berlin Forum, 1 November 2026; they agreed"


@pytest.fixture
def press():
    return NewsletterFactory(
        name="Inner Circle", slug="inner-circle", is_press_list=True, order=9
    )


@pytest.fixture
def add(press, mona):
    def add_person(address=ADA, **more):
        more = {"evidence": CARD, "by": mona, **more}
        return press_lists.add_person(press, address, **more)

    return add_person


def refusal(add, *args, **more):
    with pytest.raises(ValidationError) as refused:
        add(*args, **more)
    return " ".join(refused.value.messages)


# Adding


def test_who_is_added_gets_the_next_edition(add, press):
    ada = add()

    assert Subscriber.objects.mailable(press).get() == ada
    assert ada.status == "active"


def test_the_evidence_is_in_the_log_of_consent(add, press):
    [record] = add().consent.all()

    assert (record.action, record.method) == ("added", "desk")
    assert record.newsletter == press
    assert record.source == f"{CARD}; mona"


def test_who_gets_another_newsletter_keeps_it(add, press):
    other = NewsletterFactory()
    ada = SubscriberFactory(email=ADA, newsletters=[other], language="fr")

    assert add() == ada
    ada.refresh_from_db()
    assert ada.language == "fr"
    assert Subscriber.objects.mailable(other).get() == ada
    assert Subscriber.objects.mailable(press).get() == ada


def _left_the_list(ada, press):
    ada.unsubscribe(press, method="one-click")


def _left_everything(ada, press):
    ada.unsubscribe(method="preferences")


def _left_another_and_has_none(ada, press):
    press_lists.remove_person(press, ada)
    other = NewsletterFactory()
    ada.subscribe(other, method="confirmation")
    ada.unsubscribe(method="page")


def _complained(ada, press):
    ada.suppress(Suppression.Reason.COMPLAINED, method="complaint")


def _bounced(ada, press):
    ada.suppress(Suppression.Reason.BOUNCED, method="bounce")


def _was_erased(ada, press):
    ada.erase(method="preferences")


@pytest.mark.parametrize(
    ("go", "said"),
    [
        (_left_the_list, "This person left the list on"),
        (_left_everything, "This person left the list on"),
        (_left_another_and_has_none, "has unsubscribed from everything"),
        (_complained, "This address is suppressed"),
        (_bounced, "This address is suppressed"),
        (_was_erased, "This address is suppressed"),
    ],
)
def test_who_wants_no_mail_is_not_added(add, press, go, said):
    go(add(), press)
    Delivery.objects.all().delete()

    assert said in refusal(add)

    assert not Subscriber.objects.mailable(press).exists()
    assert not Delivery.objects.exists()


def test_nobody_is_added_twice(add):
    add()

    assert "on the list already" in refusal(add, "ADA@paper.example.org")
    assert ConsentRecord.objects.count() == 1


def test_nothing_is_kept_of_an_address_that_is_refused(add):
    Suppression.objects.suppress(ADA, ADA, "manual")

    refusal(add)
    refusal(add, "no address")

    assert not Subscriber.objects.exists()


def test_an_ordinary_newsletter_and_one_that_ended_take_nobody(add, press):
    for change in ({"is_press_list": False}, {"is_press_list": True, "active": False}):
        Newsletter.objects.update(**change)
        press.refresh_from_db()
        assert "only to press lists" in refusal(add)


def test_who_was_removed_by_an_editor_may_be_added_again(add, press):
    ada = add()
    assert press_lists.remove_person(press, ada)
    assert not Subscriber.objects.mailable(press).exists()

    add()

    assert Subscriber.objects.mailable(press).get() == ada


# The notice


@pytest.fixture
def server(settings):
    settings.MAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.NEWSLETTER_CONNECTIONS = 1
    with MailServer() as server:
        settings.EMAIL_PORT = server.port
        yield server


def run_due():
    """As the scheduler does each minute."""
    Edition.objects.update(worked_at=None)
    call_command("run_due", verbosity=0)


def test_they_are_told_who_added_them_and_how_to_leave(add, server, reader, press):
    add()
    run_due()

    message = message_from_bytes(server.handler.messages[ADA], policy=policy.default)
    [delivery] = Delivery.objects.all()
    token = delivery.token("unsubscribe")
    assert message["Subject"].startswith("You are on the press list of ")
    assert token in message["List-Unsubscribe"]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for part in ("plain", "html"):
        text = " ".join(message.get_body([part]).get_content().split())
        assert "has put this address on the press list “Inner Circle”" in text
        assert "leave with one click" in text
        assert token in text
        assert "because you are on our press list “Inner Circle”" in text
        assert "because you subscribed" not in text
        assert "forwarded" not in text
    reader.post(f"/newsletter/unsubscribe/{token}/", {"List-Unsubscribe": "One-Click"})
    assert not Subscriber.objects.mailable(press).exists()


def test_it_is_in_their_language_or_in_the_lists(add, server, press):
    press.language = "de"
    press.save()
    add()
    run_due()

    message = message_from_bytes(server.handler.messages[ADA], policy=policy.default)
    assert message["Subject"].startswith("Sie stehen auf dem Presseverteiler")
    text = message.get_body(["plain"]).get_content()
    assert "has put this address" not in text


def test_the_text_that_editors_wrote_stands_below(add, server, press):
    WelcomeMailFactory(newsletter=press, subject="Hello press", body="<p>Hello!</p>")
    add()
    run_due()

    message = message_from_bytes(server.handler.messages[ADA], policy=policy.default)
    text = message.get_body(["plain"]).get_content()
    assert message["Subject"] == "Hello press"
    assert text.index("press list") < text.index("Hello!")


def test_nobody_is_added_who_would_not_be_told(add, press):
    WelcomeMailFactory(newsletter=press, active=False)

    assert "turn it on first" in refusal(add)

    assert not Subscriber.objects.exists()


def test_the_notice_is_made_once_and_can_be_edited(add, press):
    add()
    WelcomeMail.objects.update(subject="Ours")
    add("bo@paper.example.org")

    assert WelcomeMail.objects.get().subject == "Ours"


# Nobody else sees it


@pytest.fixture
def site(press, add):
    """A site with everything that readers find, and a press list at work."""
    add()
    topic, programme = TopicFactory(), ProgrammeFactory()
    author = AuthorFactory()
    article = ArticleFactory(
        published=True, authors=[author], topics=[topic], programmes=[programme]
    )
    weekly = NewsletterFactory(name="The Weekly", slug="the-weekly")
    SubscriberFactory(newsletters=[weekly])
    for newsletter in (weekly, press):
        edition = EditionFactory(newsletter=newsletter, due=True, articles=[article])
        assert edition.start()
    Edition.objects.filter(newsletter=press).update(subject="Embargoed until noon")
    return article


def crawl(client, *starts):
    """Every answer that can be reached by links of pages, feeds and sitemaps."""
    waiting, seen, answers = list(starts), set(), {}
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        response = client.get(address, follow=True)
        content = getattr(response, "content", b"") or b""
        answers[address] = (response.status_code, content)
        kind = response.headers.get("Content-Type", "")
        if "html" not in kind and "xml" not in kind:
            continue
        if "html" in kind:
            found = html.fromstring(content).xpath("//@href | //@action | //@src")
        else:
            found = html.fromstring(content).xpath("//loc/text() | //@href")
        for link in found:
            parts = urlsplit(urljoin(f"http://testserver{address}", link))
            local = parts.netloc in ("testserver", "localhost:8000", "127.0.0.1:8000")
            # Filters can be put together in thousands of ways.
            is_one = parts.query.count("=") < 2
            others = ("/static/", "/admin/", "/media/")
            if local and is_one and not parts.path.startswith(others):
                waiting.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    return answers


def test_no_page_feed_or_sitemap_tells_of_it(site, reader, press):
    starts = ["/", "/newsletter/", "/newsletter/?language=de", "/sitemap.xml"]

    answers = crawl(reader, *starts, site.get_absolute_url(), "/robots.txt")

    assert len(answers) > 20
    assert any("/newsletter/the-weekly/" in address for address in answers)
    for address, (_, content) in answers.items():
        assert b"Inner Circle" not in content, address
        assert b"inner-circle" not in content, address
        assert b"Embargoed" not in content, address


def test_its_archive_feed_and_editions_are_not_found(site, reader, press):
    edition = press.editions.issues().get()

    for address in (
        press.get_absolute_url(),
        reverse("newsletter_feed", args=[press.slug]),
        edition.get_absolute_url(),
    ):
        assert reader.get(address).status_code == 404, address
    assert not edition.is_public
    assert press.own_paths() == []


def test_with_a_public_archive_its_editions_are_there(site, reader, press):
    press.public_archive = True
    press.save()
    edition = press.editions.issues().get()

    for address in (
        press.get_absolute_url(),
        reverse("newsletter_feed", args=[press.slug]),
        edition.get_absolute_url(),
    ):
        assert b"Embargoed" in reader.get(address).content, address
    # It can be read, and still not be signed up for.
    page = reader.get("/newsletter/").content
    assert b"Inner Circle" not in page
    archive = html.fromstring(reader.get(press.get_absolute_url()).content)
    offered = archive.xpath("//input[@name='newsletters']/@value")
    assert offered
    assert str(press.pk) not in offered


def test_a_forged_sign_up_is_refused(press, reader, settings):
    other = NewsletterFactory()
    asked = {"email": "eve@example.org", "newsletters": [press.pk]}

    for address in ("/newsletter/", "/newsletter/subscribe/"):
        assert reader.post(address, asked).status_code == 422, address
        both = {**asked, "newsletters": [press.pk, other.pk]}
        assert reader.post(address, both).status_code == 422, address
    settings.SIGNUP_ORIGINS = ["https://partner.example"]
    response = reader.post(
        "/newsletter/api/subscribe",
        {"email": "eve@example.org", "newsletter": press.slug},
        content_type="application/json",
        headers={"origin": "https://partner.example"},
    )
    assert response.status_code == 422
    assert "newsletter" in response.json()["errors"]
    assert not Signup.objects.exists()
    assert not Subscriber.objects.exists()


def test_a_request_from_before_it_was_a_press_list_adds_nobody():
    letter = NewsletterFactory()
    signup = Subscriber.objects.sign_up(ADA, [letter])
    Newsletter.objects.update(is_press_list=True)

    signup.confirm()

    assert not Subscriber.objects.mailable(letter).exists()


def test_the_desk_gives_out_no_form_to_copy(press, newsletter_manager):
    page = newsletter_manager.get(f"/admin/newsletter/newsletter/{press.pk}/change/")

    assert "Form to copy" not in page.content.decode()
    assert render_form(press) == ""


# Leaving, and coming back


def preferences(reader, subscriber):
    page = html.fromstring(reader.get(subscriber.preferences_path).content.decode())
    return [
        " ".join(button.text_content().split())
        for button in page.xpath("//button[@value='press']")
    ]


def press_button(reader, subscriber, newsletter):
    return reader.post(
        subscriber.preferences_path, {"act": "press", "newsletter": newsletter.pk}
    )


def test_a_member_leaves_in_the_preferences_with_one_press(add, reader, press):
    ada = add()
    assert preferences(reader, ada) == ["Unsubscribe from Inner Circle"]

    assert press_button(reader, ada, press).status_code == 303

    assert not Subscriber.objects.mailable(press).exists()
    assert ada.consent.last().action == "unsubscribed"


def test_who_left_comes_back_alone(add, reader, press):
    ada = add()
    press_button(reader, ada, press)
    assert preferences(reader, ada) == ["Come back to Inner Circle"]
    assert "left the list" in refusal(add)

    press_button(reader, ada, press)

    assert Subscriber.objects.mailable(press).get() == ada
    # And was welcomed once.
    assert Delivery.objects.count() == 1


def test_others_are_not_offered_it(press, reader):
    bo = SubscriberFactory(newsletters=[NewsletterFactory()])

    assert preferences(reader, bo) == []
    assert b"Inner Circle" not in reader.get(bo.preferences_path).content
    assert press_button(reader, bo, press).status_code == 422
    form = PreferencesForm({"newsletters": [press.pk], "language": "en"}, subscriber=bo)
    assert not form.is_valid()
    assert not Subscriber.objects.mailable(press).exists()


def test_whom_an_editor_removed_cannot_come_back_alone(add, reader, press):
    ada = add()
    press_lists.remove_person(press, ada)

    assert preferences(reader, ada) == []
    assert press_button(reader, ada, press).status_code == 422
    assert not Subscriber.objects.mailable(press).exists()


def test_saving_the_preferences_leaves_the_press_list_alone(add, press):
    ada = add()
    form = PreferencesForm({"newsletters": [], "language": "en"}, subscriber=ada)
    assert form.is_valid()

    form.save()

    assert Subscriber.objects.mailable(press).get() == ada


def test_the_preferences_take_no_query_more_for_each_list(
    add, reader, press, mona, django_assert_max_num_queries
):
    ada = add()
    for _ in range(3):
        another = NewsletterFactory(is_press_list=True)
        press_lists.add_person(another, ADA, evidence=CARD, by=mona)

    with django_assert_max_num_queries(14):
        reader.get(ada.preferences_path)


# The desk


def form_at(client, press):
    return OpenForm(client, f"/admin/newsletter/newsletter/{press.pk}/add-person/")


def fill(form, **values):
    given = {
        "email": ADA,
        "given": "Card, Berlin Forum",
        "given_on": "2026-01-02",
        "basis": "they agreed",
        **values,
    }
    for name, value in given.items():
        form[name] = value
    return form.press("Add this person")


def test_a_manager_adds_somebody_at_the_desk(newsletter_manager, press):
    form = form_at(newsletter_manager, press)

    fill(form)

    assert f"Added {ADA}. They will be told by e-mail." in form.said
    ada = Subscriber.objects.mailable(press).get()
    assert ada.consent.get().source.startswith(
        "Card, Berlin Forum, 2 January 2026; they agreed; user"
    )
    entry = AuditEntry.objects.filter(kind="newsletter.subscriber").get()
    assert "Inner Circle" in entry.detail
    assert ADA not in f"{entry.what} {entry.detail}"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"email": "no address"}, "must have an @-sign"),
        ({"given": ""}, "required"),
        ({"basis": ""}, "required"),
        ({"given_on": "2999-01-01"}, "in the future"),
    ],
)
def test_what_is_missing_is_said_and_nothing_lost(
    newsletter_manager, press, wrong, said
):
    form = form_at(newsletter_manager, press)

    fill(form, **{"given": "Card, Rome", **wrong})

    assert said in form.said
    assert form["given"] == wrong.get("given", "Card, Rome")
    assert not Subscriber.objects.exists()


def test_who_left_is_refused_at_the_desk(newsletter_manager, press, add):
    add().unsubscribe(press, method="page")
    form = form_at(newsletter_manager, press)

    fill(form)

    assert "This person left the list on" in form.said
    assert form["email"] == ADA


def test_an_editor_takes_somebody_off(newsletter_manager, press, add):
    ada = add()
    page = newsletter_manager.get(f"/admin/newsletter/subscriber/{ada.pk}/change/")
    assert "Remove from Inner Circle" in page.content.decode()

    newsletter_manager.post(
        f"/admin/newsletter/subscriber/{ada.pk}/remove-{press.pk}/act/"
    )

    assert not Subscriber.objects.mailable(press).exists()
    assert ada.consent.last().action == "removed"


@pytest.mark.parametrize("number", ["", "0", "x", "999999"])
def test_a_list_that_they_are_not_on_is_not_found(newsletter_manager, add, number):
    ada = add()

    response = newsletter_manager.post(
        f"/admin/newsletter/subscriber/{ada.pk}/remove-{number}/act/"
    )

    assert response.status_code == 404
    assert ada.subscriptions.exists()


@pytest.mark.parametrize(
    "role",
    ["newsletter_editor", "publisher", "editor", "contributor", "manager", "nobody"],
)
def test_nobody_else_adds_or_takes_off(press, add, role):
    ada = add()
    client = signed_in(**({} if role == "nobody" else {role: True}))
    address = f"/admin/newsletter/newsletter/{press.pk}/add-person/"
    asked = {
        "email": "bo@paper.example.org",
        "language": "en",
        "given": "Card",
        "given_on": "2026-01-02",
        "basis": "they agreed",
    }

    refused = 302 if role == "nobody" else 403
    assert client.get(address).status_code == refused
    assert client.post(address, asked).status_code == refused
    act = f"/admin/newsletter/subscriber/{ada.pk}/remove-{press.pk}/act/"
    assert client.post(act).status_code == refused
    assert Subscriber.objects.mailable(press).get() == ada


def test_an_ordinary_newsletter_has_no_page_to_add_people(newsletter_manager):
    letter = NewsletterFactory()

    address = f"/admin/newsletter/newsletter/{letter.pk}/add-person/"
    assert newsletter_manager.get(address).status_code == 404


def test_an_edition_goes_to_a_press_list(newsletter_editor, press):
    page = newsletter_editor.get("/admin/newsletter/edition/add/")

    assert "New edition of Inner Circle" in page.content.decode()


@pytest.mark.parametrize("field", ["is_press_list", "public_archive"])
def test_what_messages_say_of_the_list_is_part_of_what_is_approved(press, field):
    edition = EditionFactory(newsletter=press)
    before = edition.content()
    setattr(press, field, not getattr(press, field))
    press.save()

    assert Edition.objects.get().content() != before


# Importing


def bring_in(*addresses, slug="inner-circle"):
    """The outcomes of importing people, in words."""
    headers = ["email", "newsletters", "consent_source"]
    records = [Record(2, [address, slug, CARD], "") for address in addresses]
    results = import_records(records, Plan(guess_fields(headers)))
    return [result.outcome for result in results]


def test_people_are_imported_into_it_and_told(press):
    assert bring_in(ADA, "bo@paper.example.org") == ["created", "created"]

    assert Subscriber.objects.mailable(press).count() == 2
    assert Delivery.objects.filter(edition__is_welcome=True).count() == 2
    assert ConsentRecord.objects.filter(source=CARD).count() == 2


def test_who_left_is_not_imported(press, add):
    add().unsubscribe(press, method="page")
    Delivery.objects.all().delete()

    assert bring_in(ADA) == ["unchanged"]

    assert not Subscriber.objects.mailable(press).exists()
    assert not Delivery.objects.exists()


def test_nobody_is_imported_who_would_not_be_told(press):
    WelcomeMailFactory(newsletter=press, active=False)

    assert bring_in(ADA) == ["refused"]
    assert not Subscriber.objects.exists()


def test_others_who_are_imported_get_no_notice():
    NewsletterFactory(slug="letter")

    assert bring_in(ADA, slug="letter") == ["created"]

    assert not Delivery.objects.exists()
