from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from articles import workflow
from articles.admin.badges import what_happened
from articles.forms import WithdrawalForm
from articles.models import Article


class LivePages:
    """What is done to a page that readers see, without touching its text."""

    def get_urls(self):
        def view(page):
            return self.admin_site.admin_view(never_cache(page))

        return [
            path(
                "<int:pk>/withdraw/",
                view(self.withdraw),
                name="articles_article_withdraw",
            ),
            path(
                "<int:pk>/feature/",
                view(require_POST(self.feature)),
                name="articles_article_feature",
            ),
            *super().get_urls(),
        ]

    def panel_context(self, request, article):
        """`live_page`: the article itself, with what the user may do to it."""
        context = super().panel_context(request, article)
        if article is None or not article.pk:
            return context
        original = article.original
        return context | {
            "live_page": original,
            "may_feature": original.may(workflow.FEATURE, request.user),
            "may_withdraw": original.may(workflow.WITHDRAW, request.user),
        }

    def withdraw(self, request, pk):
        """A page that asks for the reason, and withdraws the article on POST."""
        article = self._original(request, pk, workflow.WITHDRAW)
        form = WithdrawalForm(request.POST or None, instance=article)
        form.fields["replaced_by"].widget = AutocompleteSelect(
            Article._meta.get_field("replaced_by"), self.admin_site
        )
        form.fields["replaced_by"].widget.choices = form.fields["replaced_by"].choices
        if form.is_valid():
            article.withdraw(by=request.user, note=form.cleaned_data["note"])
            self.message_user(request, f"{what_happened(article)}.", "success")
            return redirect("admin:articles_article_change", article.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": "Withdraw this publication",
            "opts": self.opts,
            "article": Article.objects.get(pk=pk),
            "form": form,
            "media": self.media + form.media,
        }
        return TemplateResponse(
            request, "admin/articles/article/withdraw.html", context
        )

    def feature(self, request, pk):
        article = self._original(request, pk, workflow.FEATURE)
        article.feature(by=request.user)
        self.message_user(request, "It leads the home page.", "success")
        return redirect("admin:articles_article_change", article.pk)

    def _original(self, request, pk, action):
        visible = Article.objects.originals().visible_to(request.user)
        article = get_object_or_404(visible, pk=pk)
        if refusal := article.refusal(action, request.user):
            raise PermissionDenied(refusal)
        return article
