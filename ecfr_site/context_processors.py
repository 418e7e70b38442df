from django.conf import settings
from django.utils.functional import SimpleLazyObject

from ecfr_site.institution.models import Institution


def institution(request):
    """``institution`` (one query, on first use) and ``site_url`` for every template."""
    return {
        "institution": SimpleLazyObject(Institution.objects.current),
        "site_url": settings.SITE_URL,
    }
