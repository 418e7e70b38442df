"""Uploaded images: kept clean, or refused with a clear error."""

import io
import zlib
from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageCms

from ecfr_site.images.intake import process_upload
from tests.factories import jpeg


def encoded(kind, picture=None, **options):
    content = io.BytesIO()
    (picture or Pillow.new("RGB", (60, 40), "#246")).save(content, kind, **options)
    return content.getvalue()


def opened(file):
    file.seek(0)
    return Pillow.open(file)


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        ("JPEG", "JPEG"),
        ("PNG", "PNG"),
        ("WEBP", "WEBP"),
        ("AVIF", "AVIF"),
        ("GIF", "PNG"),
    ],
)
def test_pictures_are_known_by_their_content_not_their_name(kind, kept):
    file = process_upload(ContentFile(encoded(kind), "Zoë’s view.exe"))

    assert opened(file).format == kept
    assert file.name.startswith("zoes-view.")
    assert not file.name.endswith("exe")


def test_the_place_where_it_was_taken_is_removed():
    exif = Pillow.Exif()
    exif[0x010F] = "Camera"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (50.0, 51.0, 0.0)
    content = encoded("JPEG", exif=exif)
    assert Pillow.open(io.BytesIO(content)).getexif()

    file = process_upload(ContentFile(content, "a.jpg"))

    assert not opened(file).getexif()
    assert b"Camera" not in file.read()


def test_a_picture_taken_sideways_is_kept_upright():
    exif = Pillow.Exif()
    exif[0x0112] = 6
    content = encoded("JPEG", exif=exif)

    assert opened(process_upload(ContentFile(content, "a.jpg"))).size == (40, 60)


def test_what_is_appended_to_a_picture_does_not_survive():
    content = jpeg() + b"<script>alert(1)</script>"

    assert b"script" not in process_upload(ContentFile(content, "a.jpg")).read()


def test_transparency_is_kept():
    picture = Pillow.new("RGBA", (10, 10), (0, 0, 0, 0))

    kept = opened(process_upload(ContentFile(encoded("PNG", picture), "a.png")))

    assert kept.getpixel((5, 5))[3] == 0


def test_what_cameras_write_with_a_second_picture_in_it_is_a_jpeg():
    first, second = Pillow.new("RGB", (60, 40)), Pillow.new("RGB", (60, 40))
    content = encoded("MPO", first, save_all=True, append_images=[second])

    assert opened(process_upload(ContentFile(content, "a.jpg"))).format == "JPEG"


def test_sixteen_bits_of_grey_become_eight_and_not_white():
    content = encoded("PNG", Pillow.new("I;16", (9, 9), 0x8000))

    assert (
        opened(process_upload(ContentFile(content, "a.png"))).getpixel((4, 4))[0]
        == 0x80
    )


def test_colours_are_brought_from_a_profile_to_srgb():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # In this profile the first channel is green and the second red.
    swapped = (
        srgb.replace(b"rXYZ", b"----", 1)
        .replace(b"gXYZ", b"rXYZ", 1)
        .replace(b"----", b"gXYZ", 1)
    )
    picture = Pillow.new("RGB", (9, 9), (200, 30, 30))
    content = encoded("PNG", picture, icc_profile=swapped)

    kept = opened(process_upload(ContentFile(content, "a.png")))

    red, green, _ = kept.getpixel((5, 5))
    assert green > 150 > red
    assert "icc_profile" not in kept.info


def test_a_damaged_profile_leaves_the_colours_as_they_are():
    content = encoded("PNG", icc_profile=b"no profile")

    kept = opened(process_upload(ContentFile(content, "a.png")))

    assert kept.getpixel((5, 5)) == (0x22, 0x44, 0x66)


@given(
    st.sampled_from(["JPEG", "PNG", "WEBP", "AVIF", "GIF"]),
    st.integers(min_value=0, max_value=400),
    st.binary(min_size=1, max_size=8),
)
def test_whatever_is_wrong_with_a_file_the_answer_is_a_picture_or_an_error(
    kind, place, damage
):
    content = bytearray(encoded(kind))
    content[place : place + len(damage)] = damage

    with suppress(ValidationError):
        assert opened(process_upload(ContentFile(bytes(content), "a"))).size


def bomb():
    """A PNG that says it has 60,000 by 60,000 pixels."""
    content = bytearray(encoded("PNG"))
    content[16:24] = (60_000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
        (b"<html><script>alert(1)</script></html>", "not an image"),
        (b"%PDF-1.7", "not an image"),
        (jpeg(400, 300)[:600], "damaged"),
        (encoded("PNG", Pillow.effect_noise((90, 90), 50))[:900], "damaged"),
        (bomb(), "too many pixels"),
        (b"x" * 2_000_001, "at most 1.9"),
    ],
    ids=["empty", "svg", "html", "pdf", "truncated", "cut png", "bomb", "large"],
)
def test_what_cannot_be_used_is_refused_in_clear_words(settings, content, said):
    settings.IMAGE_MAX_BYTES = 2_000_000

    with pytest.raises(ValidationError, match=said):
        process_upload(ContentFile(content, "a.jpg"))
