"""Errors go to Sentry, or what speaks its protocol, if SENTRY_DSN is set.

From the server alone: readers' browsers learn nothing of it and send nothing.
"""

import sentry_sdk
from sentry_sdk.integrations.django import DjangoIntegration

from ecfr_site.monitoring.request_context import get_current
from ecfr_site.monitoring.scrubbing import scrub

# What tells of people or holds secrets is never sent, even if a setting there asks.
_KEPT_OF_REQUEST = {"method"}


def report_to(dsn, release, **options):
    """Start reporting; `options` are sentry_sdk.init's.

    Its `send_default_pii` is off unless given; giving it is deprecated.
    """
    sentry_sdk.init(
        dsn,
        release=release,
        max_request_body_size="never",
        include_local_variables=False,
        max_breadcrumbs=0,
        auto_session_tracking=False,
        trace_propagation_targets=[],
        # No other: that of RQ would send the arguments of tasks.
        auto_enabling_integrations=False,
        integrations=[DjangoIntegration(signals_spans=False)],
        before_send=remove_secrets,
        **options,
    )


def remove_secrets(event, hint):
    """The event with the request's id and view, and nothing of who asked for what."""
    request = event.pop("request", {})
    event["request"] = {k: v for k, v in request.items() if k in _KEPT_OF_REQUEST}
    event.pop("user", None)
    event.pop("extra", None)
    event.pop("breadcrumbs", None)
    if work := get_current():
        event["tags"] = {"request_id": work.request_id, work.kind: work.name}
        event["transaction"] = work.name
    for error in event.get("exception", {}).get("values", []):
        if isinstance(error.get("value"), str):
            error["value"] = scrub(error["value"])
    if "logentry" in event:
        entry = event["logentry"]
        text = entry.get("formatted") or entry.get("message") or ""
        event["logentry"] = {"message": scrub(text)}
    return event
