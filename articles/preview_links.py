"""Pages behind a preview link, for people without an account."""

from functools import wraps

from django.http import Http404
from django.shortcuts import redirect
from django.views.decorators.http import require_safe
from django.views.defaults import page_not_found
from reversion.models import Version

from articles.downloads import FOR_ONE, parse_storage_name, send_file
from articles.history.preview import build_preview
from articles.history.snapshot import get_version_content
from articles.models import Article, PreviewLink
from articles.views import render_article
from ecfr_site.security.user_agents import is_page_in_browser

HEADERS = {
    "Cache-Control": "no-store, private",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


def opens_preview_link(view):
    """Called with the link. Never stored, indexed or told to other sites.

    Whatever is wrong with the token, the answer is the same.
    """

    @require_safe
    @wraps(view)
    def opening(request, token, **kwargs):
        try:
            response = view(request, PreviewLink.objects.get_by_token(token), **kwargs)
        except (PreviewLink.DoesNotExist, Http404) as error:
            response = page_not_found(request, error)
        for name, value in HEADERS.items():
            response[name] = value
        return response

    return opening


@opens_preview_link
def preview(request, link):
    """The article's page as readers will see it, with the `preview_link` above it."""
    shown = link.find_shown()
    if shown is None:
        return redirect(link.article)
    if isinstance(shown, Version):
        article = build_preview(shown, of=link.article_id)
    else:
        article = Article.objects.for_page().get(pk=shown.pk)
    if is_page_in_browser(request):
        link.openings.create(user_agent=request.headers["User-Agent"][:200])
    return render_article(request, article, preview_link=link)


@opens_preview_link
def file(request, link, path):
    """An attachment of what the link shows."""
    shown = link.find_shown()
    if shown is None:
        return redirect("file", path)
    name = parse_storage_name(path)
    if isinstance(shown, Version):
        files = [row["file"] for row in get_version_content(shown)["attachments"]]
    else:
        files = shown.attachments.values_list("file", flat=True)
    if name not in files:
        raise Http404
    return send_file(name, FOR_ONE)
