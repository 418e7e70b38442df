from django.conf import settings
from django.contrib import admin
from django.db.models import OuterRef, Subquery
from django.forms.models import model_to_dict

from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from ecfr_site.redirects.slugs import SlugAdminMixin
from newsletter.models import Newsletter, Wording


@admin.register(Newsletter)
class NewsletterAdmin(SlugAdminMixin, FormRecoveryMixin, admin.ModelAdmin):
    """Never deleted: subscribers were promised this one."""

    list_display = ["name", "language", "cadence", "active"]
    list_filter = ["active", "language"]
    search_fields = ["name", "description"]
    prepopulated_fields = {"slug": ["name"]}
    fieldsets = [
        (
            "For readers",
            {"fields": ["name", "description", "language", "cadence"]},
        ),
        ("Editions", {"fields": ["grouping"]}),
        (
            "Sender",
            {"fields": ["sender_name", "sender_email", "reply_to"]},
        ),
        (
            "Trying an edition on a few first",
            {
                "fields": ["canary", "canary_minutes", "canary_limit"],
                "description": "For large lists: a bad address list or a blocked "
                "sender shows before everybody is mailed.",
            },
        ),
        ("Place on the site", {"fields": ["slug", "active", "order"]}),
    ]

    def get_prepopulated_fields(self, request, obj=None):
        # An address that readers know does not follow a change of the name.
        return {} if obj else self.prepopulated_fields

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Wording)
class WordingAdmin(FormRecoveryMixin, admin.ModelAdmin):
    """A change is a new version; those that people agreed to stay readable."""

    list_display = ["__str__", "in_force", "promise", "created", "created_by"]
    list_filter = ["language"]
    fields = ["language", "invitation", "promise", "analytics"]

    def get_queryset(self, request):
        same = Wording.objects.filter(language=OuterRef("language"))
        newest = Subquery(same.order_by("-pk").values("pk")[:1])
        return super().get_queryset(request).annotate(newest=newest)

    @admin.display(boolean=True)
    def in_force(self, wording):
        return wording.pk == wording.newest

    def get_fields(self, request, obj=None):
        return [*self.fields, "created", "created_by"] if obj else self.fields

    def get_changeform_initial_data(self, request):
        """Begin with what is in force, so that only the change is written."""
        language = request.GET.get("language", settings.LANGUAGES[0][0])
        current = Wording.objects.current(language)
        written = model_to_dict(current, self.fields) if current else {}
        return {
            **written,
            "language": language,
            **super().get_changeform_initial_data(request),
        }

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, wording, form, change):
        wording.created_by = request.user.get_username()
        super().save_model(request, wording, form, change)
