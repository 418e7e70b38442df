"""Imports at the desk in which each row stands for itself.

First a dry run that says what would become of each row, then the import; rows that are
refused do not keep the others out, and come back as a file with the reason.
"""

import base64
import io

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from import_export.admin import ImportMixin
from import_export.formats.base_formats import CSV
from import_export.forms import ConfirmImportForm, ImportForm
from import_export.tmp_storages import BaseStorage
from tablib import Dataset

from ecfr_site.csv_format import download
from ecfr_site.importing import csv_rows

MOST_ROWS = 10_000
MOST_BYTES = 4 * 1024 * 1024
_TOO_LONG = (
    f"This file has too many rows. You can import up to {MOST_ROWS:,} at a time."
)
_NOT_AS_IT_WAS = "The upload was incomplete. Choose the file again."


class RowCSV(CSV):
    """`csv_rows.read` for import_export. Raises csv_rows.Unreadable."""

    columns: csv_rows.Columns

    def create_dataset(self, in_stream, **kwargs):
        if isinstance(in_stream, str):
            in_stream = in_stream.encode()
        columns, rows = csv_rows.read(io.BytesIO(in_stream), self.columns)
        return Dataset(*rows, headers=columns)


class InTheForm(BaseStorage):
    """The file in the form itself: nothing stays on the server when an import is not
    confirmed."""

    def save(self, data):
        self.name = base64.b64encode(data).decode()

    def read(self):
        return base64.b64decode(self.name)

    def remove(self):
        pass


class FileForm(ImportForm):
    too_long = _TOO_LONG

    def clean_import_file(self):
        file = self.cleaned_data["import_file"]
        if file.size > MOST_BYTES:
            raise ValidationError(self.too_long)
        check_length(file.read(), self.too_long)
        file.seek(0)
        return file


class CarriedFileForm(ConfirmImportForm):
    """The second step, with the file that InTheForm put there."""

    too_long = _TOO_LONG
    file_format: type[CSV]

    def clean_import_file_name(self):
        """The file again as in the first step: what comes back may be anything."""
        carried = self.cleaned_data["import_file_name"]
        try:
            data = base64.b64decode(carried, validate=True)
            check_length(data, self.too_long)
            self.file_format().create_dataset(data)
        except ValueError as error:
            raise ValidationError(_NOT_AS_IT_WAS) from error
        return carried


def check_length(data: bytes, too_long: str) -> None:
    """Raise ValidationError for a file that is too long for a request."""
    rows = max(data.count(b"\n"), data.count(b"\r"))
    if len(data) > MOST_BYTES or rows > MOST_ROWS + 1:
        raise ValidationError(too_long)


class RowImportMixin(ImportMixin):
    """For a ModelAdmin with one resource class and one format, a RowCSV."""

    import_form_class = FileForm
    confirm_form_class = CarriedFileForm
    tmp_storage_class = InTheForm

    def import_action(self, request, **kwargs):
        response = super().import_action(request, **kwargs)
        context = response.context_data
        result = context.get("result")
        if result and not result.has_errors():
            context["confirm_form"] = self.create_confirm_form(
                request, import_form=context["form"]
            )
            context["rows"] = [row for row in result.rows if not row.is_invalid()]
            for row in context["rows"]:
                row.address, row.note = self.describe_row(row)
            context["taken"] = result.totals["new"] + result.totals["update"]
        context["most_rows"] = MOST_ROWS
        return response

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
            return redirect(
                "admin:{}_{}_import".format(*self.get_model_info()),
            )
        if "refused" in request.POST:
            return self.download_refused(request, form)
        return super().process_import(request, **kwargs)

    def download_refused(self, request, form):
        """The rows as they are in the file, each with the reason."""
        data = base64.b64decode(form.cleaned_data["import_file_name"])
        [file_format], [resource_class] = self.formats, self.resource_classes
        table = file_format().create_dataset(data)
        resource = resource_class(**self.get_import_resource_kwargs(request, form=form))
        result = resource.import_data(table, dry_run=True)
        rows = [
            [*table[row.number - 1][:-1], " ".join(row.error.messages)]
            for row in result.invalid_rows
        ]
        columns = [*table.headers[:-1], "reason"]
        return download("refused.csv", [columns, *rows])

    def process_result(self, result, request):
        if result.has_errors():
            # Another import came in at the same moment, for one.
            self.message_user(
                request,
                "Nothing was imported, because somebody changed the list in the "
                "meantime. Try again.",
                messages.ERROR,
            )
        else:
            self.record_import(result, request)
        return super().process_result(result, request)

    def describe_row(self, row):
        """The address of a RowResult that is taken, and what is said of it."""
        raise NotImplementedError

    def record_import(self, result, request):
        """Write the import to the audit log."""
        raise NotImplementedError

    def add_success_message(self, result, request):
        if not result.has_errors():
            self.message_user(request, self.describe_outcome(result), messages.SUCCESS)

    def describe_outcome(self, result):
        totals = result.totals
        return (
            f"Imported {totals['new']:,} new and {totals['update']:,} changed rows. "
            f"{totals['skip']:,} unchanged, {totals['invalid']:,} refused."
        )
