"""The index is kept by saving, and made anew by a command that can be stopped."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from articles.models import Article, SearchText, SearchWord
from articles.search import desk, upkeep
from articles.search.results import search
from tests.admin_site.desk import OpenForm
from tests.factories import ArticleFactory, AuthorFactory, ImageFactory, SeriesFactory

pytestmark = pytest.mark.django_db


def rebuild(*arguments):
    out = StringIO()
    call_command("rebuild_search", *arguments, stdout=out)
    return out.getvalue()


def outdate():
    """As a site of before: rows without words, and an article without a row."""
    SearchText.objects.update(
        analyser=0, head="", body="", notes="", forms="", vector=None, head_vector=None
    )


def test_what_an_older_release_wrote_is_indexed_by_the_scheduler():
    ArticleFactory.create_batch(3, published=True, body="<p>abstention</p>")
    outdate()
    SearchText.objects.filter(pk=Article.objects.first().pk).delete()
    assert not search("abstention").count()

    upkeep.enqueue_due()

    assert search("abstention").count() == 3
    assert not upkeep.enqueue_due()


def test_a_new_caption_in_the_library_is_found_and_the_old_one_is_not(publisher):
    image = ImageFactory(caption="Somebody at the gate")
    ArticleFactory(published=True, image=image, image_alt="A gate")
    ArticleFactory(published=True)
    assert search("somebody").count() == 1

    form = OpenForm(publisher, f"/admin/images/image/{image.pk}/change/")
    form["caption"] = "The gate of Kalmar"
    form.press("Save")
    upkeep.enqueue_due()

    assert not search("somebody").count()
    assert search("kalmar").count() == 1


def test_a_rebuild_tells_how_far_it_is_and_learns_the_words():
    ArticleFactory.create_batch(2, published=True, body="<p>abstention</p>")
    SearchWord.objects.create(word="gone", shown="gone")

    said = rebuild()

    assert "2/2" in said
    assert search("abstention").count() == 2
    words = SearchWord.objects.values_list("word", flat=True)
    assert "abstention" in words
    assert "gone" not in words


def test_a_rebuild_that_was_stopped_goes_on(monkeypatch):
    monkeypatch.setattr(upkeep, "AT_ONCE", 1)
    ArticleFactory.create_batch(3, published=True, body="<p>abstention</p>")

    def stop(done, total):
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upkeep.rebuild(stop)
    assert upkeep.find_outdated().count() == 2
    assert search("abstention").count() == 3

    assert "2/2" in rebuild("--continue")
    assert not upkeep.find_outdated().exists()
    assert search("abstention").count() == 3


@pytest.fixture(params=["rare", "common"])
def either_way(request, monkeypatch):
    """The desk finds what is common in another way than what is rare."""
    if request.param == "common":
        monkeypatch.setattr(desk, "COMMON", 0)


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize(
    ("role", "found"),
    [
        ("contributor", {"Published", "Own"}),
        ("editor", {"Published", "Own", "Draft"}),
        ("publisher", {"Published", "Own", "Draft"}),
    ],
)
def test_the_desk_finds_by_the_text_what_the_editor_may_see(role, found, request):
    client = request.getfixturevalue(role)
    body = "<p>abstention</p>"
    ArticleFactory(published=True, title="Published", body=body)
    ArticleFactory(draft=True, title="Draft", body=body)
    ArticleFactory(draft=True, title="Own", body=body, created_by=client.user)
    ArticleFactory(draft=True, title="Other", created_by=client.user)

    asked = {"q": "abstentions"}
    response = client.get(reverse("admin:articles_article_changelist"), asked)

    assert {str(a) for a in response.context["cl"].result_list} == found


@pytest.mark.usefixtures("either_way")
def test_the_desk_finds_an_article_by_changes_that_the_editor_may_see(
    editor, contributor
):
    article = ArticleFactory(published=True, title="Live")
    copy = article.start_working_copy(editor.user)
    copy.body = "<p>abstention</p>"
    copy.save()
    asked = {"q": "abstention"}
    address = reverse("admin:articles_article_changelist")

    assert list(editor.get(address, asked).context["cl"].result_list) == [article]
    assert not contributor.get(address, asked).context["cl"].result_list
    assert not search("abstention").count()


@pytest.mark.usefixtures("either_way")
def test_the_desk_finds_by_names_phrases_and_without_words(editor):
    karin = AuthorFactory(name="Karin Östlund")
    ArticleFactory(draft=True, title="A", body="<p>oil price</p>", authors=[karin])
    ArticleFactory(draft=True, title="B", body="<p>price of oil</p>", authors=[karin])
    ArticleFactory(draft=True, title="C", series=SeriesFactory(title="Oil and gas"))
    address = reverse("admin:articles_article_changelist")

    def find(text):
        rows = editor.get(address, {"q": text}).context["cl"].result_list
        return {str(article) for article in rows}

    assert find("ostlund") == {"A", "B"}
    assert find("oil") == {"A", "B", "C"}
    assert find('ostlund "oil price"') == {"A"}
    assert find("ostlund -of") == {"A"}
    assert find("–") == set()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no settings")
def test_a_search_leaves_its_transaction_as_it_was():
    ArticleFactory(published=True, body="<p>abstention</p>")

    assert search("abstention").count() == 1

    assert connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_seqscan")
        assert cursor.fetchone() == ("on",)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL's rows")
def test_many_rows_are_on_a_page_however_long_their_texts_are():
    # No word twice, so that nothing is made much shorter.
    words = [f"{number:x}" for number in range(10**6, 10**6 + 600)]
    ArticleFactory.create_batch(
        30,
        published=True,
        standfirst=" ".join(words[:60]),
        body=f"<p>{' '.join(words)}</p>",
    )
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE articles_searchtext")

    rebuild()

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT (ctid::text::point)[0]) "
            "FROM articles_searchtext"
        )
        assert cursor.fetchone() == (30, 1)
