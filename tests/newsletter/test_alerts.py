"""Alerts bring what was published to those who follow it, and each piece once."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from articles.models import Article, Topic
from ecfr_site.institution.models import Institution
from newsletter import tasks
from newsletter.alerts import hours, runs
from newsletter.models import (
    AlertPiece,
    ConsentRecord,
    Delivery,
    Edition,
    Event,
    Heartbeat,
    Interest,
    Newsletter,
    Subscriber,
)
from newsletter.restored import after_restore
from newsletter.sending import alerts as sending_alerts
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    InterestFactory,
    ProgrammeFactory,
    SubscriberFactory,
    TopicFactory,
)
from tests.newsletter.mail_server import MailServer

pytestmark = pytest.mark.django_db

ADA = "ada@example.org"
Method = ConsentRecord.Method
# A Wednesday, 12:00 in Berlin.
NOON = datetime(2026, 5, 6, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def offered(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    settings.MAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.NEWSLETTER_CONNECTIONS = 1
    Institution.objects.update_or_create(pk=1, defaults={"offers_alerts": True})


@pytest.fixture
def server(settings):
    with MailServer() as server:
        settings.EMAIL_PORT = server.port
        yield server


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=True) as clock:
        yield clock


@pytest.fixture
def climate():
    return TopicFactory(name="Climate")


@pytest.fixture
def ada():
    return SubscriberFactory(email=ADA)


def publish(title="A warm sea", ago=timedelta(hours=1), **fields):
    return ArticleFactory(
        state="published", published_at=timezone.now() - ago, title=title, **fields
    )


def work():
    """As the scheduler does each minute; tasks run at once."""
    Heartbeat.beat()
    Edition.objects.update(worked_at=None)
    tasks.enqueue_due()


def read(server, address=ADA):
    return message_from_bytes(server.handler.messages[address], policy=policy.default)


def brought(subscriber):
    return [p.article.title for p in subscriber.alert_pieces.order_by("article__pk")]


# Which pieces


def test_each_way_of_following_brings_its_pieces_in_one_mail(
    server, noon, ada, climate
):
    sea = TopicFactory(name="Sea", parent=TopicFactory(name="Water", parent=climate))
    ukraine = TopicFactory(name="Ukraine", region=True)
    bo, asia = AuthorFactory(name="Bo Berg"), ProgrammeFactory(name="Asia")
    for thing in (
        {"topic": climate},
        {"topic": ukraine},
        {"author": bo},
        {"programme": asia},
    ):
        InterestFactory(subscriber=ada, frequency="at-once", **thing)
    publish("On the sea", topics=[sea])
    publish("On Ukraine", topics=[ukraine])
    publish("By Bo on Ukraine", authors=[bo], topics=[ukraine])
    publish("In Asia", programmes=[asia])
    publish("On nothing")

    work()

    assert server.accepted[ADA] == 1
    message = read(server)
    assert message["Subject"].startswith("New: ")
    assert message["Subject"].endswith("(and 3 more)")
    for part in ("plain", "html"):
        text = message.get_body([part]).get_content()
        for expected in ("On the sea", "On Ukraine", "By Bo on Ukraine", "In Asia"):
            assert expected in text
        assert "On nothing" not in text
        assert "Read in the browser" not in text
        assert "you follow topics, programmes or people" in " ".join(text.split())
    text = message.get_body(["plain"]).get_content()
    assert text.count("By Bo on Ukraine") == 1
    assert text.index("BO BERG") < text.index("By Bo on Ukraine")
    assert Edition.objects.get().state == "sent"


@pytest.mark.parametrize(
    "piece",
    [
        {"state": "withdrawn"},
        {"state": "draft"},
        {"published_at": NOON + timedelta(hours=1)},
        {"ends_at": NOON - timedelta(minutes=1)},
        {"published_at": NOON - timedelta(days=20)},
        {"published_at": datetime(1999, 1, 1, tzinfo=UTC)},
        {"language": "fr"},
    ],
)
def test_what_is_not_public_new_and_readable_is_not_mailed(noon, ada, climate, piece):
    InterestFactory(subscriber=ada, topic=climate)
    article = publish(topics=[climate], ago=timedelta(hours=30))
    Article.objects.filter(pk=article.pk).update(**piece)

    assert runs.start_due() == 0
    assert not Edition.objects.exists()


def test_a_working_copy_is_not_mailed(noon, ada, climate, publisher):
    InterestFactory(subscriber=ada, topic=climate, frequency="at-once")
    article = publish(topics=[climate])
    work_copy = article.start_working_copy(by=publisher.user)
    Article.objects.filter(pk=work_copy.pk).update(
        state="published", published_at=article.published_at
    )
    runs.start_due()
    assert brought(ada) == [article.title]
    assert AlertPiece.objects.get().article == article


def test_pieces_count_from_the_confirmation(noon, ada, climate):
    InterestFactory(
        subscriber=ada,
        topic=climate,
        frequency="at-once",
        counts_from=NOON - timedelta(hours=2),
    )
    publish("Before", topics=[climate], ago=timedelta(hours=3))
    publish("After", topics=[climate])
    runs.start_due()
    assert brought(ada) == ["After"]


def test_an_archive_that_is_imported_with_the_time_of_today_is_capped(
    server, noon, ada, climate, monkeypatch
):
    monkeypatch.setattr(runs, "MOST_CANDIDATES", 30)
    InterestFactory(subscriber=ada, topic=climate, frequency="at-once")
    for n in range(45):
        publish(f"Piece {n:02}", topics=[climate], ago=timedelta(hours=20, minutes=-n))

    work()
    work()

    assert server.accepted[ADA] == 1
    text = read(server).get_body(["plain"]).get_content()
    assert text.count("\nPiece ") == sending_alerts.MOST_SHOWN == 20
    assert "More that is new: 10." in text
    assert "Piece 44" in text
    assert "Piece 24" not in text


# Never twice


def test_a_piece_is_never_mailed_twice_whatever_becomes_of_it(
    server, noon, ada, climate
):
    article = publish(topics=[climate], ago=timedelta(hours=2))
    bo = SubscriberFactory()
    for topic in (climate, TopicFactory()):
        for person in (ada, bo):
            InterestFactory(subscriber=person, topic=topic, frequency="at-once")
    work()
    assert server.accepted[ADA] == 1

    row = Article.objects.filter(pk=article.pk)
    row.update(state="withdrawn")
    work()
    row.update(
        state="published",
        published_at=timezone.now() - timedelta(hours=1),
        slug="another",
        title="Another",
    )
    article.corrections.create(text="Not seven but eight.")
    article.topics.set(Topic.objects.all())
    ada.unfollow(method=Method.PREFERENCES)
    InterestFactory(subscriber=ada, topic=climate, frequency="at-once")
    for frequency in ("daily", "weekly"):
        InterestFactory(subscriber=ada, frequency=frequency)
        article.topics.add(ada.interests.last().topic)
    for days in range(3):
        noon.move_to(NOON + timedelta(days=days, hours=1))
        work()

    assert set(server.accepted.values()) == {1}
    assert AlertPiece.objects.count() == 2


def test_a_translation_is_the_same_piece_and_the_own_language_wins(noon, climate):
    german = SubscriberFactory(language="de")
    english = SubscriberFactory(language="en")
    for person in (german, english):
        InterestFactory(subscriber=person, topic=climate, frequency="at-once")
    original = publish("The sea", topics=[climate])
    publish("Das Meer", topics=[climate], language="de", translation_of=original)
    runs.start_due()
    publish("La mer", topics=[climate], language="fr", translation_of=original)
    runs.start_due()

    assert brought(german) == ["Das Meer"]
    assert brought(english) == ["The sea"]


def test_two_schedulers_at_once_make_one_run(noon, ada, climate, monkeypatch):
    InterestFactory(subscriber=ada, topic=climate, frequency="at-once")
    publish(topics=[climate])
    create_run = runs.create_run

    def be_slower(*args):
        monkeypatch.setattr(runs, "create_run", create_run)
        assert runs.start_due() == 1
        return create_run(*args)

    monkeypatch.setattr(runs, "create_run", be_slower)

    assert runs.start_due() == 0
    assert Edition.objects.count() == Delivery.objects.count() == 1


def test_a_restored_copy_mails_nothing_that_is_public_already(noon, ada, climate):
    InterestFactory(subscriber=ada, topic=climate, frequency="at-once")
    publish(topics=[climate])
    after_restore("yesterday")
    assert runs.start_due() == 0

    Interest.objects.update(counts_from=NOON - timedelta(days=9))
    Heartbeat.objects.update_or_create(
        pk=1, defaults={"beat_at": NOON, "site_url": "https://another.example"}
    )
    tasks.enqueue_due()
    assert not Edition.objects.exists()


# When


def test_what_is_published_in_a_short_time_gathers_in_one_mail(
    server, noon, ada, climate
):
    InterestFactory(subscriber=ada, topic=climate, frequency="at-once")
    publish("First", topics=[climate], ago=timedelta(minutes=1))
    work()
    assert not server.accepted
    noon.move_to(NOON + timedelta(minutes=8))
    publish("Second", topics=[climate], ago=timedelta(minutes=1))
    work()
    assert not server.accepted
    noon.move_to(NOON + timedelta(minutes=10))

    work()

    assert server.accepted[ADA] == 1
    assert read(server)["Subject"] == "New: Second (and 1 more)"


def test_at_night_pieces_are_kept_until_morning(noon, ada, climate):
    ada.time_zone = "Asia/Tokyo"
    ada.save()
    bo = SubscriberFactory(time_zone="Europe/Paris")
    for person in (ada, bo):
        InterestFactory(subscriber=person, topic=climate, frequency="at-once")
    # 23:00 in Tokyo, 16:00 in Paris.
    noon.move_to(datetime(2026, 5, 6, 14, tzinfo=UTC))
    publish(topics=[climate])
    runs.start_due()
    assert brought(ada) == []
    assert len(brought(bo)) == 1

    noon.move_to(datetime(2026, 5, 6, 21, 59, tzinfo=UTC))
    assert runs.start_due() == 0
    noon.move_to(datetime(2026, 5, 6, 22, 1, tzinfo=UTC))
    assert runs.start_due() == 1
    assert len(brought(ada)) == 1


def test_a_mail_that_is_late_waits_for_the_morning_too(server, noon, ada, climate):
    InterestFactory(subscriber=ada, topic=climate, frequency="at-once")
    noon.move_to(datetime(2026, 5, 6, 19, 58, tzinfo=UTC))
    publish(topics=[climate])
    runs.start_due()
    noon.move_to(datetime(2026, 5, 6, 20, 5, tzinfo=UTC))

    work()

    delivery = Delivery.objects.get()
    assert delivery.state == "pending"
    assert delivery.due_at == datetime(2026, 5, 7, 5, tzinfo=UTC)
    assert delivery.attempts == 0
    noon.move_to(datetime(2026, 5, 7, 5, 1, tzinfo=UTC))
    work()
    assert server.accepted[ADA] == 1


def test_daily_alerts_have_what_was_published_until_eight(noon, ada, climate):
    InterestFactory(subscriber=ada, topic=climate)
    publish("Yesterday", topics=[climate], ago=timedelta(hours=12))
    publish("This morning", topics=[climate], ago=timedelta(hours=1))
    noon.move_to(datetime(2026, 5, 6, 5, 59, tzinfo=UTC))
    assert runs.start_due() == 0
    noon.move_to(datetime(2026, 5, 6, 6, 1, tzinfo=UTC))
    assert runs.start_due() == 1
    assert brought(ada) == ["Yesterday"]
    # Entered later with an earlier time: in the next one.
    publish("Backdated", topics=[climate], ago=timedelta(hours=1))
    noon.move_to(datetime(2026, 5, 6, 19, tzinfo=UTC))
    assert runs.start_due() == 0
    noon.move_to(datetime(2026, 5, 7, 6, 1, tzinfo=UTC))
    runs.start_due()
    assert sorted(brought(ada)) == ["Backdated", "This morning", "Yesterday"]


def test_weekly_alerts_come_on_monday_morning(noon, ada, climate):
    InterestFactory(subscriber=ada, topic=climate, frequency="weekly")
    publish(topics=[climate])
    for day in range(7, 11):
        noon.move_to(datetime(2026, 5, day, 12, tzinfo=UTC))
        assert runs.start_due() == 0
    noon.move_to(datetime(2026, 5, 11, 5, 59, tzinfo=UTC))
    assert runs.start_due() == 0
    noon.move_to(datetime(2026, 5, 11, 6, 1, tzinfo=UTC))
    assert runs.start_due() == 1
    assert len(brought(ada)) == 1


def test_who_missed_the_hour_gets_it_when_work_goes_on(noon, ada, climate):
    InterestFactory(subscriber=ada, topic=climate, frequency="weekly")
    publish(topics=[climate])
    noon.move_to(datetime(2026, 5, 12, 9, tzinfo=UTC))
    assert runs.start_due() == 1


# Clocks


@pytest.mark.parametrize(
    ("zone", "moment", "morning"),
    [
        # The night in which clocks go forward, and back.
        ("Europe/Berlin", "2026-03-28T22:30+00:00", "2026-03-29T05:00+00:00"),
        ("Europe/Berlin", "2026-03-29T00:30+00:00", "2026-03-29T05:00+00:00"),
        ("Europe/Berlin", "2026-10-24T21:30+00:00", "2026-10-25T06:00+00:00"),
        ("Europe/Berlin", "2026-10-25T00:30+00:00", "2026-10-25T06:00+00:00"),
        ("America/New_York", "2026-11-01T05:30+00:00", "2026-11-01T12:00+00:00"),
        ("Asia/Kathmandu", "2026-05-06T17:00+00:00", "2026-05-07T01:15+00:00"),
        ("Australia/Lord_Howe", "2026-04-04T14:59+00:00", "2026-04-04T20:30+00:00"),
    ],
)
def test_the_night_ends_at_seven_also_when_clocks_change(zone, moment, morning):
    zone, moment = ZoneInfo(zone), datetime.fromisoformat(moment)
    assert hours.is_quiet(moment, zone)
    found = hours.find_morning(moment, zone)
    assert found == datetime.fromisoformat(morning)
    assert not hours.is_quiet(found, zone)
    assert hours.is_quiet(found - timedelta(seconds=1), zone)


@pytest.mark.parametrize(
    ("frequency", "moment", "cutoff"),
    [
        ("daily", "2026-03-29T06:30+00:00", "2026-03-29T06:00+00:00"),
        ("daily", "2026-03-28T08:00+00:00", "2026-03-28T07:00+00:00"),
        ("daily", "2026-10-25T07:30+00:00", "2026-10-25T07:00+00:00"),
        ("daily", "2026-10-25T06:30+00:00", "2026-10-24T06:00+00:00"),
        ("daily", "2026-10-25T02:30+00:00", None),
        ("weekly", "2026-10-25T12:00+00:00", "2026-10-19T06:00+00:00"),
        ("weekly", "2026-10-26T07:00+00:00", "2026-10-26T07:00+00:00"),
        ("weekly", "2026-10-26T06:30+00:00", "2026-10-19T06:00+00:00"),
    ],
)
def test_the_hour_of_an_alert_is_local_in_summer_and_winter(frequency, moment, cutoff):
    found = hours.find_cutoff(
        frequency, datetime.fromisoformat(moment), ZoneInfo("Europe/Berlin")
    )
    assert found == (cutoff and datetime.fromisoformat(cutoff))


# Who


@pytest.mark.parametrize(
    "change",
    [
        {"status": "unsubscribed"},
        {"status": "bounced"},
        {"status": "complained"},
        {"status": "pending"},
        {"paused_until": NOON.date() + timedelta(days=3)},
    ],
)
def test_whoever_gets_no_newsletter_gets_no_alert(noon, ada, climate, change):
    InterestFactory(subscriber=ada, topic=climate, frequency="at-once")
    Subscriber.objects.update(**change)
    publish(topics=[climate])
    assert runs.start_due() == 0


def test_turned_off_nothing_is_put_together(noon, ada, climate):
    InterestFactory(subscriber=ada, topic=climate, frequency="at-once")
    publish(topics=[climate])
    Institution.objects.update(offers_alerts=False)
    assert runs.start_due() == 0
    Institution.objects.update(offers_alerts=True)
    Newsletter.objects.update(active=False)
    assert runs.start_due() == 0


@pytest.mark.parametrize("what", ["withdraw", "unfollow", "leave", "pause"])
def test_what_changes_before_the_mail_goes_counts(server, noon, ada, climate, what):
    InterestFactory(subscriber=ada, topic=climate, frequency="at-once")
    bo = InterestFactory(subscriber=ada, frequency="at-once").topic
    article = publish("Gone", topics=[climate])
    publish("Stays", topics=[bo])
    runs.start_due()
    if what == "withdraw":
        Article.objects.filter(pk=article.pk).update(state="withdrawn")
    elif what == "unfollow":
        ada.unfollow([ada.interests.get(topic=climate).pk], method=Method.PAGE)
    elif what == "leave":
        ada.unfollow(method=Method.PAGE)
    else:
        ada.pause(NOON.date() + timedelta(days=3))

    work()

    if what in ("withdraw", "unfollow"):
        text = read(server).get_body(["plain"]).get_content()
        assert "Stays" in text
        assert "Gone" not in text
    else:
        assert not server.accepted
        assert Delivery.objects.get().state == "skipped"


def test_if_nothing_is_left_the_mail_is_skipped(server, noon, ada, climate):
    InterestFactory(subscriber=ada, topic=climate, frequency="at-once")
    article = publish(topics=[climate])
    runs.start_due()
    Article.objects.filter(pk=article.pk).update(state="withdrawn")
    work()
    assert not server.accepted
    assert "still followed" in Delivery.objects.get().reason


# The mail


def test_only_who_agreed_is_tracked(server, noon, ada, climate, reader):
    bo = SubscriberFactory(email="bo@example.org", tracked=True)
    for person in (ada, bo):
        InterestFactory(subscriber=person, topic=climate, frequency="at-once")
    article = publish(topics=[climate])

    work()

    plain = read(server).as_string()
    assert "/newsletter/open/" not in plain
    assert "/newsletter/click/" not in plain
    tracked = read(server, bo.email).get_body(["plain"]).get_content()
    [link] = [w for w in tracked.split() if "/newsletter/click/" in w]
    response = reader.get(link)
    assert response["Location"].endswith(article.get_absolute_url())
    assert Event.objects.get(kind="click").link.article == article
    assert Edition.objects.get().tracked_count == 1


def test_it_is_in_the_subscribers_language(server, noon, ada, climate):
    Subscriber.objects.update(language="de")
    InterestFactory(subscriber=ada, topic=climate, frequency="at-once")
    publish(topics=[climate])
    publish("Another", topics=[climate], ago=timedelta(hours=2))

    work()

    message = read(server)
    assert message["Subject"] == "Neu: A warm sea (und noch 1)"
    html = message.get_body(["html"]).get_content()
    assert 'lang="de"' in html
    assert "Neue Veröffentlichungen" in html
    assert "Kommentar" in html


def test_one_click_ends_all_alerts_and_no_newsletter(
    server, noon, ada, climate, reader
):
    weekly = Newsletter.objects.get()
    ada.subscribe(weekly, method=Method.FORM)
    InterestFactory(subscriber=ada, frequency="weekly")
    InterestFactory(subscriber=ada, topic=climate, frequency="at-once")
    publish(topics=[climate])
    work()
    message = read(server)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "<alerts." in message["List-ID"]
    path = message["List-Unsubscribe"].split(">")[0].split("/newsletter/", 1)[1]

    reader.post(f"/newsletter/{path}", {"List-Unsubscribe": "One-Click"})

    assert not ada.interests.exists()
    assert ada.subscriptions.get().newsletter == weekly
    assert Event.objects.filter(kind="unsubscribe").count() == 1
    methods = ada.consent.filter(action="unfollowed").values_list("method", flat=True)
    assert set(methods) == {"one-click"}


def test_its_page_offers_this_alert_all_alerts_and_everything(
    server, noon, ada, climate, reader
):
    weekly = Newsletter.objects.get()
    ada.subscribe(weekly, method=Method.FORM)
    other = InterestFactory(subscriber=ada, frequency="weekly")
    interest = InterestFactory(subscriber=ada, topic=climate, frequency="at-once")
    publish(topics=[climate])
    work()
    path = f"/newsletter/unsubscribe/{Delivery.objects.get().token('unsubscribe')}/"

    html = reader.get(path).content.decode()
    assert "New work on “Climate”" in html
    assert other.topic.name not in html
    for words in ("End this alert", "End all alerts", "Unsubscribe from everything"):
        assert words in html

    said = reader.post(path, {"leave": interest.pk}).content.decode()
    assert "We will no longer send you: New work on “Climate”." in said
    assert "Why did you unsubscribe" not in said
    assert list(ada.interests.all()) == [other]
    assert Subscriber.objects.get().status == "active"

    said = reader.post(path, {"leave": "this"}).content.decode()
    assert "no more alerts" in said
    assert not ada.interests.exists()
    assert ada.subscriptions.exists()

    reader.post(path, {"leave": "all"})
    assert not ada.subscriptions.exists()


def test_leaving_a_newsletter_skips_no_alert_on_its_way(noon, ada, climate):
    weekly = Newsletter.objects.get()
    ada.subscribe(weekly, method=Method.FORM)
    InterestFactory(subscriber=ada, topic=climate, frequency="at-once")
    publish(topics=[climate])
    runs.start_due()
    ada.unsubscribe(weekly, method=Method.PAGE)
    assert Delivery.objects.get().state == "pending"


# Apart from editions


def test_readers_and_editors_of_newsletters_do_not_meet_runs(
    server, noon, ada, climate, reader
):
    InterestFactory(subscriber=ada, topic=climate, frequency="at-once")
    publish(topics=[climate])
    work()
    run = Edition.objects.get()
    weekly = run.newsletter

    assert reader.get(run.get_absolute_url()).status_code == 404
    assert not weekly.editions.public().exists()
    assert not weekly.editions.counting().exists()
    assert not Edition.objects.issues().exists()
    assert weekly.get_last_edition() is None
    assert "A warm sea" not in reader.get(weekly.get_absolute_url()).content.decode()
    feed = reader.get(reverse("newsletter_feed", args=[weekly.slug]))
    assert "A warm sea" not in feed.content.decode()


def test_a_piece_that_was_mailed_can_still_be_deleted(noon, ada, climate):
    InterestFactory(subscriber=ada, topic=climate, frequency="at-once")
    article = publish(topics=[climate])
    runs.start_due()
    article.delete()
    assert not AlertPiece.objects.exists()


# Cost


def test_a_run_takes_as_many_queries_for_many_as_for_few(noon, climate):
    zones = ["", "Asia/Tokyo", "America/New_York", "Europe/Paris"]

    def fill(people, pieces):
        for n in range(people):
            person = SubscriberFactory(time_zone=zones[n % 4], tracked=n % 2 == 0)
            InterestFactory(subscriber=person, topic=climate, frequency="at-once")
        for _ in range(pieces):
            publish(topics=[climate])
        with CaptureQueriesContext(connection) as queries:
            assert runs.start_due() == 1
        return len(queries)

    few = fill(4, 1)
    many = fill(40, 12)
    assert many == few
