"""Uploaded files, where the application serves them itself."""

import pytest

from tests.factories import ImageFactory, jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture
def image(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        made = ImageFactory(file__data=jpeg(800, 600))
    made.refresh_from_db()
    return made


def test_a_rendition_is_cached_for_ever_since_its_address_never_changes(reader, image):
    response = reader.get(image.share_url)

    assert response.status_code == 200
    assert response["Content-Type"] == "image/jpeg"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_an_original_is_not(reader, image):
    response = reader.get(image.file.url)

    assert response.status_code == 200
    assert "Cache-Control" not in response


@pytest.mark.parametrize("path", ["", "renditions/", "../settings.py", "none.jpg"])
def test_nothing_else_is_served(reader, path):
    assert reader.get(f"/media/{path}").status_code in (400, 404)
