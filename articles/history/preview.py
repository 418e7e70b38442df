"""An earlier text of an article, put together for its page without being stored."""

from django.db.models import Prefetch

from articles.history.snapshot import get_version_content, set_fields
from articles.models import (
    Article,
    Attachment,
    Byline,
    Correction,
    Document,
    Funder,
    Topic,
)
from authors.models import Author, Position, Programme
from ecfr_site.images.models import Image


def build_preview(version, of):
    """The article `of` that number, unsaved, with what `version` kept of its text.

    Ready for the article's page; who or what is gone since is left out. Its links to
    translations are those of now. A fixed number of queries.
    """
    return build_from_content(get_version_content(version), of)


def build_former(former, current):
    """The same of a former version of the article `current`, with its documents."""
    article = build_from_content(former.content, current.pk)
    # Where it is now, whatever its address was.
    article.slug = current.slug
    article.former = former
    article.version, article.version_note = former.number, former.note
    article.version_at = former.published_at
    article.page_documents = list(
        Document.objects.made().filter(article=current, version=former.number)
    )
    return article


def build_from_content(content, of):
    """The same of what a former version kept."""
    # The bylines come from the content.
    article = Article.objects.for_page().prefetch_related(None).get(pk=of)
    set_fields(content, article)
    images = Image.objects.all()
    images._result_cache = article.images_in_body()
    article.set_body_html(list(images))
    neighbours = Article.objects.find_neighbours(article)
    article.page_previous, article.page_next = neighbours
    article.page_topics = list(Topic.objects.filter(pk__in=content["topics"]))
    article.page_programmes = list(
        Programme.objects.filter(pk__in=content["programmes"])
    )
    article.page_funders = list(Funder.objects.filter(pk__in=content["funders"]))
    article.page_attachments = _build_rows(Attachment, content["attachments"])
    # Made of what is public.
    article.page_documents = []
    article.page_attachments.sort(key=lambda attachment: attachment.order)
    article.page_corrections = _build_rows(Correction, content["corrections"])
    article.page_corrections.sort(key=lambda correction: correction.date)
    # As a prefetch would have left them.
    bylines = _build_bylines(content["bylines"])
    article._prefetched_objects_cache = {"bylines": bylines, "body_images": images}
    return article


def _build_rows(model, values):
    return [
        model(
            **{
                model._meta.get_field(name).attname: model._meta.get_field(
                    name
                ).to_python(value)
                for name, value in row.items()
            }
        )
        for row in values
    ]


def _build_bylines(values):
    positions = Prefetch("positions", Position.objects.select_related("programme"))
    authors = (
        Author.objects.select_related("photo")
        .prefetch_related(positions)
        .in_bulk([row["author"] for row in values])
    )
    # As a prefetch would have read them, had they been stored.
    bylines = Byline.objects.all()
    bylines._result_cache = [
        Byline(**{**row, "author": authors[row["author"]]})
        for row in values
        if row["author"] in authors
    ]
    return bylines
