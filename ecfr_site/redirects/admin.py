"""Redirects at the desk: by hand, and from a file of a former site's addresses."""

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.redirects.models import Redirect
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from import_export.resources import ModelResource
from tablib import Dataset

from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from ecfr_site.audit import log
from ecfr_site.importing.admin import CarriedFileForm, RowCSV, RowImportMixin
from ecfr_site.importing.csv_rows import PROBLEM, Columns
from ecfr_site.redirects import htaccess
from ecfr_site.redirects.missing import MissingAddress
from ecfr_site.redirects.paths import canonical_path
from ecfr_site.redirects.table import check_redirect, own_redirects

admin.site.unregister(Redirect)

_TWO_COLUMNS = ("old_path", "new_path")


class RedirectCSV(RowCSV):
    """A CSV file of ours, of a crawler or of a plugin; or Apache's rules."""

    columns = Columns(
        required={
            "old_path": (
                *("source", "source url", "origin", "old url", "old address"),
                *("redirect from", "from", "old", "url", "address"),
            ),
            "new_path": (
                *("target", "target url", "new url", "new address", "redirect url"),
                *("redirect to", "destination", "to", "new"),
            ),
        },
        own=_TWO_COLUMNS,
    )

    def create_dataset(self, in_stream, **kwargs):
        data = in_stream.encode() if isinstance(in_stream, str) else in_stream
        text = data.decode(errors="replace")
        if not htaccess.holds_rules(text):
            return super().create_dataset(data, **kwargs)
        return Dataset(*htaccess.read_rules(text), headers=[*_TWO_COLUMNS, PROBLEM])


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
        # As Redirection and Yoast mark patterns; Yoast writes paths without a slash.
        if row.get("regex") == "1" or row.get("format") == "regex":
            raise ValidationError({"old_path": htaccess.PATTERN})
        if row.get("format") == "plain" and "//" not in row["old_path"]:
            row["old_path"] = htaccess.add_slash(row["old_path"])
            row["new_path"] = row["new_path"] and htaccess.add_slash(row["new_path"])
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
            raise ValidationError("This address already has a redirect.")
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
            "This file cannot be read. Save it as “CSV UTF-8” with two columns named "
            "old_path and new_path, or upload the old site’s .htaccess file.",
        )

    def describe_row(self, row):
        target = row.instance.new_path or "nothing: shown as gone"
        if row.replaces:
            target += f" (replaces row {row.replaces})"
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


@admin.register(MissingAddress)
class MissingAddressAdmin(admin.ModelAdmin):
    """A list to make redirects from; for those who may make them."""

    list_display = ["path", "count", "last_asked", "make_redirect"]
    list_display_links = None
    search_fields = ["path"]
    list_filter = ["last_asked"]

    def get_queryset(self, request):
        return super().get_queryset(request).without_redirect()

    @admin.display(description="")
    def make_redirect(self, missing):
        query = urlencode({"old_path": missing.path})
        url = f"{reverse('admin:redirects_redirect_add')}?{query}"
        return format_html('<a href="{}">Redirect this</a>', url)

    def has_module_permission(self, request):
        return self.has_view_permission(request)

    def has_view_permission(self, request, obj=None):
        return request.user.has_perm("redirects.add_redirect")

    def has_delete_permission(self, request, obj=None):
        return request.user.has_perm("redirects.delete_redirect")

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False
