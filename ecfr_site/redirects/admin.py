"""Redirects at the desk: by hand, and from a file of a former site's addresses."""

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.redirects.models import Redirect
from django.core.exceptions import ValidationError
from import_export.resources import ModelResource

from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from ecfr_site.audit import log
from ecfr_site.importing.admin import CarriedFileForm, RowCSV, RowImportMixin
from ecfr_site.importing.csv_rows import PROBLEM, Columns
from ecfr_site.redirects.paths import canonical_path
from ecfr_site.redirects.table import check_redirect, own_redirects

admin.site.unregister(Redirect)

_TWO_COLUMNS = ("old_path", "new_path")


class RedirectCSV(RowCSV):
    columns = Columns(required=dict.fromkeys(_TWO_COLUMNS, ()), own=_TWO_COLUMNS)


class RedirectConfirmForm(CarriedFileForm):
    file_format = RedirectCSV


class RedirectResource(ModelResource):
    """Rows of `old_path,new_path`; a known old path gets the new address."""

    class Meta:
        model = Redirect
        fields = ["old_path", "new_path"]
        import_id_fields = ["old_path"]
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = True
        store_instance = True

    def get_queryset(self):
        return own_redirects()

    def before_import(self, dataset, **kwargs):
        # The number of the last row for each old address.
        self.rows_seen = {}

    def before_import_row(self, row, **kwargs):
        if problem := row.get(PROBLEM):
            raise ValidationError({"old_path": problem})
        try:
            row["old_path"] = canonical_path(row["old_path"])
        except ValidationError as error:
            raise ValidationError({"old_path": error}) from error

    def after_import_row(self, row, row_result, row_number=None, **kwargs):
        row_result.replaces = self.rows_seen.get(row["old_path"])
        self.rows_seen[row["old_path"]] = row_number

    def validate_instance(self, instance, import_validation_errors=None, **kwargs):
        instance.site_id = settings.SITE_ID
        errors = import_validation_errors or {}
        try:
            check_redirect(instance)
        except ValidationError as error:
            errors = {**errors, **error.update_error_dict({})}
        super().validate_instance(instance, errors, **kwargs)


class RedirectForm(forms.ModelForm):
    def clean_old_path(self):
        old_path = canonical_path(self.cleaned_data["old_path"])
        others = own_redirects().filter(old_path=old_path)
        if others.exclude(pk=self.instance.pk).exists():
            raise ValidationError("This address is redirected already.")
        return old_path

    def clean(self):
        super().clean()
        if not self.errors:
            check_redirect(Redirect(pk=self.instance.pk, **self.cleaned_data))


@admin.register(Redirect)
class RedirectAdmin(FormRecoveryMixin, RowImportMixin, admin.ModelAdmin):
    form = RedirectForm
    resource_classes = [RedirectResource]
    formats = import_formats = [RedirectCSV]
    confirm_form_class = RedirectConfirmForm
    import_template_name = "admin/redirects/redirect/import.html"
    list_display = ["old_path", "new_path"]
    search_fields = ["old_path", "new_path"]
    fields = ["old_path", "new_path"]

    def save_model(self, request, redirect, form, change):
        redirect.site_id = settings.SITE_ID
        super().save_model(request, redirect, form, change)

    def add_data_read_fail_error_to_form(self, form, error):
        form.add_error(
            "import_file",
            "This file cannot be read. Save it as “CSV UTF-8”, with the words "
            "old_path and new_path at the head of its two columns.",
        )

    def describe_row(self, row):
        target = row.instance.new_path or "nothing: gone for good"
        if row.replaces:
            target += f" (instead of what row {row.replaces} says)"
        return row.instance.old_path, target

    def record_import(self, result, request):
        totals = result.totals
        log.record(
            "import",
            object=Redirect,
            detail=f"{totals['new']:,} new, {totals['update']:,} changed.",
        )

    def has_import_permission(self, request):
        return request.user.has_perm("redirects.add_redirect")
