"""A piece comes over whatever became of what it refers to, and names what it lost."""

import pytest
from django.db import DatabaseError, connection

from articles.models import Article, Topic
from articles.models.attachment import FOLDER
from authors.models import Author
from ecfr_site.images.models import Image
from tests.articles.importing.archives import (
    State,
    get_losses,
    look,
    move_in,
    outcomes,
    pack,
    work,
)
from tests.articles.importing.test_pipeline import FILE, POST, images, photo
from tests.articles.importing.wxr import item

pytestmark = pytest.mark.django_db


def test_what_was_deleted_here_costs_a_later_piece_nothing_else():
    text = f'<p>Words.</p><img src="{FILE}" alt="A table">'
    terms = [("category", "asia")]
    move_in(*POST, photo(), item(text=text, terms=terms), media=images())
    for model in (Article, Author, Topic, Image):
        model.objects.all().delete()
    new = {"slug": "b", "terms": terms, "meta": [("_thumbnail_id", "7")]}
    found = move_in(*POST, photo(), item(2, text=text, **new), media=images())
    assert Article.objects.get().body == "<p>Words.</p>"
    losses = get_losses(found, source_id="2")
    assert "author “Ada Verne”, who was not imported" in losses
    assert "category “Asia”, which was left out" in losses
    assert f"image that was not imported ({FILE})" in losses
    assert "lead image (2019/03/table.jpg), which was not imported" in losses


def test_so_it_does_if_the_later_export_lacks_it():
    meta = [("_thumbnail_id", "7")]
    move_in(*POST, photo(), item(meta=meta), media=images())
    for model in (Article, Author, Image):
        model.objects.all().delete()
    found = move_in(item(2, slug="b", meta=meta))
    assert Article.objects.get().slug == "b"
    assert get_losses(found, source_id="2")[:2] == [
        "lead image (2019/03/table.jpg), which was not imported",
        "author “ada”, who is not in the archive",
    ]


def test_an_image_that_was_changed_here_is_shown_by_later_pieces():
    move_in(*POST, photo(), item(), media=images())
    Image.objects.update(credit="Reuters")
    text = f'<img src="{FILE}">'
    meta = [("_thumbnail_id", "7")]
    # It has another title there by now.
    changed = photo().replace("Table", "Round table")
    move_in(*POST, changed, item(2, slug="b", text=text, meta=meta))
    article = Article.objects.get(slug="b")
    assert article.image == Image.objects.get()
    assert Image.objects.get().file.url in article.body


def refuse_images(execute, sql, *rest):
    if sql.startswith('INSERT INTO "images_image"'):
        raise DatabaseError("database or disk is full")
    return execute(sql, *rest)


def test_images_that_could_not_be_stored_are_named():
    text = '[gallery ids="7"]<p>Words.</p>'
    with connection.execute_wrapper(refuse_images):
        found = move_in(*POST, photo(), item(text=text), media=images())
    assert outcomes(found, "media") == {"7": "failed"}
    assert outcomes(found) == {"1": "created"}
    assert "Words" in Article.objects.get().body
    assert f"image that was not imported ({FILE})" in get_losses(found)


def test_so_are_files(settings):
    settings.PRIVATE_ROOT.mkdir(parents=True)
    # Where a folder would have to be made.
    (settings.PRIVATE_ROOT / FOLDER.rstrip("/")).write_text("")
    report = "https://old.example/wp-content/uploads/2019/03/report.pdf"
    found = move_in(
        *POST,
        photo(file=report),
        item(text=f'<a href="{report}">Report</a>'),
        media=pack(**{"2019/03/report.pdf": b"%PDF-1.7 report"}),
    )
    assert outcomes(found) == {"1": "created"}
    assert "report.pdf (it cannot be saved" in get_losses(found)[0]


def test_a_name_that_no_file_can_have_costs_only_the_image(tmp_path):
    file = f"https://old.example/wp-content/uploads/{'a' * 300}.jpg"
    found = look(*POST, photo(file=file), item())
    found.media_path = str(tmp_path)
    found.save()
    work(found, State.IMPORTING)
    assert outcomes(found, "media") == {"7": "skipped"}
    assert outcomes(found) == {"1": "created"}


CAPTION = "<figcaption>A table,<br>photo: <b>Ben</b></figcaption>"


@pytest.mark.parametrize(
    "text",
    [
        f'<!-- wp:image --><figure class="wp-block-image"><img src="{FILE}"/>'
        f"{CAPTION}</figure><!-- /wp:image -->",
        f'<figure><a href="{FILE}"><img src="{FILE}"></a>{CAPTION}</figure>',
        f'[caption width="9"]<img src="{FILE}"> A table, photo: <b>Ben</b>[/caption]',
        f"<figure><figure><img src='{FILE}'>{CAPTION}</figure></figure>",
    ],
)
def test_a_caption_goes_with_its_image_and_is_named(text):
    found = move_in(*POST, item(text=f"<p>Words.</p>{text}"))
    assert Article.objects.get().body == "<p>Words.</p>"
    losses = get_losses(found)
    assert f"image that was not imported ({FILE})" in losses
    assert "caption of an image that was not imported: “A table, photo: Ben”" in losses


@pytest.mark.parametrize(
    "shown", ["<table><tr><td>1</td></tr></table>", f'<img src="{FILE}">', "Words."]
)
def test_a_caption_stays_with_what_else_it_is_of(shown):
    lost = '<img src="https://old.example/wp-content/uploads/gone.jpg">'
    text = f"<!-- wp:html --><figure>{lost}{shown}{CAPTION}</figure><!-- /wp:html -->"
    found = move_in(*POST, photo(), item(text=text), media=images())
    assert "Ben" in Article.objects.get().body
    assert not any("caption" in loss for loss in get_losses(found))


# Numbers of items


@pytest.mark.parametrize("number", ["", "abc", "-5"])
def test_an_item_without_a_number_is_known_by_its_address(number):
    parts = (*POST, item(number, "Lost"), item(2, slug="two"))
    found = move_in(*parts)
    row = found.items.get(kind="piece", title="Lost")
    assert row.source_id == "https://old.example/2019/03/a-piece/"
    assert row.outcome == "created"
    assert "is identified by its address instead" in row.losses[0]
    assert set(outcomes(move_in(*parts)).values()) == {"unchanged"}


def test_a_number_that_two_items_have_is_that_of_the_first():
    other = FILE.replace("table", "chair")
    found = move_in(
        *(*POST, photo(), photo(), photo(file=other)),
        *(item(), item(2, slug="two"), item(title="Second", slug="second")),
        media=images(),
    )
    assert outcomes(found) == {"1": "created", "2": "created"}
    rows = found.items.filter(kind="unreadable")
    assert sorted(rows.values_list("outcome", "title", "address", "reason")) == [
        (
            "skipped",
            "Second",
            "/2019/03/second/",
            "An earlier item has the same number, 1, so it was left out.",
        ),
        (
            "skipped",
            "Table",
            "2019/03/chair.jpg",
            "An earlier item has the same number, 7, so it was left out.",
        ),
    ]


def test_items_that_are_cut_off_are_rows_of_the_report():
    cut = [item(n, f"Cut {n}", slug=f"c{n}").split("<wp:post_id")[0] for n in (2, 3)]
    found = move_in(*POST, item(1), *cut, item(4, slug="four"))
    assert outcomes(found) == {"1": "created", "4": "created"}
    rows = found.items.filter(kind="unreadable", outcome="failed")
    assert [row.reason[:8] for row in rows.order_by("pk")] == ["“Cut 2” ", "“Cut 3” "]
