"""Export and erase the personal data of a colleague (docs/privacy.md)."""

from axes.models import AccessAttempt
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from ecfr_site.accounts import second_factor, sessions
from ecfr_site.audit import log
from ecfr_site.audit.models import AuditEntry
from ecfr_site.declarations import find_declarations

User = get_user_model()

# What would sign somebody in, and what has a place of its own or none here.
SECRET = {"password", "key", "token"}
APART = {"ecfr_site.auditentry", "auth.user_groups", "auth.user_user_permissions"}


def get_former_name(user):
    # With spaces, which no name that somebody chooses can have.
    return f"former colleague {user.pk}"


def is_erased(user):
    return user.username == get_former_name(user)


def _list_declared():
    return [app.COLLEAGUES for app in find_declarations("personal_data")]


# Export


def collect_data(user, by):
    """All that is stored about the account, ready for JSON, for `by` to save."""
    parts = _list_declared()
    hidden = SECRET.union(*(part.hidden_fields(user, by) for part in parts))
    by_name = set().union(*(part.by_name for part in parts))
    kind = {"kind": user._meta.label_lower, "object_id": str(user.pk)}
    audited = AuditEntry.objects.filter(Q(user=user) | Q(**kind))
    attempts = AccessAttempt.objects.filter(username=user.username)
    return {
        "account": _serialise_row(user, hidden),
        "groups": [group.name for group in user.groups.all()],
        "permissions": [str(right) for right in user.user_permissions.all()],
        "sessions": sessions.list_ends(user),
        "failed_sign_ins": [_serialise_row(attempt, hidden) for attempt in attempts],
        "audit_log": [_serialise_row(entry, hidden) for entry in audited.iterator()],
        "mentioned_in": [
            _serialise_row(row, hidden)
            for part in parts
            for row in part.find_mentions(user)
        ],
        "rows": {
            model._meta.label_lower: rows
            for model in apps.get_models(include_auto_created=True)
            if (rows := _collect_rows(model, user, hidden, by_name))
        },
    }


def _collect_rows(model, user, hidden, by_name):
    label = model._meta.label_lower
    keys = [
        field.name
        for field in model._meta.concrete_fields
        if field.related_model is User and label not in APART
    ]
    if not keys:
        return []
    wanted = Q.create([(key, user) for key in keys], connector=Q.OR)
    found = model._base_manager.filter(wanted).order_by("pk").iterator()
    if label not in by_name:
        return [_serialise_row(row, hidden) for row in found]
    return [
        {
            "id": row.pk,
            "name": str(row),
            "as": [key for key in keys if getattr(row, f"{key}_id") == user.pk],
        }
        for row in found
    ]


def _serialise_row(row, hidden):
    fields = row._meta.concrete_fields
    return {f.name: f.value_from_object(row) for f in fields if f.name not in hidden}


# Erasure


@transaction.atomic
def erase(user, by):
    """Forget the person and keep the row, to which histories and the audit log point.

    Raises PermissionDenied for one's own account and the last superuser's.
    """
    # All at once, so that no two superusers erase each other.
    rows = User.objects.select_for_update().order_by("pk")
    locked = list(rows.filter(Q(pk=user.pk) | Q(is_superuser=True)))
    user = next(account for account in locked if account.pk == user.pk)
    others = [one for one in locked if one.is_active and one.pk != user.pk]
    if user.pk == by.pk:
        raise PermissionDenied("You cannot erase your own account.")
    if user.is_superuser and not any(one.is_superuser for one in others):
        raise PermissionDenied("The last superuser account cannot be erased.")
    AccessAttempt.objects.filter(username=user.username).delete()
    sessions.end_all(user)
    user.username = get_former_name(user)
    user.first_name = user.last_name = user.email = ""
    user.is_active = user.is_staff = user.is_superuser = False
    user.last_login = None
    user.set_unusable_password()
    user.save()
    second_factor.turn_off(user)
    user.groups.clear()
    user.user_permissions.clear()
    for part in _list_declared():
        part.forget(user)
    # The desk's own log holds the name of what was changed.
    LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk)
    ).update(object_repr=str(user))
    log.log("erase", by, user, "Erased the account.")
