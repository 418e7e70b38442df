from base64 import b64decode
from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from ecfr_site.security import tokens
from ecfr_site.security.headers import CROSS_ORIGIN
from newsletter.models import Delivery, Event, Link
from newsletter.tracking import bots

# Old messages keep their links for good, but tell us no more.
MAX_AGE = timedelta(days=min(2 * 365, settings.READING_KEPT_DAYS))
PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")


@require_safe
def click(request, token, number):
    """To the address of link `number` of the edition; noted for whoever agreed.

    Only addresses that we put into the edition can be reached. 404 for a token that
    was not made here.
    """
    try:
        delivery, is_fresh = _find_delivery(token, "click")
    except tokens.BadToken as error:
        raise Http404 from error
    link = get_object_or_404(Link, edition__deliveries=delivery, number=number)
    if is_fresh and _may_record(request, delivery):
        _record(
            delivery, Event.Kind.CLICK, bots.match_rule(request, delivery), link=link
        )
        bots.mark_bursts(delivery)
    return _forbid_storing(HttpResponseRedirect(link.url))


@require_safe
def open_pixel(request, token):
    """An image of one transparent pixel, whatever the token is."""
    try:
        delivery, is_fresh = _find_delivery(token, "open")
    except (tokens.BadToken, Http404):
        is_fresh = False
    if is_fresh and _may_record(request, delivery):
        machine = bots.match_rule(request, delivery, bots.RULES_FOR_OPENS)
        _record(delivery, Event.Kind.OPEN, machine)
    return _forbid_storing(
        HttpResponse(PIXEL, content_type="image/gif", headers=CROSS_ORIGIN)
    )


def _find_delivery(token, purpose):
    """The delivery and whether the token is recent enough to note something.

    Raises BadToken, or Http404 for a delivery that is gone or was only a test.
    """
    try:
        number, is_fresh = tokens.check(purpose, token, MAX_AGE), True
    except tokens.ExpiredToken:
        number, is_fresh = tokens.number_in(token), False
    everybody = Delivery.objects.select_related("subscriber")
    return get_object_or_404(everybody, pk=number), is_fresh


def _may_record(request, delivery):
    return request.method == "GET" and delivery.subscriber.is_tracked


def _record(delivery, kind, machine, link=None):
    Event.objects.create(
        edition_id=delivery.edition_id,
        delivery=delivery,
        kind=kind,
        machine=machine,
        link=link,
    )


def _forbid_storing(response):
    """Kept nowhere, and the token in the address is told to nobody."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
