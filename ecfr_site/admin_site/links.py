"""Links to the desk's pages of rows, for whoever may see these there."""

from django.template.defaultfilters import capfirst, pluralize
from django.urls import reverse
from django.utils.html import format_html


def list_links(site, request, rows):
    """A link to each row that the desk shows here, and how many it does not.

    A query a model.
    """
    links = []
    hidden = 0
    for model in dict.fromkeys(map(type, rows)):
        of_model = [row for row in rows if type(row) is model]
        shown = of_model
        if site.is_registered(model):
            seen = site.get_model_admin(model).get_queryset(request).order_by()
            pks = [row.pk for row in of_model]
            seen = set(seen.filter(pk__in=pks).values_list("pk", flat=True))
            shown = [row for row in of_model if row.pk in seen]
        links += [_build_link(site, row) for row in shown]
        hidden += len(of_model) - len(shown)
    if hidden:
        links.append(f"{hidden} unpublished piece{pluralize(hidden)} of colleagues")
    return links


def _build_link(site, row):
    kind = capfirst(row._meta.verbose_name)
    if not site.is_registered(type(row)):
        return f"{kind}: {row}"
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return format_html(
        '{}: <a href="{}">{}</a>', kind, reverse(name, args=[row.pk]), row
    )


def find_owners(site, rows, others=()):
    """The rows in whose forms these are edited, without the others; a row that has a
    form of its own, or is edited in none, itself. A query a model."""
    known = {(type(row), row.pk): row for row in rows}
    left = {(type(row), row.pk) for row in others}
    wanted = dict.fromkeys(_find_owner(site, row, left) for row in rows)
    for model in {model for model, pk in wanted if (model, pk) not in known}:
        pks = [pk for of, pk in wanted if of is model]
        found = model._base_manager.in_bulk(pks)
        known |= {(model, pk): row for pk, row in found.items()}
    return [known[key] for key in wanted]


def _find_owner(site, row, left):
    """(model, number) of the row in whose form this one is edited."""
    if not site.is_registered(type(row)):
        for key in row._meta.concrete_fields:
            model, pk = key.related_model, getattr(row, key.attname)
            is_left = pk is None or (model, pk) in left
            if not is_left and _is_edited_in(site, row, model):
                return model, pk
    return type(row), row.pk


def _is_edited_in(site, row, model):
    """Return whether the form of the model has rows such as this one."""
    if not model or not site.is_registered(model):
        return False
    inlines = site.get_model_admin(model).inlines
    return any(inline.model is type(row) for inline in inlines)
