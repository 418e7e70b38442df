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


def find_owner(site, row, others=()):
    """The row in whose form this one is edited, not one of the others; itself if it
    has a form of its own. A query."""
    if site.is_registered(type(row)):
        return row
    for key in row._meta.concrete_fields:
        model = key.related_model
        if not model or not site.is_registered(model):
            continue
        inlines = site.get_model_admin(model).inlines
        is_edited = any(inline.model is type(row) for inline in inlines)
        if is_edited and (owner := getattr(row, key.name)) and owner not in others:
            return owner
    return row
