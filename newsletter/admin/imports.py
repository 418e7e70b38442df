from django import forms
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType

from ecfr_site.importing.admin import (
    MOST_ROWS,
    CarriedFileForm,
    FileForm,
    RowImportMixin,
)
from ecfr_site.importing.csv_rows import Unreadable
from newsletter.import_export.resources import (
    SOURCE_LENGTH,
    SubscriberCSV,
    SubscriberResource,
)
from newsletter.models import Newsletter

TOO_LONG = (
    f"This file is too long for the browser: up to {MOST_ROWS:,} rows are taken here. "
    "An operator takes any number with “manage.py import_subscribers”."
)


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


class SubscriberFileForm(DefaultsForm, FileForm):
    too_long = TOO_LONG


class SubscriberConfirmForm(DefaultsForm, CarriedFileForm):
    too_long = TOO_LONG
    file_format = SubscriberCSV

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["newsletters"].widget = forms.MultipleHiddenInput()
        self.fields["consent_source"].widget = forms.HiddenInput()


class SubscriberImportMixin(RowImportMixin):
    resource_classes = [SubscriberResource]
    formats = import_formats = [SubscriberCSV]
    import_form_class = SubscriberFileForm
    confirm_form_class = SubscriberConfirmForm
    import_template_name = "admin/newsletter/subscriber/import.html"
    # Its entries would keep each address, even of who is erased later.
    skip_admin_log = True

    def has_import_permission(self, request):
        return request.user.has_perm("newsletter.add_subscriber")

    def import_action(self, request, **kwargs):
        response = super().import_action(request, **kwargs)
        response.context_data["offered"] = Newsletter.objects.offered()
        return response

    def get_import_resource_kwargs(self, request, form=None, **kwargs):
        return form.for_resource() if form else {}

    def get_confirm_form_initial(self, request, import_form):
        initial = super().get_confirm_form_initial(request, import_form)
        if import_form is None:
            return initial
        names = ("newsletters", "consent_source")
        return {**initial, **{name: import_form.cleaned_data[name] for name in names}}

    def describe_row(self, row):
        return row.row_values["email"], row.note

    def record_import(self, result, request):
        entry = LogEntry(
            user=request.user,
            content_type=ContentType.objects.get_for_model(self.model),
            object_repr="an import",
            action_flag=ADDITION,
            change_message=self.outcome(result),
        )
        entry.audited_as = "import"
        entry.save()

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
