"""Webhooks at the desk: who is told of what, and a log of what was answered."""

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminURLFieldWidget
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from ecfr_site.api.webhooks.events import begin_watching, list_events, send_test
from ecfr_site.api.webhooks.models import (
    BOTH_SIGN,
    SWITCHED_OFF,
    WebhookDelivery,
    WebhookEndpoint,
)
from ecfr_site.audit import log
from ecfr_site.database.queries import ShortPaginator


class EndpointForm(forms.ModelForm):
    url = forms.URLField(
        label="Address",
        max_length=500,
        assume_scheme="https",
        widget=AdminURLFieldWidget,
    )
    events = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, help_text="The events that it receives."
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "events" in self.fields:
            self.fields["events"].choices = [
                (event.name, f"{event.label} ({event.name})")
                for event in sorted(list_events().values(), key=lambda e: e.name)
            ]


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(FormRecoveryMixin, admin.ModelAdmin):
    form = EndpointForm
    fields = ["url", "description", "events", "active", "standing"]
    readonly_fields = ["standing"]
    list_display = ["__str__", "url", "active", "standing"]
    change_form_template = "admin/ecfr_site/webhookendpoint/change_form.html"

    @admin.display(description="state")
    def standing(self, endpoint):
        if endpoint.pk is None:
            return "You will see the secret once you have added the webhook."
        if endpoint.active and endpoint.failing_since:
            since = timezone.localtime(endpoint.failing_since)
            return f"Failing since {since:%-d %B %Y, %H:%M}"
        if endpoint.active:
            return "Works"
        if endpoint.switched_off_at:
            at = timezone.localtime(endpoint.switched_off_at)
            return f"Switched off on {at:%-d %B %Y} because it did not answer"
        return "Off"

    def get_urls(self):
        return [
            path(
                "<int:pk>/secret/",
                self.admin_site.admin_view(self.rotate_secret),
                name="webhook_secret",
            ),
            path(
                "<int:pk>/test/",
                self.admin_site.admin_view(require_POST(self.test)),
                name="webhook_test",
            ),
            *super().get_urls(),
        ]

    def save_model(self, request, endpoint, form, change):
        if endpoint.active:
            # What is published by now is no news to it.
            begin_watching()
            if "active" in form.changed_data:
                endpoint.failing_since = endpoint.switched_off_at = None
        super().save_model(request, endpoint, form, change)
        if not endpoint.active:
            endpoint.deliveries.waiting().give_up(SWITCHED_OFF)

    def response_add(self, request, endpoint, post_url_continue=None):
        return self.show_secret(request, endpoint, "Webhook added")

    def rotate_secret(self, request, pk):
        """Ask, and give it another secret on POST, which is then shown once."""
        endpoint = get_object_or_404(WebhookEndpoint, pk=pk)
        if not self.has_change_permission(request, endpoint):
            raise PermissionDenied
        if request.method == "POST":
            endpoint.rotate_secret()
            log.record("change", object=endpoint, detail="New secret.")
            return self.show_secret(request, endpoint, "New secret")
        context = self._build_context(request, endpoint, "Make a new secret")
        return TemplateResponse(
            request, "admin/ecfr_site/webhookendpoint/rotate.html", context
        )

    def test(self, request, pk):
        """Send a test message, and show its delivery."""
        endpoint = get_object_or_404(WebhookEndpoint, pk=pk)
        if not self.has_change_permission(request, endpoint):
            raise PermissionDenied
        if not endpoint.active:
            self.message_user(
                request,
                "The webhook is switched off. Switch it on and save it first.",
                "error",
            )
            return redirect(endpoint.get_admin_url())
        delivery = send_test(endpoint)
        self.message_user(
            request,
            "The test message has been queued. Reload this page to see the answer.",
            "success",
        )
        return redirect("admin:ecfr_site_webhookdelivery_change", delivery.pk)

    def show_secret(self, request, endpoint, title):
        context = self._build_context(request, endpoint, title)
        context["secret"] = endpoint.secret
        # No page of the desk is stored by a browser.
        return TemplateResponse(
            request, "admin/ecfr_site/webhookendpoint/secret.html", context
        )

    def _build_context(self, request, endpoint, title):
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "endpoint": endpoint,
            "hours": int(BOTH_SIGN.total_seconds() // 3600),
        }


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(admin.ModelAdmin):
    """The log. Nothing in it can be changed; a message can be sent again."""

    list_display = ["event", "about", "endpoint", "state", "status", "tried_at"]
    list_filter = ["state", "endpoint", "message__event"]
    list_select_related = ["message", "endpoint"]
    fields = ["event", "about", "endpoint", "state", "attempts", "status", "tried_at"]
    fields += ["due", "response", "message_id"]
    paginator = ShortPaginator
    show_full_result_count = False
    change_form_template = "admin/ecfr_site/webhookdelivery/change_form.html"

    @admin.display(ordering="message__event")
    def event(self, delivery):
        return delivery.message.event

    @admin.display
    def about(self, delivery):
        message = delivery.message
        return (
            message.url.removeprefix(settings.SITE_URL) or f"Number {message.subject}"
        )

    @admin.display(description="next attempt", ordering="due_at")
    def due(self, delivery):
        waits = delivery.state == delivery.State.WAITING and delivery.endpoint.active
        return timezone.localtime(delivery.due_at) if waits else "-"

    @admin.display(description="webhook-id")
    def message_id(self, delivery):
        return delivery.message_id

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, delivery=None):
        return False

    def has_delete_permission(self, request, delivery=None):
        # It goes when its endpoint is deleted, and is never chosen itself.
        return request.user.has_perm("ecfr_site.delete_webhookendpoint") and (
            request.resolver_match.url_name.startswith("ecfr_site_webhookendpoint")
        )

    def get_urls(self):
        return [
            path(
                "<int:pk>/again/",
                self.admin_site.admin_view(require_POST(self.send_again)),
                name="webhook_again",
            ),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        context = {"may_send": may_send(request.user), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def send_again(self, request, pk):
        if not may_send(request.user):
            raise PermissionDenied
        deliveries = WebhookDelivery.objects.select_related("endpoint", "message")
        delivery = get_object_or_404(deliveries, pk=pk)
        if delivery.endpoint.active:
            delivery.send_again()
            log.record("change", object=delivery.endpoint, detail="Sent again.")
            messages.success(request, "The message has been queued again.")
        else:
            messages.warning(
                request,
                "Nothing was sent, because the webhook is switched off. Switch it on "
                "first.",
            )
        return redirect(
            reverse("admin:ecfr_site_webhookdelivery_change", args=[delivery.pk])
        )


def may_send(user):
    return user.has_perm("ecfr_site.change_webhookendpoint")
