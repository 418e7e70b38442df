"""A long past: as many published articles as asked for, to try a site of that size.

Each is one of the demonstration's own under another title and date. They are written a
thousand at a time, each time in one transaction: when killed and run again, it goes on.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from articles.models import Article, Byline, SearchText

AT_ONCE = 1000
SINCE = timedelta(days=20 * 365)
SLUG = "from-the-archive-"


def load(total, progress):
    """Fill up to `total` published articles; `progress(number, total)` is called."""
    models = list(
        Article.objects.published()
        .in_site_language()
        .exclude(slug__startswith=SLUG)
        .order_by("pk")
        .prefetch_related("bylines", "topics", "programmes")
    )
    last = (
        Article.objects.filter(slug__startswith=SLUG)
        .order_by("-slug")
        .values_list("slug", flat=True)
        .first()
    )
    others = Article.objects.published().exclude(slug__startswith=SLUG).count()
    number = int(last.removeprefix(SLUG)) if last else 0
    until = total - others
    while number < until:
        numbers = range(number, min(number + AT_ONCE, until))
        with transaction.atomic():
            for model, copies in _copies(models, numbers, until):
                _write(model, Article.objects.bulk_create(copies))
        number = numbers[-1] + 1
        progress(number, until)


def _copies(models, numbers, until):
    """(an article of the demonstration, its copies among these numbers) of each."""
    newest = timezone.now() - timedelta(days=30)
    for turn, model in enumerate(models):
        yield (
            model,
            [
                _copy(model, number + 1, newest - SINCE * (number + 1) / until)
                for number in numbers
                if number % len(models) == turn
            ],
        )


def _write(model, copies):
    """Give the copies the bylines, topics and programmes of the model."""
    SearchText.objects.index(copies)
    Byline.objects.bulk_create(
        Byline(
            article=copy,
            author_id=byline.author_id,
            role=byline.role,
            order=byline.order,
        )
        for byline in model.bylines.all()
        for copy in copies
    )
    for relation, column in (("topics", "topic_id"), ("programmes", "programme_id")):
        through = getattr(Article, relation).through
        through.objects.bulk_create(
            through(article=copy, **{column: other.pk})
            for other in getattr(model, relation).all()
            for copy in copies
        )


# What no two articles share.
_OF_ONE = {
    *("id", "translation_of", "featured_at", "ends_at", "series", "series_number"),
    *("report_number", "doi", "doi_registered", "isbn"),
}


def _copy(model, number, published_at):
    values = {
        field.attname: getattr(model, field.attname)
        for field in Article._meta.concrete_fields
        if field.name not in _OF_ONE
    }
    values |= {
        "slug": f"{SLUG}{number:07}",
        "title": f"{model.title} ({number:,})"[:200],
        "published_at": published_at,
    }
    return Article(**values)
