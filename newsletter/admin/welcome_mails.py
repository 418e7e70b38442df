from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import Script
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.html import format_html

from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from ecfr_site.richtext.admin import LossesMixin
from ecfr_site.richtext.fields import RichTextWidget
from newsletter.admin.edition_acts import ACT, SEND, TESTED, send_tests
from newsletter.admin.preview import render_message
from newsletter.composing import messages
from newsletter.models import Delivery, Edition, WelcomeMail


class WelcomeMailForm(forms.ModelForm):
    class Meta:
        model = WelcomeMail
        fields = [
            "newsletter",
            "language",
            "subject",
            "preheader",
            "body",
            "with_latest_edition",
            "active",
        ]
        widgets = {"body": RichTextWidget(height=220)}


@admin.register(WelcomeMail)
class WelcomeMailAdmin(LossesMixin, FormRecoveryMixin, admin.ModelAdmin):
    """Only who may send editions turns one on, or changes one that is on."""

    form = WelcomeMailForm
    change_form_template = "admin/newsletter/welcomemail/change_form.html"
    list_display = ["newsletter", "language", "subject", "active", "figures"]
    list_display_links = ["newsletter", "subject"]
    list_select_related = ["newsletter"]
    fieldsets = [
        ("For whom", {"fields": ["newsletter", "language"]}),
        (
            "Write",
            {"fields": ["subject", "preheader", "body", "with_latest_edition"]},
        ),
        ("Send", {"fields": ["active"]}),
    ]

    class Media:
        js = [
            Script("ecfr_site/admin/form.js", defer=True),
            Script("ecfr_site/admin/edition.js", defer=True),
        ]

    def has_change_permission(self, request, obj=None):
        allowed = super().has_change_permission(request, obj)
        is_sent = obj is not None and obj.active
        return allowed and (not is_sent or request.user.has_perm(SEND))

    def has_delete_permission(self, request, obj=None):
        allowed = super().has_delete_permission(request, obj)
        is_sent = obj is not None and obj.active
        return allowed and (not is_sent or request.user.has_perm(SEND))

    def get_readonly_fields(self, request, obj=None):
        """A text stays that of its newsletter and language."""
        fixed = ["newsletter", "language"] if obj else []
        return fixed if request.user.has_perm(SEND) else [*fixed, "active"]

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.display(description="sent", empty_value="–")
    def figures(self, mail):
        """Of the newsletter, in all languages; two queries a row, and there are few."""
        edition = Edition.objects.filter(
            newsletter=mail.newsletter_id, is_welcome=True
        ).first()
        if edition is None:
            return None
        ledger = edition.ledger()
        said = f"{ledger[Delivery.State.SENT]:,}"
        if ledger["uncertain"]:
            said += f", {ledger['uncertain']:,} uncertain"
        if edition.held_because:
            said += ", on hold"
        address = reverse("admin:newsletter_edition_change", args=[edition.pk])
        return format_html('<a href="{}">{}</a>', address, said)

    def save_model(self, request, mail, form, change):
        super().save_model(request, mail, form, change)
        if mail.active:
            # Its page at the desk, before there is anybody to welcome.
            Edition.objects.welcome_to(mail.newsletter)

    def response_change(self, request, mail):
        if request.POST.get(ACT) != "test":
            return super().response_change(request, mail)
        try:
            send_tests(self, request, mail.as_edition(), logged=mail)
        except ValidationError as refusal:
            self.message_user(request, " ".join(refusal.messages), "error")
        return redirect(reverse("admin:newsletter_welcomemail_change", args=[mail.pk]))

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj:
            context |= {
                "sender": messages.get_sender(obj.newsletter),
                "may": {"test": True},
                "test_addresses": request.session.get(TESTED, request.user.email),
                "edition": Edition.objects.filter(
                    newsletter=obj.newsletter, is_welcome=True
                ).first(),
            }
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def get_urls(self):
        view = self.admin_site.admin_view(self.preview_view)
        return [
            path("<int:pk>/preview/", view, name="newsletter_welcomemail_preview")
        ] + super().get_urls()

    def preview_view(self, request, pk):
        """The message as it was saved: `?part=text`, `?scheme=light` or `dark`."""
        mail = get_object_or_404(
            WelcomeMail.objects.select_related("newsletter"), pk=pk
        )
        if not self.has_view_permission(request, mail):
            raise PermissionDenied
        edition = mail.as_edition()
        return render_message(request, edition, list(edition.pieces()))
