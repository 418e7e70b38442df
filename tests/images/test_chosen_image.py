"""The desk's forms learn of a chosen image what they offer."""

import pytest
from django.urls import reverse

from tests.factories import ImageFactory

pytestmark = pytest.mark.django_db


def address(image):
    return reverse("admin:images_image_chosen", args=[image.pk])


def test_the_text_of_the_library_and_a_thumbnail_are_given(contributor):
    image = ImageFactory(alt="A harbour <at dusk>")

    answer = contributor.get(address(image)).json()

    assert answer["alt"] == "A harbour <at dusk>"
    assert image.file.url in answer["thumbnail"]


def test_readers_are_sent_to_sign_in(reader):
    assert reader.get(address(ImageFactory())).status_code == 302


def test_who_may_not_see_images_is_refused(newsletter_manager, django_user_model):
    user = newsletter_manager.user
    user.groups.clear()

    assert newsletter_manager.get(address(ImageFactory())).status_code == 403
