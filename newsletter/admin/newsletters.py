from django.conf import settings
from django.contrib import admin
from django.db.models import OuterRef, Subquery
from django.forms.models import model_to_dict
from django.urls import reverse
from django.utils.html import format_html

from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from ecfr_site.redirects.slugs import SlugAdminMixin
from newsletter.admin.press_lists import PressListMixin
from newsletter.composing import embedding
from newsletter.models import Newsletter, Wording


@admin.register(Newsletter)
class NewsletterAdmin(
    PressListMixin, SlugAdminMixin, FormRecoveryMixin, admin.ModelAdmin
):
    """Never deleted: subscribers were promised this one."""

    list_display = ["name", "language_of_pages", "cadence", "is_press_list", "active"]
    list_filter = ["active", "is_press_list", "language"]
    search_fields = ["name", "description"]
    autocomplete_fields = ["programmes"]
    readonly_fields = ["language_of_pages", "consent_text", "form_to_copy"]
    prepopulated_fields = {"slug": ["name"]}
    fieldsets = [
        (
            "For readers",
            {
                "fields": [
                    "name",
                    "description",
                    "language",
                    "language_of_pages",
                    "consent_text",
                    "cadence",
                ]
            },
        ),
        ("Editions", {"fields": ["grouping"]}),
        (
            "Sender",
            {"fields": ["sender_name", "sender_email", "reply_to"]},
        ),
        (
            "Test group",
            {
                "fields": ["canary", "canary_minutes", "canary_limit"],
                "description": "For large lists: a bad address list or a blocked "
                "sender shows before everybody is mailed.",
            },
        ),
        ("Press list", {"fields": ["is_press_list", "public_archive"]}),
        ("Place on the site", {"fields": ["slug", "active", "programmes", "order"]}),
    ]

    def get_fieldsets(self, request, obj=None):
        if obj is None or not obj.active or obj.is_press_list:
            return self.fieldsets
        fields = {"fields": ["form_to_copy"]}
        return [*self.fieldsets, ("Sign-up on other sites", fields)]

    @admin.display(description="form to copy")
    def form_to_copy(self, newsletter):
        """HTML for a page of another site."""
        code = embedding.render_form(newsletter)
        if not code:
            return "Add a wording first: there is none yet."
        return format_html(
            '<textarea class="code" rows="14" cols="80" readonly '
            'aria-label="Form to copy">{}</textarea>'
            '<div class="help">The form needs no script. People who send it confirm '
            "once on this site and once by e-mail. Copy it again whenever the wording "
            "changes.</div>",
            code,
        )

    def get_prepopulated_fields(self, request, obj=None):
        # An address that readers know does not follow a change of the name.
        return {} if obj else self.prepopulated_fields

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.display(description="language of pages", ordering="language")
    def language_of_pages(self, newsletter):
        """The language that readers see, and what is missing for another."""
        name = newsletter.get_language_display()
        return f"{name}. {newsletter.untranslated}".removesuffix(". ")

    @admin.display(description="consent text")
    def consent_text(self, newsletter):
        """The version that readers of this newsletter agree to."""
        told = newsletter.without_wording
        wording = Wording.objects.current(newsletter.language)
        link = format_html(
            '<a href="{}">{}</a>',
            reverse("admin:newsletter_wording_changelist"),
            wording or "None",
        )
        return format_html("{}. {}", link, told) if told else link


@admin.register(Wording)
class WordingAdmin(FormRecoveryMixin, admin.ModelAdmin):
    """A change is a new version; those that people agreed to stay readable."""

    list_display = ["__str__", "in_force", "promise", "created", "created_by"]
    list_filter = ["language"]
    fields = ["language", "invitation", "promise", "analytics", "alerts"]

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
