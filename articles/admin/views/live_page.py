"""Acts on a page that readers see, which leave its text alone."""

from django.contrib import messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST

from articles import workflow
from articles.admin.badges import describe_state
from articles.forms.withdrawal import WithdrawalForm
from articles.models import Article
from articles.webhooks import announce_soon


def withdraw(request, pk, model_admin):
    """A page that asks for the reason, and withdraws the article on POST."""
    article = _get_original(request, pk, workflow.WITHDRAW)
    form = WithdrawalForm(request.POST or None, instance=article)
    form.fields["replaced_by"].widget = AutocompleteSelect(
        Article._meta.get_field("replaced_by"), model_admin.admin_site
    )
    form.fields["replaced_by"].widget.choices = form.fields["replaced_by"].choices
    if form.is_valid():
        article.withdraw(by=request.user, note=form.cleaned_data["note"])
        transaction.on_commit(announce_soon, robust=True)
        messages.success(request, f"{describe_state(article)}.")
        return redirect("admin:articles_article_change", article.pk)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Withdraw this publication",
        "opts": model_admin.opts,
        "article": Article.objects.get(pk=pk),
        "form": form,
        "media": model_admin.media + form.media,
    }
    return TemplateResponse(request, "admin/articles/article/withdraw.html", context)


@require_POST
def feature(request, pk, model_admin):
    article = _get_original(request, pk, workflow.FEATURE)
    article.feature(by=request.user)
    messages.success(request, "The article now leads the home page.")
    return redirect("admin:articles_article_change", article.pk)


def _get_original(request, pk, action):
    visible = Article.objects.originals().visible_to(request.user)
    article = get_object_or_404(visible, pk=pk)
    if refusal := article.get_refusal(action, request.user):
        raise PermissionDenied(refusal)
    return article
