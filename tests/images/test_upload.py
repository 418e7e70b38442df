"""The editor's upload address: for those who may, with CSRF, for images only."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ecfr_site.images.models import Image
from tests.factories import jpeg

pytestmark = pytest.mark.django_db

ADDRESS = "/admin/images/upload/"


def send(client, content=None, name="view.jpg", **headers):
    file = SimpleUploadedFile(name, jpeg() if content is None else content)
    return client.post(ADDRESS, {"upload": file}, **headers)


def test_a_contributor_uploads_a_picture(contributor):
    response = send(contributor)

    assert response.status_code == 201
    image = Image.objects.get()
    assert response.json()["url"] == image.file.url
    assert image.uploaded_by == contributor.user


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"<svg/>", "a.svg"), (b"<script>", "a.html"), (jpeg()[:300], "a.jpg")],
)
def test_what_is_no_picture_is_refused_in_words(contributor, content, name):
    response = send(contributor, content, name)

    assert response.status_code == 400
    assert response.json()["uploaded"] == 0
    assert response.json()["error"]["message"]
    assert not Image.objects.exists()


def test_without_a_session_the_answer_says_so(reader):
    response = send(reader)

    assert response.status_code == 401
    assert "session" in response.json()["error"]["message"]


def test_who_may_not_add_images_cannot(manager):
    assert send(manager).status_code == 403


def test_a_foreign_page_cannot_upload_in_an_editors_name(contributor):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(contributor.user)

    assert send(strict).status_code == 403
    assert not Image.objects.exists()


def test_reading_the_address_does_nothing(contributor):
    assert contributor.get(ADDRESS).status_code == 405
