"""Send messages by the Standard Webhooks specification (standardwebhooks.com)."""

import json
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPException

from django.conf import settings
from django.utils.timezone import localtime
from standardwebhooks import Webhook

from ecfr_site.api.webhooks.events import find_event
from ecfr_site.api.webhooks.models import (
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
)
from ecfr_site.richtext.plain_text import clean_text
from ecfr_site.security import outbound

SECONDS = 10
# Of an answer, for the log on the desk.
MOST_BYTES = 2000


def send(delivery: WebhookDelivery) -> None:
    """Send one that was claimed, and record what came of it."""
    body = build_body(delivery.message)
    if body is None:
        delivery.record(delivery.State.OBSOLETE)
        return
    endpoint = delivery.endpoint
    headers = sign(delivery.message.pk, body, endpoint.secrets)
    status, text = None, ""
    try:
        answer = outbound.post(
            endpoint.url, body.encode(), headers, SECONDS, MOST_BYTES
        )
        status, text = answer.status, clean_text(answer.text)
    except outbound.NotPublic:
        text = "Not sent: the address is in a private network."
    except (OSError, HTTPException, ValueError) as error:
        text = f"Not sent: {type(error).__name__}. {clean_text(str(error))}"[
            :MOST_BYTES
        ]
    if status is not None and 200 <= status < 300:
        delivery.record(delivery.State.DELIVERED, status, text)
        endpoint.record_success()
        return
    delivery.record_failure(status, text)
    endpoint.record_failure()
    # Gone is how a receiver says that it wants no more.
    if status == HTTPStatus.GONE or endpoint.is_beyond_hope:
        _give_up(endpoint)


def build_body(message: WebhookMessage) -> str | None:
    """The JSON as of now; None where there is nothing to tell any more.

    Made at each attempt: nobody gets a text that was withdrawn meanwhile.
    """
    event = find_event(message.event)
    data = event and event.build(message.subject, message.url)
    if data is None:
        return None
    happened_at = localtime(message.happened_at).isoformat(timespec="seconds")
    return json.dumps({"type": message.event, "timestamp": happened_at, "data": data})


def sign(message_id: str, body: str, secrets: list[str]) -> dict[str, str]:
    """The headers of the request, with a signature by each secret."""
    now = datetime.now(UTC)
    return {
        "Content-Type": "application/json",
        "User-Agent": f"ecfr_site webhooks (+{settings.SITE_URL})",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret).sign(message_id, now, body) for secret in secrets
        ),
    }


def _give_up(endpoint: WebhookEndpoint) -> None:
    # Imported here: tasks send.
    from ecfr_site.api.webhooks.tasks import notify_switched_off

    if endpoint.switch_off():
        notify_switched_off.enqueue(endpoint.pk)
