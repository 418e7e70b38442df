"""After an import its archive is compared with the site, and what differs is named."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from articles.importing.records import PieceRecord, SourceState
from articles.importing.verification import compare_words
from articles.models import Article
from ecfr_site.images.models import Image
from tests.articles.importing.archives import look, move_in, pack
from tests.articles.importing.test_manuscripts import draw
from tests.articles.importing.wxr import author, item

pytestmark = pytest.mark.django_db


def verify(found, **options):
    """The command's output, and the reason if it fails, otherwise ""."""
    out = StringIO()
    try:
        call_command("verify_import", found.pk, stdout=out, **options)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def test_what_came_over_whole_is_in_order():
    found = move_in(
        author(),
        item(1, text="Words, [ref]with a note[/ref] and <b>more</b>."),
        item(2, text='See <a href="https://old.example/?p=1">there</a>.', slug="two"),
    )
    printed, failure = verify(found)
    assert not failure
    assert "2 PieceRecord in the archive" in printed
    assert "2 piece created" in printed


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"body": "<p>One three</p>"}, "2 of 4 words are missing: two, four"),
        ({"published_at": "2019-03-05 10:30Z"}, "published at 2019-03-05"),
        (
            {"body": '<p><a href="https://old.example/x">One two three four</a></p>'},
            "a link still leads to the old site: https://old.example/x",
        ),
        (
            {"body": '<p><a href="/article/gone/">One two three four</a></p>'},
            "/article/gone/ is no page here; articles link to it 1 ×",
        ),
    ],
)
def test_what_differs_is_named(values, named):
    found = move_in(author(), item(text="One two three four"))
    Article.objects.update(**values)
    printed, failure = verify(found)
    assert named in printed
    assert failure


def test_missing_authors_images_and_articles_are_named():
    media = pack(**{"2019/03/t.png": draw()})
    found = move_in(
        author(),
        item(
            7,
            type="attachment",
            status="inherit",
            file="https://old.example/wp-content/uploads/2019/03/t.png",
            meta=[("_wp_attached_file", "2019/03/t.png")],
        ),
        item(
            1,
            text='<img src="https://old.example/wp-content/uploads/2019/03/t.png" />',
            meta=[("_thumbnail_id", "7")],
        ),
        item(2, slug="two"),
        media=media,
    )
    first, second = Article.objects.order_by("pk")
    assert verify(found)[1] == ""
    Article.objects.filter(pk=first.pk).update(body="<p>x</p>", image=None)
    first.bylines.all().delete()
    second.delete()
    printed, _ = verify(found)
    for named in (
        "0 of 1 images",
        "its image is missing",
        "0 of 1 authors",
        "2 “A piece”: the article is gone",
    ):
        assert named in printed
    assert Image.objects.exists()


def test_what_editors_have_changed_since_is_theirs():
    move = move_in(author(), item(text="One two three four"))
    article = Article.objects.get()
    article.body = "<p>Anew</p>"
    article.save()
    assert verify(move)[1] == ""


def test_samples_stand_side_by_side(tmp_path):
    found = move_in(author(), *(item(n, f"Piece {n}", slug=f"p-{n}") for n in range(9)))
    verify(found, samples=tmp_path / "samples.html", count=3)
    page = (tmp_path / "samples.html").read_text()
    assert page.count("<article>") == 3


def test_only_an_import_that_is_made_can_be_compared():
    with pytest.raises(CommandError, match="no finished import"):
        call_command("verify_import", look(item()).pk)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a <!-- wp:x --> b [gallery ids='1'] c", "<p>a b c</p>"),
        ("E<font>uro</font>pe &amp; co", "<p>Europe &amp; co</p>"),
        (
            "Said<sup>1</sup>.<h2>Notes</h2><ol><li>1 So.</li></ol>",
            '<p>Said<span class="footnote">So.</span>.</p>',
        ),
    ],
)
def test_marks_are_no_words(before, after):
    record = PieceRecord("1", "post", SourceState.DRAFT, "", before)
    assert not list(compare_words(record, after))
