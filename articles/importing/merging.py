"""A newer version of a manuscript takes the place of a draft's text.

The upload is kept between the comparison and the decision, for a day at most.
"""

import base64
import hashlib
import io
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import reversion
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.safestring import mark_safe
from PIL import Image as Pillow

from articles.history.diff import compare, find_names, get_label
from articles.history.snapshot import get_content, keep
from articles.importing.drafts import create_image, fit_fields, place_images
from articles.importing.manuscripts import read_manuscript
from articles.models import Article
from ecfr_site.richtext.sanitizer import sanitise
from ecfr_site.storage.private import private_storage

# What a manuscript has, by the names of fields.
FIELDS = ("body", "title", "standfirst")
FOLDER = "manuscripts"
KEPT = timedelta(days=1)
_SALT = "manuscript"
# Pixels of a new image in the comparison, which is not in the library yet.
_PREVIEW = 400


class ChangedMeanwhile(Exception):
    """Somebody has changed the draft since it was compared."""


class Gone(Exception):
    """The upload is no longer kept."""


# Uploads


def keep_upload(file, article, changes):
    """Keep the file, and return a signed word for it and the draft as it is now."""
    path = private_storage().save(f"{FOLDER}/{get_random_string(32)}", file)
    kept = {"file": path, "name": file.name, "article": article.pk, "changes": changes}
    return renew_upload(kept, article)


def renew_upload(kept, article):
    """A signed word for what is kept and the draft as it is now."""
    return signing.dumps({**kept, "digest": get_digest(article)}, salt=_SALT)


def read_upload(word, article):
    """The manuscript kept under the word, with its row. Raises Gone."""
    try:
        kept = signing.loads(word, salt=_SALT, max_age=KEPT)
        with private_storage().open(kept["file"]) as file:
            manuscript = read_manuscript(
                file, kept["name"], kept["changes"] == "reject"
            )
    except (signing.BadSignature, OSError) as error:
        raise Gone from error
    if kept["article"] != article.pk:
        raise Gone
    return kept, manuscript


def forget_upload(kept):
    private_storage().delete(kept["file"])


def forget_old_uploads():
    """Remove those that nobody decided on in time; the scheduler asks each minute."""
    storage = private_storage()
    names = []
    # Some storages have no folders, of which one could ask whether they exist.
    with suppress(FileNotFoundError):
        names = storage.listdir(FOLDER)[1]
    for name in names:
        path = f"{FOLDER}/{name}"
        if storage.get_modified_time(path) < timezone.now() - KEPT:
            storage.delete(path)


# Comparing


def get_digest(article):
    """A number that changes with what a manuscript may replace."""
    texts = "\0".join(getattr(article, name) for name in FIELDS)
    return hashlib.sha256(texts.encode()).hexdigest()


def compare_with(article, manuscript):
    """Differences of the parts, and what the manuscript loses; nothing is written."""
    known = _read_images(article)
    previews = {}

    def preview(file, image):
        if found := known.get(file.read()):
            return found.file.url
        previews[f"/preview-{len(previews)}/"] = _draw_preview(file)
        return list(previews)[-1]

    body, losses = place_images(manuscript, preview)
    fields, more = fit_fields(manuscript, body)
    fields["body"] = sanitise(fields["body"], article.language)
    old = get_content(article)
    found = compare(old, {**old, **fields}, find_names(old))
    return (
        [
            replace(part, passages=_set_previews(part.passages, previews))
            for part in found
            if part.name in FIELDS and not part.alike
        ],
        [*manuscript.losses, *losses, *more],
    )


def _set_previews(passages, previews):
    """The passages with the images that have no address yet."""

    def show(html):
        for address, data in previews.items():
            html = html.replace(f'src="{address}"', f'src="{data}"')
        return mark_safe(html)  # noqa: S308  as it was, but for our own data

    return [
        replace(passage, before=show(passage.before), after=show(passage.after))
        for passage in passages
    ]


def _draw_preview(file):
    picture = Pillow.open(file).convert("RGB")
    picture.thumbnail((_PREVIEW, _PREVIEW))
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=70)
    return f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode()}"


def _read_images(article):
    """{content: image} of those that the draft shows already."""
    images = {}
    for image in article.images_in_body():
        with image.file.open() as file:
            images[file.read()] = image
    return images


# Merging


@transaction.atomic
def merge(article, manuscript, names, digest, by):
    """Write the chosen parts into the draft, and return what was lost.

    What it said before is in its history. Raises ChangedMeanwhile if it is not what
    `digest` was taken of, and PermissionDenied.
    """
    article = Article.objects.locked(article.pk)
    if article is None or get_digest(article) != digest:
        raise ChangedMeanwhile
    if not may_merge(article, by):
        raise PermissionDenied
    known = _read_images(article)

    def place(file, image):
        found = known.get(file.read())
        return (found or create_image(file, image, article.title, by)).file.url

    losses = list(manuscript.losses)
    body = ""
    if "body" in names:
        body, lost_images = place_images(manuscript, place)
        losses += lost_images
    fields, more = fit_fields(manuscript, body)
    keep(article, article.changed_by, "Before a newer manuscript.")
    for name in names:
        setattr(article, name, fields[name])
    _save(article, names, by)
    return [*losses, *more]


def may_merge(article, user):
    """Return whether the user may replace this very text; never that of a live page."""
    return article.may_be_changed_by(user) and not article.is_changed_aside


def _save(article, names, by):
    parts = ", ".join(get_label(name).lower() for name in FIELDS if name in names)
    comment = f"From a newer manuscript: {parts}."
    with reversion.create_revision():
        reversion.set_user(by)
        reversion.set_comment(comment)
        article.changed_by = by
        article.save()
    article.log_act(by, comment)
    article.void_sign_off(by)
