"""The form for images in the admin: focal point and preview."""

import pytest
from django.urls import reverse

from ecfr_site.images.models import Image
from tests.factories import ImageFactory, UserFactory, jpeg


@pytest.fixture
def form(page, sign_in):
    sign_in(UserFactory(editor=True))
    image = ImageFactory(file__data=jpeg(600, 400))
    page.goto(reverse("admin:images_image_change", args=[image.pk]))
    return page


def test_the_focal_point_is_set_by_a_click_and_moved_by_keys(form):
    stage = form.locator(".picture-stage")
    frame = stage.bounding_box()

    stage.click(position={"x": frame["width"] * 0.2, "y": frame["height"] * 0.7})
    form.keyboard.press("ArrowRight")
    form.keyboard.press("Shift+ArrowUp")
    form.get_by_role("button", name="Save", exact=True).click()

    image = Image.objects.get()
    assert (image.focal_x, image.focal_y) == (21, 60)


def test_the_crops_follow_the_focal_point(form):
    crop = form.locator('.picture-crop[data-ratio="1"] img')
    middle = crop.evaluate("image => getComputedStyle(image).objectPosition")

    form.get_by_label("Focal point, from the left (%)").fill("0")

    moved = crop.evaluate("image => getComputedStyle(image).objectPosition")
    assert (middle, moved) == ("50% 50%", "0% 50%")


def test_a_chosen_file_is_shown_and_named_before_it_is_saved(page, sign_in):
    sign_in(UserFactory(editor=True))
    page.goto(reverse("admin:images_image_add"))

    page.set_input_files(
        "#id_file",
        {"name": "old-port.jpg", "mimeType": "image/jpeg", "buffer": jpeg(300, 200)},
    )

    page.get_by_alt_text("The image you chose").wait_for()
    assert page.get_by_label("Title").input_value() == "old port"


def test_a_file_that_is_no_picture_is_complained_about_at_once(page, sign_in):
    sign_in(UserFactory(editor=True))
    page.goto(reverse("admin:images_image_add"))

    page.set_input_files(
        "#id_file", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"<svg/>"}
    )

    assert "cannot be shown" in page.get_by_role("alert").inner_text()
