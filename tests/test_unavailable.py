"""While the database or the disk cannot be used, readers and editors are told so."""

import errno

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import Client

from ecfr_site.images.models import Image
from tests.factories import ArticleFactory, jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture
def answering():
    """A browser that gets what a server answers to an error."""
    return Client(raise_request_exception=False)


@pytest.fixture
def away():
    def refuse(*arguments):
        raise OperationalError("The database is away.")

    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.parametrize("address", ["/search/?q=heat", "/article/heat/"])
def test_what_needs_the_database_is_unavailable_and_no_error(answering, away, address):
    answer = answering.get(address)

    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    assert answer["Cache-Control"] == "no-store"
    assert "cannot be done just now" in answer.content.decode()


def test_so_is_signing_up(answering, away):
    answer = answering.post("/newsletter/subscribe/", {"email": "ada@reader.example"})

    assert answer.status_code == 503


def test_a_fault_of_our_own_stays_an_error(answering):
    with connection.execute_wrapper(lambda *arguments: 1 / 0):
        assert answering.get("/search/?q=heat").status_code == 500


def test_a_full_disk_is_unavailable_too(answering):
    def fill(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    with connection.execute_wrapper(fill):
        assert answering.get("/search/?q=heat").status_code == 503


def test_an_image_without_room_is_refused_at_its_field(editor, settings):
    # Nobody can write there, not even root.
    settings.MEDIA_ROOT = "/proc/media"
    file = SimpleUploadedFile("view.jpg", jpeg())

    page = editor.post("/admin/images/image/add/", {"file": file})

    assert page.status_code == 200
    assert "no room for this file" in str(page.context["errors"])
    assert not Image.objects.exists()


def test_so_is_one_that_is_put_into_a_text(contributor, settings):
    settings.MEDIA_ROOT = "/proc/media"
    file = SimpleUploadedFile("view.jpg", jpeg())

    answer = contributor.post("/admin/images/upload/", {"upload": file})

    assert answer.status_code == 400
    assert "no room for this file" in answer.json()["error"]["message"]


def test_a_pdf_without_room_is_refused_at_its_field(settings):
    settings.PRIVATE_ROOT = "/proc/private"
    article = ArticleFactory()
    file = SimpleUploadedFile("paper.pdf", b"%PDF-1.7 of mine")

    with pytest.raises(ValidationError, match="no room for this file"):
        article.attachments.model(article=article, title="P", file=file).full_clean()
