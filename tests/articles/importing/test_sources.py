"""Each kind of archive becomes articles and people here."""

import io
import json
from datetime import date

import pytest

from articles.importing.mapping import Mapping
from articles.importing.pipeline import receive, run_step, set_mapping
from articles.models import ArchiveImport, Article, ImportedItem
from articles.workflow import State
from authors.models import Author, Position
from ecfr_site.redirects.table import own_redirects
from tests.articles.importing.test_feeds import item as feed_item
from tests.articles.importing.test_feeds import rss
from tests.articles.importing.test_ghost import export as ghost
from tests.articles.importing.test_ghost import post
from tests.factories import AuthorFactory, PositionFactory, ProgrammeFactory

pytestmark = pytest.mark.django_db


def move_in(file, source, begin=ArchiveImport.State.IMPORTING, **changes):
    found = receive(file, "old", None, source)
    found.found = {"site": {"address": "https://old.example"}}
    found.save()
    work(found)
    set_mapping(found, Mapping(**{**found.mapping, **changes}))
    assert found.begin(begin)
    work(found)
    return found


def work(found):
    while run_step(found.pk):
        pass
    found.refresh_from_db()


def outcomes(found, kind):
    return list(found.items.filter(kind=kind).values_list("outcome", flat=True))


@pytest.mark.parametrize("bad", ["\0", "\ud800"], ids=["NUL", "half a character"])
def test_characters_that_no_database_stores_are_left_out(bad):
    stored = '{"root": {"children": [{"type": "text", "text": "x%s"}]}}'
    stored %= json.dumps(bad).strip('"')
    file = ghost(
        post(id="1", title=f"A{bad}", slug="a", html=None, lexical=stored),
        post(id="2", slug="two"),
        settings=[{"key": "title", "value": f"Old{bad}"}],
    )
    found = move_in(file, "ghost")
    assert found.found["site"]["title"].startswith("Old")
    assert Article.objects.get(slug="a").title.startswith("A")
    assert Article.objects.count() == 2


def test_a_ghost_archive_becomes_articles_and_drafts():
    file = ghost(
        post(
            id="1",
            slug="open",
            html='<p>See <a href="__GHOST_URL__/closed/">it</a></p>',
        ),
        post(id="2", slug="closed", visibility="paid"),
        users=[{"id": "u", "name": "Ada Verne", "slug": "ada"}],
        posts_authors=[{"post_id": "1", "author_id": "u"}],
        tags=[
            {"id": "t", "name": "Borders", "slug": "borders"},
            {"id": "h", "name": "#wide", "slug": "hash-wide"},
        ],
        posts_tags=[{"post_id": "1", "tag_id": "t"}, {"post_id": "1", "tag_id": "h"}],
    )

    move_in(file, "ghost")

    article = Article.objects.get(slug="open")
    assert article.is_public
    assert article.byline == "Ada Verne"
    assert [topic.name for topic in article.topics.all()] == ["Borders"]
    assert Article.objects.get(slug="closed").state == State.DRAFT
    assert own_redirects().filter(old_path__startswith="/open").exists()
    row = ImportedItem.objects.get(kind="piece", source_id="2")
    assert "was for paying members" in row.losses


def test_a_feed_becomes_articles():
    inner = (
        "<description>Words.</description><dc:creator>Ada Verne</dc:creator>"
        "<pubDate>Mon, 04 Mar 2019 11:30:00 +0100</pubDate><category>Asia</category>"
    )
    move_in(rss(feed_item(inner)), "feed", types={"item": "commentary"})
    article = Article.objects.get()
    assert (article.title, article.body) == ("A piece", "<p>Words.</p>")
    assert article.byline == "Ada Verne"


def test_a_table_becomes_articles_as_precise_as_it_is():
    table = (
        "title,text,published,state,kind,authors,address,id\n"
        "Old,Words.,1998,published,report,Ada Verne; Jo Hill,https://old.example/o,1\n"
        "Bad,Words.,1/2/98,published,report,,,2\n"
    )
    found = move_in(io.BytesIO(table.encode()), "csv")
    article = Article.objects.get()
    assert (article.kind_id, article.precision) == ("report", "year")
    assert article.published_at.year == 1998
    assert article.byline == "Ada Verne and Jo Hill"
    assert own_redirects().filter(old_path__startswith="/o").exists()
    assert outcomes(found, "unreadable") == ["failed"]


PEOPLE = (
    "name,position,programme,directs,from,to\n"
    "Ada Verne,Fellow,Asia,,2015,2017\n"
    "Ada Verne,Director,Asia,yes,2018-01,\n"
    "Ada Verne,Fellow,Nowhere,,2013,2014\n"
    "Ada Verne,Director,Nowhere,yes,2012,2012\n"
)


def people():
    return io.BytesIO(PEOPLE.encode())


def test_people_bring_their_positions():
    asia = ProgrammeFactory(name="Asia")
    found = move_in(people(), "people")
    ada = Author.objects.get(name="Ada Verne")
    assert [
        (p.title, p.programme, p.directs, p.started, p.ended)
        for p in ada.positions.order_by("started")
    ] == [
        ("Fellow", None, False, date(2013, 1, 1), date(2014, 12, 31)),
        ("Fellow", asia, False, date(2015, 1, 1), date(2017, 12, 31)),
        ("Director", asia, True, date(2018, 1, 1), None),
    ]
    row = found.items.get(kind="person")
    assert row.losses == [
        "the programme of “Fellow”: there is no programme “Nowhere”",
        "the whole position “Director”: there is no programme “Nowhere”",
    ]


def test_positions_that_are_here_stay_as_they_are_and_come_once():
    ProgrammeFactory(name="Asia")
    ada = AuthorFactory(name="Ada Verne")
    PositionFactory(author=ada, title="Fellow", started=date(2015, 1, 1))
    found = move_in(people(), "people")
    assert found.items.get(kind="person").reason.endswith("Positions added: 2.")
    move_in(people(), "people")
    assert ada.positions.count() == 3
    assert Author.objects.count() == 1


def test_a_trial_adds_no_position():
    ProgrammeFactory(name="Asia")
    move_in(people(), "people", ArchiveImport.State.TRYING)
    assert not Position.objects.exists()


def test_somebody_who_got_a_position_since_stays():
    ProgrammeFactory(name="Asia")
    found = move_in(people(), "people")
    PositionFactory(author=Author.objects.get())
    assert found.begin(ArchiveImport.State.UNDOING)
    work(found)
    assert outcomes(found, "person") == ["kept"]


def test_undoing_takes_people_and_their_positions_back():
    ProgrammeFactory(name="Asia")
    found = move_in(people(), "people")
    assert found.begin(ArchiveImport.State.UNDOING)
    work(found)
    assert not Author.objects.exists()
    assert not Position.objects.exists()
