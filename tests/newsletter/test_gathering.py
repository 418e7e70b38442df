"""A new edition holds what was published since the one before, in its order."""

from datetime import timedelta

import pytest
from django.utils import timezone

from newsletter.models import NotAllowed
from tests.factories import (
    ArticleFactory,
    EditionFactory,
    NewsletterFactory,
    ProgrammeFactory,
    TopicFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def newsletter():
    return NewsletterFactory()


@pytest.fixture
def ada():
    return UserFactory(newsletter_editor=True)


def hours_ago(hours):
    return timezone.now() - timedelta(hours=hours)


def published(hours, **values):
    return ArticleFactory(published=True, published_at=hours_ago(hours), **values)


def titles(edition):
    return [item.article.title for item in edition.items.select_related("article")]


def sections(edition):
    return [
        (item.section, item.article.title)
        for item in edition.items.select_related("article")
    ]


def test_the_first_edition_looks_back_on_a_week(newsletter, ada):
    published(7 * 24 + 1, title="Too old")
    published(7 * 24 - 1, title="Last week's")
    published(1, title="Today's")

    edition = newsletter.create_edition(ada)

    assert titles(edition) == ["Today's", "Last week's"]
    assert edition.state == "draft"
    assert edition.created_by == edition.changed_by == ada


def test_the_next_edition_goes_on_where_the_last_one_ended(newsletter, ada):
    EditionFactory(newsletter=newsletter, gathered_at=hours_ago(20))
    EditionFactory(newsletter=newsletter, gathered_at=hours_ago(50))
    published(21, title="Before")
    published(19, title="After")

    assert titles(newsletter.create_edition(ada)) == ["After"]


@pytest.mark.parametrize(("sent", "expected"), [(0, ["New", "In it"]), (3, ["New"])])
def test_an_edition_cancelled_unseen_does_not_count(newsletter, ada, sent, expected):
    piece = published(30, title="In it")
    EditionFactory(newsletter=newsletter, gathered_at=hours_ago(40))
    EditionFactory(
        newsletter=newsletter,
        gathered_at=hours_ago(20),
        state="cancelled",
        sent_count=sent,
        articles=[piece],
    )
    published(10, title="New")

    assert titles(newsletter.create_edition(ada)) == expected


def test_an_edition_of_another_newsletter_takes_nothing_away(newsletter, ada):
    article = published(2, title="In both")
    EditionFactory(gathered_at=hours_ago(1), articles=[article])

    assert titles(newsletter.create_edition(ada)) == ["In both"]


def test_a_piece_is_not_taken_twice(newsletter, ada):
    """An editor put it into the edition before by hand."""
    article = published(1, title="Known")
    EditionFactory(newsletter=newsletter, gathered_at=hours_ago(2), articles=[article])

    assert titles(newsletter.create_edition(ada)) == []


def test_only_what_readers_can_see_in_the_language_is_taken(newsletter, ada):
    ArticleFactory(draft=True)
    ArticleFactory(scheduled=True)
    ArticleFactory(withdrawn=True)
    published(1, language="de")
    published(2, title="Seen")

    assert titles(newsletter.create_edition(ada)) == ["Seen"]


def test_by_topic_pieces_stand_under_the_root_of_theirs(ada):
    newsletter = NewsletterFactory(grouping="topic")
    energy = TopicFactory(name="Energy")
    grids = TopicFactory(name="Grids", parent=energy)
    wires = TopicFactory(name="Wires", parent=grids)
    trade = TopicFactory(name="Trade")
    region = TopicFactory(name="Africa", region=True)
    published(1, title="Loose", topics=[region])
    published(2, title="Tariffs", topics=[trade, region])
    published(3, title="Copper", topics=[wires, trade])
    published(4, title="Gas", topics=[energy])

    assert sections(newsletter.create_edition(ada)) == [
        ("Energy", "Copper"),
        ("Energy", "Gas"),
        ("Trade", "Tariffs"),
        ("", "Loose"),
    ]


def test_by_programme_pieces_stand_in_the_programmes_order(ada):
    newsletter = NewsletterFactory(grouping="programme")
    second = ProgrammeFactory(name="Asia", order=2)
    first = ProgrammeFactory(name="Power", order=1)
    published(1, title="Loose")
    published(2, title="Islands", programmes=[second])
    published(3, title="Both", programmes=[second, first])

    assert sections(newsletter.create_edition(ada)) == [
        ("Power", "Both"),
        ("Asia", "Islands"),
        ("", "Loose"),
    ]


def test_the_subject_names_the_house_and_the_lead(newsletter, ada):
    published(2, title="A second piece")
    published(1, title="A border levy worth having")

    subject = newsletter.create_edition(ada).subject

    assert subject == "The week at Meridian Council: A border levy worth having"


def test_a_long_title_is_cut_in_the_subject(newsletter, ada):
    published(1, title="word " * 50)

    edition = newsletter.create_edition(ada)

    assert len(edition.subject) == 150
    assert edition.subject.endswith("…")
    edition.full_clean()


def test_more_is_added_where_it_belongs(ada):
    newsletter = NewsletterFactory(grouping="programme")
    asia, power = ProgrammeFactory(name="Asia"), ProgrammeFactory(name="Power")
    published(3, title="Islands", programmes=[asia])
    published(2, title="Taxes", programmes=[power])
    edition = newsletter.create_edition(ada)
    dropped = edition.items.get(article__title="Taxes")
    dropped.title = "Rewritten"
    dropped.save()
    late = {"published": True, "published_at": timezone.now()}
    ArticleFactory(title="Straits", programmes=[asia], **late)
    ArticleFactory(title="Loose", **late)

    assert edition.gather_more() == 2

    assert sections(edition) == [
        ("Asia", "Islands"),
        ("Asia", "Straits"),
        ("Power", "Taxes"),
        ("", "Loose"),
    ]
    assert edition.items.get(title="Rewritten").article.title == "Taxes"
    assert edition.gather_more() == 0


def test_what_the_editor_dropped_does_not_come_back(newsletter, ada):
    published(1)
    edition = newsletter.create_edition(ada)
    edition.items.all().delete()

    assert edition.gather_more() == 0
    assert titles(newsletter.create_edition(ada)) == []


def test_nothing_is_added_to_what_was_sent(newsletter):
    edition = EditionFactory(
        newsletter=newsletter, state="sent", gathered_at=hours_ago(5)
    )
    published(1)

    with pytest.raises(NotAllowed):
        edition.gather_more()
    assert not edition.items.exists()


@pytest.mark.parametrize("grouping", ["none", "topic", "programme"])
def test_gathering_takes_the_same_queries_whatever_there_is(
    ada, django_assert_max_num_queries, grouping
):
    newsletter = NewsletterFactory(grouping=grouping)
    counts = []
    for number in (2, 12):
        for _ in range(number):
            root = TopicFactory()
            ArticleFactory(
                published=True,
                published_at=timezone.now(),
                topics=[root, TopicFactory(parent=TopicFactory(parent=root))],
                programmes=ProgrammeFactory.create_batch(2),
            )
        with django_assert_max_num_queries(20) as queries:
            assert newsletter.create_edition(ada).items.count() == number
        counts.append(len(queries))

    assert counts[0] == counts[1]
