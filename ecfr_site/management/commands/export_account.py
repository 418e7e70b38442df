import json

from axes.models import AccessAttempt
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder

from ecfr_site import audit
from ecfr_site.private import only_for_its_owner

# What is told of in full, since it is by or about the person; of other rows the name.
IN_FULL = {
    "admin.LogEntry",
    "articles.Comment",
    "articles.Editing",
    "articles.NoticeChoice",
    "articles.Step",
    "authors.Author",
    "ecfr_site.AuditEntry",
}
SECRET = {"password"}


class Command(BaseCommand):
    help = (
        "Write all that is stored of an account to a JSON file that only its owner can "
        "read: the person's data, sign-ins, audit entries, comments, unsaved text, and "
        "the names of what they made. No password and no key."
    )

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("file", help="It must not exist.")

    def handle(self, *, username, file, **options):
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"Nobody has the user name {username}.")
        try:
            with open(file, "x", encoding="utf-8", opener=only_for_its_owner) as out:
                audit.record("export", object=user, detail="All that is stored of it.")
                json.dump(
                    stored_of(user),
                    out,
                    cls=DjangoJSONEncoder,
                    indent=2,
                    ensure_ascii=False,
                )
        except OSError as error:
            raise CommandError(f"Not written. {error}") from error


def stored_of(user):
    """Everything tied to the account, as {model and field: [rows]}, ready for JSON."""
    found = {
        "account": in_full(user),
        "groups": [group.name for group in user.groups.all()],
        "failed sign-ins": [
            in_full(attempt)
            for attempt in AccessAttempt.objects.filter(username=user.username)
        ],
    }
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.related_model is not User:
                continue
            rows = model._base_manager.filter(**{field.name: user}).order_by("pk")
            full = model._meta.label in IN_FULL
            found[f"{model._meta.label}.{field.name}"] = [
                in_full(row) if full else {"number": row.pk, "name": str(row)}
                for row in rows.iterator()
            ]
    return found


def in_full(row):
    """The row's own columns, without secrets; a relation is the number of its row."""
    return {
        field.attname: field.value_from_object(row)
        if field.get_internal_type() != "FileField"
        else str(field.value_from_object(row))
        for field in row._meta.concrete_fields
        if field.name not in SECRET
    }
