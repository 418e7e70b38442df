"""Declarations of models: which rows readers see, and the tags of pages that show them.

A tag names something that pages show: "article-17", "author-3", "lists" for all that
lists articles, people or subjects, and SITE for whatever else any page may show. When a
row changes that readers see, its tags move (triggers.py); a page that has one of them
is made anew (docs/decisions/0023-page-cache.md).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.apps import apps
from django.db.models import Model

SITE, LISTS = "site", "lists"

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
    """

    tags: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    only: str = ""
    part_of: str = ""
    where_shown: bool = False


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
