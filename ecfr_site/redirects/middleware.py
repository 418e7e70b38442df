"""Answers for addresses that are no longer in use."""

from django.http import HttpResponsePermanentRedirect
from django.shortcuts import render

from ecfr_site.caching.store import has_unread_parameters
from ecfr_site.redirects.table import find_redirect


class RedirectMiddleware:
    """Send readers on from old addresses, in whatever way they are written.

    Pages win over redirects, except over those from an address whose query the page
    does not read, as WordPress's /?p=47. The new address stands for itself: the query
    of the old one is not added to it.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.method in ("GET", "HEAD") and has_unread_parameters(request):
            row = find_redirect(request, with_query=True)
            if row:
                return answer(request, row)
        response = self.get_response(request)
        if response.status_code == 404 and (row := find_redirect(request)):
            return answer(request, row)
        return response


def answer(request, row):
    """301 to the new address, or 410 where there is none."""
    if row.new_path:
        return HttpResponsePermanentRedirect(row.new_path)
    return render(request, "410.html", status=410)
