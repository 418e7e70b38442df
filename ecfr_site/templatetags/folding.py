from django import template
from django.contrib.admin.utils import flatten
from django.core.exceptions import FieldDoesNotExist

register = template.Library()


@register.filter
def holds_something(fieldset):
    """True for a section of a form with an error or a value that is no default."""
    form, names = fieldset.form, _names(fieldset)
    return any(name in form.errors or _is_filled(form, name) for name in names)


def _names(fieldset):
    return flatten([list(f) if isinstance(f, tuple) else f for f in fieldset.fields])


def _is_filled(form, name):
    try:
        column = form.instance._meta.get_field(name)
    except FieldDoesNotExist:
        # Made of something else, which only its method knows.
        return True
    default = column.get_default() if column.has_default() else None
    if name in form.fields:
        return form.fields[name].has_changed(default, form[name].value())
    return getattr(form.instance, column.attname) not in (default, None, "")
