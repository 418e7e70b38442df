"""Snapshots of what editors can change: to copy, compare, restore and sign off.

The form of the data is that of Django's serialiser, which django-reversion keeps its
versions in: a text of today and one of three years ago compare value by value.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC
from functools import cache
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.db import models, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from reversion import add_to_revision, is_active
from reversion.models import Revision, Version

if TYPE_CHECKING:
    # Which is published with its snapshot.
    from articles.models.article import Article

# JSON-ready, by the names of fields, lists and rows.
Content = dict[str, Any]

FIELDS = (
    "title",
    "standfirst",
    "body",
    "key_points",
    "kind",
    "image",
    "image_alt",
    "image_decorative",
    "image_caption",
    "slug",
    "published_at",
    "precision",
    "ends_at",
    "disclaimer",
    "updated_on",
    "update_note",
    "series",
    "series_number",
    "report_number",
    "doi",
    "doi_registered",
    "isbn",
    "page_count",
    "disclosure",
    "licence",
    "original_outlet",
    "original_url",
    "original_date",
    "original_licence",
    "language",
    "translation_of",
    "seo_title",
    "seo_description",
)
LISTS = ("programmes", "topics", "pinned", "funders")
ROWS = {
    "bylines": ("author", "role", "order", "position_override"),
    "corrections": ("date", "text", "by"),
    "attachments": ("title", "file", "bytes", "order", "is_full_text", "data_of"),
}
_TIMES = ("published_at", "ends_at")
# When the page comes and goes is no part of what is signed off.
NOT_SIGNED = {"published_at", "ends_at"}


def get_content(article: "Article") -> Content:
    """The article's content now, as JSON-ready data; five queries."""
    rows = {name: _serialise(_get_rows(article, name)) for name in ROWS}
    return _build_content(_serialise([article])[0], rows)


def get_version_content(version: Version) -> Content:
    """The content that a version of django-reversion kept; one query."""
    return get_version_contents([version])[0]


def get_version_contents(versions: Sequence[Version]) -> list[Content]:
    """The contents that several versions of articles kept; one query for all.

    What a version does not know, since the field is younger, has its default.
    """
    if not versions:
        return []
    model = versions[0].content_type.model_class()
    names = {
        getattr(model, name).rel.related_model._meta.label_lower: name for name in ROWS
    }
    defaults = _serialise([model()], FIELDS)[0]
    parts = defaultdict(list)
    for part in Version.objects.filter(
        revision__in={version.revision_id for version in versions}
    ).exclude(content_type=versions[0].content_type_id):
        row = json.loads(part.serialized_data)[0]
        if name := names.get(row["model"]):
            parts[part.revision_id, row["fields"]["article"]].append((name, row))
    found = []
    for version in versions:
        kept = json.loads(version.serialized_data)[0]
        rows: dict[str, list[Any]] = {name: [] for name in ROWS}
        # The rows know the number that the article had when they were kept.
        own = parts[version.revision_id, kept["pk"]]
        for name, row in sorted(own, key=lambda part: part[1]["pk"]):
            rows[name].append(row["fields"])
        found.append(_build_content({**defaults, **kept["fields"]}, rows))
    return found


def is_signed_by(content: Content, signed: Content | None) -> bool:
    """Return whether `signed` is a sign-off of this content, whatever its schedule.

    What it does not know, since the field is younger, has its default.
    """
    if signed is None:
        return False
    if content.keys() - signed.keys():
        signed = {**_get_defaults(), **signed}
    # So have fields of its rows.
    known = {name: [_complete_row(name, row) for row in signed[name]] for name in ROWS}
    signed = {**signed, **known}
    return all(content[name] == signed[name] for name in content.keys() - NOT_SIGNED)


@cache
def _get_defaults() -> Content:
    """The content of an article that nobody has written."""
    model = apps.get_model("articles.Article")
    rows: dict[str, list[Any]] = {name: [] for name in ROWS}
    return _build_content(_serialise([model()], FIELDS)[0], rows)


def set_fields(content, article):
    """Give an article its own fields, unsaved; returns sentences as `write` does."""
    return _set(article, content, FIELDS)


def write(content: Content, article: "Article") -> list[str]:
    """Save the article with the content; rows that stand already are left alone.

    Returns a sentence for each person, topic, image or file that is gone meanwhile.
    """
    before = get_content(article) if article.pk else dict.fromkeys(ROWS, [])
    gone = _set(article, content, [n for n in FIELDS if content[n] != before.get(n)])
    article.save()
    for name in LISTS:
        field = getattr(type(article), name).field
        known = field.related_model.objects.filter(pk__in=content[name])
        if missing := len(content[name]) - len(known):
            gone.append(f"No longer there: {missing} of the {field.verbose_name}.")
        getattr(article, name).set(known)
    for name, fields in ROWS.items():
        if content[name] != before[name]:
            gone += _write_rows(getattr(article, name), fields, content[name])
    if content["attachments"] != before["attachments"]:
        # It was saved with other files.
        article.index()
    if is_active():
        # The revision that is being made has seen the rows that were there before.
        add_to_revision(article)
    return gone


def find_kept_version(article):
    """The latest version of the article if it is what the article says now, or None."""
    latest = Version.objects.get_for_object(article).order_by("-pk").first()
    same = latest and get_version_content(latest) == get_content(article)
    return latest if same else None


@transaction.atomic
def keep(article: "Article", by: User | None, comment: str) -> None:
    """Put what the article says now into its history, unless it is there already.

    A revision of its own, whatever other is being made, of when it was last saved.
    """
    if find_kept_version(article):
        return
    revision = Revision.objects.create(
        date_created=article.changed, user=by, comment=comment
    )
    rows = [row for name in ROWS for row in _get_rows(article, name)]
    Version.objects.bulk_create(_build_versions(revision, article, rows))


@transaction.atomic(savepoint=False)
def keep_together(articles: "list[Article]", by: User | None, comment: str) -> None:
    """Put what the articles say now into the history of each, as `keep` does, in some
    queries for all. The revisions are of now."""
    # With these the serialiser asks for none of them.
    models.prefetch_related_objects(articles, *LISTS)
    rows = defaultdict(list)
    for name in ROWS:
        for row in _get_rows_of(articles, name):
            rows[row.article_id].append(row)
    now = timezone.now()
    revisions = Revision.objects.bulk_create(
        Revision(date_created=now, user=by, comment=comment) for _ in articles
    )
    Version.objects.bulk_create(
        version
        for revision, article in zip(revisions, articles, strict=True)
        for version in _build_versions(revision, article, rows[article.pk])
    )


def forget_latest(article: "Article", comment: str) -> None:
    """Take the latest version out of the history, if the comment is its own."""
    latest = Version.objects.get_for_object(article).order_by("-pk").first()
    if latest and latest.revision.comment == comment:
        latest.revision.delete()


def _build_versions(
    revision: Revision, article: "Article", rows: "list[models.Model]"
) -> Iterator[Version]:
    """The versions of an article and its rows, unsaved."""
    fields = [*FIELDS, *LISTS, "state", "live", "created_by", "changed_by"]
    for kept in [article, *rows]:
        yield Version(
            revision=revision,
            content_type=ContentType.objects.get_for_model(kept),
            object_id=str(kept.pk),
            db=kept._state.db,
            format="json",
            object_repr=article.title,
            serialized_data=serializers.serialize(
                "json", [kept], fields=fields if kept is article else None
            ),
        )


def keep_first(article):
    """Begin an empty history with the text that the database has, as by its creator.

    Otherwise nobody could tell what the first save at the desk changes of an import.
    """
    if not Version.objects.get_for_object(article).exists():
        stored = type(article).objects.get(pk=article.pk)
        keep(stored, stored.created_by, "The text before it was first saved here.")


def _write_rows(related, fields, values):
    gone = []
    rows = []
    for value in values:
        row = related.model(article=related.instance)
        missing = _set(row, value, fields)
        gone += missing
        if not missing:
            rows.append(row)
    if _serialise(related.order_by("pk"), fields) == _serialise(rows, fields):
        # Lists that show them stay kept.
        return gone
    related.all().delete()
    # Not one by one: saving an attachment would open its file to measure it.
    related.model.objects.bulk_create(rows)
    return gone


def _set(instance, values, fields):
    """Set the fields to what was serialised; return what is gone."""
    gone = []
    for name in fields:
        field = instance._meta.get_field(name)
        value = values[name]
        if isinstance(field, models.ForeignKey):
            named = {field.target_field.name: value}
            if value and not field.related_model.objects.filter(**named).exists():
                gone.append(f"No longer there: the {field.verbose_name}.")
                continue
            value = field.target_field.to_python(value)
        else:
            value = field.to_python(value)
        setattr(instance, field.attname, value)
    return gone


def _get_rows(article, name):
    """As they are in the database, whatever was loaded before."""
    return _get_rows_of([article], name)


def _get_rows_of(articles, name):
    model = getattr(type(articles[0]), name).rel.related_model
    numbers = [article.pk for article in articles]
    return model.objects.filter(article__in=numbers).order_by("pk")


def _serialise(objects, fields=None):
    text = serializers.serialize("json", objects, fields=fields)
    return [row["fields"] for row in json.loads(text)]


def _build_content(fields, rows):
    return {
        **{name: fields[name] for name in FIELDS},
        **{name: _round_to_second(fields[name]) for name in _TIMES},
        **{name: sorted(fields.get(name, []), key=int) for name in LISTS},
        **{
            name: [_complete_row(name, row) for row in found]
            for name, found in rows.items()
        },
    }


def _complete_row(name, row):
    """The row's fields; what it does not know, since it is younger, has its default."""
    return {
        field: row[field] if field in row else _get_row_defaults(name)[field]
        for field in ROWS[name]
    }


@cache
def _get_row_defaults(name):
    related = apps.get_model("articles", "Article")._meta.get_field(name).related_model
    return _serialise([related()], ROWS[name])[0]


def _round_to_second(time):
    """In UTC, as precise as forms are: the rest is no change of an editor's."""
    if not time:
        return None
    moment = parse_datetime(time).astimezone(UTC).replace(microsecond=0)
    return moment.isoformat().replace("+00:00", "Z")
