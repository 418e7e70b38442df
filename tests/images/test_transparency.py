"""Transparent images stay transparent, and are visible wherever they are shown."""

import io
import re

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image as Pillow

from ecfr_site.images import tasks
from ecfr_site.images.intake import process_upload
from ecfr_site.images.markup import render_picture
from ecfr_site.images.models import Image
from ecfr_site.images.renditions import choose_ground, render
from tests.factories import ImageFactory
from tests.images.test_intake import encoded


def logo(colour=(255, 255, 255, 255)):
    """A rectangle of the colour on transparent ground."""
    image = Pillow.new("RGBA", (90, 60), (0, 0, 0, 0))
    image.paste(colour, (20, 20, 70, 40))
    return image


@pytest.fixture
def stored(db):
    image = ImageFactory(file__data=encoded("PNG", logo()), file__filename="logo.png")
    image.render()
    return Image.objects.get()


@pytest.mark.parametrize("extension", ["avif", "webp", "png"])
def test_renditions_keep_transparency(extension):
    found = {e: c for s, _, e, c in render(logo(), 50, 50) if s == "card"}

    small = Pillow.open(io.BytesIO(found[extension])).convert("RGBA")

    assert small.getpixel((0, 0))[3] < 10
    assert small.getpixel((45, 30))[3] > 245


@pytest.mark.parametrize(
    ("colour", "ground"),
    [((255, 255, 255, 255), "dark"), ((0, 0, 0, 255), "light"), ((0,) * 4, "light")],
    ids=["white", "black", "nothing to see"],
)
def test_jpegs_have_a_ground_from_which_the_image_stands_out(colour, ground):
    [content] = [
        c for s, _, e, c in render(logo(colour), 50, 50) if (s, e) == ("full", "jpg")
    ]

    flat = Pillow.open(io.BytesIO(content)).convert("L")

    assert choose_ground(logo(colour)) == ground
    assert (flat.getpixel((2, 2)) > 200) == (ground == "light")
    if colour[3]:
        assert abs(flat.getpixel((45, 30)) - flat.getpixel((2, 2))) > 150


def test_a_white_logo_with_a_soft_shadow_gets_a_dark_ground():
    image = logo()
    image.paste((0, 0, 0, 60), (20, 40, 70, 50))

    assert choose_ground(image) == "dark"


def test_a_page_shows_png_to_old_browsers_and_names_the_ground(stored):
    html = render_picture(stored, "card", alt="Logo")

    assert 'class="ground-dark"' in html
    assert ".jpg" not in html
    names = set(re.findall(r"/media/(renditions/[^ \"]+)", html))
    assert all(default_storage.exists(name) for name in names)


def test_social_cards_and_mail_show_a_jpeg(stored):
    assert stored.share_url.endswith(".jpg")
    name = stored.jpegs("card")[0].removeprefix("/media/")
    assert Pillow.open(default_storage.open(name)).getpixel((2, 2))[0] < 60


@pytest.mark.django_db
def test_an_opaque_image_has_neither_png_nor_ground():
    image = ImageFactory(file__data=encoded("PNG", logo().convert("RGB")))
    image.render()
    image.refresh_from_db()

    html = render_picture(image, "card")

    assert image.ground == "none"
    assert "ground-" not in html
    assert ".jpg" in html


def test_a_set_of_before_is_made_anew_at_another_address(stored):
    """As it was when transparency became white."""
    Image.objects.update(ground="", render_asked_at="2020-01-01T00:00Z")
    before = Image.objects.get()
    old = before.rendition_name("full", 90, "jpg")
    default_storage.save(old, ContentFile(b"white"))

    assert tasks.enqueue_due() == 1

    image = Image.objects.get()
    assert image.ground == "dark"
    assert image.rendition_name("full", 90, "jpg") != old
    assert default_storage.exists(old), "Mail that was sent shows it."
    assert tasks.enqueue_due() == 0


@pytest.mark.django_db
def test_an_opaque_set_of_before_is_left_as_it_is():
    image = ImageFactory(file__data=encoded("PNG"))
    image.render()
    name = image.rendition_name("full", 60, "jpg")
    made = default_storage.get_modified_time(name)
    Image.objects.update(ground="")

    tasks.render_image.func(image.pk)

    assert Image.objects.get().ground == "none"
    assert default_storage.get_modified_time(name) == made


@pytest.mark.parametrize(
    ("kind", "image", "options"),
    [
        ("PNG", logo().quantize(), {}),
        ("PNG", Pillow.new("L", (90, 60), 255), {"transparency": 255}),
        ("PNG", logo().convert("LA"), {}),
        ("PNG", Pillow.new("I;16", (90, 60), 0xFFFF), {"transparency": 0xFFFF}),
        ("PNG", Pillow.new("1", (90, 60), 1), {"transparency": 1}),
        ("WEBP", logo(), {}),
        ("AVIF", logo(), {}),
        (
            "GIF",
            logo().quantize(),
            {"transparency": logo().quantize().getpixel((0, 0))},
        ),
    ],
    ids=["palette", "grey", "grey+alpha", "16 bits", "1 bit", "webp", "avif", "gif"],
)
def test_every_way_of_being_transparent_is_kept(kind, image, options):
    file = process_upload(ContentFile(encoded(kind, image, **options), "a"))
    file.seek(0)

    kept = Pillow.open(file)

    assert kept.mode == "RGBA"
    assert kept.getpixel((2, 2))[3] < 10


def test_an_alpha_channel_without_a_hole_is_dropped():
    content = encoded("PNG", Pillow.new("RGBA", (9, 9), (9, 9, 9, 255)))
    file = process_upload(ContentFile(content, "a.png"))
    file.seek(0)

    assert Pillow.open(file).mode == "RGB"
