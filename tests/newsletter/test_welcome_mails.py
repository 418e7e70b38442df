"""Whoever confirms a subscription is welcomed once, by the same ledger."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.core.management import call_command
from django.db import IntegrityError
from django.utils import timezone

from newsletter.forms import PreferencesForm
from newsletter.models import (
    ConsentRecord,
    Delivery,
    Edition,
    Event,
    Heartbeat,
    NotAllowed,
    Subscriber,
    Suppression,
    WelcomeMail,
)
from newsletter.reports import figures
from newsletter.restored import after_restore
from tests.factories import (
    ArticleFactory,
    EditionFactory,
    NewsletterFactory,
    SubscriberFactory,
    UserFactory,
    WelcomeMailFactory,
)
from tests.newsletter.mail_server import MailServer

pytestmark = pytest.mark.django_db

ADA, BO = "ada@example.org", "bo@example.org"
Method = ConsentRecord.Method


@pytest.fixture
def server(settings):
    settings.MAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.NEWSLETTER_CONNECTIONS = 1
    with MailServer() as server:
        settings.EMAIL_PORT = server.port
        yield server


@pytest.fixture
def letter():
    return NewsletterFactory(name="The Letter", slug="the-letter")


@pytest.fixture
def welcome(letter):
    return WelcomeMailFactory(newsletter=letter)


def confirm(address, *newsletters, language="en", **asked):
    signup = Subscriber.objects.sign_up(address, newsletters, **asked)
    Subscriber.objects.filter(pk=signup.subscriber_id).update(language=language)
    signup.confirm()
    return Subscriber.objects.get(pk=signup.subscriber_id)


def run_due():
    """As the scheduler does each minute."""
    Edition.objects.update(worked_at=None)
    call_command("run_due", verbosity=0)


def read(server, address):
    return message_from_bytes(server.handler.messages[address], policy=policy.default)


def states():
    return dict(Delivery.objects.values_list("subscriber__email", "state"))


def test_nothing_is_sent_before_the_address_is_confirmed(server, welcome):
    signup = Subscriber.objects.sign_up(ADA, [welcome.newsletter])
    run_due()
    assert not Delivery.objects.exists()

    signup.confirm()
    run_due()

    assert read(server, ADA)["Subject"] == "Welcome to our letter"
    assert server.accepted[ADA] == 1


def test_it_can_be_left_like_an_edition(server, welcome, reader):
    confirm(ADA, welcome.newsletter)
    run_due()

    message = read(server, ADA)
    [delivery] = Delivery.objects.all()
    token = delivery.token("unsubscribe")
    assert token in message["List-Unsubscribe"]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for part in ("plain", "html"):
        text = message.get_body([part]).get_content()
        assert "Thank you for joining" in text
        assert token in text
        assert "Read in the browser" not in text
    reader.post(f"/newsletter/unsubscribe/{token}/")
    assert not Subscriber.objects.mailable(welcome.newsletter).exists()


def test_whoever_leaves_and_comes_back_is_not_welcomed_again(server, welcome):
    ada = confirm(ADA, welcome.newsletter)
    run_due()
    ada.unsubscribe(welcome.newsletter, method=Method.PAGE)

    confirm(ADA, welcome.newsletter)
    run_due()

    assert Subscriber.objects.mailable(welcome.newsletter).get() == ada
    assert server.accepted[ADA] == 1


def test_another_language_is_no_second_welcome(server, welcome):
    WelcomeMailFactory(newsletter=welcome.newsletter, language="de")
    ada = confirm(ADA, welcome.newsletter)
    run_due()
    ada.unsubscribe(welcome.newsletter, method=Method.PAGE)

    confirm(ADA, welcome.newsletter, language="de")
    run_due()

    assert server.accepted[ADA] == 1


def test_the_database_refuses_a_second_one(welcome):
    confirm(ADA, welcome.newsletter)
    delivery = Delivery.objects.get()

    delivery.pk = None
    with pytest.raises(IntegrityError):
        delivery.save(force_insert=True)


def test_of_two_newsletters_each_welcomes_once(server, welcome):
    other = WelcomeMailFactory(subject="Welcome to the other")

    confirm(ADA, welcome.newsletter, other.newsletter)
    run_due()
    run_due()

    assert server.accepted[ADA] == 2
    assert Delivery.objects.filter(state="sent").count() == 2


def test_a_newsletter_chosen_in_the_preference_centre_welcomes_too(server, welcome):
    ada = SubscriberFactory(email=ADA, newsletters=[NewsletterFactory()])
    wanted = {"newsletters": [welcome.newsletter.pk], "language": "en"}

    form = PreferencesForm(wanted, subscriber=ada)
    assert form.is_valid()
    form.save()
    run_due()

    assert server.accepted[ADA] == 1


def test_who_comes_otherwise_is_not_welcomed(server, welcome):
    ada = SubscriberFactory(email=ADA)

    ada.subscribe(welcome.newsletter, method=Method.IMPORT)
    run_due()

    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("leave", "reason"),
    [
        (lambda ada, letter: ada.unsubscribe(letter, method=Method.PAGE), "unsub"),
        (
            lambda ada, letter: ada.pause(timezone.localdate() + timedelta(days=7)),
            "paused",
        ),
        (
            lambda ada, letter: ada.suppress(
                Suppression.Reason.BOUNCED, method=Method.BOUNCE
            ),
            "suppressed",
        ),
        (lambda ada, letter: ada.erase(method=Method.PREFERENCES), "erased"),
    ],
    ids=["left", "paused", "suppressed", "erased"],
)
def test_who_is_gone_before_it_goes_does_not_get_it(server, welcome, leave, reason):
    ada = confirm(ADA, welcome.newsletter)

    leave(ada, welcome.newsletter)
    run_due()

    delivery = Delivery.objects.get()
    assert delivery.state == Delivery.State.SKIPPED
    assert reason in delivery.reason or reason == "erased"
    assert not server.accepted


def test_who_left_before_it_went_gets_it_on_coming_back(server, welcome):
    ada = confirm(ADA, welcome.newsletter)
    ada.unsubscribe(welcome.newsletter, method=Method.PAGE)
    run_due()

    confirm(ADA, welcome.newsletter)
    run_due()

    assert server.accepted[ADA] == 1


def test_each_is_welcomed_in_their_language_else_in_the_newsletters(server, welcome):
    WelcomeMailFactory(
        newsletter=welcome.newsletter, language="de", subject="Willkommen"
    )
    confirm(ADA, welcome.newsletter, language="de")
    confirm(BO, welcome.newsletter, language="fr")

    run_due()

    german = read(server, ADA)
    assert german["Subject"] == "Willkommen"
    assert 'lang="de"' in german.get_body(["html"]).get_content()
    assert "Abbestellen" in german.get_body(["plain"]).get_content()
    assert read(server, BO)["Subject"] == "Welcome to our letter"


def test_a_mail_of_a_third_language_alone_welcomes_nobody(server, letter):
    WelcomeMailFactory(newsletter=letter, language="de")

    confirm(ADA, letter)

    assert not Delivery.objects.exists()


def test_a_new_text_goes_to_those_who_come_later(server, welcome):
    confirm(ADA, welcome.newsletter)
    run_due()
    welcome.subject = "A new welcome"
    welcome.save()

    confirm(BO, welcome.newsletter)
    run_due()

    assert read(server, ADA)["Subject"] == "Welcome to our letter"
    assert read(server, BO)["Subject"] == "A new welcome"
    assert server.accepted == {ADA: 1, BO: 1}


def test_once_it_is_turned_off_nothing_more_is_sent(server, welcome):
    confirm(ADA, welcome.newsletter)
    WelcomeMail.objects.update(active=False)

    confirm(BO, welcome.newsletter)
    run_due()

    assert not server.accepted
    assert states() == {ADA: "skipped"}
    assert "turned off" in Delivery.objects.get().reason


def test_it_links_to_the_latest_edition_if_wanted(server, welcome):
    for days, subject in ((9, "Older"), (2, "Newest")):
        EditionFactory(
            newsletter=welcome.newsletter,
            subject=subject,
            state="sent",
            sent_count=1,
            started_at=timezone.now() - timedelta(days=days),
        )
    newest = Edition.objects.get(subject="Newest")
    confirm(ADA, welcome.newsletter)
    run_due()
    WelcomeMail.objects.update(with_latest_edition=False, changed=timezone.now())
    confirm(BO, welcome.newsletter)
    run_due()

    for part in ("plain", "html"):
        with_link = read(server, ADA).get_body([part]).get_content()
        assert newest.get_absolute_url() in with_link
        assert "Newest" in with_link
        assert "Newest" not in read(server, BO).get_body([part]).get_content()


@pytest.mark.parametrize("agreed", [True, False])
def test_only_who_agreed_is_tracked(server, welcome, reader, agreed):
    confirm(ADA, welcome.newsletter, analytics=agreed)
    run_due()

    body = read(server, ADA).get_body(["html"]).get_content()
    assert ("/newsletter/open/" in body) is agreed
    assert ("/newsletter/click/" in body) is agreed
    if agreed:
        delivery = Delivery.objects.get()
        link = delivery.edition.links.get(url__endswith="/about/")
        path = f"/newsletter/click/{delivery.token('click')}/{link.number}/"
        assert path in body
        assert reader.get(path)["Location"] == link.url


def test_links_of_mails_sent_before_lead_where_they_did(server, welcome, reader):
    confirm(ADA, welcome.newsletter, analytics=True)
    run_due()
    welcome.body = '<p><a href="/elsewhere/">A new</a> <a href="/about/">way</a></p>'
    welcome.save()
    confirm(BO, welcome.newsletter, analytics=True)
    run_due()

    edition = Edition.objects.welcome_to(welcome.newsletter)
    paths = [link.url.partition("8000")[2] for link in edition.links.all()]
    assert paths.index("/about/") < paths.index("/elsewhere/")
    assert len(paths) == len(set(paths))


def test_who_read_it_is_forgotten_in_time(server, welcome, settings):
    confirm(ADA, welcome.newsletter)
    delivery = Delivery.objects.get()
    event = Event.objects.create(
        edition=delivery.edition, delivery=delivery, kind=Event.Kind.OPEN
    )
    run_due()
    event.refresh_from_db()
    assert event.delivery

    long_ago = timezone.now() - timedelta(days=settings.READING_KEPT_DAYS + 1)
    Delivery.objects.update(added_at=long_ago)
    run_due()

    event.refresh_from_db()
    assert event.delivery is None
    assert event.reader


def test_a_former_address_says_nothing_about_the_new_one(welcome):
    ada = confirm(ADA, welcome.newsletter)
    delivery = Delivery.objects.select_related("edition").get()
    assert not delivery.went_to_former_address

    ada.email = BO
    ada.save()

    assert Delivery.objects.get().went_to_former_address


# Beside the editions


@pytest.fixture
def sent(server, welcome):
    confirm(ADA, welcome.newsletter)
    run_due()
    return Edition.objects.get()


def test_it_never_ends_and_waits_for_the_next(sent):
    assert (sent.state, sent.finished_at) == (Edition.State.SENDING, None)
    assert sent.ledger()["sent"] == 1
    assert not sent.held_because


def test_readers_do_not_find_it(sent, reader, welcome):
    slug = welcome.newsletter.slug
    pages = ["/newsletter/", f"/newsletter/{slug}/", f"/newsletter/{slug}/feed/"]

    assert reader.get(f"/newsletter/{slug}/{sent.pk}/").status_code == 404
    for page in [*pages, "/sitemap.xml"]:
        assert f"{slug}/{sent.pk}/" not in reader.get(page).content.decode()
    assert not sent.is_public


def test_the_next_edition_gathers_as_without_it(sent, welcome):
    article = ArticleFactory(
        published=True, published_at=timezone.now() - timedelta(days=3)
    )

    edition = welcome.newsletter.create_edition(by=UserFactory())

    assert edition.items.get().article == article


def test_it_is_no_edition_in_an_editions_report(sent, welcome):
    edition = EditionFactory(
        newsletter=welcome.newsletter,
        started_at=timezone.now() + timedelta(hours=1),
        state="sent",
    )

    report = figures.EditionReport(edition)

    assert [row.edition for row in report.recent_editions] == [edition]
    assert report.ledger["audience"] == 0


def test_it_is_turned_off_and_never_cancelled(sent):
    superuser = UserFactory(is_superuser=True)

    with pytest.raises(NotAllowed):
        sent.cancel(by=superuser)
    sent.pause(by=superuser)
    sent.resume(by=superuser)

    assert sent.state == Edition.State.SENDING


def test_a_copied_database_welcomes_nobody_who_waited(server, welcome):
    confirm(ADA, welcome.newsletter)
    Heartbeat.objects.update_or_create(
        pk=1,
        defaults={
            "beat_at": timezone.now() - timedelta(hours=5),
            "site_url": "http://127.0.0.1:8000",
        },
    )

    run_due()
    run_due()

    assert not server.accepted
    assert "restored copy" in Edition.objects.get().held_because


def test_time_away_holds_nothing_that_nobody_waits_for(sent, server, welcome):
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(hours=5))
    run_due()

    confirm(BO, welcome.newsletter)
    run_due()

    assert server.accepted[BO] == 1


def test_after_a_restore_a_person_decides_on_who_waited(server, welcome):
    confirm(ADA, welcome.newsletter)

    after_restore("yesterday")
    confirm(BO, welcome.newsletter)
    run_due()

    assert states() == {ADA: "uncertain", BO: "sent"}


def test_the_person_is_told_of_it(sent):
    [told] = Subscriber.objects.get().data()["editions"]

    assert told["edition"] == "Welcome mail: The Letter"
