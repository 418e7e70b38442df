"""The institution, its simple pages, and the admin of packages."""

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
from django.http import HttpResponseRedirect
from django.urls import Resolver404, resolve, reverse
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_tasks_db.models import DBTaskResult

from ecfr_site import audit_admin  # noqa: F401
from ecfr_site.accounts.admin import AccountAdmin, OnlySuperusersGroupAdmin
from ecfr_site.fields import RichTextWidget
from ecfr_site.institution import InstitutionForm
from ecfr_site.kept_text import KeptTextMixin
from ecfr_site.models import Institution
from ecfr_site.redirects.admin import RedirectAdmin
from ecfr_site.richtext.admin import LossesMixin

# What editors have no use for: the address comes from the environment, the queue is for
# operators, who have the command line, and secrets are nobody's but their owner's.
for model in (Site, DBTaskResult, TOTPDevice, StaticDevice):
    admin.site.unregister(model)
for model in (FlatPage, Redirect, User, Group):
    admin.site.unregister(model)
admin.site.register(User, AccountAdmin)
admin.site.register(Group, OnlySuperusersGroupAdmin)
admin.site.register(Redirect, RedirectAdmin)


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
