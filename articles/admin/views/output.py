"""The page of what was published, and the same as a table or for citation programs."""

import re

from django.core.exceptions import PermissionDenied
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from articles.output import (
    NARROWED,
    Output,
    list_rows,
    parse_days,
    write_entries,
)
from ecfr_site import csv_format
from ecfr_site.audit import log
from ecfr_site.pagination import paginate

# Of a row, as far as databases count.
_NUMBER = re.compile("[0-9]{1,18}")


def output(request, model_admin):
    """Publications of `?first=2026-01-01&last=2026-12-31` that are public."""
    report, subjects = _read(request, model_admin)
    totals = report.count_kinds()
    asked = {name: request.GET.get(name, "") for name in NARROWED}
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Output",
        "opts": model_admin.opts,
        "media": model_admin.media,
        "report": report,
        "subjects": subjects,
        "page": paginate(request, report.list_articles()),
        "totals": totals,
        "count": sum(row["count"] for row in totals),
        "pages": sum(row["pages"] or 0 for row in totals),
        "choices": [
            {
                "name": name,
                "heading": heading,
                "chosen": asked[name],
                "options": [
                    (str(getattr(row, key)), str(row)) for row in model.objects.all()
                ],
            }
            for name, (heading, model, key, _) in NARROWED.items()
        ],
        "query": request.GET.urlencode(),
    }
    return TemplateResponse(request, "admin/articles/article/output.html", context)


def output_csv(request, model_admin):
    report, _ = _read(request, model_admin)
    _log(report)
    return csv_format.download(f"{_name(report)}.csv", list_rows(report))


def output_bibtex(request, model_admin):
    report, _ = _read(request, model_admin)
    _log(report)
    return StreamingHttpResponse(
        write_entries(report),
        content_type="application/x-bibtex; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{_name(report)}.bib"'},
    )


def _read(request, model_admin):
    """The report that was asked for, and what it is narrowed to.

    It holds what readers see, which everybody sees who sees articles at the desk.
    """
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    asked, narrowed = request.GET, {}
    for name, (_, model, key, field) in NARROWED.items():
        value = asked.get(name, "")
        if not value:
            continue
        if key == "pk" and not _NUMBER.fullmatch(value):
            raise Http404
        narrowed[field] = get_object_or_404(model, **{key: value})
    days = parse_days(asked.get("first", ""), asked.get("last", ""))
    return Output.between(*days, **narrowed), list(narrowed.values())


def _name(report):
    return f"output-{report.first}-{report.last}"


def _log(report):
    log.record("export", detail=f"Output from {report.first} to {report.last}.")
