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


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "script.js", "data"])
def test_what_is_not_a_picture_is_never_shown_by_the_browser(reader, settings, name):
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    (settings.MEDIA_ROOT / name).write_text("<script>alert(1)</script>")

    response = reader.get(f"/media/{name}")

    assert response["Content-Disposition"] == "attachment"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]


def test_a_picture_is_shown(reader, image):
    assert "attachment" not in reader.get(image.file.url)["Content-Disposition"]
