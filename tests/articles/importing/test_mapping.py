"""What is proposed of an archive: what editors chose last, or else a good guess."""

import io

import pytest

from articles.importing.mapping import Mapping
from articles.importing.pipeline import receive
from articles.models import ImportedItem, Kind
from tests.articles.importing.archives import (
    State,
    finish,
    look,
    move_in,
    outcomes,
    work,
)
from tests.articles.importing.test_feeds import item as feed_item
from tests.articles.importing.test_feeds import rss
from tests.articles.importing.test_ghost import export as ghost
from tests.articles.importing.test_ghost import post
from tests.articles.importing.test_pipeline import POST
from tests.articles.importing.wxr import category, item
from tests.factories import TopicFactory

pytestmark = pytest.mark.django_db

TYPES = {"post": "", "page": "report", "event": "commentary"}
PARTS = (
    *POST,
    category("asia", "Asia"),
    item(1, slug="one"),
    item(2, slug="two", type="page"),
    item(3, slug="three", type="event"),
)


def table(text):
    return io.BytesIO(text.encode())


def read(file, source):
    found = receive(file, "file", None, source)
    finish(found)
    return found


def test_what_was_chosen_for_a_site_is_proposed_for_its_next_file():
    terms = {"category-asia": "kind:report"}
    move_in(
        *PARTS, types=TYPES, terms=terms, language="fr", time_zone="Asia/Tokyo"
    )  # fmt: skip
    newer = item(4, slug="four", type="book")
    mapping = Mapping(**look(*PARTS, newer).mapping)
    assert mapping.types == {**TYPES, "book": ""}
    assert mapping.terms == terms
    assert (mapping.language, mapping.time_zone) == ("fr", "Asia/Tokyo")


def test_taking_the_proposal_updates_what_came_before():
    move_in(*PARTS, types=TYPES)
    newer = (*PARTS[:-1], item(3, slug="three", type="event", text="New."))
    found = work(look(*newer), State.IMPORTING)
    assert outcomes(found) == {"1": "skipped", "2": "unchanged", "3": "updated"}
    # Nobody is joined to the author, nor a term to the topic, that came of it.
    assert not found.mapping["people"]
    assert not found.mapping["terms"]
    assert ImportedItem.objects.filter(archive_import=found, kind="person").exists()


def test_what_is_here_no_longer_is_not_proposed():
    kind = Kind.objects.create(slug="memo", name="Memo", plural="Memos")
    asia = TopicFactory(name="Asia", kind="topic")
    types, terms = {"event": "memo"}, {"category-asia": f"topic:{asia.pk}"}
    move_in(*PARTS, types=types, terms=terms, state=State.TRYING)
    kind.delete()
    asia.delete()
    mapping = Mapping(**look(*PARTS).mapping)
    assert (mapping.types["event"], mapping.terms) == ("", {})


def test_other_sites_and_mappings_that_nobody_used_propose_nothing():
    move_in(*PARTS, types={"post": "report"})
    other = read(table("title,text\nA,B\n"), "csv")
    other.mapping = {**other.mapping, "types": {"article": "report"}}
    other.save()
    assert (
        read(table("title,text\nA,B\n"), "csv").mapping["types"]["article"]
        == "commentary"
    )


PAGE = post(id="1", slug="a", type="page")


@pytest.mark.parametrize(
    ("source", "file", "types"),
    [
        (
            "feed",
            rss(feed_item("<description>Words.</description>")),
            {"item": "commentary"},
        ),
        ("csv", table("title,text\nA,Words.\n"), {"article": "commentary"}),
        ("csv", table("title,text,kind\nA,Words.,Report\n"), {"Report": "report"}),
        ("ghost", ghost(PAGE), {"page": "commentary"}),
        (
            "ghost",
            ghost(PAGE, post(id="2", slug="b")),
            {"page": "", "post": "commentary"},
        ),
    ],
    ids=["feed", "table", "table with kinds", "pages alone", "pages beside posts"],
)
def test_taking_the_first_proposal_imports_something(source, file, types):
    assert read(file, source).mapping["types"] == types
