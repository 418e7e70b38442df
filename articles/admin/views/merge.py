"""A newer version of a manuscript, compared with a draft and then merged into it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from articles.admin.views.history import get_page_context
from articles.forms.manuscripts import ManuscriptForm, MergeForm
from articles.importing import merging
from articles.importing.manuscripts import read_manuscript
from articles.importing.packages import UnreadableManuscript

_PLACE = "admin/articles/article/"


def merge(request, pk, model_admin):
    """Three acts at one address: choose a file, compare, and merge or leave it."""
    article = model_admin.get_visible_or_404(request, pk)
    if not article.may_be_changed_by(request.user):
        raise PermissionDenied
    if article.is_changed_aside:
        return _render(request, article, model_admin, form=None)
    if request.method == "POST" and "upload" in request.POST:
        return _decide(request, article, model_admin)
    form = ManuscriptForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        file, changes = form.cleaned_data["manuscript"], form.cleaned_data["changes"]
        try:
            manuscript = read_manuscript(file, file.name, changes == "reject")
        except UnreadableManuscript as error:
            form.add_error("manuscript", str(error))
        else:
            file.seek(0)
            upload = merging.keep_upload(file, article, changes)
            return _compare(request, article, manuscript, upload, model_admin)
    return _render(request, article, model_admin, form)


def _render(request, article, model_admin, form):
    """The page to choose a file; without a form it says why there is none."""
    context = {
        **get_page_context(request, article, model_admin),
        "title": "A newer manuscript",
        "form": form,
    }
    return TemplateResponse(request, f"{_PLACE}newer_manuscript.html", context)


def _compare(request, article, manuscript, upload, model_admin, form=None):
    differing, losses = merging.compare_with(article, manuscript)
    context = {
        **get_page_context(request, article, model_admin),
        "title": "Compare with the manuscript",
        "form": form or MergeForm(differing, initial={"upload": upload}),
        "differing": differing,
        "losses": losses,
    }
    return TemplateResponse(request, f"{_PLACE}merge.html", context)


def _decide(request, article, model_admin):
    try:
        kept, manuscript = merging.read_upload(request.POST["upload"], article)
    except merging.Gone:
        messages.error(
            request, "The manuscript has been deleted. Choose the file again."
        )
        return redirect("admin:articles_article_merge", article.pk)
    if "leave" in request.POST:
        merging.forget_upload(kept)
        messages.info(request, "The draft has not changed.")
        return redirect("admin:articles_article_change", article.pk)
    differing, _ = merging.compare_with(article, manuscript)
    form = MergeForm(differing, request.POST)
    if not form.is_valid():
        upload = request.POST["upload"]
        return _compare(request, article, manuscript, upload, model_admin, form)
    parts = form.cleaned_data["parts"]
    try:
        losses = merging.merge(article, manuscript, parts, kept["digest"], request.user)
    except merging.ChangedMeanwhile:
        messages.warning(
            request,
            "Somebody changed the draft in the meantime. Compare the two again.",
        )
        article.refresh_from_db()
        upload = merging.renew_upload(kept, article)
        return _compare(request, article, manuscript, upload, model_admin)
    merging.forget_upload(kept)
    messages.success(request, "The draft has been updated from the manuscript.")
    if losses:
        messages.warning(request, f"Left out: {', '.join(losses)}.")
    return redirect("admin:articles_article_change", article.pk)
