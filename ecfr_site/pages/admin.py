"""Simple pages: privacy, about us, imprint."""

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.flatpages.admin import FlatPageAdmin
from django.contrib.flatpages.forms import FlatpageForm
from django.contrib.flatpages.models import FlatPage
from django.core.exceptions import ValidationError
from django.urls import Resolver404, resolve

from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from ecfr_site.richtext.admin import LossesMixin
from ecfr_site.richtext.fields import RichTextWidget

admin.site.unregister(FlatPage)


class PageForm(FlatpageForm):
    content = forms.CharField(label="Text", widget=RichTextWidget, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["url"].label = "Address"
        self.fields["url"].help_text = "On this site, such as “/imprint/”."

    def clean_url(self):
        url = super().clean_url()
        pages = FlatPage.objects.filter(url=url, sites=settings.SITE_ID)
        if pages.exclude(pk=self.instance.pk).exists():
            raise ValidationError("There is a page at this address already.")
        if is_own_address(url):
            raise ValidationError("The site has a page of its own at this address.")
        return url


def is_own_address(url):
    """Return whether a page of the site always answers here, so that no other can."""
    try:
        return not resolve(url).captured_kwargs
    except Resolver404:
        return False


@admin.register(FlatPage)
class PageAdmin(LossesMixin, FormRecoveryMixin, FlatPageAdmin):
    form = PageForm
    list_display = ["title", "address"]
    list_filter = []
    search_fields = ["title", "url"]
    fieldsets = [(None, {"fields": ["title", "content", "url"]})]

    @admin.display(ordering="url")
    def address(self, page):
        return page.url

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        form.instance.sites.add(settings.SITE_ID)

    def view_on_site(self, page):
        return page.get_absolute_url()
