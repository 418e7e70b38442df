"""The editors' pages for images."""

import io
import json

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image as Pillow

from ecfr_site.images.models import Image
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    ImageFactory,
    ProgrammeFactory,
    jpeg,
)
from tests.images.test_intake import bomb, encoded

pytestmark = pytest.mark.django_db

LIST = reverse("admin:images_image_changelist")
ADD = reverse("admin:images_image_add")


def address(image, page="change"):
    return reverse(f"admin:images_image_{page}", args=[image.pk])


def form(content=None, name="view.jpg", **fields):
    values = {"title": "View", "focal_x": 50, "focal_y": 50} | fields
    if content is not None:
        values["file"] = SimpleUploadedFile(name, content)
    return values


def in_text(image):
    return ArticleFactory(
        title="Shows it", body=f'<p><img src="{image.file.url}" alt="View"></p>'
    )


def test_an_editor_adds_a_picture(editor):
    response = editor.post(ADD, form(jpeg(), focal_x=20))

    assert response.status_code == 302
    image = Image.objects.get()
    assert (image.width, image.height, image.focal_x) == (64, 48, 20)
    assert image.uploaded_by == editor.user


def test_a_picture_without_a_title_is_called_after_its_file(editor):
    editor.post(ADD, form(jpeg(), name="Port_of Gdansk.jpg", title=""))

    assert Image.objects.get().title == "Port_of gdansk"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<svg/>", "not an image"),
        (encoded("PNG", Pillow.effect_noise((90, 90), 50))[:900], "damaged"),
        (bomb(), "too many pixels"),
        (b"", "empty"),
    ],
    ids=["svg", "truncated", "bomb", "empty"],
)
@pytest.mark.parametrize("stored", [False, True], ids=["new", "replaced"])
def test_what_cannot_be_used_is_an_error_on_the_field(editor, content, said, stored):
    page = address(ImageFactory()) if stored else ADD

    response = editor.post(page, form(content))

    assert response.status_code == 200
    errors = response.context["adminform"].form.errors
    assert list(errors) == ["file"]
    assert said in errors["file"][0]


def test_a_new_file_is_shown_at_once_in_place_of_the_old_renditions(editor):
    image = ImageFactory()
    image.render()
    assert Image.objects.get().rendered

    editor.post(address(image), form(jpeg(90, 60, "#842")))

    image.refresh_from_db()
    assert image.width == 90
    assert image.rendered == ""


def test_words_are_changed_without_new_renditions(editor):
    image = ImageFactory()
    image.render()

    editor.post(address(image), form(title="A better title", credit="Somebody"))

    image.refresh_from_db()
    assert image.title == "A better title"
    assert image.rendered == image.fingerprint


def test_a_picture_that_stands_in_a_text_keeps_its_file(editor):
    image = ImageFactory()
    in_text(image)

    editor.post(address(image), form(jpeg(90, 60), title="Changed"))

    image.refresh_from_db()
    assert (image.title, image.width) == ("Changed", 64)


def test_the_page_says_where_the_picture_is_used(publisher):
    image = ImageFactory()
    in_text(image)
    ArticleFactory(title="Led by it", image=image, image_alt="View")
    ada = AuthorFactory(name="Ada Portrait", photo=image)
    ProgrammeFactory(name="European Power", image=image)
    ArticleFactory(title="Another")

    content = publisher.get(address(image)).content.decode()

    assert "Shows it" in content
    assert "Led by it" in content
    assert f'/admin/authors/author/{ada.pk}/change/">Ada Portrait<' in content
    assert "European Power" in content
    assert "Another" not in content


def test_the_list_costs_as_many_queries_for_many_pictures_as_for_one(
    editor, django_assert_num_queries, django_assert_max_num_queries
):
    in_text(ImageFactory())
    with django_assert_max_num_queries(11) as first:
        editor.get(LIST)

    for _ in range(5):
        in_text(ImageFactory())
    with django_assert_num_queries(len(first)):
        response = editor.get(LIST)

    assert {image.use_count for image in response.context["cl"].result_list} == {1}


@pytest.mark.parametrize(
    ("todo", "shown"),
    [
        ("without_credit", {"in text", "leading", "idle", "broken"}),
        ("unused", {"idle", "credited", "broken"}),
        ("awaiting_renditions", {"in text", "leading", "credited"}),
        ("failed", {"broken"}),
    ],
)
def test_the_list_finds_what_needs_looking_after(editor, todo, shown):
    in_text(ImageFactory(title="in text"))
    ArticleFactory(image=ImageFactory(title="leading"), image_alt="View")
    ImageFactory(title="idle").render()
    ImageFactory(title="credited", credit="Somebody")
    broken = ImageFactory(title="broken")
    default_storage.delete(broken.file.name)
    broken.render()

    response = editor.get(LIST, {"todo": todo})

    found = {image.title for image in response.context["cl"].result_list}
    assert found == shown


def test_the_list_says_where_a_picture_is_used_and_how_its_sizes_are(editor):
    ImageFactory()
    image = ImageFactory(credit="Somebody")
    in_text(image)
    ArticleFactory(image=image, image_alt="View")
    image.render()
    Image.objects.filter(pk=ImageFactory().pk).update(render_error="Disk full")

    page = editor.get(LIST).content.decode()

    failed, shown, waiting = page.split("<tr>")[-3:]
    assert ">none<" in failed
    assert ">nowhere<" in failed
    assert ">failed<" in failed
    assert ">in 2 places<" in shown
    assert ">ready<" in shown
    assert ">being made<" in waiting


@pytest.mark.parametrize("words", ["title", "alt", "caption", "credit"])
def test_a_picture_is_found_by_any_of_its_words(editor, words):
    found = ImageFactory(**{words: "Lighthouse keeper"})
    ImageFactory()

    response = editor.get(LIST, {"q": "lighthouse"})

    assert list(response.context["cl"].result_list) == [found]


def test_a_picture_added_beside_another_form_is_handed_to_it(editor):
    response = editor.post(ADD, form(jpeg(), _popup=1))

    assert response.status_code == 200
    handed = json.loads(response.context["popup_response_data"])
    assert handed == {"value": str(Image.objects.get().pk), "obj": "View"}


def test_a_failed_picture_is_asked_for_again_by_hand(editor):
    image = ImageFactory()
    Image.objects.update(render_error="Disk full")

    editor.post(LIST, {"action": "make_sizes_again", "_selected_action": [image.pk]})

    image.refresh_from_db()
    assert image.render_error == ""
    assert image.rendered == image.fingerprint


def test_autocomplete_finds_pictures_by_their_words(editor):
    ImageFactory(title="Harbour at dusk")
    ImageFactory(title="Mountains")

    response = editor.get(
        reverse("admin:autocomplete"),
        {
            "term": "dusk",
            "app_label": "articles",
            "model_name": "article",
            "field_name": "image",
        },
    )

    assert [r["text"] for r in response.json()["results"]] == ["Harbour at dusk"]


def test_deleting_a_picture_deletes_its_files(
    publisher, django_capture_on_commit_callbacks
):
    image = ImageFactory()
    image.render()
    folder = f"renditions/{image.pk}"
    assert default_storage.exists(folder)

    with django_capture_on_commit_callbacks(execute=True):
        publisher.post(address(image, "delete"), {"post": "yes"})

    assert not Image.objects.exists()
    assert not default_storage.exists(image.file.name)
    assert not default_storage.exists(folder)


@pytest.mark.parametrize("bulk", [False, True])
def test_a_picture_that_a_text_shows_cannot_be_deleted(publisher, bulk):
    image, idle = ImageFactory(), ImageFactory()
    in_text(image)
    chosen = {"action": "delete_selected", "_selected_action": [image.pk, idle.pk]}

    if bulk:
        response = publisher.post(LIST, chosen | {"post": "yes"})
    else:
        response = publisher.post(address(image, "delete"), {"post": "yes"})

    content = response.content.decode()
    assert "Shows it" in content
    assert "Nothing was deleted" in content
    assert Image.objects.count() == 2
    assert default_storage.exists(image.file.name)


def test_a_contributor_adds_pictures_and_changes_none(contributor):
    assert contributor.post(ADD, form(jpeg())).status_code == 302
    image = Image.objects.get()

    assert contributor.post(address(image), form(title="Mine")).status_code == 403
    assert contributor.get(address(image)).status_code == 200


def test_a_contributor_does_not_have_the_sizes_made_again(contributor):
    image = ImageFactory()
    Image.objects.update(render_error="Disk full")

    contributor.post(
        LIST, {"action": "make_sizes_again", "_selected_action": [image.pk]}
    )

    assert Image.objects.get().render_error == "Disk full"


def test_who_sees_no_pictures_is_told_of_none(contributor):
    chosen = address(ImageFactory(), "chosen")
    assert contributor.get(chosen).status_code == 200

    contributor.user.groups.clear()

    assert contributor.get(chosen).status_code == 403


def test_a_picture_taken_sideways_is_stored_with_its_upright_size(editor):
    exif = Pillow.Exif()
    exif[0x0112] = 6
    content = io.BytesIO()
    Pillow.new("RGB", (60, 40)).save(content, "JPEG", exif=exif)

    editor.post(ADD, form(content.getvalue()))

    assert (Image.objects.get().width, Image.objects.get().height) == (40, 60)
