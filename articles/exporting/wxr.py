"""Write everything to read as an export of WordPress: WXR 1.2.

Source: wp-admin/includes/export.php, and the parsers of the WordPress Importer. The
file is written as rows are read, so that memory does not depend on their number.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import format_datetime
from html import escape
from typing import Any, BinaryIO
from xml.sax.xmlreader import AttributesImpl

from django.conf import settings
from django.utils import timezone
from django.utils.xmlutils import SimplerXMLGenerator

from articles.exporting.items import (
    Item,
    build_items,
    format_time,
    format_utc,
    get_number,
    get_translation_group,
)
from articles.models import Article, Kind, Series, Topic
from authors.models import Author, Programme
from ecfr_site.institution.models import Institution
from ecfr_site.richtext.tree import remove_control_characters

VERSION = "1.2"
_NAMESPACES = {
    "xmlns:excerpt": f"http://wordpress.org/export/{VERSION}/excerpt/",
    "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
    "xmlns:dc": "http://purl.org/dc/elements/1.1/",
    "xmlns:wp": f"http://wordpress.org/export/{VERSION}/",
}


def write_export(file: BinaryIO) -> int:
    """Write people, terms, images, files, pages and articles; returns how many items.

    Working copies are not among them: WordPress has nothing that replaces a page.
    """
    xml = SimplerXMLGenerator(file, "utf-8")
    xml.startDocument()
    count = 0
    with (
        _within(xml, "rss", {"version": "2.0", **_NAMESPACES}),
        _within(xml, "channel"),
    ):
        _write_head(xml)
        for person in Author.objects.order_by("pk").iterator():
            _write_person(xml, person)
        _write_terms(xml)
        for item in build_items():
            _write_item(xml, item)
            count += 1
    xml.endDocument()
    return count


@contextmanager
def _within(
    xml: SimplerXMLGenerator, name: str, attributes: dict[str, str] | None = None
) -> Iterator[None]:
    xml.startElement(name, AttributesImpl(attributes or {}))
    yield
    xml.endElement(name)
    xml.ignorableWhitespace("\n")


def _add(xml: SimplerXMLGenerator, name: str, text: Any, **attributes: str) -> None:
    xml.addQuickElement(name, remove_control_characters(str(text)), attributes)


def _write_head(xml: SimplerXMLGenerator) -> None:
    _add(xml, "title", Institution.objects.current().name)
    _add(xml, "link", settings.SITE_URL)
    _add(xml, "description", "")
    _add(xml, "pubDate", format_datetime(timezone.now()))
    _add(xml, "language", settings.LANGUAGES[0][0])
    _add(xml, "wp:wxr_version", VERSION)
    _add(xml, "wp:base_site_url", settings.SITE_URL)
    _add(xml, "wp:base_blog_url", settings.SITE_URL)


def _write_person(xml: SimplerXMLGenerator, person: Author) -> None:
    """A user, with a name to sign in that nobody uses: the person's address here."""
    with _within(xml, "wp:author"):
        _add(xml, "wp:author_id", person.pk)
        _add(xml, "wp:author_login", person.slug)
        _add(xml, "wp:author_email", person.email)
        _add(xml, "wp:author_display_name", person.name)
        _add(xml, "wp:author_first_name", "")
        _add(xml, "wp:author_last_name", "")
        # WordPress passes over this one, for which its format has no place.
        _add(xml, "wp:author_description", person.biography)


def _write_terms(xml: SimplerXMLGenerator) -> None:
    topics = Topic.objects.in_tree_order().select_related("parent")
    for topic in topics.filter(kind=Topic.Kind.TOPIC):
        _write_category(xml, topic)
    for region in topics.filter(kind=Topic.Kind.REGION):
        parent = region.parent.slug if region.parent else ""
        _write_term(xml, "region", region.slug, region.name, region.summary, parent)
    for kind in Kind.objects.all():
        _write_term(xml, "kind", kind.slug, kind.name)
    for programme in Programme.objects.all():
        _write_term(xml, "programme", programme.slug, programme.name, programme.summary)
    for series in Series.objects.all():
        _write_term(xml, "series", series.slug, series.title, series.summary)
    for code, name in settings.LANGUAGES:
        _write_term(xml, "language", code, name)
    for group, members in _list_translations():
        _write_term(xml, "post_translations", group, group, members)


def _write_category(xml: SimplerXMLGenerator, topic: Topic) -> None:
    with _within(xml, "wp:category"):
        _add(xml, "wp:term_id", topic.pk)
        _add(xml, "wp:category_nicename", topic.slug)
        _add(xml, "wp:category_parent", topic.parent.slug if topic.parent else "")
        _add(xml, "wp:cat_name", escape(topic.name, quote=False))
        _add(xml, "wp:category_description", escape(topic.summary, quote=False))


def _write_term(
    xml: SimplerXMLGenerator,
    taxonomy: str,
    slug: str,
    name: str,
    description: str = "",
    parent: str = "",
) -> None:
    with _within(xml, "wp:term"):
        _add(xml, "wp:term_taxonomy", taxonomy)
        _add(xml, "wp:term_slug", slug)
        _add(xml, "wp:term_parent", parent)
        _add(xml, "wp:term_name", escape(name, quote=False))
        _add(xml, "wp:term_description", escape(description, quote=False))


def _list_translations() -> Iterator[tuple[str, str]]:
    """Groups of translations as Polylang keeps them: a PHP array {language: number}."""
    originals = Article.objects.originals().filter(translations__isnull=False)
    for article in originals.distinct().prefetch_related("translations"):
        members = [article, *article.translations.all()]
        pairs = "".join(
            f's:{len(member.language)}:"{member.language}";'
            f"i:{get_number(Article, member.pk)};"
            for member in members
        )
        yield get_translation_group(article), f"a:{len(members)}:{{{pairs}}}"


def _write_item(xml: SimplerXMLGenerator, item: Item) -> None:
    with _within(xml, "item"):
        _add(xml, "title", escape(item.title, quote=False))
        _add(xml, "link", item.link)
        if item.date:
            _add(xml, "pubDate", format_datetime(item.date))
        _add(xml, "dc:creator", item.creator)
        _add(xml, "guid", item.guid, isPermaLink="false")
        _add(xml, "description", "")
        _add(xml, "content:encoded", item.content)
        _add(xml, "excerpt:encoded", item.excerpt)
        _add(xml, "wp:post_id", item.number)
        _write_times(xml, item)
        _add(xml, "wp:comment_status", "closed")
        _add(xml, "wp:ping_status", "closed")
        _add(xml, "wp:post_name", item.slug)
        _add(xml, "wp:status", item.status)
        _add(xml, "wp:post_parent", item.parent)
        _add(xml, "wp:menu_order", 0)
        _add(xml, "wp:post_type", item.type)
        _add(xml, "wp:post_password", "")
        _add(xml, "wp:is_sticky", int(item.is_sticky))
        if item.file:
            _add(xml, "wp:attachment_url", item.file)
        for taxonomy, slug, name in item.terms:
            name = escape(name, quote=False)
            _add(xml, "category", name, domain=taxonomy, nicename=slug)
        for key, value in item.meta:
            with _within(xml, "wp:postmeta"):
                _add(xml, "wp:meta_key", key)
                _add(xml, "wp:meta_value", value)


def _write_times(xml: SimplerXMLGenerator, item: Item) -> None:
    """By the site's clock and in UTC; a draft without a date has the first alone."""
    for name, moment, instead in (
        ("post_date", item.date, item.created),
        ("post_modified", item.changed, item.created),
    ):
        local = moment or instead
        _add(xml, f"wp:{name}", format_time(local and timezone.localtime(local)))
        _add(xml, f"wp:{name}_gmt", format_utc(moment))
