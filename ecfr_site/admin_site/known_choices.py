"""Autocomplete fields whose chosen rows were read already, with what names them.

Django's ask the database for each of them.
"""

from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple


class KnownChoicesMixin:
    """Takes the chosen options from what `instance` names, if all of them are there."""

    instance = None

    def list_known(self):
        found = getattr(self.instance, self.field.name, None)
        if self.allow_multiple_selected and found:
            return list(found.all())
        return [found] if found else []

    def optgroups(self, name, value, attr=None):
        rows = {str(row.pk): row for row in self.list_known()}
        if not value or set(value) - rows.keys():
            return super().optgroups(name, value, attr)
        options = []
        if not (self.is_required or self.allow_multiple_selected):
            options.append(self.create_option(name, "", "", False, 0))
        for pk, row in rows.items():
            if pk in value:
                label = self.choices.field.label_from_instance(row)
                options.append(
                    self.create_option(name, row.pk, label, True, len(options))
                )
        return [(None, options, 0)]


class KnownSelect(KnownChoicesMixin, AutocompleteSelect):
    pass


class KnownSelectMultiple(KnownChoicesMixin, AutocompleteSelectMultiple):
    pass


def set_known_choices(form):
    """Let the form's autocomplete fields know what its instance names."""
    if form.instance.pk:
        for field in form.fields.values():
            widget = getattr(field.widget, "widget", None)
            if isinstance(widget, KnownChoicesMixin):
                widget.instance = form.instance


class KnownChoicesAdminMixin:
    """For a ModelAdmin or inline: its `autocomplete_fields` have these widgets."""

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", KnownSelect(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", KnownSelectMultiple(db_field, self.admin_site))
        return super().formfield_for_manytomany(db_field, request, **kwargs)
