"""The institution, its simple pages, and the addresses of its former site."""

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.contrib.flatpages.admin import FlatPageAdmin
from django.contrib.flatpages.forms import FlatpageForm
from django.contrib.flatpages.models import FlatPage
from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponseRedirect
from django.urls import Resolver404, resolve, reverse
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_tasks_db.models import DBTaskResult
from import_export.admin import ImportMixin
from import_export.resources import ModelResource

from ecfr_site import audit, audit_admin  # noqa: F401
from ecfr_site.accounts.admin import AccountAdmin, OnlySuperusersGroupAdmin
from ecfr_site.fields import RichTextWidget
from ecfr_site.institution import InstitutionForm
from ecfr_site.kept_text import KeptTextMixin
from ecfr_site.models import Institution
from ecfr_site.richtext.admin import LossesMixin
from ecfr_site.spreadsheets import SpreadsheetCSV

# What editors have no use for: the address comes from the environment, the queue is for
# operators, who have the command line, and secrets are nobody's but their owner's.
for model in (Site, DBTaskResult, TOTPDevice, StaticDevice):
    admin.site.unregister(model)
for model in (FlatPage, Redirect, User, Group):
    admin.site.unregister(model)
admin.site.register(User, AccountAdmin)
admin.site.register(Group, OnlySuperusersGroupAdmin)


@admin.register(Institution)
class InstitutionAdmin(KeptTextMixin, admin.ModelAdmin):
    """One row: its list is its form."""

    form = InstitutionForm
    change_form_template = "admin/ecfr_site/institution/change_form.html"
    fieldsets = [
        (
            "Institution",
            {
                "fields": [
                    "name",
                    "short_name",
                    "strapline",
                    "disclaimer",
                    "email",
                    "postal_address",
                ]
            },
        ),
        ("The desk", {"fields": ["four_eyes", "embargoed_words"]}),
    ]

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def changelist_view(self, request, extra_context=None):
        Institution.objects.get_or_create(pk=1)
        return HttpResponseRedirect(
            reverse("admin:ecfr_site_institution_change", args=[1])
        )


class PageForm(FlatpageForm):
    content = forms.CharField(widget=RichTextWidget, required=False)

    def clean_url(self):
        url = super().clean_url()
        pages = FlatPage.objects.filter(url=url, sites=settings.SITE_ID)
        if pages.exclude(pk=self.instance.pk).exists():
            raise ValidationError("There is a page at this address already.")
        if is_own_address(url):
            raise ValidationError("The site has a page of its own at this address.")
        return url


def is_own_address(url):
    """Whether a page of the site always answers here, so that no other can."""
    try:
        return not resolve(url).captured_kwargs
    except Resolver404:
        return False


@admin.register(FlatPage)
class PageAdmin(LossesMixin, KeptTextMixin, FlatPageAdmin):
    form = PageForm
    list_display = ["title", "url"]
    list_filter = []
    search_fields = ["title", "url"]
    fieldsets = [(None, {"fields": ["title", "content", "url"]})]

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        form.instance.sites.add(settings.SITE_ID)

    def view_on_site(self, page):
        return page.get_absolute_url()


class RedirectCSV(SpreadsheetCSV):
    required = frozenset({"old_path", "new_path"})


class RedirectResource(ModelResource):
    """Rows of `old_path,new_path`; a known old path gets the new address."""

    class Meta:
        model = Redirect
        fields = ["old_path", "new_path"]
        import_id_fields = ["old_path"]
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = True

    def get_queryset(self):
        return super().get_queryset().filter(site=settings.SITE_ID)

    def before_save_instance(self, instance, row, **kwargs):
        instance.site_id = settings.SITE_ID

    def validate_instance(self, instance, import_validation_errors=None, **kwargs):
        instance.site_id = settings.SITE_ID
        errors = import_validation_errors or {}
        try:
            check_redirect(instance)
        except ValidationError as error:
            errors = {**errors, **error.update_error_dict({})}
        super().validate_instance(instance, errors, **kwargs)


def check_redirect(redirect):
    """Raise ValidationError, by field, for addresses that cannot work."""
    old_path, new_path = redirect.old_path, redirect.new_path
    if not old_path.startswith("/"):
        raise ValidationError({"old_path": "An old address starts with “/”."})
    if new_path and not new_path.startswith(("/", "https://", "http://")):
        raise ValidationError(
            {"new_path": "A new address starts with “/” or “https://”."}
        )
    others = Redirect.objects.filter(site=settings.SITE_ID).exclude(pk=redirect.pk)
    passed = {old_path}
    hop = new_path
    while hop:
        if hop in passed:
            raise ValidationError({"new_path": "This address would lead to itself."})
        passed.add(hop)
        hop = others.filter(old_path=hop).values_list("new_path", flat=True).first()


class RedirectForm(forms.ModelForm):
    def clean_old_path(self):
        old_path = self.cleaned_data["old_path"]
        others = Redirect.objects.filter(site=settings.SITE_ID, old_path=old_path)
        if others.exclude(pk=self.instance.pk).exists():
            raise ValidationError("This address is redirected already.")
        return old_path

    def clean(self):
        super().clean()
        if not self.errors:
            check_redirect(Redirect(pk=self.instance.pk, **self.cleaned_data))


@admin.register(Redirect)
class RedirectAdmin(KeptTextMixin, ImportMixin, admin.ModelAdmin):
    form = RedirectForm
    resource_classes = [RedirectResource]
    formats = import_formats = [RedirectCSV]
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

    @transaction.atomic
    def process_import(self, request, **kwargs):
        return super().process_import(request, **kwargs)

    def process_result(self, result, request):
        totals = result.totals
        audit.record(
            "import",
            object=Redirect,
            detail=f"{totals['new']:,} new, {totals['update']:,} changed.",
        )
        return super().process_result(result, request)

    def has_import_permission(self, request):
        return request.user.has_perm("redirects.add_redirect")
