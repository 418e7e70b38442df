from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.timezone import localtime

from articles.admin.panels.panel import Panel
from articles.models import PreviewLink
from articles.models.preview_link import DAYS, DAYS_ALLOWED, MOST_DAYS
from articles.workflow import NotAllowed
from ecfr_site.admin_site.wall_clock import WallTimeField, describe_zone


class PreviewLinkForm(forms.Form):
    """A new link to `article`, which may be a working copy, made by `user`."""

    recipient = forms.CharField(
        label="Recipient",
        max_length=150,
        help_text="Shown above the preview.",
        error_messages={"required": "Enter the recipient’s name."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    pinned = forms.TypedChoiceField(
        label="Version",
        choices=[
            ("", "The draft, including later changes"),
            ("yes", "The text as it is saved now"),
        ],
        coerce=bool,
        # What is coerced has an empty value of any kind.
        empty_value=False,  # type: ignore[arg-type]
        required=False,
        widget=forms.RadioSelect,
    )
    days = forms.IntegerField(
        label="Valid for (days)",
        initial=DAYS,
        validators=DAYS_ALLOWED,
        widget=forms.NumberInput(attrs={"min": 1, "max": MOST_DAYS}),
    )
    embargoed_until = WallTimeField(
        label="Embargoed until",
        required=False,
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
    )

    def __init__(self, *args, article, user, **kwargs):
        super().__init__(*args, prefix="link", **kwargs)
        self.article, self.user = article, user
        self.fields[
            "embargoed_until"
        ].help_text = f"Shown above the preview. The time is {describe_zone()}."
        if article.is_scheduled:
            goes_live = localtime(article.goes_live_at)
            self.fields["embargoed_until"].initial = goes_live.replace(tzinfo=None)

    def create_link(self):
        """The new link; or None, and the reason is among the form's errors."""
        try:
            return PreviewLink.make(self.article, self.user, **self.cleaned_data)
        except (NotAllowed, ValidationError) as error:
            self.add_error(None, str(error))


class PreviewLinksPanel(Panel):
    """Links for people without an account."""

    def get_context(self, request, article):
        if article is None or not may_share(request, article, self.model_admin):
            return {}
        return get_links_context(request, article)


def may_share(request, article, model_admin):
    """Return whether the person may make links; they see all links to it."""
    return request.user.has_perm(
        "articles.add_previewlink"
    ) and model_admin.has_change_permission(request, article)


def get_links_context(request, article, form=None):
    links = PreviewLink.objects.filter(article=article.original_id)
    return {
        "links": links.with_openings().select_related("created_by"),
        "link_form": form or PreviewLinkForm(article=article, user=request.user),
        # What readers have needs no preview; changes to it are an article apart.
        "may_link": not article.was_public,
        "links_address": reverse(
            "admin:articles_article_preview_links", args=[article.original_id]
        ),
        "new_link": request.GET.get("new", ""),
    }
