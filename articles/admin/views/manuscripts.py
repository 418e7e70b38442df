from typing import NamedTuple

from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse

from articles.forms.manuscripts import ManuscriptsForm
from articles.importing.drafts import create_draft
from articles.importing.manuscripts import read_manuscript
from articles.importing.packages import UnreadableManuscript
from articles.models import Article


class Outcome(NamedTuple):
    """Result of one file: a draft with what it lost, or an error."""

    file: str
    article: Article | None = None
    losses: tuple[str, ...] = ()
    error: str = ""


def manuscripts(request, model_admin):
    """A page that makes a draft of each manuscript, and says what was left out.

    A file that cannot be read costs the others nothing.
    """
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    form = ManuscriptsForm(request.POST or None, request.FILES or None)
    outcomes = []
    if form.is_valid():
        outcomes = [
            _make_draft(file, form.cleaned_data, request.user)
            for file in form.cleaned_data["manuscripts"]
        ]
        form = ManuscriptsForm(initial=form.cleaned_data | {"manuscripts": None})
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Drafts from manuscripts",
        "opts": model_admin.opts,
        "form": form,
        "outcomes": outcomes,
    }
    return TemplateResponse(request, "admin/articles/article/manuscripts.html", context)


def _make_draft(file, chosen, user):
    try:
        manuscript = read_manuscript(file, file.name, chosen["changes"] == "reject")
    except UnreadableManuscript as error:
        return Outcome(file.name, error=str(error))
    article, losses = create_draft(manuscript, user, chosen["language"])
    return Outcome(file.name, article, tuple(losses))
