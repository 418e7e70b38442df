from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.http.request import split_domain_port, validate_host


@register(Tags.security)
def site_answers_at_its_own_address(app_configs, **kwargs):
    """Otherwise links to our own pages would all look sound, and lead to an error."""
    host, _ = split_domain_port(urlsplit(settings.SITE_URL).netloc)
    allowed = settings.ALLOWED_HOSTS
    if settings.DEBUG and not allowed:
        # As HttpRequest.get_host has it.
        allowed = [".localhost", "127.0.0.1", "[::1]"]
    if not host or not validate_host(host, allowed):
        yield Error(
            f"The site does not answer at its own address, SITE_URL "
            f"({settings.SITE_URL}): its host is not in ALLOWED_HOSTS.",
            hint="Set SITE_URL to the address that readers use, and put its host into "
            "ALLOWED_HOSTS.",
            id="ecfr_site.E001",
        )
