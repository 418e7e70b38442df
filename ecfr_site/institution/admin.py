from django.contrib import admin
from django.http import HttpResponseRedirect
from django.urls import reverse

from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from ecfr_site.institution.form import InstitutionForm
from ecfr_site.institution.models import Institution


@admin.register(Institution)
class InstitutionAdmin(FormRecoveryMixin, admin.ModelAdmin):
    """One row: its list is its form."""

    form = InstitutionForm
    change_form_template = "admin/ecfr_site/institution/change_form.html"
    fieldsets = [
        (
            "Institution",
            {
                "fields": [
                    "name",
                    "short_name",
                    "strapline",
                    "disclaimer",
                    "email",
                    "postal_address",
                ]
            },
        ),
        ("The desk", {"fields": ["four_eyes", "embargoed_words"]}),
    ]

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def changelist_view(self, request, extra_context=None):
        Institution.objects.get_or_create(pk=1)
        return HttpResponseRedirect(
            reverse("admin:ecfr_site_institution_change", args=[1])
        )
