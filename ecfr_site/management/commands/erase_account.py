from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django_otp import devices_for_user

from articles.models import Editing, NoticeChoice
from authors.models import Author
from ecfr_site import audit
from ecfr_site.accounts import sessions


class Command(BaseCommand):
    help = (
        "Erase who had an account: name, address, password, second factor, sessions "
        "and unsaved text. The account stays as a former colleague with a number, who "
        "cannot sign in, so that histories keep their shape. It cannot be undone."
    )

    def add_arguments(self, parser):
        parser.add_argument("username")

    @transaction.atomic
    def handle(self, *, username, **options):
        user = User.objects.select_for_update().filter(username=username).first()
        if user is None:
            raise CommandError(f"Nobody has the user name {username}.")
        if user.is_superuser:
            raise CommandError("Take the right to do everything away first.")
        sessions.end_all(user)
        for device in list(devices_for_user(user, confirmed=None)):
            device.delete()
        AccessAttempt.objects.filter(username=username).delete()
        Editing.objects.filter(user=user).delete()
        NoticeChoice.objects.filter(user=user).delete()
        # What is published of an author stays.
        Author.objects.filter(user=user).update(user=None)
        user.groups.clear()
        user.user_permissions.clear()
        user.username = f"former-colleague-{user.pk}"
        user.first_name, user.last_name = "Former", f"colleague {user.pk}"
        user.email = ""
        user.is_active = user.is_staff = False
        user.set_unusable_password()
        user.save()
        # The desk's own log holds the name of what was changed.
        LogEntry.objects.filter(
            content_type__app_label="auth",
            content_type__model="user",
            object_id=str(user.pk),
        ).update(object_repr=str(user))
        audit.record("erase", object=user, detail="An account.")
        self.stdout.write(f"Erased: now {user.username}.")
