"""The page of what was read, and the same as a table to save."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from articles.models import Article, Kind
from articles.readers import KINDS, YEAR, Period, ReaderReport, list_rows
from authors.models import Author, Programme
from ecfr_site import csv_format
from ecfr_site.audit import log

FILES_SHOWN = PAGES_SHOWN = 15


def readers(request, model_admin):
    """Readers in `?period=week&day=2026-05-31`, of the articles asked for."""
    articles, subject = _narrow(request, model_admin)
    period = parse_period(request)
    report = ReaderReport(articles, period.first, period.last)
    before = ReaderReport(articles, period.previous.first, period.previous.last)
    is_year = period.kind == YEAR
    title = f"Views by {'month' if is_year else 'day'}"
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Readers of {subject}" if subject else "Readers",
        "opts": model_admin.opts,
        "media": model_admin.media,
        "subject": subject,
        "period": period,
        "periods": KINDS,
        "report": report,
        "before": before,
        "chart_title": title,
        "chart": (report.draw_months if is_year else report.draw_days)(title),
        "rows": report.list_months() if is_year else report.list_days(),
        "files": report.name_files()[:FILES_SHOWN],
        "pages": report.list_other_pages()[:PAGES_SHOWN] if articles is None else [],
        "kinds": Kind.objects.all(),
        "programmes": Programme.objects.all(),
        "kind": request.GET.get("kind", ""),
        "programme": request.GET.get("programme", ""),
    }
    return TemplateResponse(request, "admin/articles/article/readers.html", context)


def readers_csv(request, model_admin):
    articles, _ = _narrow(request, model_admin)
    period = parse_period(request)
    log.record("export", detail=f"Readers, {period}.")
    name = f"readers-{period.first}-{period.last}.csv"
    return csv_format.download(name, list_rows(articles, period.first, period.last))


def parse_period(request):
    return Period.parse(request.GET.get("period", ""), request.GET.get("day", ""))


def _narrow(request, model_admin):
    """The articles to report on, None for all pages, and what they have in common.

    Whoever may not see every article learns nothing of the others, nor sums with them.
    """
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    if settings.READER_STATISTICS == "off":
        raise Http404("Readers are not counted.")
    asked, subject, narrowed = request.GET, None, {}
    visible = Article.objects.visible_to(request.user).originals()
    if asked.get("kind"):
        narrowed["kind"] = asked["kind"]
    if asked.get("programme"):
        subject = get_object_or_404(Programme, slug=asked["programme"])
        narrowed["programmes"] = subject
    if asked.get("author"):
        subject = get_object_or_404(Author, slug=asked["author"])
        narrowed["authors"] = subject
    if asked.get("article"):
        if not asked["article"].isdecimal():
            raise Http404
        subject = get_object_or_404(visible, pk=asked["article"])
        narrowed["pk"] = subject.pk
    if not narrowed and request.user.has_perm("articles.approve_article"):
        return None, None
    return visible.filter(**narrowed), subject
