"""The mails about accounts go beside the requests.

So a request takes the same time whether or not an account exists, and a mail server
that is down keeps nobody from their work.
"""

from django.contrib.auth import get_user_model
from django_tasks import task

from ecfr_site.accounts import emails, lockout, sessions


@task()
def send_password_links(user_ids):
    """One task each: where one fails and is tried again, nobody is mailed twice."""
    for user_id in user_ids:
        send_password_link.enqueue(user_id)


@task()
def send_password_link(user_id):
    user = get_user_model().objects.filter(pk=user_id, is_active=True).first()
    if user:
        emails.build_password_reset(user).send()


@task()
def send_invitation(user_id, invited_by_id):
    accounts = get_user_model().objects.in_bulk([user_id, invited_by_id])
    user = accounts.get(user_id)
    if user and user.is_active:
        emails.build_invitation(user, accounts.get(invited_by_id)).send()


@task()
def send_notice(user_id, what, to):
    user = get_user_model().objects.filter(pk=user_id).first()
    if user:
        emails.build_notice(user, what, to).send()


def notify(user, what, to=None):
    """Tell the owner of the account by mail; `what` is a key of emails.NOTICES."""
    if to or user.email:
        send_notice.enqueue(user.pk, what, to or user.email)


def enqueue_due():
    """Clear away sessions that have ended and old failures; queues nothing."""
    sessions.remove_ended()
    lockout.remove_old()
    return 0
