"""The desk's list of articles."""

from django import template
from django.contrib.admin.templatetags.admin_list import date_hierarchy
from django.utils import timezone

register = template.Library()

_FIELD = "published_at"


@register.inclusion_tag("admin/date_hierarchy.html")
def list_dates(changelist):
    """Years to narrow the list to, then Django's months and days of one year.

    Two queries for the first and the last: Django reads the times of all rows.
    """
    years = _find_years(changelist)
    if years is None:
        return date_hierarchy(changelist)
    choices = [
        {
            "link": changelist.get_query_string({f"{_FIELD}__year": year}),
            "title": str(year),
        }
        for year in years
    ]
    return {"show": True, "choices": choices}


def _find_years(changelist):
    """The years from the first to the last article; None where one is left."""
    if any(name.startswith(f"{_FIELD}__") for name in changelist.params):
        return None
    dated = changelist.queryset.exclude(**{_FIELD: None})
    times = [
        dated.order_by(order).values_list(_FIELD, flat=True).first()
        for order in (_FIELD, f"-{_FIELD}")
    ]
    if None in times:
        return None
    first, last = (timezone.localtime(time).year for time in times)
    return range(first, last + 1) if first < last else None
