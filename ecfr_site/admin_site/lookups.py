"""Lookups that the address of a changelist may use."""

from django.core.exceptions import FieldDoesNotExist
from django.db.models import JSONField


class OwnLookupsMixin:
    """For lists of what hangs together with work that the desk does not show to all.

    Django lets an address ask a list for any field and for what points to its rows, as
    in `?assigned_to=3` or `?led_articles=47`: that would tell of plans and drafts. What
    readers see of the rows, and the filters that the list offers, stay.
    """

    def lookup_allowed(self, lookup, value, request):
        if lookup in self._own_parameters(request):
            return True
        name = lookup.partition("__")[0]
        seen = name in self._offered_fields(request) or self._is_seen(name, lookup)
        return seen and super().lookup_allowed(lookup, value, request)

    def _is_seen(self, name, lookup):
        try:
            field = self.opts.get_field(name)
        except FieldDoesNotExist:
            return True
        if isinstance(field, JSONField) and "__" in lookup:
            # SQLite cannot answer all of them, and none says anything to editors.
            return False
        points_here = field.auto_created and not field.concrete
        return not points_here and name not in self.model.readers_see.unseen

    def _own_parameters(self, request):
        """Parameters of the filters that are classes: they choose what they show."""
        return {
            chosen.parameter_name
            for chosen in self.get_list_filter(request)
            if hasattr(chosen, "parameter_name")
        }

    def _offered_fields(self, request):
        for chosen in self.get_list_filter(request):
            name = chosen[0] if isinstance(chosen, tuple) else chosen
            if isinstance(name, str):
                yield name.partition("__")[0]
