"""Lists are made anew after a change of what they show, and after nothing else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from articles.models import Article, Byline
from articles.workflow.working_copies import replace_live, start_working_copy
from ecfr_site.caching.models import ContentTag
from ecfr_site.monitoring import metrics
from tests.caching.test_kept_pages import is_kept
from tests.caching.test_seen_rows import VALUES, choose_value
from tests.caching.whole_site import build_site, read_page
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    CorrectionFactory,
    ImageFactory,
    ProgrammeFactory,
    SeriesFactory,
    TopicFactory,
    UserFactory,
)

# PostgreSQL counts as a transaction ends.
pytestmark = [
    pytest.mark.django_db(transaction=connection.vendor == "postgresql"),
    pytest.mark.usefixtures("kept_pages"),
]

LISTS = [
    *("/", "/publications/", "/publications/commentary/", "/publications/report/"),
    *("/publications/?topic=trade", "/corrections/", "/people/", "/people/ada/"),
    *("/programmes/", "/programmes/asia/", "/topics/", "/topics/trade/"),
    *("/topics/tariffs/", "/series/", "/series/sea/"),
]


def read_lists(reader):
    return {address: read_page(reader, address) for address in LISTS}


def update(row, **values):
    type(row)._base_manager.filter(pk=row.pk).update(**values)


@pytest.fixture
def rows(settings):
    # Twice as fast without the search for loads of single rows.
    settings.MIDDLEWARE = [m for m in settings.MIDDLEWARE if "zeal" not in m]
    rows = build_site()
    # What foreign keys may name instead.
    AuthorFactory(), ProgrammeFactory(), SeriesFactory(), TopicFactory()
    ImageFactory()
    rows["desk"] = UserFactory(is_staff=True, is_superuser=True)
    # Without it there is no address there.
    update(rows["article"], original_outlet="The Gazette")
    return rows


def list_fields(model, unseen=()):
    return [
        field
        for field in model._meta.concrete_fields
        if not (field.primary_key or field.generated or field.name in unseen)
    ]


def change_each_field(row, fields):
    """Yield the name of each field after it was changed, and then change it back."""
    for field in fields:
        row.refresh_from_db()
        kept = getattr(row, field.attname)
        name = f"{row._meta.label}.{field.name}"
        update(row, **{field.attname: VALUES.get(name) or choose_value(row, field)})
        yield name
        update(row, **{field.attname: kept})


def list_rows(rows):
    """(row, its fields that readers see) of an article and of what relates it."""
    main = rows["article"]
    yield main, list_fields(Article, Article.readers_see.unseen)
    yield rows["byline"], list_fields(Byline)
    for relation in (Article.topics, Article.programmes):
        row = relation.through.objects.filter(article=main).first()
        yield row, list_fields(relation.through)


def test_a_kept_list_is_as_one_made_anew_after_a_change_of_any_field(
    reader, rows, settings
):
    stale = {}
    for row, fields in list_rows(rows):
        read_lists(reader)
        for name in change_each_field(row, fields):
            now = read_lists(reader)
            settings.PAGE_CACHE = False
            stale[name] = [a for a in LISTS if read_page(reader, a) != now[a]]
            settings.PAGE_CACHE = True
    assert {name: pages for name, pages in stale.items() if pages} == {}


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="It is about templates, not the database."
)
def test_no_list_shows_what_moves_none(reader, rows, settings):
    settings.PAGE_CACHE = False
    fields = [Article._meta.get_field(n) for n in Article.readers_see.unlisted]
    before = read_lists(reader)
    for name in change_each_field(rows["article"], fields):
        assert read_lists(reader) == before, name


def count_misses():
    sample = {"outcome": "miss"}
    return metrics._registry.get_sample_value("ecfr_site_page_cache_total", sample) or 0


def list_cold(reader):
    """The lists that are made anew; then they are kept again."""
    cold = set()
    for address in LISTS:
        before = count_misses()
        reader.get(address)
        if count_misses() > before:
            cold.add(address)
    return cold


def test_a_new_piece_makes_the_lists_that_it_is_on_cold(reader, rows):
    read_lists(reader)
    ArticleFactory(published=True, kind="report", topics=[rows["child"]])
    # What is on a topic is on those above it.
    assert list_cold(reader) == {
        *("/", "/publications/", "/publications/report/", "/publications/?topic=trade"),
        *("/corrections/", "/series/", "/topics/trade/", "/topics/tariffs/"),
    }


def test_a_text_and_its_correction_leave_lists_as_they_are(reader, rows):
    read_lists(reader)
    update(rows["article"], body="<p>Other.</p>", body_html="<p>Other.</p>")
    assert list_cold(reader) == set()
    CorrectionFactory(article=rows["article"])
    assert list_cold(reader) == {"/corrections/"}


def test_a_text_that_replaces_the_live_one_leaves_lists_as_they_are(reader, rows):
    copy = start_working_copy(rows["article"], rows["desk"])
    read_lists(reader)
    with transaction.atomic():
        update(copy, body="<p>Other.</p>")
        copy.refresh_from_db()
        replace_live(copy, rows["desk"])
    assert b"Other." in reader.get("/article/cables/").content
    assert list_cold(reader) == set()


def test_pages_that_list_nothing_stay_kept(reader, rows):
    addresses = ("/about/", "/newsletter/letters/", "/newsletter/letters/77/")
    for address in addresses:
        reader.get(address)
    ArticleFactory(published=True)
    assert all(is_kept(reader, address) for address in addresses)


# In one transaction, whatever comes first


def take_back(article):
    update(article, state="draft")


def take_back_within(article):
    with transaction.atomic():
        take_back(article)


def remove_relations(article):
    article.topics.clear()
    article.programmes.clear()
    article.bylines.all().delete()


def remove_within(article):
    with transaction.atomic():
        remove_relations(article)


@pytest.mark.parametrize(
    "acts",
    [
        (take_back, remove_relations),
        (remove_relations, take_back),
        (take_back_within, remove_within),
        (remove_within, take_back_within),
        (lambda article: article.delete(),),
        (remove_relations, lambda article: article.delete()),
        (take_back, remove_within, lambda article: article.delete()),
    ],
)
def test_what_goes_with_its_relations_leaves_their_lists(reader, rows, acts):
    article = ArticleFactory(
        published=True,
        title="Gone",
        authors=[rows["author"]],
        topics=[rows["child"]],
        programmes=[rows["programme"]],
    )
    shown = [a for a, page in read_lists(reader).items() if b"Gone" in page[2]]
    assert {"/people/ada/", "/programmes/asia/", "/topics/trade/"} <= {*shown}
    with transaction.atomic():
        for act in acts:
            act(article)
    assert [a for a, page in read_lists(reader).items() if b"Gone" in page[2]] == []


def test_a_draft_that_loses_a_topic_makes_no_list_cold(reader, rows):
    draft = ArticleFactory(draft=True, topics=[rows["topic"]])
    before = list(ContentTag.objects.all())
    remove_relations(draft)
    assert list(ContentTag.objects.all()) == before


# In two transactions at the same time


def publish(article):
    update(article, state="published", published_at=timezone.now())


def run_apart(*acts):
    """In another thread and connection."""

    def run():
        try:
            for act in acts:
                act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result(20)


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="one transaction at a time writes"
)
def test_a_topic_leaves_a_piece_that_is_published_meanwhile(reader, rows):
    draft = ArticleFactory(draft=True, title="Both", topics=[rows["child"]])
    with transaction.atomic():
        draft.topics.clear()
        run_apart(lambda: publish(draft), lambda: Client().get("/topics/tariffs/"))
    assert b"Both" not in reader.get("/topics/tariffs/").content


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="one transaction at a time writes"
)
def test_who_adds_a_topic_waits_for_who_publishes_as_both_end(reader, rows):
    draft = ArticleFactory(draft=True, title="Both")
    reader.get("/topics/tariffs/")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            publish(draft)
            # As if the transaction were at its end.
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            adding = pool.submit(run_apart, lambda: draft.topics.add(rows["child"]))
            with pytest.raises(TimeoutError):
                adding.result(1)
        adding.result(20)
    assert b"Both" in reader.get("/topics/tariffs/").content


# By themselves


def test_a_scheduled_piece_is_waited_for_by_its_own_lists(reader, rows, time_machine):
    ArticleFactory(scheduled=True, title="At nine", topics=[rows["child"]])
    time_machine.move_to(timezone.now(), tick=False)
    read_lists(reader)

    time_machine.shift(timedelta(hours=1, seconds=1))

    assert is_kept(reader, "/people/ada/")
    assert b"At nine" in reader.get("/topics/trade/").content


def test_a_scheduled_change_is_waited_for_by_lists_of_before_and_after(
    reader, rows, time_machine
):
    other = TopicFactory(slug="fish")
    time_machine.move_to(timezone.now(), tick=False)
    copy = start_working_copy(rows["article"], rows["desk"])
    copy.topics.set([other])
    read_lists(reader)
    assert b"Cables" not in reader.get("/topics/fish/").content
    update(
        copy,
        state="published",
        published_at=rows["article"].published_at,
        replaces_at=timezone.now() + timedelta(hours=1),
    )
    assert b"Cables" in reader.get("/topics/trade/").content
    assert b"Cables" not in reader.get("/topics/fish/").content

    time_machine.shift(timedelta(hours=1, seconds=1))

    assert b"Cables" not in reader.get("/topics/trade/").content
    assert b"Cables" in reader.get("/topics/fish/").content
