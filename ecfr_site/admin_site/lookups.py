"""Lookups that the address of a changelist may use."""

from django.core.exceptions import FieldDoesNotExist
from django.db.models import JSONField


class OwnLookupsMixin:
    """For lists of what hangs together with work that the desk does not show to all.

    Django lets an address ask a list for what points to its rows, as in
    `?led_articles=47`: that would tell of the article. What the rows themselves hold,
    and the filters that the list offers, stay.
    """

    def lookup_allowed(self, lookup, value, request):
        try:
            field = self.opts.get_field(lookup.partition("__")[0])
        except FieldDoesNotExist:
            field = None
        if isinstance(field, JSONField) and "__" in lookup:
            # SQLite cannot answer all of them, and none says anything to editors.
            return False
        points_here = field is not None and field.auto_created and not field.concrete
        offered = lookup.partition("__")[0] in self._offered(request)
        return (offered or not points_here) and super().lookup_allowed(
            lookup, value, request
        )

    def _offered(self, request):
        filters = self.get_list_filter(request)
        return {name.partition("__")[0] for name in filters if isinstance(name, str)}
