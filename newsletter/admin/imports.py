import base64

from django.contrib import messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import transaction
from import_export.admin import ImportMixin
from import_export.forms import ConfirmImportForm, ImportForm
from import_export.tmp_storages import BaseStorage

from newsletter.models import Newsletter
from newsletter.resources import SubscriberCSV, SubscriberResource

MOST_ROWS = 10_000
MOST_BYTES = 4 * 1024 * 1024
TOO_LONG = (
    f"This file is too long for the browser: up to {MOST_ROWS:,} rows are taken here. "
    "An operator takes any number with “manage.py import_subscribers”."
)


class FileOfSubscribersForm(ImportForm):
    def clean_import_file(self):
        file = self.cleaned_data["import_file"]
        if file.size > MOST_BYTES:
            raise ValidationError(TOO_LONG)
        if sum(chunk.count(b"\n") for chunk in file.chunks()) > MOST_ROWS + 1:
            raise ValidationError(TOO_LONG)
        file.seek(0)
        return file


class CarriedFileForm(ConfirmImportForm):
    """The file itself stands in the form, and comes back with it."""

    def clean_import_file_name(self):
        return self.cleaned_data["import_file_name"]


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

    @transaction.atomic
    def process_import(self, request, **kwargs):
        return super().process_import(request, **kwargs)

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
            "This file cannot be read. Save it as “CSV UTF-8”, with the names of the "
            "columns in its first line, “email” among them.",
        )
