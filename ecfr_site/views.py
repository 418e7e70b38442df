import sys

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousFileOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.files.storage import default_storage
from django.db import InterfaceError, OperationalError
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import get_template
from django.templatetags.static import static
from django.utils.cache import patch_cache_control
from django.utils.http import http_date
from django.views import defaults
from django.views.decorators.http import require_safe

from articles.models import BYLINES, Article, Topic
from articles.search.nearest import list_meant
from authors.models import Programme
from ecfr_site.accounts import form_recovery
from ecfr_site.caching.responses import surrogate_keys
from ecfr_site.caching.seen import LISTS
from ecfr_site.caching.views import cached_page
from ecfr_site.database.compiled import CompiledPrefetch, compile_once
from ecfr_site.redirects.middleware import Undecided, is_undecided
from ecfr_site.security import rate_limits
from ecfr_site.security.headers import CROSS_ORIGIN, admin_policy
from ecfr_site.storage.space import is_out_of_space

LATEST = 7
YEAR = 365 * 24 * 3600
RESEARCH = 4
# What browsers show without running anything in it; SVG is not among them.
PICTURES = ("image/avif", "image/gif", "image/jpeg", "image/png", "image/webp")
TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)
AWAY = (OperationalError, InterfaceError)
MEDIA_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


def _list_cards():
    """Without their bylines, which all lists of the page read together."""
    published = Article.objects.published().in_site_language()
    return published.for_lists().prefetch_related(None)


@compile_once
def find_lead():
    return _list_cards().featured()[:1]


@compile_once
def find_latest():
    return _list_cards()[: LATEST + 1]


@compile_once
def find_research():
    """Some more, for those that are shown above."""
    return _list_cards().research()[: RESEARCH + LATEST + 1]


attach_bylines = CompiledPrefetch(Article, BYLINES)


@cached_page()
@require_safe
def home(request):
    """home.html: the `lead`, the `latest`, `research` and its `research_kinds`,
    `programmes`, `topics`."""
    lead = next(iter(find_lead()), None)
    latest = [a for a in find_latest() if a != lead]
    if lead is None and latest:
        lead = latest.pop(0)
    latest = latest[:LATEST]
    shown = {article.pk for article in [lead, *latest] if article}
    research = [a for a in find_research() if a.pk not in shown][:RESEARCH]
    # One query for everybody's bylines instead of one a list.
    attach_bylines([article for article in [lead, *latest, *research] if article])
    context = {
        "lead": lead,
        "latest": latest,
        "research": research,
        "research_kinds": sorted({a.kind for a in research}, key=lambda k: k.order),
        "programmes": Programme.objects.active(),
        "topics": Topic.objects.topics().roots(),
    }
    return surrogate_keys(render(request, "home.html", context), LISTS)


@require_safe
def robots(request):
    lines = [
        "User-agent: *",
        # Another path may be meant to be unknown.
        *(["Disallow: /admin/"] if settings.ADMIN_PATH == "admin" else []),
        "Disallow: /search/",
        # Tells nobody anything: an address below it holds a secret, and is answered
        # with "noindex" to whoever comes all the same.
        "Disallow: /preview/",
        # Rules for all, or groups of their own.
        *settings.ROBOTS_TXT.splitlines(),
        "",
        f"Sitemap: {settings.SITE_URL}/sitemap.xml",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")


@require_safe
def indexnow_key(request, key):
    """The key, by which search engines see that what they are told comes from here."""
    if not settings.INDEXNOW_KEY or key != settings.INDEXNOW_KEY:
        raise Http404
    return HttpResponse(key, content_type="text/plain")


@require_safe
def media(request, path):
    """An uploaded file, where no web server passes on what is asked for."""
    try:
        file = default_storage.open(path)
        changed = default_storage.get_modified_time(path)
    except (OSError, ValueError, SuspiciousFileOperation) as error:
        raise Http404 from error
    # Mails and other sites show images; nothing else is opened in a browser.
    headers = {
        "Last-Modified": http_date(changed.timestamp()),
        "Content-Security-Policy": MEDIA_POLICY,
        **CROSS_ORIGIN,
    }
    response = FileResponse(file, headers=headers)
    if response.get("Content-Type") not in (None, *PICTURES):
        response["Content-Disposition"] = "attachment"
    if path.startswith("renditions/"):
        # Their addresses change with their content (docs/decisions/0006-renditions.md).
        patch_cache_control(response, public=True, max_age=YEAR, immutable=True)
    return response


@require_safe
def favicon(request):
    """For whoever asks at the usual address without having read a page."""
    return redirect(static("ecfr_site/favicon.png"), permanent=True)


def bad_request(request, exception):
    """413.html for more than the site takes at once, else 400.html."""
    if isinstance(exception, TOO_LARGE):
        return render(request, "413.html", status=413)
    return defaults.bad_request(request, exception)


def server_error(request):
    """503.html while the database or the disk cannot be used, else 500.html."""
    error = sys.exc_info()[1]
    if isinstance(error, AWAY) or is_out_of_space(error):
        # Without context processors, which ask the database.
        page = get_template("503.html").render()
        headers = {"Retry-After": "30", "Cache-Control": "no-store"}
        return HttpResponse(page, status=503, headers=headers)
    return defaults.server_error(request)


def page_not_found(request, exception):
    """404.html with `meant`, pages that this address is like.

    Searched for and rendered only when no redirect or simple page answers either.
    """
    if is_undecided(request):
        return Undecided()
    usage = rate_limits.measure(
        request, "not-found", settings.SEARCHES_AN_ADDRESS_A_MINUTE
    )
    is_searched = request.method == "GET" and not (usage and usage.is_over)
    context = {"meant": list_meant(request.path) if is_searched else []}
    return render(request, "404.html", context, status=404)


def csrf_failure(request, reason=""):
    """For readers the 403 page; for editors a page that keeps what they wrote.

    A token goes stale when somebody signs in again in another window. Nothing is saved
    from here: a foreign page that posts in an editor's name gets no further than a form
    that the editor would have to look at and save.
    """
    if form_recovery.keeps_text(request):
        return admin_policy(form_recovery.render_kept_text)(request, admin.site)
    return defaults.permission_denied(request, PermissionDenied(reason))
