"""Readers find the documents of what is published, and nobody finds others."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from articles.models import Article, Document
from ecfr_site.storage.private import private_storage
from tests.factories import ArticleFactory, AttachmentFactory

pytestmark = pytest.mark.django_db

ADDRESS = "/article/cables/cables-v1.pdf"


def make_document(article, format="pdf", version=1, **values):
    name = private_storage().save(
        f"documents/{article.pk}/{format}-{version}", ContentFile(b"%PDF-1.7 content")
    )
    defaults = {"file": name, "bytes": 16, "pages": 12 if format == "pdf" else 0}
    return Document.objects.create(
        article=article,
        format=format,
        version=version,
        looked_at=timezone.now(),
        next_look=timezone.now() + timedelta(days=1),
        **{**defaults, **values},
    )


@pytest.fixture
def documented(article):
    make_document(article)
    make_document(article, "epub")
    return article


def test_readers_download_it(reader, documented, django_assert_num_queries):
    with django_assert_num_queries(4):
        response = reader.get(ADDRESS)

    assert b"".join(response.streaming_content) == b"%PDF-1.7 content"
    assert response["Content-Type"] == "application/pdf"
    assert response["Cache-Control"] == "public, no-cache"
    assert 'filename="cables-v1.pdf"' in response["Content-Disposition"]


def test_a_reader_who_has_it_is_not_sent_it_again(reader, documented):
    etag = reader.get(ADDRESS)["ETag"]

    assert reader.get(ADDRESS, headers={"if-none-match": etag}).status_code == 304


def test_the_book_has_its_own_type(reader, documented):
    response = reader.get("/article/cables/cables-v1.epub")

    assert response["Content-Type"] == "application/epub+zip"


def test_the_head_of_the_article_names_it_with_size_and_pages(reader, documented):
    page = reader.get("/article/cables/").content.decode()

    assert f'<a href="{ADDRESS}">PDF<span class="meta">, 12 pages, 16\xa0bytes' in page
    assert f'name="citation_pdf_url" content="http://127.0.0.1:8000{ADDRESS}"' in page
    assert f'"contentUrl": "http://127.0.0.1:8000{ADDRESS}"' in page


def test_no_query_is_spent_on_naming_it(reader, documented, django_assert_num_queries):
    reader.get("/article/cables/")
    bare = ArticleFactory(published=True)
    with django_assert_num_queries(6):
        reader.get("/article/cables/")
    with django_assert_num_queries(6):
        reader.get(bare.get_absolute_url())


def test_the_api_and_the_feeds_name_it(reader, documented):
    [pdf, epub] = reader.get("/api/v1/articles/cables").json()["documents"]
    assert pdf == {
        "url": f"http://127.0.0.1:8000{ADDRESS}",
        "media_type": "application/pdf",
        "bytes": 16,
        "pages": 12,
    }
    assert epub["pages"] is None
    assert ADDRESS in reader.get("/feed/").content.decode()


def test_a_row_without_a_file_is_no_document(reader, article):
    make_document(article, file="", error="It failed.")

    assert reader.get(ADDRESS).status_code == 404
    assert ADDRESS not in reader.get("/article/cables/").content.decode()


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"state": "withdrawn"}, 410),
        ({"ends_at": timezone.now() - timedelta(days=1)}, 410),
        ({"published_at": timezone.now() + timedelta(days=1)}, 404),
        ({"state": "draft"}, 404),
    ],
)
def test_what_is_not_published_has_none(reader, documented, values, status):
    Article.objects.filter(pk=documented.pk).update(**values)

    assert reader.get(ADDRESS).status_code == status


def test_its_address_outlives_a_new_address_of_the_article(reader, documented):
    documented.slug = "wires"
    documented.save()

    response = reader.get(ADDRESS)
    assert response.status_code == 301
    assert response["Location"] == "/article/wires/wires-v1.pdf"
    assert reader.get(response["Location"]).status_code == 200


def test_another_name_leads_to_its_own(reader, documented):
    response = reader.get("/article/cables/other-v01.pdf")

    assert (response.status_code, response["Location"]) == (301, ADDRESS)


def test_an_own_pdf_of_editors_stands_at_its_address(reader, documented):
    attachment = AttachmentFactory(article=documented)

    response = reader.get(ADDRESS)
    assert (response.status_code, response["Location"]) == (302, attachment.file.url)
    page = reader.get("/article/cables/").content.decode()
    assert ADDRESS not in page
    assert f'content="http://127.0.0.1:8000{attachment.file.url}"' in page


@pytest.mark.parametrize("number", ["2", "0", "9999"])
def test_a_version_that_there_is_not(reader, documented, number):
    assert reader.get(f"/article/cables/cables-v{number}.pdf").status_code == 404


def test_the_desk_tells_of_a_failure(publisher, article):
    make_document(article, file="", error="It took too long, and was stopped.")
    address = reverse("admin:articles_article_change", args=[article.pk])

    page = publisher.get(address).content.decode()

    assert "The PDF could not be made. It took too long, and was stopped." in page


def test_the_desk_has_it_made_again(publisher, article, monkeypatch):
    asked = []
    make_document(article, error="It failed.")
    monkeypatch.setattr(
        "articles.admin.views.documents.make_article_documents",
        SimpleNamespace(enqueue=asked.append),
    )

    publisher.post(reverse("admin:articles_article_documents", args=[article.pk]))

    assert asked == [article.pk]
    assert Document.objects.find_due(Article.objects.published(), "") == [article.pk]


def test_only_who_may_change_it_has_it_made_again(contributor, reader, article):
    address = reverse("admin:articles_article_documents", args=[article.pk])

    assert contributor.post(address).status_code == 403
    assert reader.post(address).status_code == 302
