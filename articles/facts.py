"""Public facts of articles and topics, as data.

The read API, JSON-LD, JSON Feed and webhooks take theirs from here. Articles come from
`Article.objects.published()`, with `for_api()` or, for the whole text, `for_page()`,
which give them attributes that types do not know.
"""

from datetime import datetime
from typing import Any

from django.utils.timezone import localtime

from articles.documents.addresses import Download, count_pages, list_made
from articles.models import (
    Article,
    Attachment,
    Byline,
    Funder,
    Kind,
    Series,
    Topic,
)
from authors.facts import describe_image, name_person, name_programme
from ecfr_site.redirects.paths import get_path
from ecfr_site.richtext.absolute import make_absolute, make_html_absolute
from ecfr_site.richtext.plain_text import web_address


def describe_article(article: Any) -> dict[str, Any]:
    """All that a list says of an article; no query."""
    return {
        "id": article.pk,
        "slug": article.slug,
        "url": make_absolute(article.get_absolute_url()),
        "api_url": make_absolute(get_path("api:article", article.slug)),
        "canonical_url": article.canonical_url,
        "kind": article.kind_id,
        "language": article.language,
        "title": article.title,
        "standfirst": article.standfirst,
        "published": article.date_iso,
        "published_at": format_time(article.published_at),
        "version": article.version,
        "version_note": article.version_note if article.version > 1 else "",
        "updated_at": format_time(article.updated_at),
        "reading_minutes": article.reading_time,
        "byline": article.byline,
        "credits": [describe_credit(byline) for byline in article.credits],
        "image": _describe_lead_image(article),
        "first_published": _describe_original(article),
        **_describe_labels(article),
        **_describe_copies(article),
        **_describe_record(article),
    }


def _describe_labels(article: Any) -> dict[str, Any]:
    topics = article.page_topics
    return {
        "programmes": [name_programme(each) for each in article.page_programmes],
        "topics": [name_topic(t) for t in topics if t.kind == Topic.Kind.TOPIC],
        "regions": [name_topic(t) for t in topics if t.kind == Topic.Kind.REGION],
    }


def _describe_copies(article: Any) -> dict[str, Any]:
    """Its translations and files, and what was corrected in it."""
    return {
        "translations": [
            {
                "language": each.language,
                "title": each.title,
                "url": make_absolute(each.get_absolute_url()),
            }
            for each in article.page_translations
        ],
        "corrections": [
            {"date": each.date.isoformat(), "text": each.text}
            for each in article.page_corrections
        ],
        "attachments": [_describe_file(each) for each in article.page_attachments],
        "documents": [_describe_document(each) for each in list_made(article)],
    }


def _describe_record(article: Any) -> dict[str, Any]:
    """Its place in a series, numbers, money and terms."""
    return {
        "series": _describe_place(article),
        "report_number": article.report_number,
        # One that is not registered leads nowhere.
        "doi": article.doi if article.doi_url else None,
        "isbn": article.isbn or None,
        "page_count": count_pages(article),
        "funders": [describe_funder(each) for each in article.page_funders],
        "disclosure": article.disclosure,
        "licence": _describe_licence(article),
        "update": _describe_update(article),
    }


def describe_article_fully(article: Any) -> dict[str, Any]:
    """With its text, in which all addresses are in full; no query."""
    return {
        **describe_article(article),
        "key_points": [make_html_absolute(each) for each in article.key_point_list],
        "body_html": make_html_absolute(article.body_html),
    }


def describe_credit(byline: Byline) -> dict[str, Any]:
    """A person, the role, and the position held on the day of publication."""
    return {
        **name_person(byline.author),
        "role": byline.role,
        "position": byline.position or None,
    }


def describe_kind(kind: Kind) -> dict[str, Any]:
    return {
        "slug": kind.slug,
        "name": kind.name,
        "plural": kind.plural,
        "url": make_absolute(kind.get_absolute_url()),
    }


def name_topic(topic: Topic) -> dict[str, Any]:
    return {
        "slug": topic.slug,
        "name": topic.name,
        "url": make_absolute(topic.get_absolute_url()),
    }


def describe_topic(topic: Topic) -> dict[str, Any]:
    """A topic or region, with the slug of the one above it; needs `parent`."""
    return {
        **name_topic(topic),
        "kind": topic.kind,
        "summary": topic.summary,
        "parent": topic.parent.slug if topic.parent else None,
    }


def name_series(series: Series) -> dict[str, Any]:
    return {
        "slug": series.slug,
        "title": series.title,
        "url": make_absolute(series.get_absolute_url()),
    }


def describe_series(series: Series) -> dict[str, Any]:
    """A line of a list; needs `funders`."""
    return {
        **name_series(series),
        "api_url": make_absolute(get_path("api:series", series.slug)),
        "summary": series.summary,
        "is_project": series.is_project,
        "started": series.started.isoformat() if series.started else None,
        "ended": series.ended.isoformat() if series.ended else None,
        "funders": [describe_funder(each) for each in series.funders.all()],
    }


def describe_series_fully(series: Any) -> dict[str, Any]:
    """With its published parts in their order; a query."""
    parts = series.articles.published().in_series_order().select_related(None)
    return {
        **describe_series(series),
        "description_html": make_html_absolute(series.description),
        "image": describe_image(series.image, series.image_alt),
        "parts": [
            {
                "number": part.series_number,
                "slug": part.slug,
                "title": part.title,
                "url": make_absolute(part.get_absolute_url()),
            }
            for part in parts.only("series", "slug", "title", "series_number")
        ],
    }


def describe_funder(funder: Funder) -> dict[str, Any]:
    return {
        "name": funder.name,
        "url": web_address(funder.url) or None,
        "ror": funder.ror_url or None,
    }


def _describe_place(article: Article) -> dict[str, Any] | None:
    """Its place in a series."""
    if article.series is None:
        return None
    return {**name_series(article.series), "number": article.series_number}


def _describe_licence(article: Article) -> dict[str, Any] | None:
    terms = article.licence_terms
    return {"name": str(terms.label), "url": terms.url or None} if terms else None


def _describe_update(article: Article) -> dict[str, Any] | None:
    if article.updated_on is None:
        return None
    return {"date": article.updated_on.isoformat(), "note": article.update_note}


def format_time(moment: datetime | None) -> str:
    """In the site's time zone, to the second (RFC 3339)."""
    return localtime(moment).isoformat(timespec="seconds")


def _describe_lead_image(article: Article) -> dict[str, Any] | None:
    image = describe_image(article.image, article.image_alt)
    return {**image, "caption": article.caption} if image else None


def _describe_original(article: Article) -> dict[str, Any] | None:
    """The place of its first appearance, if that was elsewhere."""
    if not article.original_outlet:
        return None
    day = article.original_date
    return {
        "outlet": article.original_outlet,
        "url": web_address(article.original_url) or None,
        "date": day.isoformat() if day else None,
        "licence": article.original_licence,
    }


def _describe_document(document: Download) -> dict[str, Any]:
    return {
        "url": make_absolute(document.path),
        "media_type": document.media_type,
        "bytes": document.bytes,
        "pages": document.pages or None,
    }


def _describe_file(attachment: Attachment) -> dict[str, Any]:
    return {
        "title": attachment.title,
        "url": make_absolute(attachment.file.url),
        "media_type": attachment.media_type,
        "bytes": attachment.bytes,
        "data_of": attachment.data_of or None,
    }
