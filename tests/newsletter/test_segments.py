"""A segment narrows whom an edition goes to, and never widens it."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.models import (
    ConsentRecord,
    Event,
    Link,
    Segment,
    Subscriber,
    Suppression,
)
from tests.factories import (
    ArticleFactory,
    DeliveryFactory,
    EditionFactory,
    NewsletterFactory,
    ProgrammeFactory,
    SegmentFactory,
    SubscriberFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter():
    return NewsletterFactory(name="The Letter", slug="the-letter")


@pytest.fixture
def ada(letter):
    """Agreed to analytics; the one that each test's segment is about."""
    return SubscriberFactory(newsletters=[letter], tracked=True)


@pytest.fixture(autouse=True)
def bo(letter):
    """Somebody else who gets it, and agreed as well."""
    return SubscriberFactory(newsletters=[letter], tracked=True)


def people(letter, **criteria):
    segment = SegmentFactory(newsletter=letter, **criteria)
    found = set(Subscriber.objects.mailable(letter).in_segment(segment))
    assert found == set(segment.audience())
    return found


def read(subscriber, kind="click", days=1, machine="", **about):
    """Have the subscriber open or click something so many days ago."""
    delivery = DeliveryFactory(subscriber=subscriber)
    link = None
    if about:
        link = Link.objects.create(edition=delivery.edition, number=1, **about)
    event = Event.objects.create(
        edition=delivery.edition,
        delivery=delivery,
        kind=kind,
        machine=machine,
        link=link,
    )
    Event.objects.filter(pk=event.pk).update(at=timezone.now() - timedelta(days=days))
    return event


# Each criterion


def test_by_language(letter, ada, bo):
    Subscriber.objects.filter(pk=ada.pk).update(language="de")

    assert people(letter, languages=["de"]) == {ada}
    assert people(letter, languages=["de", "en"]) == {ada, bo}
    assert people(letter, languages=["pl"]) == set()


def test_by_any_of_the_topics_that_they_chose(letter, ada, bo):
    energy, trade = TopicFactory(), TopicFactory()
    ada.topics.set([energy])

    assert people(letter, topics=[energy, trade]) == {ada}
    assert people(letter, topics=[trade]) == set()


@pytest.mark.parametrize(
    ("since", "before", "is_in"),
    [
        (date(2026, 3, 1), None, True),
        (date(2026, 3, 2), None, False),
        (None, date(2026, 3, 2), True),
        (None, date(2026, 3, 1), False),
        (date(2026, 2, 1), date(2026, 4, 1), True),
        (date(2026, 1, 1), date(2026, 2, 1), False),
    ],
)
def test_by_the_day_of_subscribing_to_this_newsletter(
    letter, ada, bo, settings, since, before, is_in
):
    """At midnight of the institution's own time zone."""
    settings.TIME_ZONE = "Europe/Berlin"
    bo.subscriptions.all().delete()
    ada.subscriptions.update(confirmed_at="2026-02-28T23:00:00Z")
    other = NewsletterFactory()
    ada.subscriptions.create(newsletter=other, confirmed_at="2026-10-01T00:00Z")

    found = people(letter, confirmed_since=since, confirmed_before=before)

    assert found == ({ada} if is_in else set())


def test_by_where_they_were_imported_from(letter, ada, bo):
    def note(subscriber, action, newsletter, source):
        ConsentRecord.objects.create(
            subscriber=subscriber,
            action=action,
            method="import",
            newsletter=newsletter,
            source=source,
        )

    note(ada, "imported", letter, "Conference, Berlin 2026")
    note(bo, "imported", NewsletterFactory(), "Conference, Berlin 2026")
    note(bo, "reinstated", letter, "Berlin 2026")
    note(bo, "imported", letter, "Paris, 100 people")

    assert people(letter, source="berlin 2026") == {ada}
    assert people(letter, source="100%") == set()


@pytest.mark.parametrize("kind", ["open", "click"])
def test_by_having_read_lately(letter, ada, bo, kind):
    read(ada, kind, days=29)
    read(bo, kind, days=31)

    assert people(letter, engaged_days=30) == {ada}


def test_machines_and_bounces_are_no_reading(letter, ada):
    read(ada, machine="scanner")
    read(ada, "bounce")

    assert people(letter, engaged_days=30) == set()


def test_by_the_programme_of_a_piece_that_they_clicked(letter, ada, bo):
    africa, asia = ProgrammeFactory(), ProgrammeFactory()
    piece = ArticleFactory(published=True, programmes=[africa])
    read(ada, url="https://a.example/", article=piece)
    read(bo, url="https://b.example/")

    assert people(letter, programmes=[africa, asia]) == {ada}
    assert people(letter, programmes=[asia]) == set()


@pytest.mark.parametrize("needs_consent", [True, False])
@pytest.mark.parametrize("answer", ["denied", "unknown"])
def test_reading_counts_only_of_who_agreed(
    letter, ada, settings, answer, needs_consent
):
    """Also where analytics need no consent: sorting people is more than counting."""
    settings.ANALYTICS_NEEDS_CONSENT = needs_consent
    africa = ProgrammeFactory()
    piece = ArticleFactory(published=True, programmes=[africa])
    read(ada, url="https://a.example/", article=piece)
    assert people(letter, engaged_days=30) == {ada}

    Subscriber.objects.filter(pk=ada.pk).update(analytics=answer)

    assert people(letter, engaged_days=30) == set()
    assert people(letter, programmes=[africa]) == set()


def test_forgotten_readers_are_in_no_segment(letter, ada):
    event = read(ada)
    event.edition.forget_readers()

    assert people(letter, engaged_days=300) == set()


def test_criteria_narrow_each_other(letter, ada, bo):
    topic = TopicFactory()
    ada.topics.set([topic])
    bo.topics.set([topic])
    Subscriber.objects.filter(pk=bo.pk).update(language="fr")
    read(bo)

    assert people(letter, topics=[topic]) == {ada, bo}
    assert people(letter, topics=[topic], languages=["fr"]) == {bo}
    assert people(letter, topics=[topic], languages=["fr"], engaged_days=7) == {bo}
    assert people(letter, topics=[topic], languages=["en"], engaged_days=7) == set()


def test_without_any_criterion_nobody_is_in_it(letter, ada):
    """So that one that lost its criteria mails nobody rather than all."""
    assert people(letter) == set()


# Only ever fewer


def _unsubscribe(ada, letter):
    ada.unsubscribe(letter, method="page")


def _suppress(ada, letter):
    ada.suppress(Suppression.Reason.MANUAL, method="desk")


def _pause(ada, letter):
    ada.pause(timezone.localdate() + timedelta(days=9))


def _erase(ada, letter):
    ada.erase(method="desk")


def _leave_unconfirmed(ada, letter):
    Subscriber.objects.filter(pk=ada.pk).update(status="pending")
    ada.subscriptions.update(confirmed_at=None)


@pytest.mark.parametrize(
    "act", [_unsubscribe, _suppress, _pause, _erase, _leave_unconfirmed]
)
def test_nobody_is_in_it_who_would_not_get_the_newsletter(letter, ada, bo, act):
    topic = TopicFactory()
    for person in (ada, bo):
        person.topics.set([topic])
        read(person)
    criteria = {"languages": ["en"], "topics": [topic], "engaged_days": 30}
    assert people(letter, **criteria) == {ada, bo}

    act(ada, letter)

    assert people(letter, **criteria) == {bo}


CRITERIA = st.fixed_dictionaries(
    {
        "languages": st.lists(st.sampled_from(["en", "de", "fr"]), unique=True),
        "confirmed_since": st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
        "confirmed_before": st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
        "source": st.text(
            st.characters(codec="utf-8", exclude_characters="\0"), max_size=20
        ),
        "engaged_days": st.none() | st.integers(1, 400),
    }
)


@pytest.fixture
def crowd(letter):
    """One of each status, language and answer, who all read something."""
    for status in Subscriber.Status.values:
        for language in ("en", "de"):
            somebody = SubscriberFactory(
                newsletters=[letter], language=language, tracked=True
            )
            read(somebody)
            Subscriber.objects.filter(pk=somebody.pk).update(status=status)


@given(criteria=CRITERIA)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_criteria_it_is_part_of_the_audience(letter, crowd, criteria):
    everybody = set(Subscriber.objects.mailable(letter).values_list("pk", flat=True))
    with transaction.atomic():
        segment = Segment(newsletter=letter, name="Some", **criteria)
        segment.save()
        found = set(segment.audience().values_list("pk", flat=True))
        transaction.set_rollback(True)

    assert found <= everybody


# What it must not lose


@pytest.mark.parametrize(
    ("name", "factory"), [("topics", TopicFactory), ("programmes", ProgrammeFactory)]
)
def test_a_topic_or_programme_in_a_segment_is_protected(letter, name, factory):
    """Without it the segment would be of more people than was meant."""
    chosen = factory()
    SegmentFactory(newsletter=letter, languages=["en"], **{name: [chosen]})

    with pytest.raises(ProtectedError):
        chosen.delete()


def test_a_segment_that_an_edition_goes_to_is_protected(letter):
    segment = SegmentFactory(newsletter=letter, languages=["en"])
    EditionFactory(newsletter=letter, segment=segment)

    with pytest.raises(ProtectedError):
        segment.delete()


def test_criteria_that_nobody_could_meet_are_refused(letter):
    for wrong in (
        {"confirmed_since": date(2026, 2, 1), "confirmed_before": date(2026, 2, 1)},
        {"languages": ["tlh"]},
        {"engaged_days": 0},
        {"engaged_days": 100_000 // 2},
    ):
        with pytest.raises(ValidationError):
            Segment(newsletter=letter, name="Wrong", **wrong).full_clean()


def test_it_says_in_words_who_is_in_it(letter):
    segment = SegmentFactory(
        newsletter=letter,
        languages=["de", "fr"],
        topics=[TopicFactory(name="Energy")],
        confirmed_since=date(2026, 5, 1),
        source="Berlin",
        engaged_days=90,
        programmes=[ProgrammeFactory(name="Africa"), ProgrammeFactory(name="Asia")],
    )

    assert segment.describe() == (
        "language German or French; chose Energy; subscribed since 1 May 2026; "
        "imported from “Berlin”; opened or clicked in the last 90 days; clicked on a "
        "piece of Africa or Asia"
    )


def test_a_count_takes_three_queries_however_many_criteria(
    letter, ada, django_assert_num_queries
):
    segment = SegmentFactory(
        newsletter=letter,
        languages=["en"],
        topics=[TopicFactory(), TopicFactory()],
        programmes=[ProgrammeFactory()],
        source="Berlin",
        engaged_days=90,
    )
    with django_assert_num_queries(3):
        segment.audience().count()
