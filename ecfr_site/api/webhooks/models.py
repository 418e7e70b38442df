"""Endpoints, messages, and deliveries of one to the other."""

import contextlib
import uuid
from base64 import b64encode
from datetime import datetime, timedelta
from secrets import token_bytes
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

# How long after each failure it is tried again; after the last it is given up.
BACKOFF = [
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=24),
]
# So long both secrets sign after the change to another.
BOTH_SIGN = timedelta(hours=24)
# An endpoint that answered nothing well for so long is switched off.
GIVEN_UP_AFTER = timedelta(days=3)
# A worker that took one and was killed is not waited for any longer.
LEASE = timedelta(minutes=2)
SWITCHED_OFF = "The webhook was switched off."


def make_secret() -> str:
    """As the specification has it: 24 to 64 random bytes (standardwebhooks.com)."""
    return f"whsec_{b64encode(token_bytes(32)).decode()}"


def check_address(url: str) -> None:
    """Refuse what goes over the network in the clear, and a password in it."""
    with contextlib.suppress(ValueError):
        if "@" in urlsplit(url).netloc:
            # It would stand on the desk, and messages are signed.
            raise ValidationError("Leave out the name and password.")
    if not url.lower().startswith("https://") and not settings.LINKS_MAY_BE_PRIVATE:
        raise ValidationError("Enter an address that begins with “https://”.")


class WebhookEndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    def active(self) -> "WebhookEndpointQuerySet":
        return self.filter(active=True)


class WebhookEndpoint(models.Model):
    """An address of another program that is told of events."""

    url = models.URLField(
        "address", max_length=500, unique=True, validators=[check_address]
    )
    description = models.CharField(
        max_length=150, blank=True, help_text="Who receives it, and why."
    )
    events = models.JSONField(default=list)
    active = models.BooleanField(
        default=True,
        help_text="What happens while it is off is not sent later.",
    )
    secret = models.CharField(max_length=100, default=make_secret, editable=False)
    former_secret = models.CharField(max_length=100, blank=True, editable=False)
    former_until = models.DateTimeField(null=True, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    switched_off_at = models.DateTimeField(null=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)

    readers_see = None

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        verbose_name = "webhook"
        ordering = ["url"]

    def __str__(self) -> str:
        return self.description or self.url

    def get_admin_url(self) -> str:
        return reverse("admin:ecfr_site_webhookendpoint_change", args=[self.pk])

    def wants(self, event: str) -> bool:
        return event in self.events

    @property
    def secrets(self) -> list[str]:
        """Those that sign now, the newest first."""
        former = self.former_until and self.former_until > timezone.now()
        return [self.secret, *([self.former_secret] if former else [])]

    def rotate_secret(self) -> str:
        """Give it a new secret; the one before signs too for `BOTH_SIGN`."""
        self.former_secret, self.secret = self.secret, make_secret()
        self.former_until = timezone.now() + BOTH_SIGN
        self.save(update_fields=["secret", "former_secret", "former_until"])
        return self.secret

    def record_success(self) -> None:
        type(self).objects.filter(pk=self.pk).exclude(failing_since=None).update(
            failing_since=None
        )

    def record_failure(self) -> None:
        mine = type(self).objects.filter(pk=self.pk)
        mine.filter(failing_since=None).update(failing_since=timezone.now())
        # None if it was deleted meanwhile.
        self.failing_since = mine.values_list("failing_since", flat=True).first()

    @property
    def is_beyond_hope(self) -> bool:
        since = self.failing_since
        return since is not None and since < timezone.now() - GIVEN_UP_AFTER

    @transaction.atomic
    def switch_off(self) -> bool:
        """Stop telling it anything; return whether it was this call that did."""
        mine = type(self).objects.active().filter(pk=self.pk)
        if not mine.update(active=False, switched_off_at=timezone.now()):
            return False
        self.deliveries.waiting().give_up(SWITCHED_OFF)
        return True


def make_message_id() -> str:
    return f"msg_{uuid.uuid4().hex}"


class WebhookMessage(models.Model):
    """Something that happened, by the number of what it happened to."""

    # The specification's webhook-id: the same however often it is sent.
    id = models.CharField(
        primary_key=True, max_length=40, default=make_message_id, editable=False
    )
    event = models.CharField(max_length=50)
    subject = models.BigIntegerField()
    # Where it was at that time, for what is gone since.
    url = models.CharField(max_length=500, blank=True)
    happened_at = models.DateTimeField(default=timezone.now)

    readers_see = None

    def __str__(self) -> str:
        return f"{self.event} {self.subject}"


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def waiting(self) -> "WebhookDeliveryQuerySet":
        return self.filter(state=WebhookDelivery.State.WAITING)

    def due(self) -> "WebhookDeliveryQuerySet":
        return self.waiting().filter(due_at__lte=timezone.now(), endpoint__active=True)

    def give_up(self, why: str) -> int:
        return self.update(state=WebhookDelivery.State.FAILED, response=why)

    def ended_before(self, moment: datetime) -> "WebhookDeliveryQuerySet":
        return self.exclude(state=WebhookDelivery.State.WAITING).filter(
            created__lt=moment
        )

    def claim(self, pk: int) -> "WebhookDelivery | None":
        """Take one that is due; None if another worker was faster."""
        mine = self.due().filter(pk=pk)
        if not mine.update(due_at=timezone.now() + LEASE, attempts=F("attempts") + 1):
            return None
        return self.select_related("message", "endpoint").get(pk=pk)


class WebhookDelivery(models.Model):
    """A message to an endpoint: whether it is there, and what was answered last."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        DELIVERED = "delivered", "delivered"
        FAILED = "failed", "failed"
        OBSOLETE = "obsolete", "obsolete"

    message = models.ForeignKey(
        WebhookMessage, models.CASCADE, related_name="deliveries"
    )
    endpoint = models.ForeignKey(
        WebhookEndpoint,
        models.CASCADE,
        related_name="deliveries",
        verbose_name="webhook",
    )
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField("next attempt", default=timezone.now)
    tried_at = models.DateTimeField("last attempt", null=True)
    status = models.PositiveSmallIntegerField("HTTP status", null=True)
    response = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)

    readers_see = None

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "webhook deliveries"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["message", "endpoint"], name="unique_webhook_delivery"
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(state="waiting"),
                name="webhook_delivery_due",
            ),
            models.Index(fields=["created"], name="webhook_delivery_created"),
        ]

    def __str__(self) -> str:
        return f"{self.message.event} to {self.endpoint}"

    def enqueue(self) -> None:
        # Imported here: tasks need the models.
        from ecfr_site.api.webhooks.tasks import deliver

        deliver.enqueue(self.pk)

    def send_again(self) -> None:
        """From the first attempt on, with the same id, by which receivers know it."""
        self.state, self.attempts = self.State.WAITING, 0
        self.due_at = timezone.now()
        self.save(update_fields=["state", "attempts", "due_at"])
        transaction.on_commit(self.enqueue, robust=True)

    def record(self, state: str, status: int | None = None, response: str = "") -> None:
        """Nothing if the webhook was deleted while it was sent."""
        self.state, self.status, self.response = state, status, response
        self.tried_at = timezone.now()
        names = ("state", "status", "response", "tried_at", "due_at")
        values = {name: getattr(self, name) for name in names}
        type(self).objects.filter(pk=self.pk).update(**values)

    def record_failure(self, status: int | None, response: str) -> None:
        """Try again later, unless that was the last time."""
        if self.attempts > len(BACKOFF):
            self.record(self.State.FAILED, status, response)
            return
        self.due_at = timezone.now() + BACKOFF[self.attempts - 1]
        self.record(self.State.WAITING, status, response)
        # Switched off while it was sent.
        mine = type(self).objects.waiting().filter(pk=self.pk, endpoint__active=False)
        mine.give_up(SWITCHED_OFF)
