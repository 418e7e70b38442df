"""The audit log: who did what to which object when.

An entry stands in the transaction of the act, so that neither is without the other.
What packages do is recorded by itself (audit_sources.py), and so is every entry of the
desk's own log (`LogEntry`); whoever does more calls `record`.
"""

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import HttpRequest

from ecfr_site.audit.models import AuditEntry
from ecfr_site.security.client_ip import client_address

_request = ContextVar("request", default=None)


@contextmanager
def acting(request):
    """Attribute to this request what is recorded meanwhile."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def get_actor():
    """The account that the present request belongs to, or None."""
    user = getattr(_request.get(), "user", None)
    return user if user is not None and user.is_authenticated else None


def record(
    action: str,
    user: User | None = None,
    object: Model | type[Model] | None = None,  # noqa: A002
    detail: str = "",
    request: HttpRequest | None = None,
    who: str = "",
) -> AuditEntry:
    """Write an entry and return it.

    `action` is one of AuditEntry.ACTIONS; `object` a row, or a model where it is about
    many. Without a user it is the one of the present request, if any. `who` names
    somebody who has no account. Nothing may name a subscriber by address: see
    `get_name`.
    """
    entry = _build_entry(
        action, user or (None if who else get_actor()), detail, request, who
    )
    if object is not None:
        entry.kind = object._meta.label_lower
        if isinstance(object, type):
            entry.what = object._meta.verbose_name_plural
        else:
            entry.object_id = object.pk
            entry.what = get_name(object)
    _fit(entry).save()
    return entry


def log(action, user, object, message):  # noqa: A002
    """An entry of the desk's own log that the audit log has as `action`.

    Without a user, whose account may be gone, the desk's log can have none.
    """
    if user is None:
        record(action, object=object, detail=message)
        return
    entry = LogEntry(
        user=user,
        content_type=ContentType.objects.get_for_model(object),
        object_id=object.pk,
        object_repr=str(object)[:200],
        action_flag=CHANGE,
        change_message=message,
    )
    entry.audited_as = action
    entry.save()


def mirror(log_entries):
    """Take over entries of the desk's own log."""
    flags = {1: "add", 2: "change", 3: "delete"}
    me = get_actor()
    users = {me.pk: me} if me else {}
    entries = []
    for logged in log_entries:
        if logged.user_id not in users:
            users[logged.user_id] = logged.user
        user = users[logged.user_id]
        action = getattr(logged, "audited_as", flags.get(logged.action_flag, "change"))
        entry = _build_entry(action, user, logged.get_change_message())
        entry.object_id = logged.object_id or ""
        entry.what = logged.object_repr
        if logged.content_type_id:
            kind = ContentType.objects.get_for_id(logged.content_type_id)
            entry.kind = f"{kind.app_label}.{kind.model}"
            if entry.object_id and _is_numbered(kind.model_class()):
                entry.what = f"{kind.name} {entry.object_id}"
        entries.append(_fit(entry))
    AuditEntry.objects.bulk_create(entries)


def describe_filters(request):
    """Return how a list is narrowed down, for the entry of its export.

    Not what was searched for, which may be a subscriber's address.
    """
    parts = []
    for name, value in sorted(request.GET.items()):
        if name == "q" or "@" in value:
            parts.append("a search")
        elif value and name not in ("o", "p"):
            parts.append(f"{name}: {value}")
    return f"Only {', '.join(parts)}." if parts else "All."


def get_name(row):
    """The object's name in the log.

    What is tied to a subscriber (`audited_by_number`) has a number only: the log
    cannot forget, but a subscriber may want to be forgotten.
    """
    if _is_numbered(type(row)):
        return f"{row._meta.verbose_name} {row.pk}"
    return str(row)


def get_user_name(user):
    full = user.get_full_name()
    return f"{full} ({user.get_username()})" if full else user.get_username()


def _is_numbered(model):
    return getattr(model, "audited_by_number", False)


def _build_entry(action, user, detail, request=None, who=""):
    request = request or _request.get()
    if user is None and not who and request is None:
        who = _get_program()
    return AuditEntry(
        user=user,
        who=who or (get_user_name(user) if user else ""),
        action=action,
        detail=detail,
        address=client_address(request) if request else None,
    )


def _get_program():
    """The name of the running program, as “manage.py createsuperuser”."""
    name = Path(sys.argv[0]).name
    if name == "manage.py":
        return " ".join([name, *sys.argv[1:2]])
    return name


def _fit(entry):
    """No act fails because a name is too long, or holds what PostgreSQL refuses."""
    for name in ("who", "kind", "object_id", "what", "detail"):
        length = AuditEntry._meta.get_field(name).max_length
        text = str(getattr(entry, name)).replace("\x00", "")
        setattr(entry, name, text[:length])
    return entry
