"""Declarations of models: which rows readers see, and the tags of pages that show them.

A tag names something that pages show: "article-17", "author-3", "articles-author-3" for
a list of somebody's articles, SUBJECTS for what lists say of people and subjects, LISTS
for whatever is listed, SITE for what else any page may show. When a row changes that
readers see, its tags move (triggers.py); a page that has one of them is made anew
(docs/decisions/0023-page-cache.md).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.apps import apps
from django.db.models import Model

SITE, LISTS, SUBJECTS, CORRECTIONS = "site", "lists", "subjects", "corrections"

_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Seen:
    """Declared by a model as `readers_see`: its rows are on readers' pages.

    A model whose rows are on none declares None. A test asks every model of ours.

    tags: what moves when a row changes, with names of columns in it: "article-{id}".
      Empty: the tags of the row that it is a part of, or SITE.
    unseen: the fields that no page shows, relations to many among them.
    only: what a row is like that is seen at all, as SQL with {row} for the row.
    part_of: the foreign key to the row that it is a part of, and seen with. Its tags
      are among those which that row moves when it appears or goes.
    where_shown: seen only where a row that is seen has a foreign key to it.
    listed_by: its relations to what has a list of such rows. When a row changes that
      is listed, LISTS and the tags of these lists move: "articles-topic-5".
    unlisted: the fields that no list shows, beside those unseen.
    replaces: the foreign key to the row that it will replace, in its lists as well.
    """

    tags: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    only: str = ""
    part_of: str = ""
    where_shown: bool = False
    listed_by: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()
    replaces: str = ""


class ComingChange(NamedTuple):
    """A moment at which pages with these tags change with nobody's doing."""

    at: datetime
    tags: frozenset[str]


# Packages' models cannot declare it.
PACKAGES = {
    "flatpages.FlatPage": Seen(),
    "redirects.Redirect": Seen(),
    "sites.Site": Seen(),
}


@cache
def list_seen_models() -> dict[str, Seen]:
    """{label: Seen} of the models whose rows readers see, and of their relations."""
    seen = dict(PACKAGES)
    for model in apps.get_models():
        if isinstance(declared := getattr(model, "readers_see", None), Seen):
            seen[model._meta.label] = declared
    for label, declared in list(seen.items()):
        for field in apps.get_model(label)._meta.many_to_many:
            through = field.remote_field.through
            if through._meta.auto_created and field.name not in declared.unseen:
                # The end that declares the relation.
                end = field.m2m_field_name()
                seen[through._meta.label] = Seen(part_of=end)
    return seen


def list_tags(model: type[Model], seen: Seen) -> tuple[str, ...]:
    """The tags that a row of the model moves, with the columns they are made of."""
    if seen.tags or not seen.part_of:
        return seen.tags or (SITE,)
    key: Any = model._meta.get_field(seen.part_of)
    whole = list_seen_models()[key.related_model._meta.label]
    tags = (tag.replace("{id}", f"{{{key.column}}}") for tag in whole.tags or (SITE,))
    return tuple(tag for tag in tags if set(_PLACE.findall(tag)) <= {key.column})


def fill_tags(model: type[Model], row: dict[str, Any]) -> frozenset[str]:
    """The tags that a row moves which has these values in the columns of its tags."""
    tags = list_tags(model, list_seen_models()[model._meta.label])
    return frozenset(
        tag.format(**row)
        for tag in tags
        if all(row[column] is not None for column in _PLACE.findall(tag))
    )


def name_list(model: type[Model], relation: str) -> str:
    """What the tags of the lists by this relation begin with: "articles-topic-"."""
    target: Any = model._meta.get_field(relation).related_model
    return f"{model._meta.model_name}s-{target._meta.model_name}-"


def find_lists(model: type[Model], keys: Iterable[int]) -> dict[int, set[str]]:
    """{key of a row: the tags of the lists that it is on}; one query."""
    by = list_seen_models()[model._meta.label].listed_by
    starts = [name_list(model, relation) for relation in by]
    found: dict[int, set[str]] = defaultdict(set)
    rows = model._base_manager.filter(pk__in=keys).order_by()
    for key, *related in rows.values_list("pk", *by):
        found[key] |= {LISTS} | {
            f"{start}{value}"
            for start, value in zip(starts, related, strict=True)
            if value is not None
        }
    return found


def list_coming_changes(since: datetime, until: datetime) -> Iterator[ComingChange]:
    """Changes that are nobody's doing, between the two; models' managers list them."""
    for label in list_seen_models():
        manager: Any = apps.get_model(label)._default_manager
        if hasattr(manager, "list_coming_changes"):
            yield from manager.list_coming_changes(since, until)


def find_next_change(
    tags: Iterable[str], changes: Iterable[ComingChange], since: datetime
) -> datetime | None:
    """The first of the changes after `since` that concerns one of the tags.

    Without tags any of them does.
    """
    moments = (
        c.at
        for c in changes
        if c.at > since and (not tags or not c.tags.isdisjoint(tags))
    )
    return min(moments, default=None)
