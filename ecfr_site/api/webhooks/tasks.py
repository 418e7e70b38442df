"""Deliver webhooks in the background. All truth is in rows."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import timezone
from django_tasks import task

from ecfr_site.api.webhooks import sending
from ecfr_site.api.webhooks.models import (
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
)
from ecfr_site.database.queries import remove_some
from ecfr_site.mail.emails import build_email
from ecfr_site.tasks.queue import LOW, enqueue_once

# Of one endpoint, each minute.
AT_ONCE = 20


@task(priority=LOW)
def deliver(delivery_id):
    """Send one that is due. May be lost or run twice."""
    if delivery := WebhookDelivery.objects.claim(delivery_id):
        sending.send(delivery)


@task()
def notify_switched_off(endpoint_id):
    """Tell those who may switch it on again. Lost, the desk says it still."""
    endpoint = WebhookEndpoint.objects.filter(pk=endpoint_id, active=False).first()
    if endpoint is None:
        return
    people = get_user_model().objects.with_perm(
        "ecfr_site.change_webhookendpoint",
        backend="django.contrib.auth.backends.ModelBackend",
    )
    for user in people.filter(is_staff=True).exclude(email=""):
        context = {
            "user": user,
            "endpoint": endpoint,
            "url": f"{settings.SITE_URL}{endpoint.get_admin_url()}",
        }
        build_email("admin/email/webhook_off", user.email, context, html=False).send()


def enqueue_due():
    """Have waiting messages delivered and old ones removed; return how many wait.

    One that fails is asked with one message a minute until it answers.
    """
    count = 0
    for endpoint in WebhookEndpoint.objects.active():
        due = endpoint.deliveries.due().order_by("due_at", "pk")
        most = 1 if endpoint.failing_since else AT_ONCE
        for pk in list(due.values_list("pk", flat=True)[:most]):
            count += enqueue_once(deliver, pk)
    old = timezone.now() - timedelta(days=settings.WEBHOOKS_KEPT_DAYS)
    remove_some(WebhookDelivery.objects.ended_before(old))
    remove_some(WebhookMessage.objects.filter(deliveries=None, happened_at__lt=old))
    return count
