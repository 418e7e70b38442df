import pytest

from ecfr_site.api.webhooks.events import list_events
from ecfr_site.api.webhooks.models import WebhookEndpoint
from tests.api.receiver import receiver

__all__ = ["receiver"]


@pytest.fixture
def endpoint(db, receiver):
    """The receiver, told of everything."""
    return WebhookEndpoint.objects.create(url=receiver.url, events=list(list_events()))
