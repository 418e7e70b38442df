"""Taking an import back leaves the site, its files and its histories as they were."""

import pytest
from django.conf import settings
from django.core.files.storage import default_storage

from articles.history.snapshot import get_content, write
from articles.models import Article, Attachment, AttachmentText, Topic
from articles.search import upkeep
from authors.models import Author
from ecfr_site.storage.private import private_storage
from tests.articles.importing.archives import (
    State,
    dump,
    look,
    move_in,
    outcomes,
    pack,
    work,
)
from tests.articles.importing.test_pipeline import FILE, POST, images, photo
from tests.articles.importing.wxr import author, category, item
from tests.articles.search.test_page import make_pdf
from tests.factories import ArticleFactory, AttachmentFactory, jpeg

pytestmark = pytest.mark.django_db

PDF = FILE.replace("table.jpg", "a.pdf")
REPORT = item(8, "A", "", type="attachment", file=PDF, link="https://old.example/a/")
LINKING = f'<a href="{PDF}">A</a>'


def list_files():
    return {
        (storage.__class__, folder, name)
        for storage in (default_storage, private_storage())
        for folder in walk(storage, "")
        for name in storage.listdir(folder)[1]
    }


def walk(storage, folder):
    if not storage.exists(folder):
        return
    yield folder
    for below in storage.listdir(folder)[0]:
        yield from walk(storage, f"{folder}/{below}".lstrip("/"))


def bring_report(text=LINKING, **fields):
    files = pack(**{"2019/03/a.pdf": make_pdf("Tariffs"), "2019/03/table.jpg": jpeg()})
    found = move_in(*POST, item(text=text, **fields), REPORT, photo(), media=files)
    upkeep.enqueue_due()
    return found


def test_undo_leaves_the_site_as_it_was():
    ArticleFactory()
    move_in(*POST, item(3, "Old", slug="old", sticky=1))
    before = dump()
    text = f'<img src="{FILE}"><a href="https://old.example/?p=3">a</a>'
    found = move_in(
        *POST,
        author("ben", "Ben"),
        category("africa", "Africa"),
        item(text=text, creator="ben", terms=[("category", "africa")]),
        item(3, "New", slug="old", status="draft"),
        photo(),
        media=images(),
    )
    assert dump() != before
    work(found, State.UNDOING)
    assert found.state == State.UNDONE
    assert dump() == before
    assert outcomes(found) == {"1": "undone", "3": "undone"}


def test_undo_keeps_what_somebody_uses_and_says_so():
    found = move_in(*POST, item(), item(2, slug="two"))
    article = Article.objects.get(slug="two")
    article.title = "Ours"
    article.save()
    work(found, State.UNDOING)
    assert list(Article.objects.all()) == [article]
    assert outcomes(found) == {"1": "undone", "2": "kept"}
    assert Author.objects.get().articles.get() == article


def test_a_topic_under_which_somebody_filed_something_stays():
    africa = [("category", "africa")]
    found = move_in(*POST, category("africa", "Africa"), item(terms=africa))
    topic = Topic.objects.get(slug="africa")
    own = ArticleFactory(topics=[topic])

    work(found, State.UNDOING)

    assert list(own.topics.all()) == [topic]
    row = found.items.get(kind="term", outcome="kept")
    assert "In use here" in row.reason


def test_what_was_undone_can_be_imported_again():
    work(move_in(*POST, item()), State.UNDOING)
    found = move_in(*POST, item())
    assert outcomes(found) == {"1": "created"}


@pytest.mark.django_db(transaction=True)
def test_undo_takes_files_and_their_words_along():
    AttachmentFactory()
    upkeep.enqueue_due()
    before, files = dump(), list_files()
    found = bring_report(f'{LINKING}<img src="{FILE}">')
    assert AttachmentText.objects.get(text__contains="Tariffs")
    found.remove_files()
    assert len(list_files()) > len(files)
    work(found, State.UNDOING)
    assert (list_files(), dump()) == (files, before)


@pytest.mark.django_db(transaction=True)
def test_a_file_of_an_update_goes_and_those_of_before_stay():
    bring_report().remove_files()
    files = list_files()
    other = item(9, "B", "", type="attachment", file=PDF.replace("a.pdf", "b.pdf"))
    text = f'{LINKING}<a href="{PDF.replace("a.pdf", "b.pdf")}">B</a>'
    found = move_in(
        *(*POST, item(text=text), REPORT, other),
        media=pack(**{"2019/03/b.pdf": make_pdf("Quotas")}),
    )
    found.remove_files()
    upkeep.enqueue_due()
    assert len(list_files()) == len(files) + 1
    work(found, State.UNDOING)
    assert list_files() == files
    assert AttachmentText.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_file_that_another_article_offers_stays():
    found = bring_report()
    article = Article.objects.get()
    name = article.attachments.get().file.name
    other = ArticleFactory()
    write(
        {**get_content(other), "attachments": get_content(article)["attachments"]},
        other,
    )
    work(found, State.UNDOING)
    assert Article.objects.get() == other
    assert private_storage().exists(name)
    assert AttachmentText.objects.get().file == name


def test_a_file_that_was_taken_back_is_not_read():
    upkeep.read_file.func("attachments/gone.pdf")
    assert not AttachmentText.objects.exists()


# Of two imports of one source


def test_the_newer_import_is_undone_first():
    asia = [("category", "asia")]
    before = dump()
    older = move_in(*POST, item(terms=asia), item(2, slug="two"))
    between = dump()
    newer = move_in(
        *(*POST, category("far", "Far", "asia"), item(title="Another", terms=asia)),
        item(3, slug="three", terms=[("category", "far")], date="2021-01-02 03:04:05"),
    )
    assert newer.items.shared_with(older).count() == 3
    assert not older.begin(State.UNDOING)
    work(newer, State.UNDOING)
    assert dump() == between
    work(older, State.UNDOING)
    assert dump() == before


def test_imports_of_others_and_trials_hold_on_to_nothing():
    older = move_in(*POST, item())
    move_in(*POST, item(title="Another"), state=State.TRYING)
    assert not older.list_newer().exists()
    assert work(older, State.UNDOING).state == State.UNDONE


def test_one_that_was_stopped_before_its_first_item_is_after_none():
    move_in(*POST, item())
    stopped = look(*POST, item())
    stopped.begin(State.IMPORTING)
    stopped.stop()
    assert work(stopped, State.UNDOING).state == State.UNDONE


def test_what_is_kept_names_its_links_to_what_went():
    text = '<a href="https://old.example/?p=2#end">b</a>'
    found = move_in(*POST, item(text=text), item(2, slug="b"))
    article = Article.objects.get(slug="a-piece")
    article.title = "Ours"
    article.save()
    work(found, State.UNDOING)
    row = found.items.get(kind="piece", source_id="1")
    assert row.outcome == "kept"
    assert row.losses == ["link to /article/b/#end, which was deleted"]


def test_what_other_articles_link_to_is_kept_and_says_so():
    found = bring_report()
    attachment = Attachment.objects.get()
    mine = ArticleFactory(
        title="Mine", body=f'<p><a href="{attachment.file.url}#page=2">A</a></p>'
    )
    work(found, State.UNDOING)
    assert set(Article.objects.all()) == {attachment.article, mine}
    assert attachment.file.storage.exists(attachment.file.name)
    row = found.items.get(kind="piece")
    assert (row.outcome, row.reason) == (
        "kept",
        "“Mine” links to it.",
    )
    file = found.items.get(kind="media", source_id="8")
    assert (file.outcome, file.reason) == ("kept", "It belongs to A piece.")


@pytest.mark.parametrize("site", ["", settings.SITE_URL])
def test_so_is_a_piece_that_they_link_to_but_not_those_that_link_to_each_other(site):
    text = '<a href="https://old.example/?p=%s">a</a>'
    found = move_in(
        *POST,
        item(1, text=text % 2),
        item(2, text=text % 1, slug="two"),
        item(3, slug="three"),
    )
    ArticleFactory(body=f'<p><a href="{site}/article/three/">Three</a></p>')
    work(found, State.UNDOING)
    assert outcomes(found) == {"1": "undone", "2": "undone", "3": "kept"}


def test_what_is_kept_names_its_links_to_files_that_went():
    found = move_in(
        *POST,
        item(text=LINKING),
        item(2, slug="two"),
        REPORT,
        media=pack(**{"2019/03/a.pdf": make_pdf("Tariffs")}),
    )
    url = Attachment.objects.get().file.url
    article = Article.objects.get(slug="two")
    article.body = f'<p><a href="{url}">A</a></p>'
    article.save()
    work(found, State.UNDOING)
    assert outcomes(found) == {"1": "undone", "2": "kept"}
    assert found.items.get(kind="piece", source_id="2").losses == [
        f"link to {url}, which was deleted"
    ]
