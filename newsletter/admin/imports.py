import base64

from django import forms
from django.contrib import messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from import_export.admin import ImportMixin
from import_export.forms import ConfirmImportForm, ImportForm
from import_export.tmp_storages import BaseStorage

from ecfr_site.spreadsheets import download
from newsletter.import_file import Unreadable
from newsletter.models import Newsletter
from newsletter.resources import SOURCE_LENGTH, SubscriberCSV, SubscriberResource

UNREADABLE_NOW = "The file did not come along as it was. Choose it again."
MOST_ROWS = 10_000
MOST_BYTES = 4 * 1024 * 1024
TOO_LONG = (
    f"This file is too long for the browser: up to {MOST_ROWS:,} rows are taken here. "
    "An operator takes any number with “manage.py import_subscribers”."
)


def check_length(data: bytes):
    """Raise ValidationError for a file that is too long for a request."""
    rows = max(data.count(b"\n"), data.count(b"\r"))
    if len(data) > MOST_BYTES or rows > MOST_ROWS + 1:
        raise ValidationError(TOO_LONG)


class DefaultsForm(forms.Form):
    """Stands in for cells that the file does not have."""

    newsletters = forms.ModelMultipleChoiceField(
        Newsletter.objects.offered(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Newsletters, for rows that name none",
    )
    consent_source = forms.CharField(
        required=False,
        max_length=SOURCE_LENGTH,
        label="Where and when they agreed, for rows that do not say",
        widget=forms.TextInput({"class": "vTextField"}),
    )

    def for_resource(self):
        cleaned = getattr(self, "cleaned_data", {})
        return {
            "source": cleaned.get("consent_source", ""),
            "newsletters": cleaned.get("newsletters", ()),
        }


class FileOfSubscribersForm(DefaultsForm, ImportForm):
    def clean_import_file(self):
        file = self.cleaned_data["import_file"]
        if file.size > MOST_BYTES:
            raise ValidationError(TOO_LONG)
        check_length(file.read())
        file.seek(0)
        return file


class CarriedFileForm(DefaultsForm, ConfirmImportForm):
    """The file itself stands in the form, and comes back with it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["newsletters"].widget = forms.MultipleHiddenInput()
        self.fields["consent_source"].widget = forms.HiddenInput()

    def clean_import_file_name(self):
        """As the first step: what comes back may be anything."""
        carried = self.cleaned_data["import_file_name"]
        try:
            data = base64.b64decode(carried, validate=True)
            check_length(data)
            SubscriberCSV().create_dataset(data)
        except ValueError as error:
            raise ValidationError(UNREADABLE_NOW) from error
        return carried


class InTheForm(BaseStorage):
    """Nobody's addresses stay on the server when an import is not confirmed."""

    def save(self, data):
        self.name = base64.b64encode(data).decode()

    def read(self):
        return base64.b64decode(self.name)

    def remove(self):
        pass


class SubscriberImportMixin(ImportMixin):
    """A dry run that tells what would become of each row, then the import.

    Rows that are refused do not keep the others out.
    """

    resource_classes = [SubscriberResource]
    formats = import_formats = [SubscriberCSV]
    import_form_class = FileOfSubscribersForm
    confirm_form_class = CarriedFileForm
    tmp_storage_class = InTheForm
    import_template_name = "admin/newsletter/subscriber/import.html"
    # Its entries would keep each address, even of who is erased later.
    skip_admin_log = True

    def has_import_permission(self, request):
        return request.user.has_perm("newsletter.add_subscriber")

    def import_action(self, request, **kwargs):
        response = super().import_action(request, **kwargs)
        context = response.context_data
        result = context.get("result")
        if result and not result.has_errors():
            context["confirm_form"] = self.create_confirm_form(
                request, import_form=context["form"]
            )
            context["rows"] = [row for row in result.rows if not row.is_invalid()]
            context["taken"] = result.totals["new"] + result.totals["update"]
        context["offered"] = Newsletter.objects.offered()
        context["most_rows"] = MOST_ROWS
        return response

    def get_import_resource_kwargs(self, request, form=None, **kwargs):
        return form.for_resource() if form else {}

    def get_confirm_form_initial(self, request, import_form):
        initial = super().get_confirm_form_initial(request, import_form)
        if import_form is None:
            return initial
        names = ("newsletters", "consent_source")
        return {**initial, **{name: import_form.cleaned_data[name] for name in names}}

    @method_decorator(require_POST)
    @transaction.atomic
    def process_import(self, request, **kwargs):
        """The import, or, with the button `refused`, a file of what it would refuse."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = self.create_confirm_form(request)
        if not form.is_valid():
            reasons = [reason for found in form.errors.values() for reason in found]
            self.message_user(request, " ".join(reasons), messages.ERROR)
            return redirect("admin:newsletter_subscriber_import")
        if "refused" in request.POST:
            return self.download_refused(form)
        return super().process_import(request, **kwargs)

    def download_refused(self, form):
        """The rows as they are in the file, each with the reason."""
        data = base64.b64decode(form.cleaned_data["import_file_name"])
        table = SubscriberCSV().create_dataset(data)
        resource = SubscriberResource(**form.for_resource())
        result = resource.import_data(table, dry_run=True)
        rows = [
            [*table[row.number - 1][:-1], " ".join(row.error.messages)]
            for row in result.invalid_rows
        ]
        columns = [*table.headers[:-1], "reason"]
        return download("refused.csv", [columns, *rows])

    def process_result(self, result, request):
        if result.has_errors():
            # Somebody signed up, or another import came in, at the same moment.
            self.message_user(
                request,
                "Nothing was imported: the list changed meanwhile. Please try again.",
                messages.ERROR,
            )
        else:
            entry = LogEntry(
                user=request.user,
                content_type=ContentType.objects.get_for_model(self.model),
                object_repr="an import",
                action_flag=ADDITION,
                change_message=self.outcome(result),
            )
            entry.audited_as = "import"
            entry.save()
        return super().process_result(result, request)

    def add_success_message(self, result, request):
        if not result.has_errors():
            self.message_user(request, self.outcome(result), messages.SUCCESS)

    def outcome(self, result):
        totals = result.totals
        return (
            f"Imported: {totals['new']:,} new, {totals['update']:,} known with more "
            f"newsletters. {totals['skip']:,} unchanged, {totals['invalid']:,} refused."
        )

    def add_data_read_fail_error_to_form(self, form, error):
        form.add_error(
            "import_file",
            str(error)
            if isinstance(error, Unreadable)
            else "This file cannot be read. Save it as “CSV UTF-8”, with the names of "
            "the columns in its first line, “email” among them.",
        )
