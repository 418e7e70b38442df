"""Related work: found by words and labels, pinned by editors, never out of date."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from articles.models import Article, RelatedArticle, RelatedStatus, Topic
from articles.related import upkeep
from articles.related.upkeep import compute_all, compute_due, enqueue_due
from tests.articles.related.texts import CHIPS, FISH, GRAIN
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    ProgrammeFactory,
    SeriesFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

SUBJECTS = {"grain": GRAIN, "chips": CHIPS, "fish": FISH}


def write(title, standfirst, text, **fields):
    return ArticleFactory(
        title=title,
        standfirst=standfirst,
        body=f"<p>{text}</p>",
        **{"published": True, **fields},
    )


def compute():
    compute_all(lambda done, of: None, again=False)


@pytest.fixture
def subjects():
    """{subject: articles} of twelve pieces that share no topic, person or programme."""
    found = {name: [] for name in SUBJECTS}
    # One of each in turn, so that no subject is newer than another.
    for number in range(4):
        for name, pieces in SUBJECTS.items():
            found[name].append(write(*pieces[number]))
    compute()
    return found


def test_pieces_on_a_subject_find_each_other_by_their_words(subjects):
    for articles in subjects.values():
        for article in articles:
            others = {other.title for other in articles if other != article}
            assert {other.title for other in article.related()} == others


def test_what_shares_words_and_a_topic_comes_before_what_shares_one():
    energy = TopicFactory(name="Energy")
    article = write(*GRAIN[0], topics=[energy])
    like = write(*GRAIN[1])
    both = write(*GRAIN[2], topics=[energy])
    alone = write(*FISH[0], topics=[energy])
    for text in CHIPS + FISH[1:]:
        write(*text)
    compute()

    first, *rest = article.related()
    assert first == both
    assert set(rest) == {like, alone}


@pytest.mark.parametrize("label", ["topics", "programmes", "authors"])
def test_what_has_few_words_is_found_by_its_labels(label):
    factory = {
        "topics": TopicFactory,
        "programmes": ProgrammeFactory,
        "authors": AuthorFactory,
    }[label]
    shared = factory()
    article = ArticleFactory(published=True, body="", **{label: [shared]})
    near = ArticleFactory(published=True, body="", **{label: [shared]})
    for _ in range(3):
        ArticleFactory(published=True, body="", **{label: [factory()]})
    compute()

    assert list(article.related()) == [near]


def test_parts_of_a_series_are_related():
    series = SeriesFactory()
    article = ArticleFactory(published=True, body="", series=series)
    near = ArticleFactory(published=True, body="", series=series)
    ArticleFactory.create_batch(3, published=True, body="")
    compute()

    assert list(article.related()) == [near]


@pytest.mark.parametrize("delete", [Topic.delete, lambda topic: topics(topic).delete()])
def test_a_topic_that_is_deleted_makes_nothing_alike(delete):
    topic = TopicFactory()
    article = ArticleFactory(published=True, body="", topics=[topic])
    near = ArticleFactory(published=True, body="", topics=[topic])
    ArticleFactory.create_batch(3, published=True, body="")
    compute()
    assert list(article.related()) == [near]

    delete(topic)
    compute()

    assert list(article.related()) == []


def topics(topic):
    return Topic.objects.filter(pk=topic.pk)


def test_of_two_alike_the_newer_comes_first():
    article = write(*GRAIN[3])
    old = write(*GRAIN[1], published_at=timezone.now() - timedelta(days=4000))
    new = write(*GRAIN[1], published_at=timezone.now() - timedelta(days=40))
    for text in CHIPS + FISH:
        write(*text)
    compute()

    assert list(article.related()[:2]) == [new, old]


def test_only_the_same_language_is_like_it():
    article = write(*GRAIN[0])
    french = write(*GRAIN[1], language="fr")
    same = write(*GRAIN[2])
    for text in FISH:
        write(*text)
    compute()

    assert article.related()[0] == same
    assert french not in Article.objects.related_to(article.pk, article.pk)
    assert not french.related()


def test_readers_see_nothing_that_is_not_published(subjects, reader):
    first, second, third, fourth = subjects["fish"]
    past = timezone.now() - timedelta(minutes=1)
    Article.objects.filter(pk=second.pk).update(state="withdrawn")
    Article.objects.filter(pk=third.pk).update(ends_at=past)

    page = reader.get(first.get_absolute_url())

    related = list(page.context["related"])
    assert related[0] == fourth
    assert not {second, third} & set(related)


# What editors pin


def test_what_is_pinned_comes_first_and_counts_among_the_three(subjects, reader):
    first, *others = subjects["fish"]
    pinned = subjects["chips"][0]
    first.pinned.add(pinned, others[0])

    page = reader.get(first.get_absolute_url())

    shown = list(page.context["related"])
    assert set(shown[:2]) == {pinned, others[0]}
    assert len(set(shown)) == 3
    assert set(shown[2:]) < set(others)


def test_a_pinned_draft_appears_once_it_is_published(subjects):
    first = subjects["fish"][0]
    draft = ArticleFactory()
    first.pinned.add(draft)
    assert draft not in first.related()

    draft.state, draft.published_at = "published", timezone.now()
    draft.save()
    assert first.related()[0] == draft


def test_a_working_copy_has_its_own_pins_and_brings_them_live(subjects, publisher):
    live, other = subjects["fish"][:2]
    pinned = subjects["grain"][0]
    copy = live.start_working_copy(publisher.user)
    copy.pinned.set([pinned])

    assert copy.related()[0] == pinned
    assert live not in copy.related()
    assert pinned not in live.related()
    copy.replace_live(publisher.user)

    assert list(live.pinned.all()) == [pinned]
    assert live.related()[0] == pinned


def test_a_sign_off_of_before_there_were_pins_still_counts(publisher):
    article = ArticleFactory(in_review=True)
    article.approve(by=publisher.user)
    article.refresh_from_db()
    del article.approved_content["pinned"]
    article.save()
    assert article.has_sign_off

    article.pinned.add(ArticleFactory())
    assert not article.has_sign_off


# When it is computed


def test_a_new_piece_is_named_by_those_that_are_like_it(subjects):
    for piece in subjects["fish"]:
        assert len(piece.related()) == 3
    new = write("Herring, cod and the quota", *FISH[1][1:])

    assert enqueue_due() == 1

    assert set(new.related()) < set(subjects["fish"])
    for piece in subjects["fish"]:
        assert new in piece.related()
    for piece in subjects["chips"]:
        assert new not in piece.related()
    assert enqueue_due() == 0


def test_a_piece_that_has_another_subject_now_is_named_no_more(subjects):
    changed, *others = subjects["fish"]
    changed.title, changed.standfirst, text = CHIPS[1]
    changed.body = f"<p>{text}</p>"
    changed.save()

    enqueue_due()

    assert all(changed not in other.related()[:2] for other in others)
    assert set(changed.related()) < set(subjects["chips"])


def test_what_says_the_same_has_nothing_else_computed(subjects):
    article = subjects["fish"][0]
    article.seo_title = "Cod"
    article.save()

    compute_due.func()

    assert not RelatedStatus.objects.due().exists()


def test_a_scheduled_piece_is_computed_at_its_time(subjects):
    new = write(*FISH[0], published_at=timezone.now() + timedelta(hours=1))
    assert enqueue_due() == 0

    Article.objects.filter(pk=new.pk).update(published_at=timezone.now())
    assert enqueue_due() == 1
    assert new.related()


def test_what_was_written_without_a_save_is_computed_too(subjects):
    RelatedArticle.objects.all().delete()
    RelatedStatus.objects.all().delete()

    assert enqueue_due() == 1

    assert len(subjects["fish"][0].related()) == 3


def test_what_is_saved_while_it_is_computed_stays_due(subjects, monkeypatch):
    article = subjects["fish"][0]
    article.save()
    write = upkeep.write

    def save_first(*arguments):
        article.save()
        return write(*arguments)

    monkeypatch.setattr(upkeep, "write", save_first)
    compute_due.func()

    assert [row.pk for row in upkeep.find_due()] == [article.pk]


def test_the_command_computes_all_anew_or_goes_on(subjects):
    RelatedArticle.objects.all().delete()
    out = StringIO()
    call_command("rebuild_related", "--continue", stdout=out)
    assert not RelatedArticle.objects.exists()

    call_command("rebuild_related", stdout=out)

    assert "Articles 12/12" in out.getvalue()
    assert len(subjects["fish"][0].related()) == 3


def test_a_rebuild_that_was_killed_goes_on_where_it_was(subjects, monkeypatch):
    monkeypatch.setattr(upkeep, "AT_ONCE", 5)
    RelatedArticle.objects.all().delete()

    def die(done, total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compute_all(die)
    assert RelatedArticle.objects.values("article").distinct().count() == 5
    seen = []
    compute_all(lambda done, of: seen.append((done, of)), again=False)

    assert seen == [(0, 7), (5, 7), (7, 7)]
    assert RelatedArticle.objects.values("article").distinct().count() == 12


def test_an_article_costs_a_fixed_number_of_queries(
    subjects, django_assert_max_num_queries
):
    archive = upkeep.Archive(upkeep.get_catalogue())
    article = Article.objects.select_related("image").get(pk=subjects["fish"][0].pk)

    with django_assert_max_num_queries(7):
        assert archive.find_like(article).others
