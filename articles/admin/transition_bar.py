"""The bar of buttons under the form: each says what it will do, and does it at once."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format

from articles import workflow
from articles.admin.panels.panel import get_policy
from articles.forms.article import ONCE_LIVE, STEP, STEP_NOTE
from articles.staff import get_display_name
from articles.workflow import PublicationStatus, State
from articles.workflow.rights import Rights
from ecfr_site.admin_site.wall_clock import format_moment

INVALID = object()
# A past step in a word or two.
DONE = {
    "submit": "Submitted for review",
    "return_to_author": "Returned",
    "approve": "Approved",
    "publish": "Published",
    "unschedule": "Taken off the schedule",
    "withdraw": "Withdrawn",
    "discard": "Changes discarded",
}


@dataclass(frozen=True)
class Button:
    """A button of the form. `now` and `later` are its words by the time in the form."""

    name: str
    value: str
    label: str
    css: str = ""
    now: str = ""
    later: str = ""
    # While it is not known which of them is true.
    either: str = ""


def build_context(request, form):
    """For templates: `buttons`, `hints`, `last_step` and what the script needs."""
    article, rights = form.stored, form.rights
    if article.status in ONCE_LIVE and not article.live_id:
        rights = get_rights_to_changes(article, request.user)
        article = rights.article
    rights.policy = get_policy(request)
    name = "replaces_at" if article.live_id else "published_at"
    return {
        "buttons": list(list_buttons(article, rights, get_time(form, name))),
        "hints": list(list_hints(article, rights)),
        "last_step": describe_last_step(article, request.user),
        "changed_since_approval": find_former_approver(article),
        "note": request.POST.get(STEP_NOTE, ""),
        "stored_time": article.goes_live_at,
        "time_field": name,
    }


def list_buttons(article, rights, time):
    status = article.status
    publish = not rights.get_refusal(workflow.PUBLISH)
    if status == PublicationStatus.SCHEDULED and publish:
        yield build_publish_button(article, time)
    elif not rights.get_refusal(workflow.EDIT):
        kept = "Save draft" if status == PublicationStatus.DRAFT else "Save"
        label = "Save the changes" if article.live_id else kept
        yield Button("_save", "", label)
    for step in rights.list_transitions():
        if step is workflow.PUBLISH and status != PublicationStatus.SCHEDULED:
            yield build_publish_button(article, time)
        # Withdrawing has a page of its own, which asks for the reason.
        elif step not in (workflow.PUBLISH, workflow.WITHDRAW):
            yield Button(STEP, step.name, step.label)


def build_publish_button(article, time):
    """`time` is None for now, and INVALID for one that cannot be read."""
    now, later, either = _PUBLISH[
        bool(article.live_id), article.status == PublicationStatus.SCHEDULED
    ]
    if article.status == PublicationStatus.WITHDRAWN:
        now = either = "Publish again"
    label = now
    if time is INVALID:
        label = either
    elif time and time > timezone.now():
        label = later.format(format_moment(time))
    return Button(
        STEP, workflow.PUBLISH.name, label, "default publish", now, later, either
    )


def list_hints(article, rights):
    """Sentences on what keeps a step from being made, and what a change would undo."""
    for action in (workflow.APPROVE, workflow.PUBLISH):
        refusal = rights.has_permission(action) and rights.get_refusal(action)
        if refusal:
            yield refusal
    approved = article.state == State.APPROVED or (
        article.status == PublicationStatus.SCHEDULED
    )
    if approved and article.approved_by_id and not rights.get_refusal(workflow.EDIT):
        who = article.approved_by.get_full_name() or article.approved_by
        void = (
            f"{who} approved this text: if you change it, the approval no longer counts"
        )
        if article.status != PublicationStatus.SCHEDULED:
            yield f"{void}."
        elif rights.get_refusal(workflow.PUBLISH):
            yield f"{void} and it is taken off the schedule."


def get_time(form, name):
    """The moment that the form holds, INVALID if it cannot be read, or None."""
    if form.is_bound and name in form.fields:
        return INVALID if name in form.errors else form.cleaned_data.get(name)
    return getattr(form.stored, name)


def get_rights_to_changes(article, user):
    """To the working copy that a change of what readers see would begin."""
    if article.get_refusal(workflow.START_CHANGES, user):
        return Rights(article, user)
    return Rights(article.build_working_copy(user), user)


# The button's words without a time in the form, with one, and while that is not known:
# of articles or of working copies, not yet scheduled or scheduled.
_PUBLISH = {
    (False, False): ("Publish now", "Schedule for {}", "Publish"),
    (False, True): ("Publish now", "Save; it goes live on {}", "Save"),
    (True, False): (
        "Update the live page",
        "Update the live page on {}",
        "Update the live page",
    ),
    (True, True): (
        "Update the live page now",
        "Save; the live page changes on {}",
        "Save",
    ),
}


def describe_last_step(article, user):
    """The last step as a sentence's parts: what, who, when, note; None without any.

    The note is for who may read the history, where it stands too.
    """
    if not article.pk:
        return None
    steps = article.original.steps.select_related("by")
    # Changes that nobody has begun are shown under the article's own number.
    if article.live_id not in (None, article.pk):
        steps = steps.filter(on_working_copy=True, at__gte=article.created)
    else:
        steps = steps.filter(on_working_copy=False)
    if (step := steps.first()) is None:
        return None
    at = timezone.localtime(step.at)
    this_year = at.year == timezone.localdate().year
    done = DONE[step.name]
    if step.name == "publish" and article.status == PublicationStatus.SCHEDULED:
        done = "Scheduled"
    return {
        "done": done,
        "by": step.by and get_display_name(step.by),
        "at": date_format(at, "j F, H:i" if this_year else "j F Y, H:i"),
        "note": step.note if article.original.may_be_traced_by(user) else "",
    }


def find_former_approver(article):
    """The user who approved another text than this, or None."""
    waits = article.status in (PublicationStatus.DRAFT, PublicationStatus.IN_REVIEW)
    if not waits or article.approved_content is None or article.has_sign_off:
        return None
    return article.approved_by
