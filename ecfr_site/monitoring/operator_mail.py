"""E-mail to the operator when something is not well, and when it is well again."""

import contextlib
import json
import time
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import DatabaseError

from ecfr_site.mail.backends import refuse_if_held

# What goes on is told again after a day.
AGAIN = 24 * 3600
STATE = "operator-mail.json"


def tell_operator(findings, failed=""):
    """Mail OPERATOR_EMAIL of what is not well; return the subject, or None for no mail.

    findings: of health.look(); failed: the name of a program that ended with an error,
    which is always told. Otherwise the same trouble is told once a day. Raises what the
    mail server does to a mail, and MailHeld on a restored copy.
    """
    unwell = [one for one in findings if not one.is_well]
    names = sorted(one.name for one in unwell)
    if not failed and not _is_news(names):
        return None
    subject = ", ".join([failed, *names] if failed else names) or "all is well again"
    lines = [f"{failed} ended with an error: journalctl -u {failed}"] if failed else []
    lines += [f"{one.name}: {one.said}" for one in unwell]
    _send(f"{settings.SITE_URL}: {subject}", "\n".join([*lines, ""]))
    _write_state(names)
    return subject


def _send(subject, body):
    # That the database is away is perhaps what there is to tell.
    with contextlib.suppress(DatabaseError):
        refuse_if_held()
    connection = get_connection(settings.MAIL_BACKEND)
    to = [settings.OPERATOR_EMAIL]
    EmailMessage(subject, body, to=to, connection=connection).send()


def _is_news(names):
    state = _read_state()
    if names != state["names"]:
        return True
    return bool(names) and time.time() - state["at"] > AGAIN


def _read_state():
    try:
        return json.loads(_get_file().read_text())
    except (OSError, ValueError):
        return {"names": [], "at": 0}


def _write_state(names):
    """Note it; on a full disk the operator is told more often."""
    with contextlib.suppress(OSError):
        _get_file().write_text(json.dumps({"names": names, "at": time.time()}))


def _get_file():
    return Path(settings.VAR_DIR) / STATE
