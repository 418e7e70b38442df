"""Session lifetimes: an idle time, and a maximum in all.

Readers have no session. On the desk it is written when somebody signs in and then at
most every ten minutes; what scripts send by themselves does not prolong it.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.dispatch import receiver
from django.utils import timezone

BEGAN = "began"
# The end is moved on only when that moves it so far.
STEP = timedelta(minutes=10)


@receiver(user_logged_in)
def begin(request, **kwargs):
    now = timezone.now()
    request.session[BEGAN] = now.isoformat()
    request.session.set_expiry(_compute_end(now, now))


def keep_alive(request):
    """Let the session last from now on, but not beyond its longest time."""
    session = request.session
    if BEGAN not in session:
        return begin(request)
    end = _compute_end(datetime.fromisoformat(session[BEGAN]), timezone.now())
    if end - session.get_expiry_date() >= STEP:
        session.set_expiry(end)


def _compute_end(began, now):
    return min(
        now + timedelta(hours=settings.SESSION_IDLE_HOURS),
        began + timedelta(days=settings.SESSION_MAX_DAYS),
    )


def end_all(user, but=None):
    """Sign the user out everywhere, except in the session with the key `but`.

    Reads every session: those of editors, since readers have none.
    """
    ended = [
        session.pk for session in _list_sessions(user) if session.session_key != but
    ]
    Session.objects.filter(pk__in=ended).delete()
    return len(ended)


def list_ends(user):
    """Return when each of the user's sessions ends."""
    return [session.expire_date for session in _list_sessions(user)]


def _list_sessions(user):
    return [
        session
        for session in Session.objects.filter(expire_date__gte=timezone.now())
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]


def remove_ended():
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
