from django.conf import settings
from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import render
from django.views import defaults
from django.views.decorators.http import require_safe

from articles.models import BYLINES, Article, Topic
from authors.models import Programme

LATEST = 7
RESEARCH = 4


@require_safe
def home(request):
    """home.html: the `lead`, the `latest`, `research`, `programmes`, `topics`."""
    published = Article.objects.published().in_site_language()
    cards = published.for_lists().prefetch_related(None)
    lead = cards.featured().first()
    latest = [a for a in cards[: LATEST + 1] if a != lead]
    if lead is None and latest:
        lead = latest.pop(0)
    latest = latest[:LATEST]
    shown = {article.pk for article in [lead, *latest] if article}
    research = [
        a for a in cards.research()[: RESEARCH + LATEST + 1] if a.pk not in shown
    ][:RESEARCH]
    # One query for everybody's bylines instead of one a list.
    prefetch_related_objects(
        [article for article in [lead, *latest, *research] if article],
        BYLINES,
    )
    context = {
        "lead": lead,
        "latest": latest,
        "research": research,
        "programmes": Programme.objects.active(),
        "topics": Topic.objects.topics().roots(),
    }
    return render(request, "home.html", context)


@require_safe
def health(request):
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def robots(request):
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        "Disallow: /search/",
        f"Sitemap: {settings.SITE_URL}/sitemap.xml",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")


def csrf_failure(request, reason=""):
    """For readers the 403 page; for editors a page that keeps what they wrote."""
    return defaults.permission_denied(request, Exception(reason))
