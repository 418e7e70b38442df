"""One post of the article's form: its rows, its saving, a refusal, and the answer."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.shortcuts import redirect
from reversion import is_active, set_comment

from articles import notifications, webhooks, workflow
from articles.admin import planning
from articles.admin.badges import describe_state
from articles.admin.edit_sessions import clear_saved
from articles.admin.panels.checklist import show_warnings
from articles.forms.article import STEP_NOTE
from articles.history.snapshot import keep_first
from articles.models import Article, Attachment, EditorialPolicy
from articles.related.upkeep import compute_soon
from articles.workflow import NotAllowed, State


def build_request_form(model_admin, request, form_class):
    """The form class, with its user, its posted rows and what was refused before."""

    def get_posted_rows(article):
        for rows, inline in model_admin.get_formsets_with_inlines(request, article):
            prefix = rows.get_default_prefix()
            posted = model_admin.get_formset_kwargs(request, article, inline, prefix)
            yield inline.verbose_name_plural.capitalize(), rows(**posted)

    class RequestForm(form_class):
        user = request.user

        def clean(self):
            super().clean()
            if refusal := getattr(request, "refusal", None):
                self.add_error(None, [*refusal, "What you wrote is still here."])

    RequestForm.get_posted_rows = staticmethod(get_posted_rows)
    return RequestForm


def show_refusal(view, request, **arguments):
    """The view's answer; a step that is refused after all brings the form back.

    Outside of the revision, which would keep the text that was not saved.
    """
    try:
        return view(request, **arguments)
    except (NotAllowed, ValidationError) as refusal:
        # Everything was rolled back.
        request.refusal = getattr(refusal, "messages", [str(refusal)])
        for file in request.FILES.values():
            file.seek(0)
        return view(request, **arguments)


def prepare_saving(request, article, form, change):
    """Set what the form does not: who saves, whose state it takes, what was lost.

    Begins a working copy of a live article; `form.begun` says whether.
    """
    if not change:
        article.created_by = request.user
    elif EditorialPolicy.objects.current().four_eyes:
        keep_first(article)
    article.changed_by = request.user
    form.begun = change and article.is_not_begun
    if form.begun:
        article.save_as_begun(request.user)
    if form.is_scheduled and form.step is not workflow.UNSCHEDULE:
        # Off the schedule until it is certain that what goes live was approved.
        article.state = State.APPROVED
    article.losses = "\n".join(form.list_unseen_losses())


def finish_saving(request, form, formsets, change):
    """Do what follows once the article and its rows are saved, and take the step."""
    article = form.instance
    if any(rows.model is Attachment and rows.has_changed() for rows in formsets):
        article.index()
    if form.begun and not form.step and not article.differs_from_live:
        Article.objects.filter(pk=article.live_id).update(losses=article.losses)
        article.delete()
        messages.info(
            request, "Nothing was saved, because nothing differs from the live page."
        )
    planning.notify_assignee(form, request.user)
    # The step itself is made after this, before the transaction ends.
    transaction.on_commit(notifications.enqueue_due)
    transaction.on_commit(webhooks.announce_soon, robust=True)
    transaction.on_commit(compute_soon, robust=True)
    clear_saved(request, article, is_new=not change)
    request.shown = form.take_step()


def show_saved(request, article):
    """Back to the form, where the editor goes on."""
    shown = getattr(request, "shown", article)
    if shown.pk is None:
        # Nothing was changed, so there is nothing to keep.
        return redirect("admin:articles_article_change", shown.live_id)
    updated = shown is not article
    said = "The live page has been updated" if updated else describe_state(article)
    messages.success(request, f"{said}.")
    show_warnings(request, shown)
    return redirect("admin:articles_article_change", shown.pk)


def keep_note(request):
    """Keep the note alone: the history has who, when and what anyway."""
    if is_active():
        set_comment(request.POST.get(STEP_NOTE, "").strip())
