"""An animation is refused in words: only one of its frames would be published."""

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from PIL import Image as Pillow

from ecfr_site.images.intake import process_upload
from ecfr_site.images.models import Image
from tests.images.test_intake import encoded
from tests.images.test_upload import send

FRAMES = [Pillow.new("RGB", (60, 40), colour) for colour in ("red", "green", "blue")]
MOVING = {"save_all": True, "append_images": FRAMES[1:]}


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
def test_an_animation_is_refused(kind):
    with pytest.raises(ValidationError, match="save the frame you want"):
        process_upload(ContentFile(encoded(kind, FRAMES[0], **MOVING), "a"))


def test_an_animation_with_a_still_for_old_programs_is_refused():
    content = encoded("PNG", FRAMES[0], **MOVING, default_image=True)

    with pytest.raises(ValidationError, match="animated"):
        process_upload(ContentFile(content, "a.png"))


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
def test_a_single_frame_is_accepted(kind):
    assert process_upload(
        ContentFile(encoded(kind, FRAMES[0], save_all=True), "a")
    ).size


def test_several_frames_of_a_camera_are_accepted():
    assert process_upload(
        ContentFile(encoded("MPO", FRAMES[0], **MOVING), "a.jpg")
    ).size


@pytest.mark.django_db
def test_the_text_editor_is_told_why(contributor):
    response = send(contributor, encoded("GIF", FRAMES[0], **MOVING), "a.gif")

    assert response.status_code == 400
    assert "animated" in response.json()["error"]["message"]
    assert not Image.objects.exists()


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1"])
def test_images_of_phones_are_refused_by_name(brand):
    content = b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic" + b"\0" * 90

    with pytest.raises(ValidationError, match="HEIC images cannot be used"):
        process_upload(ContentFile(content, "a.heic"))
