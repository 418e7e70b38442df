"""The models of the rooms, under the app label they all have."""

from ecfr_site.accounts.models import Passkey
from ecfr_site.api.webhooks.models import (
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
)
from ecfr_site.audit.models import AuditEntry
from ecfr_site.caching.models import ContentTag, ContentVersion
from ecfr_site.institution.models import Institution
from ecfr_site.mail.models import MailHold
from ecfr_site.redirects.missing import MissingAddress
from ecfr_site.statistics.models import PageCount, ReadLog, ReferrerCount

__all__ = [
    "AuditEntry",
    "ContentTag",
    "ContentVersion",
    "Institution",
    "MailHold",
    "MissingAddress",
    "PageCount",
    "Passkey",
    "ReadLog",
    "ReferrerCount",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookMessage",
]
