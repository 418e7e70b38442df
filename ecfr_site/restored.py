from ecfr_site.api.webhooks.models import WebhookEndpoint
from ecfr_site.caching.version import move_site


def after_restore(at: str) -> str:
    """Switch webhooks off: a copy must not speak for the site; what to tell, or "".

    Pages that were kept are of another history.
    """
    move_site()
    count = WebhookEndpoint.objects.active().update(active=False)
    return f"Webhooks switched off: {count}." if count else ""
