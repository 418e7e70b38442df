"""The outbox on the desk: each message as its reader would see it."""

import re
from collections.abc import Callable
from email.message import EmailMessage
from functools import wraps
from typing import Any

from csp.constants import HEADER as POLICY
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from ecfr_site.mail import outbox

# The HTML of a message shows its images and opens its links in new windows, no more.
MESSAGE_POLICY = (
    "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


def for_senders(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """On the desk, for those who may send, and of one message for who may read it."""

    @require_safe
    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: str) -> HttpResponse:
        if not request.user.has_perm("newsletter.send_edition"):
            raise PermissionDenied
        if not outbox.is_in_use():
            raise Http404
        try:
            if name := kwargs.get("name"):
                check_reader(request.user, name)
            return view(request, **kwargs)
        except FileNotFoundError as error:
            raise Http404 from error

    return admin.site.admin_view(guarded)


def check_reader(user: outbox.Reader, name: str) -> None:
    """Raises Http404: that there is such a message tells something, too."""
    if not outbox.may_read(user, outbox.read_head(name)):
        raise Http404


@for_senders
def messages(request: HttpRequest) -> HttpResponse:
    """admin/outbox/messages.html with the newest messages, `kept`."""
    context = {
        **admin.site.each_context(request),
        "title": "Outbox",
        "kept": [format_line(name) for name in outbox.list_newest(user=request.user)],
        "folder": settings.OUTBOX_DIR,
    }
    return render(request, "admin/outbox/messages.html", context)


@for_senders
def message(request: HttpRequest, name: str) -> HttpResponse:
    """admin/outbox/message.html with the `message`, its `text` and its `source`."""
    raw = outbox.read(name)
    parsed = outbox.parse(raw)
    text = parsed.get_body(["plain"])
    context = {
        **admin.site.each_context(request),
        "title": parsed["Subject"] or "No subject",
        "name": name,
        "at": outbox.parse_time(name),
        "head": parsed,
        "headers": parsed.items(),
        "has_html": parsed.get_body(["html"]) is not None,
        "text": text.get_content() if text else "",
        "one_click": find_one_click_path(parsed),
        "source": raw.decode(errors="replace"),
    }
    return render(request, "admin/outbox/message.html", context)


@for_senders
@xframe_options_sameorigin
def html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part as it is, for the frame in the message's page."""
    part = outbox.parse(outbox.read(name)).get_body(["html"])
    if part is None:
        raise Http404
    opening_new_windows = re.sub(
        r"<head\b[^>]*>",
        r'\g<0><base target="_blank">',
        part.get_content(),
        count=1,
        flags=re.IGNORECASE,
    )
    return HttpResponse(opening_new_windows, headers={POLICY: MESSAGE_POLICY})


def format_line(name: str) -> dict[str, Any]:
    head = outbox.read_head(name)
    return {
        "name": name,
        "at": outbox.parse_time(name),
        "subject": head["Subject"] or "No subject",
        "to": ", ".join(head.get_all("Delivered-To", [])),
    }


def find_one_click_path(parsed: EmailMessage) -> str | None:
    """The path a mail program posts to (RFC 8058), if it is ours."""
    address = re.search(
        f"<{re.escape(settings.SITE_URL)}(/[^>]*)>", parsed["List-Unsubscribe"] or ""
    )
    if address and parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click":
        return address[1]
    return None
