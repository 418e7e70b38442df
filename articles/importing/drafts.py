"""Drafts made of manuscripts."""

import reversion
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction

from articles.importing.words import cut
from articles.models import Article
from ecfr_site.images.intake import process_upload
from ecfr_site.images.models import Image


@transaction.atomic
def create_draft(manuscript, user, language):
    """A draft of the user's with the text of a Manuscript, and a list of what was lost.

    Its images are in the library. Nothing is made if anything fails.
    """

    def keep(file, image):
        return create_image(file, image, manuscript.title, user).file.url

    body, image_losses = place_images(manuscript, keep)
    fields, title_losses = fit_fields(manuscript, body)
    with reversion.create_revision():
        reversion.set_user(user)
        reversion.set_comment("Made from a manuscript.")
        article = Article(**fields, language=language)
        article.slug = article.find_free_slug(article.title)
        article.created_by = article.changed_by = user
        article.save()
    LogEntry.objects.log_actions(
        user.pk, [article], ADDITION, "Made from a manuscript.", single_object=True
    )
    return article, [*manuscript.losses, *image_losses, *title_losses]


def place_images(manuscript, keep):
    """The manuscript's text with the addresses of its images, and a list of losses.

    `keep` takes a ProcessedImage and the ManuscriptImage, and returns an address.
    """
    body, losses = manuscript.html, []
    for image in manuscript.images:
        try:
            file = process_upload(ContentFile(image.content, image.name))
            address = keep(file, image)
        except ValidationError as error:
            losses.append(f"{image.name} ({' '.join(error.messages)})")
            address = ""
        body = body.replace(image.src, address)
    return body, losses


def create_image(file, image, title, user):
    return Image.objects.create(
        file=file, title=f"{title}: {image.name}"[:200], alt=image.alt, uploaded_by=user
    )


def fit_fields(manuscript, body):
    """{field: text} of an article, and a list of losses.

    What is too long for its field goes on in the text.
    """
    losses = []
    standfirst, rest = cut(manuscript.standfirst, _get_length("standfirst"))
    if rest:
        body = f"<p>{rest}</p>{body}"
    title, rest = cut(manuscript.title, _get_length("title"))
    if rest:
        losses.append(f"the end of the title (“{rest}”)")
    return {"title": title, "standfirst": standfirst, "body": body}, losses


def _get_length(name):
    return Article._meta.get_field(name).max_length
