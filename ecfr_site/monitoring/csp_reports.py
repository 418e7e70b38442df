"""Receive browsers' reports of violated content security policies.

Reports come from anybody. They are counted and logged, never stored: which rule, from
which host, on which kind of page; nothing of the reader, no path, no query string.
"""

import json
import logging
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ecfr_site.monitoring.metrics import count_csp_report
from ecfr_site.monitoring.request_context import get_view_name
from ecfr_site.security.rate_limits import CACHE_ERRORS, is_rate_limited

logger = logging.getLogger("ecfr_site.csp")

MOST_BYTES = 16 * 1024
# Browsers gather reports before they send them.
MOST_AT_ONCE = 10
AN_HOUR = 3600
DIRECTIVES = {
    *settings.CONTENT_SECURITY_POLICY["DIRECTIVES"],
    *settings.ADMIN_CONTENT_SECURITY_POLICY,
    *("script-src-elem", "script-src-attr", "style-src-elem", "style-src-attr"),
}


@csrf_exempt
@require_POST
def receive(request):
    """204; 413 for what is too large, 429 beyond the limit, 400 for no report."""
    try:
        length = int(request.headers.get("Content-Length") or 0)
    except ValueError:
        return HttpResponse(status=400)
    if length > MOST_BYTES:
        return HttpResponse(status=413)
    try:
        if is_rate_limited("csp-report", "all", settings.CSP_REPORTS_AN_HOUR, AN_HOUR):
            return HttpResponse(status=429, headers={"Retry-After": str(AN_HOUR)})
        reports = list(read(json.loads(request.body)))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return HttpResponse(status=400)
    except CACHE_ERRORS:
        # Uncounted they could fill the log.
        return HttpResponse(status=503)
    for directive, blocked, view in reports:
        count_csp_report(directive)
        logger.warning("%s stopped %s on %s", directive, blocked, view)
    return HttpResponse(status=204)


def read(posted):
    """(directive, what it stopped, view) of each, in either form (CSP 3, section 5)."""
    if isinstance(posted, dict):
        found = [posted["csp-report"]] if "csp-report" in posted else []
        names = "effective-directive", "blocked-uri", "document-uri"
    else:
        found = [r["body"] for r in posted if r.get("type") == "csp-violation"]
        names = "effectiveDirective", "blockedURL", "documentURL"
    for report in found[:MOST_AT_ONCE]:
        directive, blocked, document = (str(report.get(name, "")) for name in names)
        # Old browsers say it with its values.
        directive = directive or str(report.get("violated-directive", ""))
        directive = directive.split(" ")[0]
        yield (
            directive if directive in DIRECTIVES else "other",
            source(blocked),
            get_view_name(urlsplit(document).path),
        )


def source(address):
    """“https://example.org” of an address; “inline”, “eval”, “data” as they are."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    said = f"{parts.scheme}://{host}" if host else parts.scheme or parts.path
    return "".join(c for c in said if c.isalnum() or c in ".:/-")[:100]
