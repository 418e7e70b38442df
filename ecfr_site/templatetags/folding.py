from django import template
from django.contrib.admin.utils import flatten
from django.core.exceptions import FieldDoesNotExist
from django.forms import MultiValueField

register = template.Library()


@register.filter
def must_be_seen(fieldset):
    """True for a section with an error, a value that is no default, or one missing."""
    form = fieldset.form
    return any(
        name in form.errors or _is_missing(form, name) or _is_filled(form, name)
        for name in _names(fieldset)
    )


def _names(fieldset):
    return flatten([list(f) if isinstance(f, tuple) else f for f in fieldset.fields])


def _is_missing(form, name):
    field = form.fields.get(name)
    return field and field.required and form[name].value() in field.empty_values


def _is_filled(form, name):
    try:
        column = form.instance._meta.get_field(name)
    except FieldDoesNotExist:
        # Made of something else, which only its method knows.
        return True
    default = column.get_default() if column.has_default() else None
    if name in form.fields:
        field, value = form.fields[name], form[name].value()
        if isinstance(field, MultiValueField) and not isinstance(value, list | tuple):
            # As stored: only what was posted is in parts.
            return value != default
        return field.has_changed(default, value)
    return getattr(form.instance, column.attname) not in (default, None, "")
