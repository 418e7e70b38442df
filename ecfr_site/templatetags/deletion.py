"""Words for what goes with a row or needs it, on the page that asks before it is
deleted."""

from django import template
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import NestedObjects
from django.db import router
from django.db.models import Model

from ecfr_site.admin_site.links import find_owners, list_links

register = template.Library()


@register.simple_tag
def what_goes_with(opts, model_count):
    """["3 bylines", "90 articles lose it"] of Django's (plural name, count) pairs.

    Of what the site made by itself (`is_made_by_itself`) nothing is said.
    """
    models = {
        str(model._meta.verbose_name_plural): model
        for model in apps.get_models(include_auto_created=True)
    }
    found = [(models[str(name)], count) for name, count in model_count]
    return list(filter(None, (_describe(opts, *each) for each in found)))


@register.simple_tag(takes_context=True)
def needed_by(context, rows):
    """Links to what keeps a row, or several, from being deleted: of a byline to its
    article.

    Looked for again, as Django's page has only names.
    """
    rows = [rows] if isinstance(rows, Model) else list(rows)
    collector = NestedObjects(router.db_for_write(type(rows[0])), origin=rows)
    collector.collect(rows)
    protected = sorted(collector.protected, key=lambda row: (row._meta.label, row.pk))
    owners = find_owners(admin.site, protected, rows)
    return list_links(admin.site, context["request"], owners)


def _describe(opts, model, count):
    if getattr(model, "is_made_by_itself", False):
        return ""
    owner = model._meta.auto_created
    if owner:
        # Rows of a relation: they are a part of their owner, and its loss for others.
        lose = "loses" if count == 1 else "lose"
        return "" if owner is opts.model else f"{_count(owner, count)} {lose} it"
    if model is opts.model:
        return ""
    return _count(model, count)


def _count(model, count):
    names = model._meta
    return f"{count} {names.verbose_name if count == 1 else names.verbose_name_plural}"
