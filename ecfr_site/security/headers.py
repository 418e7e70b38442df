"""Policies that differ from that of reader pages, for the views that need them."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django.conf import settings
from django.http.response import HttpResponseBase

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class Policy(Protocol):
    """A decorator of views; django-csp's types know views of a request alone."""

    def __call__(self, view: View, /) -> View: ...


admin_policy: Policy = csp_replace(  # type: ignore[assignment]
    settings.ADMIN_CONTENT_SECURITY_POLICY
)
# Before anybody is signed in no editor is shown: nothing inline.
login_csp: Policy = csp_replace(  # type: ignore[assignment]
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

# A page without scripts that is made for frames on any site.
framed_anywhere: Policy = csp_replace(  # type: ignore[assignment]
    {"frame-ancestors": ["*"], "script-src": [NONE]}
)

# Who may show an answer within their own pages (Fetch, Cross-Origin-Resource-Policy).
RESOURCE_POLICY = "Cross-Origin-Resource-Policy"
CROSS_ORIGIN = {RESOURCE_POLICY: "cross-origin"}
