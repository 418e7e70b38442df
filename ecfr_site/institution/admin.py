from django.contrib import admin

from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from ecfr_site.admin_site.singleton import SingletonAdminMixin
from ecfr_site.institution.models import Institution


@admin.register(Institution)
class InstitutionAdmin(SingletonAdminMixin, FormRecoveryMixin, admin.ModelAdmin):
    fields = [
        "name",
        "short_name",
        "strapline",
        "disclaimer",
        "email",
        "postal_address",
        "place",
        "ror",
        "citation_style",
        "offers_alerts",
        "full_text_feeds",
        "shows_versions",
    ]
