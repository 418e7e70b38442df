"""Rules that the columns of an article keep together, whatever its state."""

from django.core.exceptions import ValidationError
from django.db.models.functions import Lower
from django.utils import timezone

from articles.models.identifiers import complete_isbn
from articles.workflow import State
from ecfr_site.admin_site.wall_clock import format_moment

# The code of errors that name the article which has what only one can have.
TAKEN = "taken"


def check_article(article):
    """Raise ValidationError, by field, for what contradicts itself or another."""
    namesakes = type(article).objects.originals().filter(slug=article.slug)
    if namesakes.exclude(pk=article.original_id).exists():
        raise ValidationError({"slug": "There is an article with this address."})
    _check_translation(article)
    if article.replaced_by_id and article.replaced_by_id == article.pk:
        raise ValidationError(
            {"replaced_by": "An article does not take its own place."}
        )
    _check_times(article)
    check_day(article, "original_date", article.original_date)
    check_day(article, "updated_on", article.updated_on)
    _check_series(article)
    if article.update_note and not article.updated_on:
        raise ValidationError({"updated_on": "Say when it was updated."})
    if article.doi_registered and not article.doi:
        raise ValidationError({"doi": "Enter the DOI that is registered."})
    _check_identifiers(article)
    if article.state == State.PUBLISHED and article.published_at is None:
        raise ValidationError({"published_at": "A published article needs its time."})


def _check_series(article):
    if article.series_number is None:
        return
    if article.series_id is None:
        raise ValidationError({"series": "Choose the series that the number is of."})
    others = type(article).objects.originals().exclude(pk=article.original_id)
    taken = others.filter(
        series=article.series_id, series_number=article.series_number
    ).exists()
    if taken:
        raise ValidationError(
            {"series_number": "Another part of the series has this number."}
        )


def _check_identifiers(article):
    holders = {
        "doi": find_doi_holder(article, article.doi),
        "isbn": find_isbn_holder(article, article.isbn),
    }
    errors = {
        name: ValidationError(
            "Another publication has this %(label)s: %(title)s.",
            code=TAKEN,
            params={
                "label": article._meta.get_field(name).verbose_name,
                # A draft's title is not for everybody.
                "title": f"“{holder}”" if holder.was_public else "a draft",
                "holder": holder,
            },
        )
        for name, holder in holders.items()
        if holder
    }
    if errors:
        raise ValidationError(errors)


def find_doi_holder(article, doi):
    """The other original that has the DOI, or None.

    A translation is a work of its own and gets one of its own (Crossref, DataCite).
    DOIs are compared without regard to case (ISO 26324).
    """
    if not doi:
        return None
    others = type(article).objects.originals().exclude(pk=article.original_id)
    return others.alias(lower=Lower("doi")).filter(lower=doi.lower()).first()


def find_isbn_holder(article, isbn):
    """The other original that has the ISBN of another book, or None.

    A book may have several: a text with its translations, and the parts of a series
    that was printed as a volume.
    """
    if not isbn:
        return None
    wanted = complete_isbn(isbn)
    articles = type(article).objects
    # From the index alone: hyphens are as printed, and few have an ISBN.
    numbers = articles.filter(isbn__gt="").order_by().values_list("pk", "isbn")
    same = [pk for pk, number in numbers if complete_isbn(number) == wanted]
    others = articles.originals().filter(pk__in=same).exclude(pk=article.original_id)
    work = article.translation_of_id or article.original_id
    for other in others:
        is_translation = work and work in (other.pk, other.translation_of_id)
        is_part = article.series_id and article.series_id == other.series_id
        if not is_translation and not is_part:
            return other
    return None


def _check_times(article):
    began = article.published_at
    if article.live_id and began and began > timezone.now():
        raise ValidationError(
            {
                "published_at": "The page is live already. Changes appear later by "
                "“Update the live page at”."
            }
        )
    if article.ends_at and began and article.ends_at <= began:
        raise ValidationError(
            {
                "ends_at": "The end must come after the publication, "
                f"{format_moment(began)}. Choose a later one, or none."
            }
        )


def check_day(article, field, day):
    """Raise ValidationError for a day that is to come when readers get the article."""
    today, live_at = timezone.localdate(), article.goes_live_at
    latest = max(today, timezone.localdate(live_at)) if live_at else today
    if day and day > latest:
        raise ValidationError({field: "This day is still to come."})


def _check_translation(article):
    """Check that a group of translations has one original, and each language once.

    The database does, too, but forms skip a constraint with a column they do not show.
    """
    original, own = article.translation_of, article.original_id
    group = type(article).objects.originals().exclude(pk=own)
    translations = group.filter(translation_of=own) if own else group.none()
    if original:
        if original.pk == own:
            message = "An article is not a translation of itself."
        elif original.translation_of_id:
            message = "Choose the original: this is a translation itself."
        elif translations:
            message = "An article with translations is no translation itself."
        else:
            message = ""
        if message:
            raise ValidationError({"translation_of": message})
        if original.language == article.language:
            raise ValidationError(
                {"language": "A translation is in another language than its original."}
            )
        translations = group.filter(translation_of=original)
    if translations.filter(language=article.language).exists():
        raise ValidationError({"language": "There is a translation in this language."})
