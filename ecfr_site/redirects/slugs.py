"""Forms of pages with an address: what is taken is told, or the next one chosen."""

from django import forms
from django.db import IntegrityError

from ecfr_site.redirects.slug_text import make_slug

# What the browser made of the name, and nobody typed (admin/desk.js).
MADE = "_made_slug"


class SlugForm(forms.ModelForm):
    """Chooses a free address where nobody typed one; refuses a typed one that is taken.

    For models with `ecfr_site.redirects.models.SlugRedirectMixin`.
    """

    # The field that the address is made from.
    named_by = "name"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.made_slug = ""
        if "slug" not in self.fields:
            return
        self.fields["slug"].required = False
        made = self.data.get(MADE)
        if made and made == self.data.get("slug"):
            # A form that comes back goes on following the name.
            self.made_slug = made
            self.data = self.data.copy()
            self.data["slug"] = ""

    def clean(self):
        self.choose_slug()
        return super().clean()

    def choose_slug(self):
        if "slug" not in self.cleaned_data:
            return
        typed = self.cleaned_data["slug"]
        name = self.cleaned_data.get(self.named_by) or ""
        if typed and typed == self.initial.get("slug"):
            return
        longest = self.fields["slug"].max_length
        if not typed or typed == make_slug(name)[:longest]:
            made = self.instance.find_free_slug(typed or self.made_slug or name)
            self.cleaned_data["slug"] = made
        elif refusal := self.instance.get_slug_refusal(typed, self.may_name):
            self.add_error("slug", refusal)

    def may_name(self, page):
        """True if the editor may learn that this page has the address."""
        return True

    def _update_errors(self, errors):
        if "slug" in self.errors:
            getattr(errors, "error_dict", {}).pop("slug", None)
        super()._update_errors(errors)


class SlugAdminMixin:
    """For a ModelAdmin of such a form: of two who save at once, one comes second."""

    form: type[forms.ModelForm] = SlugForm

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError:
            # Everything was rolled back, and the form now sees what the other saved.
            for file in request.FILES.values():
                file.seek(0)
            return super().changeform_view(request, object_id, form_url, extra_context)
