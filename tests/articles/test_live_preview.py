"""The preview is the very page that saving would make, and nothing is stored by it."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.redirects.models import Redirect
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from lxml import html
from reversion.models import Revision

from articles.models import Article, Attachment
from tests.articles.typing import Window
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    CorrectionFactory,
    FunderFactory,
    ImageFactory,
    PositionFactory,
    ProgrammeFactory,
    SeriesFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def article():
    """With something in every part of the form."""
    article = ArticleFactory(
        draft=True,
        with_image=True,
        slug="before",
        title="Before",
        authors=[PositionFactory().author, AuthorFactory(name="Bruno Lind")],
        topics=[TopicFactory(name="Energy")],
        programmes=[ProgrammeFactory(name="Seas")],
    )
    CorrectionFactory(article=article, text="It was 1957.")
    file = ContentFile(b"%PDF-1.7", "report.pdf")
    Attachment.objects.create(article=article, title="Report", file=file)
    return article


@pytest.fixture
def window(editor, article):
    return Window(editor, article)


def preview(window, query="?typed"):
    return window.client.get(f"{window.base}preview/{query}")


def page(response):
    """Without the line that says what the page is, and the tokens of its form."""
    assert response.status_code == 200
    text = response.content.decode()
    text = re.sub(r'<p class="notice preview".*?</p>', "", text, flags=re.DOTALL)
    return re.sub(r'value="[^"]{30,}"', "", text)


def change_everything(window):
    clara = PositionFactory(author__name="Clara Ost", title="Fellow").author
    ArticleFactory(published=True, topics=[TopicFactory(name="Trade")], title="Kin")
    values = {
        "title": "After",
        "standfirst": "Another sentence.",
        "body": "<h2>New</h2><p>Hours of work.<span class='footnote'>n</span></p>",
        "slug": "after",
        "kind": "report",
        "image": str(ImageFactory(credit="C. Ost").pk),
        "image_alt": "A pier",
        "image_caption": "The pier",
        "original_outlet": "The Pilot",
        "original_url": "https://pilot.example/a",
        "seo_title": "For machines",
        "disclaimer": "Only hers.",
        "key_points": "<ul><li>One.</li><li>Two.</li><li>Three.</li></ul>",
        "series": str(SeriesFactory().pk),
        "series_number": "2",
        "report_number": "Report 9",
        "isbn": "978-0-306-40615-7",
        "page_count": "34",
        "funders": [str(FunderFactory().pk)],
        "disclosure": "None.",
        "licence": "by",
        "topics": [str(topic.pk) for topic in TopicFactory._meta.model.objects.all()],
        "programmes": [str(ProgrammeFactory(name="Aether").pk)],
        "bylines-0-DELETE": "on",
        "bylines-2-author": str(clara.pk),
        "bylines-2-order": "0",
        "bylines-2-role": "with",
        "corrections-0-text": "It was 1958.",
        "attachments-0-title": "Full report",
    }
    for name, value in values.items():
        window[name] = value


def test_the_preview_of_what_was_not_changed_is_that_of_the_saved(window):
    window.keep()

    assert page(preview(window)) == page(preview(window, ""))


def test_the_preview_is_the_page_that_saving_makes(window):
    change_everything(window)
    window.keep()
    before = page(preview(window))

    window.save()

    assert "Saved as a draft" in window.form.said
    assert before == page(preview(window, ""))
    for text in ("Hours of work", "Clara Ost", "1958", "Full report", "Kin", "Aether"):
        assert text in before


def test_what_was_typed_is_as_clean_as_what_is_saved(window):
    window["key_points"] = "<p onclick=evil()>A point<script>evil()</script></p>"
    window["body"] = "<p onclick=evil()>A text<script>evil()</script></p>"
    window.keep()

    shown = preview(window).content.decode()

    assert "A point" in shown
    assert "evil()" not in shown


def test_looking_stores_nothing(window, article):
    change_everything(window)
    window.keep()
    before = Article.objects.filter(pk=article.pk).values().get()

    preview(window)

    assert Article.objects.filter(pk=article.pk).values().get() == before
    assert article.bylines.count() == 2
    assert article.corrections.get().text == "It was 1957."
    for model in (Revision, LogEntry, Redirect):
        assert not model.objects.exists()


def test_what_is_not_valid_is_shown_as_it_was_saved(window):
    window["title"] = "Before" * 50
    window["slug"] = "not an address!"
    window["standfirst"] = "Valid."
    window["bylines-0-author"] = ""
    window["corrections-0-date"] = "yesterday"
    window["corrections-0-text"] = "It was 1958."
    window.keep()

    shown = html.fromstring(preview(window).content)

    assert shown.xpath("string(//h1)") == "Before"
    assert shown.xpath("string(//*[@class='standfirst'])") == "Valid."
    assert "/article/before/" in shown.xpath("string(//link[@rel='canonical']/@href)")
    assert "It was 1958." in shown.text_content()
    assert "Bruno Lind" in shown.text_content()


def test_rows_that_say_nothing_yet_are_left_out(window):
    window["corrections-TOTAL_FORMS"] = "2"
    window["corrections-1-text"] = ""
    window["corrections-1-date"] = "2026-01-01"
    window.keep()

    shown = html.fromstring(preview(window).content)

    assert len(shown.xpath("//section[@aria-labelledby='corrections']/p[time]")) == 1


def test_what_the_text_must_not_have_is_not_in_the_preview(window):
    window["body"] = "<p>Kept.</p><script>alert(1)</script>"
    window.keep()

    assert "alert(1)" not in page(preview(window))


def test_without_typed_text_it_is_the_saved_page(window):
    shown = preview(window)

    assert page(shown) == page(preview(window, ""))
    assert "saved as a draft" in shown.content.decode()


def test_of_a_new_article(editor):
    author = PositionFactory(author__name="Ada Verne").author
    window = Window(editor)
    assert preview(window).status_code == 404
    window["body"] = "<p>The first words.</p>"
    window["bylines-0-author"] = str(author.pk)
    window["topics"] = [str(TopicFactory(name="Trade").pk)]
    window.keep()

    shown = page(preview(window))

    for text in ("Untitled", "The first words.", "Ada Verne", "Policy Fellow", "Trade"):
        assert text in shown
    assert not Article.objects.exists()


def test_who_may_not_write_has_no_new_article_to_look_at(manager):
    address = "/admin/articles/article/preview/?typed"

    assert manager.get(address).status_code == 403


def test_of_a_working_copy(editor):
    article = ArticleFactory(published=True, title="Live", slug="live")
    window = Window(editor, article.start_working_copy(by=editor.user))
    window["title"] = "Changed"
    window.keep()

    assert "Changed" in page(preview(window))
    assert "/article/live/" in page(preview(window))
    assert Article.objects.get(live=None).title == "Live"


def test_it_is_the_writers_alone(window, publisher):
    window["title"] = "After"
    window.keep()
    window.client = publisher

    assert "After" not in page(preview(window))


def test_nobody_sees_what_the_desk_does_not_show_them(window, contributor, reader):
    window["title"] = "After"
    window.keep()

    for query in ("", "?typed"):
        window.client = contributor
        assert preview(window, query).status_code == 403
        window.client = reader
        assert preview(window, query).status_code == 302
    assert reader.get("/admin/articles/article/preview/?typed").status_code == 302


def test_it_names_no_translation_that_readers_do_not_have(contributor):
    known = ArticleFactory(published=True, language="en-gb")
    ArticleFactory(draft=True, language="fr", slug="inconnu", translation_of=known)
    ArticleFactory(published=True, language="pl", slug="znany", translation_of=known)
    window = Window(contributor)
    window["language"] = "de"
    window["translation_of"] = str(known.pk)
    window.keep()

    shown = page(preview(window))

    assert "znany" in shown
    assert "inconnu" not in shown


@pytest.mark.parametrize("query", ["", "?typed"])
def test_no_machine_keeps_or_frames_it(window, query):
    window.keep()

    response = preview(window, query)

    assert "no-store" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex"
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in response["Content-Security-Policy"]


def add_people(window, count):
    window["bylines-TOTAL_FORMS"] = str(2 + count)
    for number in range(2, 2 + count):
        window[f"bylines-{number}-author"] = str(PositionFactory().author.pk)
        window[f"bylines-{number}-role"] = "author"
        window[f"bylines-{number}-order"] = str(number)
    window.keep()


def test_it_costs_the_same_for_many_people(window):
    add_people(window, 1)
    preview(window)
    with CaptureQueriesContext(connection) as few:
        preview(window)

    add_people(window, 12)
    with CaptureQueriesContext(connection) as many:
        preview(window)

    assert len(many) == len(few)
