"""Renditions: cropped around the focal point, made by a task, replaced as a set."""

import re

import pytest
from django.core.files.storage import default_storage
from hypothesis import given
from hypothesis import strategies as st

from ecfr_site.images import tasks
from ecfr_site.images.markup import render_picture
from ecfr_site.images.models import Image
from ecfr_site.images.renditions import FORMATS, SHAPES
from tests.factories import ArticleFactory, ImageFactory, jpeg

SIDES = st.integers(min_value=1, max_value=12_000)
PER_CENT = st.integers(min_value=0, max_value=100)


@given(SIDES, SIDES, PER_CENT, PER_CENT, st.sampled_from(list(SHAPES)))
def test_a_crop_lies_inside_has_its_shape_and_holds_the_focal_point(
    width, height, x, y, name
):
    shape = SHAPES[name]

    left, top, right, bottom = shape.crop(width, height, x, y)

    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert left - 1 <= width * x / 100 <= right + 1
    assert top - 1 <= height * y / 100 <= bottom + 1
    assert (right - left, bottom - top) == (width, height) or shape.ratio
    if shape.ratio and min(right - left, bottom - top) > 100:
        assert (right - left) / (bottom - top) == pytest.approx(shape.ratio, rel=0.02)


@given(SIDES, SIDES, st.sampled_from(list(SHAPES)))
def test_a_picture_is_never_enlarged_and_has_one_rendition_at_least(
    width, height, name
):
    sizes = SHAPES[name].sizes(width, height)

    assert sizes
    assert all(w <= width for w, _ in sizes)
    assert all(h >= 1 for _, h in sizes)


@pytest.fixture
def image(db, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        made = ImageFactory(file__data=jpeg(800, 600))
    made.refresh_from_db()
    return made


def files_of(image, fingerprint):
    folder = f"renditions/{image.pk}/{fingerprint}"
    return default_storage.listdir(folder)[1] if default_storage.exists(folder) else []


def test_the_task_makes_the_whole_set(image):
    assert image.rendered == image.fingerprint
    names = files_of(image, image.rendered)
    assert {name.rpartition(".")[2] for name in names} == set(FORMATS)
    assert {name.partition("-")[0] for name in names} == set(SHAPES)
    assert len(names) == 15


@pytest.mark.django_db(transaction=True)
def test_an_upload_outside_a_transaction_is_rendered_too():
    image = ImageFactory()

    image.refresh_from_db()
    assert image.rendered == image.fingerprint


def test_every_address_in_the_markup_is_a_file(image):
    html = render_picture(image, "card", alt="A harbour", sizes="50vw")

    assert 'type="image/avif"' in html
    assert 'type="image/webp"' in html
    assert 'width="720" height="480" alt="A harbour"' in html
    names = set(re.findall(r"/media/(renditions/[^ \"]+)", html))
    assert len(names) == 6
    assert all(default_storage.exists(name) for name in names)


def test_the_original_is_shown_until_renditions_are_ready(db):
    image = ImageFactory()

    html = render_picture(image, "full", alt="")

    assert image.file.url in html
    assert "<source" not in html
    assert 'width="64" height="48" alt=""' in html


def test_a_moved_focal_point_makes_a_new_set_and_the_old_one_goes(
    image, django_capture_on_commit_callbacks
):
    before = image.rendered
    image.focal_x = 10
    with django_capture_on_commit_callbacks() as waiting:
        image.save()
    assert Image.objects.get().rendered == before
    assert files_of(image, before)

    for callback in waiting:
        callback()

    image.refresh_from_db()
    assert image.rendered == image.fingerprint != before
    assert files_of(image, image.rendered)
    assert not files_of(image, before)


def test_a_task_that_runs_twice_or_was_killed_does_no_harm(image):
    Image.objects.update(rendered="")
    name = f"renditions/{image.pk}/{image.fingerprint}/card-360.jpg"
    with default_storage.open(name, "wb") as half:
        half.write(b"half a file")

    tasks.render_image.func(image.pk)
    tasks.render_image.func(image.pk)

    assert len(files_of(image, image.fingerprint)) == 15
    assert default_storage.open(name).read()[:2] == b"\xff\xd8"


def test_lost_tasks_are_asked_for_again_but_not_at_once(db):
    image = ImageFactory()
    assert tasks.enqueue_due() == 0

    Image.objects.update(render_asked_at="2020-01-01T00:00Z")

    assert tasks.enqueue_due() == 1
    image.refresh_from_db()
    assert image.rendered == image.fingerprint
    assert tasks.enqueue_due() == 0


def test_a_file_that_cannot_be_read_is_reported_and_not_tried_for_ever(db):
    image = ImageFactory()
    default_storage.delete(image.file.name)

    tasks.render_image.func(image.pk)

    assert Image.objects.get().render_error
    Image.objects.update(render_asked_at="2020-01-01T00:00Z")
    assert tasks.enqueue_due() == 0


def test_pages_show_the_renditions_of_pictures_in_the_text_when_they_are_ready(
    image, reader
):
    Image.objects.update(rendered="")
    article = ArticleFactory(
        published=True,
        body=f'<figure><img src="{image.file.url}" alt="A harbour"></figure>',
    )
    assert "<source" not in article.body_html

    tasks.render_image.func(image.pk)

    assert "<source" in reader.get(article.get_absolute_url()).content.decode()
