"""A trial says of each item what the import then does, and stores nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from articles.importing.redirecting import redirect_published
from articles.models import ArchiveImport, Article, OldAddress, Topic
from authors.models import Author
from tests.articles.importing.archives import (
    State,
    dump,
    get_losses,
    look,
    move_in,
    outcomes,
    pack,
    work,
)
from tests.articles.importing.test_pipeline import FILE, POST, images, photo
from tests.articles.importing.wxr import author, category, item
from tests.articles.search.test_page import make_pdf
from tests.factories import AuthorFactory, TopicFactory

pytestmark = pytest.mark.django_db

ASIA = [("category", "asia")]
SHOWING = f'<p>Words.</p><img src="{FILE}" alt="A table">'
PDF = FILE.replace("table.jpg", "a.pdf")


def compare(*parts, media=None, **mapping):
    """Try, then import; {source id: outcome} of the pieces, in which both agree."""
    before = dump()
    found = move_in(*parts, media=media, state=State.TRYING, **mapping)
    assert dump() == before
    told = report(found)
    assert told == report(work(found, State.IMPORTING))
    return outcomes(found)


def report(found):
    rows = found.items.order_by("kind", "source_id")
    return list(rows.values_list("kind", "source_id", "outcome", "reason", "losses"))


def edit(slug):
    article = Article.objects.get(slug=slug)
    article.title = "Ours"
    article.save()


def test_what_joined_something_here_is_unchanged():
    AuthorFactory(name="Ada Verne")
    TopicFactory(name="Asia")
    parts = (*POST, item(terms=ASIA), item(2, slug="two", terms=ASIA))
    move_in(*parts)
    assert compare(*parts) == {"1": "unchanged", "2": "unchanged"}


def test_what_shows_an_image_with_another_title_is_unchanged():
    piece = item(text=SHOWING, meta=[("_thumbnail_id", "7")])
    move_in(*POST, photo(), piece, media=images())
    changed = photo().replace("Table", "Round table")
    assert compare(*POST, changed, piece) == {"1": "unchanged"}


def test_what_belongs_to_people_and_topics_that_changed_is_unchanged():
    move_in(*POST, category("far", "Far", "asia"), item(terms=[("category", "far")]))
    again = (
        author(name="Ada Lovelace"),
        category("asia", "Asia and the Pacific"),
        category("far", "Far", "asia"),
    )
    assert compare(*again, item(terms=[("category", "far")])) == {"1": "unchanged"}


def test_what_is_new_is_updated():
    move_in(*POST, category("far", "Far"), item(terms=ASIA), item(2, slug="two"))
    ben = author("ben", "Ben Osei")
    assert compare(
        *(*POST, ben, category("far", "Far", "asia"), category("africa", "Africa")),
        item(terms=[*ASIA, ("category", "africa")]),
        item(2, slug="two", creator="ben"),
        item(3, slug="three"),
    ) == {"1": "updated", "2": "updated", "3": "created"}


def test_a_second_term_of_a_name_joins_the_first():
    africa = (category("africa", "Africa"), category("africa-2", "AFRICA"))
    compare(*POST, *africa, item(terms=[("category", "africa-2")]))
    assert Topic.objects.filter(name="Africa").count() == 1


def test_topics_that_stand_too_deep_are_named():
    below = {"a": "", "b": "a", "c": "b", "d": "c"}
    deep = [category(slug, slug.upper(), above) for slug, above in below.items()]
    compare(*POST, *deep, item())


def test_what_was_changed_or_deleted_here_stays_so():
    pieces = [item(n, slug=f"p{n}", terms=ASIA) for n in (1, 2, 3)]
    move_in(*POST, *pieces)
    edit("p1")
    Article.objects.filter(slug="p2").delete()
    Author.objects.update(name="Our Ada")
    pieces[0] = pieces[0].replace("A piece", "Theirs")
    found = compare(author(name="Theirs"), category("asia", "East"), *pieces)
    assert found == {"1": "skipped", "2": "skipped", "3": "unchanged"}


def test_files_and_links_are_told_alike():
    report_ = item(
        8, "A", "", type="attachment", file=PDF, link="https://old.example/a/"
    )
    files = pack(**{"2019/03/a.pdf": make_pdf("Tariffs")})
    text = f'<a href="{PDF}">A</a><a href="https://old.example/?p=2">b</a>'
    parts = (*POST, item(text=text), item(2, slug="b", status="draft"), report_)
    compare(*parts, media=files)
    compare(*parts, media=files)


def test_a_third_translation_in_one_language_is_named():
    def post(number, language):
        terms = [("language", language), ("post_translations", "pll_1")]
        return item(number, slug=f"p{number}", terms=terms)

    compare(*POST, post(1, "en"), post(2, "de"), post(3, "de"))


# What it leaves


def test_a_trial_hides_nothing_from_a_later_import():
    move_in(*POST, item(), item(2, slug="two"))
    move_in(*POST, item(title="Another"), item(2, slug="two"), state=State.TRYING)
    link = '<a href="https://old.example/?p=1">a</a>'
    found = move_in(*POST, item(3, text=link, slug="three"))
    assert 'href="/article/a-piece/"' in Article.objects.get(slug="three").body
    assert get_losses(found, source_id="3") == []


def test_addresses_that_a_trial_read_lead_nowhere():
    move_in(*POST, item())
    move_in(*POST, item(link="https://old.example/moved/"), state=State.TRYING)
    edit("a-piece")
    redirect_published(timezone.now() - timedelta(days=1))
    assert not OldAddress.objects.filter(path="/moved/", is_redirect=True).exists()


def test_a_trial_that_was_stopped_cannot_be_undone():
    move_in(*POST, item())
    found = look(*POST, item(title="Another"))
    found.begin(State.TRYING)
    found.stop()
    found.refresh_from_db()
    assert found.is_trial
    assert not found.begin(State.UNDOING)
    assert ArchiveImport.objects.trials().get() == found
