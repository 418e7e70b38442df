from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST, require_safe

from articles.models import Article, PreviewLink
from articles.models.preview_link import DAYS, DAYS_ALLOWED, MOST_DAYS
from articles.workflow import NotAllowed
from ecfr_site.admin_site.wall_clock import WallTimeField, zone_in_words

# The openings that a link's page lists.
LATEST = 200


class PreviewLinkForm(forms.Form):
    """A new link to `article`, which may be a working copy, made by `user`."""

    recipient = forms.CharField(
        label="For whom",
        max_length=150,
        help_text="The name stands above the preview.",
        error_messages={"required": "Enter the recipient's name."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    pinned = forms.TypedChoiceField(
        label="What it shows",
        choices=[
            ("", "The draft, with every change you save"),
            ("yes", "The text as it is saved now, whatever changes later"),
        ],
        coerce=bool,
        empty_value=False,
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
        ].help_text = f"Stands above the preview. The time is {zone_in_words()}."
        if article.is_scheduled:
            goes_live = localtime(article.goes_live_at)
            self.fields["embargoed_until"].initial = goes_live.replace(tzinfo=None)

    def make(self):
        """The new link; or None, and the reason is among the form's errors."""
        try:
            return PreviewLink.make(self.article, self.user, **self.cleaned_data)
        except (NotAllowed, ValidationError) as error:
            self.add_error(None, str(error))


class PreviewLinkPages:
    """Links for people without an account."""

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/preview-links/",
                view(self.preview_links),
                name="articles_article_preview_links",
            ),
            path(
                "<int:pk>/preview-links/<int:link>/",
                view(require_safe(self.preview_link)),
                name="articles_article_preview_link",
            ),
            path(
                "<int:pk>/preview-links/<int:link>/revoke/",
                view(require_POST(self.revoke_preview_link)),
                name="articles_article_revoke_preview_link",
            ),
            *super().get_urls(),
        ]

    def panel_context(self, request, article):
        context = super().panel_context(request, article)
        if article is None or not self.has_preview_link_permission(request, article):
            return context
        return context | self.links_context(request, article)

    def has_preview_link_permission(self, request, article):
        """Whoever may change the text and make links sees all links to it."""
        return request.user.has_perm(
            "articles.add_previewlink"
        ) and self.has_change_permission(request, article)

    def links_context(self, request, article, form=None):
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

    def linked(self, request, pk):
        """The article, or its working copy while there is one, for who may share it."""
        articles = Article.objects.visible_to(request.user).originals()
        article = get_object_or_404(articles.select_related("image"), pk=pk)
        shown = article.changes or article
        if not self.has_preview_link_permission(request, shown):
            raise PermissionDenied
        return shown

    def preview_links(self, request, pk):
        """All links of an article, and the form for another; POST makes it."""
        article = self.linked(request, pk)
        form = None
        if request.method == "POST":
            form = PreviewLinkForm(request.POST, article=article, user=request.user)
            if form.is_valid() and (link := form.make()):
                return redirect(f"{request.path}?new={link.pk}")
        context = {
            **self.admin_site.each_context(request),
            "title": "Preview links",
            "opts": self.opts,
            "article": article,
            "original": article,
            **self.links_context(request, article, form),
        }
        return render(request, "admin/articles/article/preview_links.html", context)

    def preview_link(self, request, pk, link):
        """Return when and with what a link was opened."""
        article = self.linked(request, pk)
        links = PreviewLink.objects.with_openings().select_related("created_by")
        found = get_object_or_404(links, pk=link, article=article.original_id)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Preview link for {found.recipient}",
            "opts": self.opts,
            "article": article,
            "link": found,
            "openings": found.openings.all()[:LATEST],
        }
        return render(request, "admin/articles/article/preview_link.html", context)

    def revoke_preview_link(self, request, pk, link):
        article = self.linked(request, pk)
        links = PreviewLink.objects.select_related("article")
        found = get_object_or_404(links, pk=link, article=article.original_id)
        try:
            found.revoke(by=request.user)
        except NotAllowed as error:
            raise PermissionDenied(str(error)) from error
        return redirect("admin:articles_article_preview_links", pk)
