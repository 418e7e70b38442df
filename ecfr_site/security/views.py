"""The contact for reports of a weakness (RFC 9116)."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

# Where no date is set: not longer than a year, and the same all day long.
GOOD_FOR = timedelta(days=180)


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """404 where the operator names no contact."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    lines = [
        *(f"Contact: {contact}" for contact in settings.SECURITY_CONTACT),
        f"Expires: {_get_expiry():%Y-%m-%dT%H:%M:%SZ}",
        f"Canonical: {settings.SITE_URL}/.well-known/security.txt",
        *(f"{name}: {value}" for name, value in settings.SECURITY_FIELDS if value),
    ]
    return HttpResponse(
        "\n".join(lines) + "\n", content_type="text/plain; charset=utf-8"
    )


def _get_expiry() -> datetime:
    if settings.SECURITY_EXPIRES:
        expires: datetime = settings.SECURITY_EXPIRES
        return expires
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0)
    return today + GOOD_FOR
