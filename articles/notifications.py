"""E-mail notifications to the people of the desk.

That somebody is still to be told stands in the rows: `told_at` of a step or comment is
empty. A task claims its row first, so run twice it does nothing, and one that is lost
is queued again by the scheduler (`enqueue_due`). Killed between claim and mail, it
loses the mail: all that notices say stands at the desk as well.
"""

import logging
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import get_connection
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime
from django_tasks import task

from articles import workflow
from articles.mentions import find_mentioned
from articles.models import Article, Comment, NotificationPreference, WorkflowEvent
from articles.staff import find_permitted, find_viewers, find_writers, get_display_name
from ecfr_site.mail.emails import build_email
from ecfr_site.mail.models import MailHold
from ecfr_site.tasks.queue import enqueue_once

logger = logging.getLogger(__name__)

User = get_user_model()

# What nobody could be told of for so long is no news any more.
OLD = timedelta(days=1)
AT_ONCE = 50
# The steps of the workflow that are told, by the names of their choices.
EVENTS = {
    workflow.SUBMIT.name: "submitted",
    workflow.RETURN.name: "returned",
    workflow.APPROVE.name: "approved",
    workflow.PUBLISH.name: "published",
}


def enqueue_due():
    """Queue one task for what somebody is still to be told; return 1 if there is any.

    One, for while no worker gets to it, each run would double what waits in the queue,
    and an edition would wait behind it.
    """
    if MailHold.objects.is_on():
        return 0
    if not any(rows.exists() for _, rows in _list_due()):
        return 0
    return int(enqueue_once(notify_due))


@task()
def notify_due():
    """Tell whatever was not told when it happened. May be lost or run twice."""
    for notice, rows in _list_due():
        for pk in list(rows.order_by("at").values_list("pk", flat=True)[:AT_ONCE]):
            try:
                notice.call(pk)
            except Exception:
                # One that always fails cannot keep the others waiting.
                logger.exception("A notice was not sent.")


def _list_due():
    """(the task that tells of a row, the rows that nobody was told of)."""
    since = timezone.now() - OLD
    for notice, model in (
        (notify_transition, WorkflowEvent),
        (notify_comment, Comment),
    ):
        yield notice, model.objects.untold().filter(at__gt=since)


@task()
def notify_transition(step_id):
    """Mail what became of an article, once. May be lost or run twice."""
    with open_mail_connection() as post:
        if not claim(WorkflowEvent, step_id):
            return
        step = WorkflowEvent.objects.select_related("article", "by").get(pk=step_id)
        event = EVENTS.get(step.name)
        if event is None:
            return
        article = get_text(step)
        if event == "submitted" and article.assigned_to_id:
            people = User.objects.filter(pk=article.assigned_to_id)
        elif event == "submitted":
            people = find_permitted(workflow.REVIEW)
        else:
            people = [*find_writers(step.article, article), *find_submitter(step)]
        notify(post, article, step.by, [(event, people)], note=step.note)


@task()
def notify_comment(comment_id):
    """Mail what was said, once. May be lost or run twice."""
    with open_mail_connection() as post:
        if not claim(Comment, comment_id):
            return
        comment = Comment.objects.select_related("article", "by").get(pk=comment_id)
        article = get_text(comment)
        named, _ = find_mentioned(comment.text, find_viewers(article))
        thread = Comment.objects.filter(pk=comment.answers_id) | Comment.objects.filter(
            answers=comment.answers_id, answers__isnull=False
        )
        concerned = [
            *find_writers(comment.article, article),
            *User.objects.filter(pk__in=thread.order_by().values("by")),
        ]
        if article.assigned_to_id:
            concerned.append(article.assigned_to)
        reasons = [("mentioned", named), ("commented", concerned)]
        notify(post, article, comment.by, reasons, note=comment.text, comment=comment)


@task()
def notify_assignee(article_id, user_id, by_id):
    """Mail who is to work on an article.

    Lost, it is still to be seen on the desk's front page; run twice, it is said twice.
    """
    article = Article.objects.filter(pk=article_id, assigned_to=user_id).first()
    if article is None:
        return
    by = User.objects.filter(pk=by_id).first()
    people = User.objects.filter(pk=user_id)
    with open_mail_connection() as post:
        notify(post, article, by, [("assigned", people)])


@contextmanager
def open_mail_connection():
    """The way out for mails. Raises if it is closed, before anything is claimed."""
    post = get_connection()
    post.open()
    try:
        yield post
    finally:
        post.close()


def claim(model, pk):
    return model.objects.untold().filter(pk=pk).update(told_at=timezone.now())


def get_text(row):
    """The text a step or comment is about: the working copy, while there is one."""
    changes = row.article.changes if row.on_working_copy else None
    return changes or row.article


def find_submitter(step):
    """The last to submit what the step was about: perhaps none of its writers."""
    submitted = step.article.steps.filter(
        name=workflow.SUBMIT.name, on_working_copy=step.on_working_copy
    )
    return User.objects.filter(pk__in=list(submitted.values_list("by", flat=True)[:1]))


def notify(post, article, by, reasons, **context):
    """One mail to each who may see the article and wants it, but not to who did it.

    `reasons` are pairs of an event and people; the first one that applies is given.
    """
    comment = context.get("comment")
    seeing = find_viewers(article).exclude(email="").select_related("notice_choice")
    if by:
        seeing = seeing.exclude(pk=by.pk)
    concerned = [(event, {user.pk for user in people}) for event, people in reasons]
    context |= {
        "article": article,
        "who": get_display_name(by) if by else "Somebody",
        "what": f"changes to “{article}”" if article.live_id else f"“{article}”",
        "url": f"{settings.SITE_URL}{build_desk_url(article, comment)}",
        "choice_url": settings.SITE_URL + reverse("admin:articles_article_notices"),
        "goes_live": localtime(article.goes_live_at) if article.is_scheduled else None,
    }
    for user in seeing:
        choice = getattr(user, "notice_choice", NotificationPreference())
        for event, people in concerned:
            if user.pk in people and choice.wants(event):
                if comment and not comment.may_be_read_by(user):
                    break
                send_notification(post, user, {**context, "event": event, "user": user})
                break


def send_notification(post, user, context):
    message = build_email("articles/email/notice", user.email, context, html=False)
    try:
        post.send_messages([message])
    except Exception:
        # One address that is refused must not keep the others from theirs.
        logger.exception("A notice to %s could not be sent.", user.pk)


def build_desk_url(article, comment=None):
    path = reverse("admin:articles_article_change", args=[article.pk])
    return f"{path}#comment-{comment.pk}" if comment else path
