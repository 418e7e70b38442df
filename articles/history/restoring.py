"""Earlier texts come back as new revisions; nothing that was written is overwritten."""

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from articles.history.snapshot import (
    get_content,
    get_version_contents,
    keep,
    write,
)
from articles.models.validation import find_doi_holder, find_isbn_holder
from articles.workflow.table import NotAllowed

# What an earlier text does not bring back: when the article came and goes. Where it
# stands, whom it is for and who began it are no part of the content.
NOT_RESTORED = ("published_at", "precision", "ends_at")

_INCOMPLETE = "That text lacks what a published article needs."


@transaction.atomic
def restore(article, version, by):
    """Write an earlier content: never over the live text, but into a working copy.

    Returns the article that was written to, and a sentence for each thing that did not
    come back. Raises NotAllowed, or ValidationError if a scheduled article would lack
    what publication needs.
    """
    article = article.original
    if article.is_changed_aside:
        found = article.changes
        article = found or article.start_working_copy(by)
    else:
        found = article
    if not article.may_be_changed_by(by):
        raise NotAllowed(f"{by} may not change “{article}”.")
    if found:
        keep(found, found.changed_by, "Before an earlier text was restored.")
    [content] = get_version_contents([version])
    content |= {name: _get_value(article, name) for name in NOT_RESTORED}
    if article.live_id:
        # What readers were told was wrong stays told.
        content["corrections"] = get_content(article)["corrections"]
    gone = _leave_out_taken(content, article)
    article.changed_by = by
    try:
        gone += write(content, article)
    except IntegrityError as error:
        raise ValidationError(_INCOMPLETE) from error
    article.clean()
    article.void_sign_off(by)
    return article, gone


@transaction.atomic
def recover(model, version, by):
    """Bring a deleted article back as a draft, under the number that it had.

    Returns it, and a sentence for each thing that did not come back.
    """
    [content] = get_version_contents([version])
    article = model(pk=int(version.object_id), changed_by=by)
    creator = get_user_model().objects.filter(
        pk=version.field_dict.get("created_by_id")
    )
    article.created_by = creator.first() or by
    content["slug"] = article.find_free_slug(content["slug"])
    gone = _leave_out_taken(content, article)
    return article, gone + write(content, article)


def _leave_out_taken(content, article):
    """Leave out of the content what another article has taken since; say what."""
    others = type(article).objects.originals().exclude(pk=article.original_id)
    gone = []
    if others.filter(slug=content["slug"]).exists():
        content["slug"] = article.slug
        gone.append("Its former address now belongs to another article.")
    taken = others.filter(
        series=content["series"], series_number=content["series_number"]
    )
    if content["series_number"] is not None and taken.exists():
        content["series_number"] = None
        gone.append("Another article now has its number in the series.")
    translations = others.filter(
        translation_of=content["translation_of"], language=content["language"]
    )
    if content["translation_of"] and translations.exists():
        content["translation_of"] = None
        gone.append("Another article is now the translation into its language.")
    if find_doi_holder(article, content["doi"]):
        content["doi"], content["doi_registered"] = "", False
        gone.append("Another article now has its DOI.")
    if find_isbn_holder(article, content["isbn"]):
        content["isbn"] = ""
        gone.append("Another article now has its ISBN.")
    return gone


def _get_value(article, name):
    return article._meta.get_field(name).value_from_object(article)
