"""Kinds of publications, and their choice in an article's form."""

from django import forms
from django.conf import settings
from django.contrib import admin

from articles.admin.series import UsedMixin
from articles.models import Kind
from articles.models.article_fields import FIRST_KIND
from articles.models.kind import OTHER_LANGUAGES
from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from ecfr_site.admin_site.lookups import OwnLookupsMixin


class KindSelect(forms.Select):
    """Says each kind's template, by which sections fold (folding.js)."""

    def use_required_attribute(self, initial):
        """Never: none of the kinds is empty, which Django would read them to see."""
        return False

    def create_option(self, name, value, *args, **kwargs):
        option = super().create_option(name, value, *args, **kwargs)
        if instance := getattr(value, "instance", None):
            option["attrs"]["data-template"] = instance.template
        return option


def build_kind_field():
    return forms.ModelChoiceField(
        Kind.objects.all(),
        to_field_name="slug",
        initial=FIRST_KIND,
        empty_label=None,
        widget=KindSelect,
    )


def find_template(request, article):
    """The template of the kind that the form shows; a query if it is not stored."""
    stored = article.kind_id if article else request.GET.get("kind", FIRST_KIND)
    slug = request.POST.get("kind", stored)
    if article and slug == article.kind_id:
        return article.kind.template
    found = Kind.objects.filter(slug=slug).values_list("template", flat=True)
    return found.first() or Kind.Template.TEXT


class KindForm(forms.ModelForm):
    """With a field for the name in each other language."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for code in OTHER_LANGUAGES:
            if field := self.fields.get(f"name_{code}"):
                field.initial = self.instance.translations.get(code, "")

    def save(self, commit=True):
        names = {
            code: name
            for code in OTHER_LANGUAGES
            if (name := self.cleaned_data.get(f"name_{code}", "").strip())
        }
        self.instance.translations = names
        return super().save(commit)


# As a class attribute each, which the admin asks a form for.
TRANSLATED = {
    f"name_{code}": forms.CharField(
        label=f"Name in {name}",
        max_length=60,
        required=False,
        help_text="Leave empty to use the built-in translation, or the name above.",
        widget=forms.TextInput(attrs={"class": "vTextField", "lang": code}),
    )
    for code, name in settings.LANGUAGES
    if code in OTHER_LANGUAGES
}


@admin.register(Kind)
class KindAdmin(UsedMixin, OwnLookupsMixin, FormRecoveryMixin, admin.ModelAdmin):
    form = type("TranslatedKindForm", (KindForm,), dict(TRANSLATED))
    list_display = ["name", "slug", "template", "colour", "order"]
    list_editable = ["order"]
    prepopulated_fields = {"slug": ["name"]}
    fieldsets = [
        (None, {"fields": ["name", "plural", "slug", "template", "colour", "order"]}),
        ("Disclaimer", {"fields": ["disclaimer"]}),
        (
            "In newsletters of other languages",
            {"classes": ["collapse"], "fields": list(TRANSLATED)},
        ),
        ("In use", {"fields": ["in_use"]}),
    ]
    readonly_fields = ["in_use"]

    def get_readonly_fields(self, request, obj=None):
        return [*self.readonly_fields, "slug"] if obj else self.readonly_fields

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else self.prepopulated_fields

    def get_fieldsets(self, request, obj=None):
        return self.fieldsets if obj else self.fieldsets[:-1]

    def view_on_site(self, kind):
        return kind.get_absolute_url()
