"""Access to monitoring: operators' machines."""

from django.conf import settings
from django.utils.crypto import constant_time_compare

from ecfr_site.security.client_ip import comes_from


def is_operator(request):
    """By WATCH_ADDRESSES, or with the token as `Authorization: Bearer …`."""
    return _has_token(request) or comes_from(request, settings.WATCH_ADDRESSES)


def _has_token(request):
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return (
        bool(settings.WATCH_TOKEN)
        and scheme.lower() == "bearer"
        and constant_time_compare(token.strip(), settings.WATCH_TOKEN)
    )
