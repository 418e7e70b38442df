from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse


class SingletonAdminMixin:
    """For the ModelAdmin of a SingletonModel: its list is its form."""

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def changelist_view(self, request, extra_context=None):
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        row, _ = self.model.objects.get_or_create(pk=1)
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return redirect(reverse(name, args=[row.pk]))
