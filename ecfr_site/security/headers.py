"""Policies that differ from that of reader pages, for the views that need them."""

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django.conf import settings

admin_policy = csp_replace(settings.ADMIN_CONTENT_SECURITY_POLICY)
# Before anybody is signed in no editor is shown: nothing inline.
login_csp = csp_replace(
    {
        **settings.ADMIN_CONTENT_SECURITY_POLICY,
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "frame-src": [NONE],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
)

# Who may show an answer within their own pages (Fetch, Cross-Origin-Resource-Policy).
RESOURCE_POLICY = "Cross-Origin-Resource-Policy"
CROSS_ORIGIN = {RESOURCE_POLICY: "cross-origin"}
