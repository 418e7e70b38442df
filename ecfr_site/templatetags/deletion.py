"""Words for all that goes with a row, on the page that asks before it is deleted."""

from django import template
from django.apps import apps

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
