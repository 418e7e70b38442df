"""The import of subscribers at the desk: upload, match, check, import."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path

from ecfr_site.audit import log
from ecfr_site.csv_format import download
from ecfr_site.importing.csv_file import Unreadable
from ecfr_site.richtext.plain_text import clean_line
from newsletter.admin.import_forms import FileForm, FormatForm, MatchForm
from newsletter.import_export import steps
from newsletter.import_export.rows import OUTCOMES
from newsletter.models import Subscriber, SubscriberImport
from newsletter.tasks import enqueue_import

State = SubscriberImport.State
LISTED = 20
# Cells that are shown of each column.
SAMPLES = 3
# Seconds after which the page of an import under way shows itself anew.
REFRESH = 2
OUTCOMES_IN_WORDS = {
    "created": "New subscribers",
    "updated": "Existing subscribers added to a newsletter",
    "unchanged": "Unchanged",
    "suppressed": "Unsubscribed, bounced or complained there: will not be mailed",
    "asked": "Asked by e-mail to confirm",
    "refused": "Refused",
}


class SubscriberImportMixin:
    """Pages of the imports, for the ModelAdmin of subscribers."""

    def has_import_permission(self, request):
        return request.user.has_perm("newsletter.add_subscriber")

    def get_urls(self):
        view = self.admin_site.admin_view
        prefix = "newsletter_subscriber_import"
        return [
            path("import/", view(self.list_imports), name=prefix),
            path("import/<int:pk>/", view(self.show_import), name=f"{prefix}_page"),
            path(
                "import/<int:pk>/refused.csv",
                view(self.download_refused),
                name=f"{prefix}_refused",
            ),
            *super().get_urls(),
        ]

    def list_imports(self, request):
        """The latest imports, and the form that begins one."""
        self._check_may_import(request)
        form = FileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                received = steps.receive_file(file, file.name, request.user)
            except Unreadable as error:
                form.add_error("file", str(error))
            else:
                return redirect("admin:newsletter_subscriber_import_page", received.pk)
        imports = SubscriberImport.objects.select_related("by")[:LISTED]
        return self._render(
            request, "import", "Import subscribers", form=form, imports=imports
        )

    def show_import(self, request, pk):
        """One import: columns to match, or what became of it; a POST acts on it."""
        self._check_may_import(request)
        received = get_object_or_404(SubscriberImport, pk=pk)
        if request.method == "POST":
            return self._act(request, received)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        wanted = "columns" in request.GET or received.state == State.NEW
        if wanted and received.may_begin:
            return self._render_columns(request, received)
        return self._render_report(request, received)

    def download_refused(self, request, pk):
        self._check_may_import(request)
        received = get_object_or_404(SubscriberImport, pk=pk)
        log.record("export", object=received, detail="Refused rows.")
        return download(f"refused-{pk}.csv", steps.list_refused(received))

    # What is pressed

    def _act(self, request, received):
        acts = {
            "read": self._read_again,
            "check": self._check,
            "import": self._import,
            "stop": self._stop,
            "resume": self._resume,
            "discard": self._discard,
        }
        act = acts.get(request.POST.get("act"))
        if act is None:
            raise Http404
        return act(request, received)

    def _read_again(self, request, received):
        form = FormatForm(request.POST, instance=received)
        if received.may_begin and form.is_valid():
            try:
                steps.reread_file(form.save(commit=False))
            except Unreadable as error:
                messages.error(request, str(error))
        return self._go_to(received, "?columns")

    def _check(self, request, received):
        if not received.may_begin:
            return self._go_to(received)
        form = MatchForm(request.POST, instance=received)
        if not form.is_valid():
            return self._render_columns(request, received, form)
        form.save()
        if received.start(State.CHECKING):
            enqueue_import(received)
        return self._go_to(received)

    def _import(self, request, received):
        if received.start(State.IMPORTING):
            detail = f"Begun: {received}, {received.rows:,} rows."
            log.record("import", object=Subscriber, detail=detail)
            enqueue_import(received)
        return self._go_to(received)

    def _stop(self, request, received):
        received.stop()
        return self._go_to(received)

    def _resume(self, request, received):
        if received.resume():
            enqueue_import(received)
        return self._go_to(received)

    def _discard(self, request, received):
        if not received.is_under_way:
            received.forget()
            messages.success(
                request, "The file and its refused rows have been deleted."
            )
        return redirect("admin:newsletter_subscriber_import")

    # What is shown

    def _render_columns(self, request, received, form=None):
        try:
            names, rows = steps.list_first_rows(received)
        except Unreadable as error:
            names, rows = [], []
            messages.error(request, str(error))
        form = form or MatchForm(instance=received)
        columns = [
            (field, clean_line(name), list_samples(rows, place))
            for place, (field, name) in enumerate(
                zip(form.column_fields, names, strict=False)
            )
        ]
        return self._render(
            request,
            "import_columns",
            "Match the columns",
            received=received,
            form=form,
            format_form=FormatForm(instance=received),
            columns=columns,
            rows=rows,
        )

    def _render_report(self, request, received):
        response = self._render(
            request,
            "import_report",
            received.name,
            received=received,
            outcomes=[
                (OUTCOMES_IN_WORDS[name], received.counts.get(name, 0), name)
                for name in OUTCOMES
                if received.counts.get(name) or name in ("created", "refused")
            ],
            remarks=sorted(received.remarks.items(), key=lambda pair: -pair[1]),
            reasons=received.count_reasons(),
        )
        if received.is_under_way:
            response["Refresh"] = str(REFRESH)
        return response

    def _render(self, request, template, title, **context):
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            **context,
        }
        return TemplateResponse(
            request, f"admin/newsletter/subscriber/{template}.html", context
        )

    def _go_to(self, received, query=""):
        response = redirect("admin:newsletter_subscriber_import_page", received.pk)
        response["Location"] += query
        return response

    def _check_may_import(self, request):
        if not self.has_import_permission(request):
            raise PermissionDenied


def list_samples(rows, place):
    """A few different cells of a column."""
    cells = (clean_line(row.cells[place]).strip() for row in rows)
    return list(dict.fromkeys(filter(None, cells)))[:SAMPLES]
