"""The plan of an article: an assignee and a due date."""

from functools import partial

from django.db import transaction
from django.forms import ModelChoiceField

from articles import notifications
from articles.staff import find_permitted, get_display_name
from articles.workflow import State

PLAN = ("assigned_to", "due")


class PersonField(ModelChoiceField):
    def label_from_instance(self, user):
        return get_display_name(user)


def build_assignee_field(help_text):
    return PersonField(
        find_permitted("articles.change_article"),
        required=False,
        empty_label="Nobody",
        help_text=help_text,
    )


def may_plan(user):
    return user.has_perm("articles.approve_article")


def may_have_plan(article):
    """False for what is live: saving that makes a working copy, which has the plan."""
    return article.live_id or article.state != State.PUBLISHED or article.is_scheduled


def shows_plan(article, user):
    """Return whether the form has a plan; `article` is None for a new one."""
    shown = may_plan(user) or (article and (article.assigned_to_id or article.due))
    return shown and (article is None or may_have_plan(article))


def notify_assignee(form, user):
    """Tell whoever the form assigns the article to, once all is saved."""
    article = form.instance
    if "assigned_to" in form.changed_data and article.assigned_to_id:
        people = (article.assigned_to_id, user.pk)
        transaction.on_commit(
            partial(notifications.notify_assignee.enqueue, article.pk, *people)
        )
