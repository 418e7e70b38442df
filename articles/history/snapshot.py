"""Snapshots of what editors can change: to copy, compare, restore and sign off.

The form of the data is that of Django's serialiser, which django-reversion keeps its
versions in: a text of today and one of three years ago compare value by value.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.db import models, transaction
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
    "original_outlet",
    "original_url",
    "original_date",
    "original_licence",
    "language",
    "translation_of",
    "seo_title",
    "seo_description",
)
LISTS = ("programmes", "topics")
ROWS = {
    "bylines": ("author", "role", "order", "position_override"),
    "corrections": ("date", "text", "by"),
    "attachments": ("title", "file", "bytes", "order"),
}
_TIMES = ("published_at", "ends_at")
# When the page comes and goes is no part of what is signed off.
NOT_SIGNED = ("published_at", "ends_at")


def content_of(article: "Article") -> Content:
    """The article's content now, as JSON-ready data; five queries."""
    rows = {name: _serialised(_rows(article, name)) for name in ROWS}
    return _content(_serialised([article])[0], rows)


def content_of_version(version: Version) -> Content:
    """The content that a version of django-reversion kept; one query."""
    return contents_of([version])[0]


def contents_of(versions: Sequence[Version]) -> list[Content]:
    """The contents that several versions of articles kept; one query for all.

    What a version does not know, since the field is younger, has its default.
    """
    if not versions:
        return []
    model = versions[0].content_type.model_class()
    names = {
        getattr(model, name).rel.related_model._meta.label_lower: name for name in ROWS
    }
    defaults = _serialised([model()], FIELDS)[0]
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
        found.append(_content({**defaults, **kept["fields"]}, rows))
    return found


def is_signed_by(content: Content, signed: Content | None) -> bool:
    """Return whether `signed` is a sign-off of this content, whatever its schedule."""
    return signed is not None and all(
        content[name] == signed.get(name) for name in content if name not in NOT_SIGNED
    )


def set_fields(content, article):
    """Give an article its own fields, unsaved; returns sentences as `write` does."""
    return _set(article, content, FIELDS)


def write(content: Content, article: "Article") -> list[str]:
    """Save the article with the content; rows that stand already are left alone.

    Returns a sentence for each person, topic, image or file that is gone meanwhile.
    """
    before = content_of(article) if article.pk else dict.fromkeys(ROWS, [])
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
    if is_active():
        # The revision that is being made has seen the rows that were there before.
        add_to_revision(article)
    return gone


def kept_already(article):
    """The latest version of the article if it is what the article says now, or None."""
    latest = Version.objects.get_for_object(article).order_by("-pk").first()
    same = latest and content_of_version(latest) == content_of(article)
    return latest if same else None


@transaction.atomic
def keep(article: "Article", by: User | None, comment: str) -> None:
    """Put what the article says now into its history, unless it is there already.

    A revision of its own, whatever other is being made, of when it was last saved.
    """
    if kept_already(article):
        return
    revision = Revision.objects.create(
        date_created=article.changed, user=by, comment=comment
    )
    rows = [row for name in ROWS for row in _rows(article, name)]
    fields = [*FIELDS, *LISTS, "state", "live", "created_by", "changed_by"]
    for kept in [article, *rows]:
        Version.objects.create(
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
            if value and not field.related_model.objects.filter(pk=value).exists():
                gone.append(f"No longer there: the {field.verbose_name}.")
                continue
            value = field.target_field.to_python(value)
        else:
            value = field.to_python(value)
        setattr(instance, field.attname, value)
    return gone


def _rows(article, name):
    """As they are in the database, whatever was loaded before."""
    model = getattr(type(article), name).rel.related_model
    return model.objects.filter(article=article.pk).order_by("pk")


def _serialised(objects, fields=None):
    text = serializers.serialize("json", objects, fields=fields)
    return [row["fields"] for row in json.loads(text)]


def _content(fields, rows):
    return {
        **{name: fields[name] for name in FIELDS},
        **{name: _to_the_second(fields[name]) for name in _TIMES},
        **{name: sorted(fields.get(name, []), key=int) for name in LISTS},
        **{
            name: [{field: row.get(field) for field in ROWS[name]} for row in found]
            for name, found in rows.items()
        },
    }


def _to_the_second(time):
    """In UTC, as precise as forms are: the rest is no change of an editor's."""
    if not time:
        return None
    moment = parse_datetime(time).astimezone(UTC).replace(microsecond=0)
    return moment.isoformat().replace("+00:00", "Z")
