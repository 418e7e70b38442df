from django.conf import settings
from django.utils.functional import SimpleLazyObject

from ecfr_site.caching.responses import cached_fragment
from ecfr_site.institution.models import Institution


def institution(request):
    """``institution`` (one query, on first use) and ``site_url`` for every template."""
    return {
        "institution": SimpleLazyObject(
            lambda: cached_fragment(request, "institution", Institution.objects.current)
        ),
        "site_url": settings.SITE_URL,
    }
