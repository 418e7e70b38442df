from django.conf import settings


def is_anonymous(request):
    """Whether nobody in particular asks: neither in a session nor by a header."""
    return (
        settings.SESSION_COOKIE_NAME not in request.COOKIES
        and "Authorization" not in request.headers
    )
