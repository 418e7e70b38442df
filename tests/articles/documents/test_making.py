"""Documents are made when something changed, once, and again after a failure."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from articles.documents import making
from articles.documents.making import find_design, make_documents
from articles.documents.tasks import enqueue_due
from articles.documents.typesetting import Typeset, TypesettingError
from articles.models import Article, Document
from articles.models.document import BACKOFF, LOST_AFTER
from articles.output import Output
from ecfr_site.institution.models import Institution
from ecfr_site.storage.private import private_storage
from tests.factories import ArticleFactory, AttachmentFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def typesetter(monkeypatch):
    """In place of the other process: a PDF at once, or what `fails` says."""

    class Typesetter:
        fails = ""
        runs = 0

        def __call__(self, html, files):
            self.runs += 1
            if self.fails:
                raise TypesettingError(self.fails)
            return Typeset(b"%PDF-1.7\n" + html.encode(), 12)

    found = Typesetter()
    monkeypatch.setattr(making, "typeset", found)
    return found


@pytest.fixture(autouse=True)
def documents_are_made(settings):
    settings.DOCUMENTS = True


def pdf_of(article):
    return Document.objects.get(article=article, format="pdf")


def test_each_published_article_gets_its_documents(report, typesetter):
    ArticleFactory(draft=True)
    ArticleFactory(scheduled=True)
    ArticleFactory(withdrawn=True)

    assert enqueue_due() == 1

    pdf, epub = Document.objects.filter(article=report)
    assert (pdf.format, pdf.pages, pdf.error) == ("pdf", 12, "")
    assert (epub.format, epub.pages, epub.error) == ("epub", 0, "")
    for each in (pdf, epub):
        assert private_storage().size(each.file) == each.bytes > 0


def test_nothing_is_made_twice(report, typesetter, django_capture_on_commit_callbacks):
    enqueue_due()
    file = pdf_of(report).file

    assert enqueue_due() == 0

    # A save that changes nothing that the document says.
    report.save()
    assert enqueue_due() == 1
    assert typesetter.runs == 1
    assert pdf_of(report).file == file


def test_a_change_makes_it_anew(report, typesetter, django_capture_on_commit_callbacks):
    enqueue_due()
    former = pdf_of(report).file

    with django_capture_on_commit_callbacks(execute=True):
        report.title = "Cables, again"
        report.save()
        assert enqueue_due() == 1

    assert typesetter.runs == 2
    assert pdf_of(report).file != former
    assert not private_storage().exists(former)


def test_new_words_for_people_are_seen_within_a_day(report, typesetter):
    enqueue_due()
    author = report.bylines.get().author
    author.name = "Ann Newname"
    author.save()

    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        enqueue_due()

    assert typesetter.runs == 2


def test_a_new_design_makes_all_anew(report, typesetter):
    enqueue_due()
    Document.objects.update(design="former", digest="former")

    assert enqueue_due() == 1
    assert typesetter.runs == 2
    assert pdf_of(report).design == find_design()


def test_a_failure_is_told_and_tried_again(report, typesetter):
    typesetter.fails = "It took too long, and was stopped."
    enqueue_due()

    assert pdf_of(report).error == typesetter.fails
    assert pdf_of(report).file == ""
    assert Document.objects.get(article=report, format="epub").file
    # Not before its time, but then.
    assert enqueue_due() == 0
    typesetter.fails = ""
    with time_machine.travel(timezone.now() + BACKOFF[0] + timedelta(minutes=1)):
        assert enqueue_due() == 1
    assert pdf_of(report).error == ""
    assert pdf_of(report).pages == 12


def test_each_failure_is_waited_for_longer(report, typesetter):
    typesetter.fails = "It failed."
    for wait in [*BACKOFF, BACKOFF[-1]]:
        make_documents(report.pk)
        left = pdf_of(report).next_look - timezone.now()
        assert wait - timedelta(minutes=1) < left <= wait


def test_readers_keep_the_former_one_while_it_fails(report, typesetter):
    enqueue_due()
    former = pdf_of(report)
    report.title = "Another"
    report.save()
    typesetter.fails = "It failed."

    enqueue_due()

    assert pdf_of(report).file == former.file
    assert pdf_of(report).error == "It failed."


def test_a_run_that_was_killed_is_repeated(report, typesetter):
    Document.objects.begin(report, find_design())
    assert enqueue_due() == 0

    with time_machine.travel(timezone.now() + LOST_AFTER + timedelta(seconds=1)):
        assert enqueue_due() == 1

    assert pdf_of(report).file


def test_an_own_pdf_of_editors_takes_its_place(
    report, typesetter, django_capture_on_commit_callbacks
):
    enqueue_due()
    former = pdf_of(report).file
    with django_capture_on_commit_callbacks(execute=True):
        AttachmentFactory(article=report)
        report.save()
        enqueue_due()

    assert pdf_of(report).file == ""
    assert not private_storage().exists(former)
    assert Document.objects.get(article=report, format="epub").file


def test_its_pages_are_those_of_the_record(report, typesetter, client):
    enqueue_due()

    said = client.get("/api/v1/articles/cables-and-ships").json()
    assert said["page_count"] == 12
    assert "<dt>Pages</dt><dd>12</dd>" in client.get(report.get_absolute_url()).text
    assert client.get("/article/cables-and-ships/cite.json").json()[0][
        "number-of-pages"
    ] == ("12")
    assert Output.between(report.day, report.day).count_kinds()[0]["pages"] == 12


def test_pages_that_an_editor_typed_stay(report, typesetter, client):
    report.page_count = 34
    report.save()
    enqueue_due()

    assert client.get("/api/v1/articles/cables-and-ships").json()["page_count"] == 34
    assert Output.between(report.day, report.day).count_kinds()[0]["pages"] == 34


def test_pages_of_an_editors_own_pdf_are_not_ours(report, typesetter, client):
    enqueue_due()
    AttachmentFactory(article=report)

    assert client.get("/api/v1/articles/cables-and-ships").json()["page_count"] is None


def test_a_short_piece_has_no_pages(typesetter, client):
    ArticleFactory(published=True, kind="commentary", slug="short")
    enqueue_due()

    assert client.get("/api/v1/articles/short").json()["page_count"] is None


def test_its_length_is_not_what_it_is_made_of(report, typesetter):
    Institution.objects.create(name="A", citation_style="iso690-author-date-en")
    enqueue_due()

    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert enqueue_due() == 1

    assert typesetter.runs == 1


def test_an_annex_does_not(report, typesetter):
    AttachmentFactory(article=report, is_full_text=False)

    enqueue_due()

    assert pdf_of(report).file


def test_an_article_that_is_gone_needs_none(report, typesetter):
    Article.objects.filter(pk=report.pk).update(state="withdrawn")

    make_documents(report.pk)

    assert not Document.objects.exists()


def test_none_are_made_where_they_are_turned_off(report, settings):
    settings.DOCUMENTS = False

    assert enqueue_due() == 0


def test_finding_what_is_due_takes_one_query(report, django_assert_num_queries):
    ArticleFactory.create_batch(3, published=True)

    with django_assert_num_queries(1):
        due = Document.objects.find_due(Article.objects.published(), "x", limit=10)

    assert len(due) == 4


def update(article, kind="version", **changes):
    """Publish a change to the article."""
    by = UserFactory(publisher=True)
    article.refresh_from_db()
    copy = article.start_working_copy(by)
    copy.update_kind = kind
    copy.version_note = "With new figures." if kind == "version" else ""
    for name, value in changes.items():
        setattr(copy, name, value)
    copy.save()
    copy.publish(by=by)


def read(article, version, format="pdf"):
    row = Document.objects.get(article=article, version=version, format=format)
    with private_storage().open(row.file) as file:
        return file.read()


def test_a_former_version_has_documents_of_its_last_text(report, typesetter):
    enqueue_due()
    update(report, kind="small", title="Cables, mended")
    update(report, title="Second")

    assert enqueue_due() == 1
    assert enqueue_due() == 0

    assert b"Cables, mended" in read(report, 1)
    assert b"Second" not in read(report, 1)
    assert b"Second" in read(report, 2)


def test_a_version_that_was_replaced_at_once_has_documents_too(report, typesetter):
    update(report, title="Second")
    update(report, title="Third")

    enqueue_due()

    assert b"Cables &amp; ships" in read(report, 1)
    assert b"Second" in read(report, 2)
    assert b"Third" in read(report, 3)
    assert all(read(report, number, "epub") for number in (1, 2, 3))


def test_documents_of_the_last_text_stay_as_they_are(report, typesetter):
    enqueue_due()
    made = pdf_of(report).file
    update(report, title="Second")
    enqueue_due()

    assert Document.objects.get(version=1, format="pdf").file == made


def test_a_failure_of_a_former_version_is_tried_again(report, typesetter):
    update(report, title="Second")
    typesetter.fails = "It took too long."
    enqueue_due()
    typesetter.fails = ""
    assert enqueue_due() == 0

    with time_machine.travel(timezone.now() + BACKOFF[0] + timedelta(seconds=1)):
        assert enqueue_due() == 1

    assert read(report, 1)
