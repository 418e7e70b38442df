"""Answers for addresses that are no longer in use."""

from django.http import (
    Http404,
    HttpResponseNotFound,
    HttpResponsePermanentRedirect,
)
from django.shortcuts import render

from ecfr_site.caching.store import has_unread_parameters
from ecfr_site.redirects.missing import record_missing
from ecfr_site.redirects.table import find_redirect, get_target


class Undecided(HttpResponseNotFound):
    """Stands for the 404 page where something else may still answer."""


def is_undecided(request):
    """Return whether redirects and simple pages have yet to be asked."""
    return getattr(request, "_may_be_redirected", False)


class RedirectMiddleware:
    """Send readers on from old addresses, in whatever way they are written.

    Pages win over redirects, except over those from an address whose query the page
    does not read, as WordPress's /?p=47. The new address stands for itself: the query
    of the old one is not added to it, but for the words of a search.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.method in ("GET", "HEAD") and has_unread_parameters(request):
            row = find_redirect(request, with_query=True)
            if row:
                return build_response(request, row)
        request._may_be_redirected = True
        response = self.get_response(request)
        request._may_be_redirected = False
        if response.status_code == 404:
            if row := find_redirect(request):
                return build_response(request, row)
            record_missing(request)
            if isinstance(response, Undecided):
                raise Http404
        return response


def build_response(request, row):
    """301 to the new address, or 410 where there is none."""
    if row.new_path:
        return HttpResponsePermanentRedirect(get_target(row, request))
    return render(request, "410.html", status=410)
