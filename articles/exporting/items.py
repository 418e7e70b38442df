"""Articles, pages, images and files as items of a WordPress export.

An item's number is of its own among all kinds of items, and stays the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from django.conf import settings
from django.contrib.flatpages.models import FlatPage
from django.contrib.redirects.models import Redirect
from django.db.models import Model, Prefetch
from django.urls import reverse

from articles.exporting.wordpress_text import convert
from articles.models import Article, Attachment, Topic
from articles.workflow import PublicationStatus
from ecfr_site.images.models import Image
from ecfr_site.richtext.absolute import make_absolute

_NUMBERED = (Article, Image, Attachment, FlatPage)
_AT_ONCE = 100
_STATUSES = {
    PublicationStatus.DRAFT: "draft",
    PublicationStatus.IN_REVIEW: "pending",
    PublicationStatus.APPROVED: "pending",
    PublicationStatus.SCHEDULED: "future",
    PublicationStatus.LIVE: "publish",
    # Readers see neither any longer.
    PublicationStatus.ENDED: "private",
    PublicationStatus.WITHDRAWN: "private",
}
# Regions are no categories, so that they can be told from topics again.
_TAXONOMIES: dict[str, str] = {
    Topic.Kind.TOPIC: "category",
    Topic.Kind.REGION: "region",
}
# For which WordPress has no place but a custom field.
_CUSTOM_FIELDS = (
    *("report_number", "doi", "isbn", "page_count", "licence", "disclosure"),
    *("original_outlet", "original_url", "original_date", "original_licence"),
    *("precision", "updated_on", "update_note", "withdrawal_reason", "key_points"),
    *("image_alt", "image_caption", "disclaimer"),
)


@dataclass(frozen=True)
class Item:
    """A `post` of WordPress, of whatever type. Texts are HTML, the file an address."""

    number: int
    type: str
    title: str
    link: str
    guid: str
    slug: str = ""
    creator: str = ""
    content: str = ""
    excerpt: str = ""
    date: datetime | None = None
    created: datetime | None = None
    changed: datetime | None = None
    status: str = "publish"
    parent: int = 0
    is_sticky: bool = False
    file: str = ""
    # (taxonomy, slug, name) and (key, value).
    terms: tuple[tuple[str, str, str], ...] = ()
    meta: tuple[tuple[str, str], ...] = ()


def get_number(model: type[Model], pk: int) -> int:
    return pk * len(_NUMBERED) + _NUMBERED.index(model)


def build_items() -> Iterator[Item]:
    """All that there is, images before what shows them; some queries a hundred."""
    for image in Image.objects.order_by("pk").iterator(chunk_size=_AT_ONCE):
        yield _build_image(image)
    files = Attachment.objects.filter(article__live=None).order_by("pk")
    for attachment in files.iterator(chunk_size=_AT_ONCE):
        yield _build_file(attachment)
    for page in FlatPage.objects.order_by("pk"):
        yield _build_page(page)
    yield from _build_articles()


def _build_articles() -> Iterator[Item]:
    leading = Article.objects.published().featured().values_list("pk", flat=True)
    leads = leading.first()
    old_slugs = _read_old_slugs()
    translations = Article.objects.originals().select_related(None)
    translations = translations.only("translation_of", "language")
    articles = (
        Article.objects.originals()
        .select_related("kind", "series")
        .prefetch_related("bylines", "topics", "programmes")
        .prefetch_related(Prefetch("translations", translations))
        .order_by("pk")
    )
    for article in articles.iterator(chunk_size=_AT_ONCE):
        slugs = old_slugs.get(article.get_absolute_url(), [])
        yield _build_article(article, slugs, article.pk == leads)
        # Its rows know the article: without them it goes at once, and not when the
        # garbage collector comes round, which counts objects and no bytes.
        vars(article)["_prefetched_objects_cache"].clear()


def _read_old_slugs() -> dict[str, list[str]]:
    """{address of an article: its former slugs}, one query."""
    before, _, after = reverse("article", args=["-"]).partition("-")
    moved = Redirect.objects.filter(
        old_path__startswith=before, new_path__startswith=before
    )
    slugs: dict[str, list[str]] = {}
    for old, new in moved.values_list("old_path", "new_path"):
        slug = old.removeprefix(before).removesuffix(after)
        if "/" not in slug:
            slugs.setdefault(new, []).append(slug)
    return slugs


def _build_image(image: Image) -> Item:
    link = make_absolute(image.file.url)
    meta = {
        "_wp_attached_file": image.file.name,
        "_wp_attachment_image_alt": image.alt,
        "credit": image.credit,
        "licence": image.licence,
    }
    return Item(
        number=get_number(Image, image.pk),
        type="attachment",
        title=image.title,
        link=link,
        guid=link,
        excerpt=escape(image.caption, quote=False),
        date=image.created,
        status="inherit",
        file=link,
        meta=_list_said(meta),
    )


def _build_file(attachment: Attachment) -> Item:
    link = make_absolute(attachment.file.url)
    return Item(
        number=get_number(Attachment, attachment.pk),
        type="attachment",
        title=attachment.title,
        link=link,
        guid=link,
        status="inherit",
        parent=get_number(Article, attachment.article_id),
        file=link,
    )


def _build_page(page: FlatPage) -> Item:
    link = make_absolute(page.url)
    return Item(
        number=get_number(FlatPage, page.pk),
        type="page",
        title=page.title,
        link=link,
        guid=link,
        slug=page.url.strip("/").rpartition("/")[2],
        content=convert(page.content, page.url)[0],
    )


def _build_article(article: Article, old_slugs: list[str], leads: bool) -> Item:
    content, notes = convert(article.body, article.tag_uri)
    people = [byline.author for byline in article.credits]
    return Item(
        number=get_number(Article, article.pk),
        type="post",
        title=article.title,
        link=make_absolute(article.get_absolute_url()),
        guid=article.tag_uri,
        slug=article.slug,
        creator=people[0].slug if people else "",
        content=content,
        excerpt=escape(article.standfirst, quote=False),
        date=article.published_at,
        created=article.created,
        changed=article.changed,
        status=_STATUSES[article.status],
        is_sticky=leads,
        terms=tuple(_list_terms(article, people)),
        meta=_list_said(
            {"_wp_old_slug": old_slugs, "footnotes": notes, **_build_meta(article)}
        ),
    )


def _list_terms(article: Article, people: list[Any]) -> Iterator[tuple[str, str, str]]:
    """Terms of the article; languages and authors as plugins have them."""
    yield "kind", article.kind.slug, article.kind.name
    for topic in article.topics.all():
        yield _TAXONOMIES[topic.kind], topic.slug, topic.name
    for programme in article.programmes.all():
        yield "programme", programme.slug, programme.name
    if article.series:
        yield "series", article.series.slug, article.series.title
    yield "language", article.language, dict(settings.LANGUAGES)[article.language]
    if group := get_translation_group(article):
        yield "post_translations", group, group
    if len(people) > 1:
        for person in people:
            yield "author", f"cap-{person.slug}", person.slug


def get_translation_group(article: Article) -> str:
    """The name that an article shares with its translations, "" if it has none."""
    original = article.translation_of_id
    if original or article.translations.all():
        return f"pll_{original or article.pk}"
    return ""


def _build_meta(article: Article) -> dict[str, Any]:
    return {
        "_thumbnail_id": article.image_id and get_number(Image, article.image_id),
        "_yoast_wpseo_title": article.seo_title,
        "_yoast_wpseo_metadesc": article.seo_description,
        "_yoast_wpseo_canonical": article.original_url,
        **{name: getattr(article, name) for name in _CUSTOM_FIELDS},
    }


def _list_said(meta: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Pairs of key and value, several of a list, without what is empty."""
    return tuple(
        (key, str(value))
        for key, values in meta.items()
        for value in (values if isinstance(values, list) else [values])
        if value
    )


def format_time(moment: datetime | None) -> str:
    """As WordPress writes a moment; zeros for none."""
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else "0000-00-00 00:00:00"


def format_utc(moment: datetime | None) -> str:
    return format_time(moment and moment.astimezone(UTC))
