"""Signal receivers that record acts of Django and of packages.

Signing in, passwords, rights and second factors are not our code's acts, so that their
signals are listened to. An entry that cannot be written fails the act; only signing out
goes on, since keeping somebody signed in is worse.
"""

import logging

from django.apps import apps
from django.contrib.admin.models import LogEntry, LogEntryManager
from django.contrib.auth import get_user_model, user_logged_in, user_logged_out
from django.contrib.auth.models import Group
from django.contrib.auth.signals import user_login_failed
from django.db import DatabaseError, transaction
from django.db.models.signals import (
    m2m_changed,
    post_delete,
    post_save,
    pre_save,
)

from ecfr_site.audit import log

logger = logging.getLogger(__name__)

FLAGS = ("is_active", "is_staff", "is_superuser")
DEVICE_FIELDS = ("confirmed", "throttling_failure_count")
# Of a name that is nobody's: it may be a password, typed into the wrong box.
SHOWN_OF_UNKNOWN = 3


def connect():
    """Listen; called once, when all models are there."""
    user_model = get_user_model()
    user_logged_in.connect(record_sign_in, dispatch_uid="audit")
    user_logged_out.connect(record_sign_out, dispatch_uid="audit")
    user_login_failed.connect(record_refused_sign_in, dispatch_uid="audit")
    pre_save.connect(remember, sender=user_model, dispatch_uid="audit")
    post_save.connect(record_account, sender=user_model, dispatch_uid="audit")
    for through, what in (
        (user_model.groups.through, "groups"),
        (user_model.user_permissions.through, "permissions"),
        (Group.permissions.through, "permissions"),
    ):
        m2m_changed.connect(build_rights_receiver(what), through, weak=False)
    connect_desk_log()
    connect_packages()


def connect_desk_log():
    post_save.connect(record_log_entry, sender=LogEntry, dispatch_uid="audit")
    create = LogEntryManager.bulk_create

    # Django logs one object with save(), several with bulk_create(), which sends no
    # signal. A manager of our own would change the admin's migrations.
    def bulk_create(self, *args, **kwargs):
        with transaction.atomic():
            entries = create(self, *args, **kwargs)
            log.mirror(entries)
        return entries

    LogEntryManager.bulk_create = bulk_create


def connect_packages():
    if apps.is_installed("axes"):
        # Its models cannot be imported where it is not installed.
        from axes.signals import user_locked_out

        user_locked_out.connect(record_lockout, dispatch_uid="audit")
    if apps.is_installed("django_otp"):
        from django_otp.models import Device

        for model in apps.get_models():
            if issubclass(model, Device):
                pre_save.connect(remember, sender=model, dispatch_uid="audit")
                post_save.connect(
                    record_saved_device, sender=model, dispatch_uid="audit"
                )
                post_delete.connect(
                    record_removed_device, sender=model, dispatch_uid="audit"
                )


# Signing in and out


def record_sign_in(user, request=None, **kwargs):
    device = getattr(user, "otp_device", None)
    detail = f"With a {device._meta.verbose_name}." if device else ""
    log.record("sign-in", user, user, detail, request=request)


def record_sign_out(user, request=None, **kwargs):
    if user is None:
        return
    try:
        with transaction.atomic():
            log.record("sign-out", user, user, request=request)
    except DatabaseError:
        logger.exception("The audit log does not know that %s signed out.", user.pk)


def record_refused_sign_in(credentials, request=None, **kwargs):
    record_refusal("sign-in-refused", credentials.get(get_name_field(), ""), request)


def record_lockout(username=None, request=None, **kwargs):
    record_refusal("locked-out", username, request)


def record_refusal(action, typed, request):
    """For whom, as far as that is known; never what else was typed."""
    typed = str(typed or "").replace("\x00", "")
    user = get_user_model()._default_manager.filter(**{get_name_field(): typed}).first()
    if user:
        who = log.get_user_name(user)
    else:
        who = f"{typed[:SHOWN_OF_UNKNOWN]}… (no account)"
    log.record(action, object=user, request=request, who=who)


def get_name_field():
    return get_user_model().USERNAME_FIELD


# Accounts and their rights


def remember(sender, instance, update_fields=None, **kwargs):
    """Keep what the row says before it is saved."""
    names = [
        field.name
        for field in sender._meta.concrete_fields
        if field.name in (*FLAGS, *DEVICE_FIELDS)
        and (update_fields is None or field.name in update_fields)
    ]
    instance._before = None
    if names and not instance._state.adding:
        rows = sender._base_manager.filter(pk=instance.pk)
        instance._before = rows.values(*names).first()


def get_changes(instance):
    """The fields that changed since `remember`: {name: new value}."""
    before = instance._before or {}
    return {
        name: getattr(instance, name)
        for name, value in before.items()
        if value != getattr(instance, name)
    }


def record_account(instance, created, raw=False, **kwargs):
    if created:
        given = [flag for flag in FLAGS if getattr(instance, flag)]
        log.record(
            "account", object=instance, detail=describe_flags(dict.fromkeys(given, 1))
        )
        return
    if changed := get_changes(instance):
        log.record("rights", object=instance, detail=describe_flags(changed))
    # Django keeps the password itself until it has told its validators; not when it
    # only hashes the old one anew.
    if instance._password is not None:
        log.record("password", object=instance, detail=describe_actor(instance))


def describe_flags(flags):
    words = {"is_active": "active", "is_staff": "staff", "is_superuser": "superuser"}
    parts = [
        f"{'' if flags[flag] else 'not '}{words[flag]}"
        for flag in FLAGS
        if flag in flags
    ]
    return f"{', '.join(parts).capitalize()}." if parts else ""


def describe_actor(user):
    actor = log.get_actor()
    if actor is None:
        return "Without being signed in: by a link that was mailed, or a command."
    return "The own one." if actor.pk == user.pk else "For somebody else."


def build_rights_receiver(what):
    verbs = {"post_add": "Given", "post_remove": "Taken", "pre_clear": "Taken"}

    def receive(instance, action, reverse, model, pk_set, **kwargs):
        if action not in verbs:
            return
        if action == "pre_clear":
            others = list(list_related(instance, kwargs["sender"], reverse))
        else:
            others = list(model._default_manager.filter(pk__in=pk_set))
        pairs = [(other, [instance]) for other in others]
        if not reverse:
            pairs = [(instance, others)] if others else []
        for owner, given in pairs:
            names = "; ".join(sorted(map(str, given)))
            log.record(
                "rights", object=owner, detail=f"{verbs[action]} {what}: {names}."
            )

    return receive


def list_related(instance, through, reverse):
    """The rows connected with this one through the table."""
    opts = instance._meta
    for relation in opts.related_objects if reverse else opts.many_to_many:
        table = relation if reverse else relation.remote_field
        if getattr(table, "through", None) is through:
            name = relation.get_accessor_name() if reverse else relation.name
            return getattr(instance, name).all()
    return []


# The desk's own log


def record_log_entry(instance, created, raw=False, **kwargs):
    # A backup that is loaded brings the audit log, too.
    if created and not raw:
        log.mirror([instance])


# Second factors


def record_saved_device(instance, created, **kwargs):
    changed = get_changes(instance)
    if created:
        detail = "Added" if instance.confirmed else "Began to add"
    elif "confirmed" in changed:
        detail = "Added" if instance.confirmed else "Switched off"
    else:
        if failures := changed.get("throttling_failure_count"):
            log.record(
                "sign-in-refused",
                object=instance.user,
                detail=f"A wrong second factor, {failures} in a row.",
                who=log.get_user_name(instance.user),
            )
        return
    record_device(instance, detail)


def record_removed_device(instance, **kwargs):
    record_device(instance, "Removed")


def record_device(device, what):
    kind = device._meta.verbose_name
    log.record("two-factor", object=device.user, detail=f"{what}: {kind}.")
