from django.conf import settings
from django.http import HttpRequest


def is_anonymous(request: HttpRequest) -> bool:
    """Return whether neither a session nor a header names somebody."""
    return (
        settings.SESSION_COOKIE_NAME not in request.COOKIES
        and "Authorization" not in request.headers
    )
