"""Network addresses out of the consent log, which erasure cannot change.

Imports from Mailchimp wrote them into the source of a record. Those of people who are
not erased move to ConsentOrigin; the others go.
"""

import re

from django.db import migrations

TABLE = "newsletter_consentrecord"
FROM = re.compile(r" from ([0-9a-fA-F.:]{3,45})(?=,|$)")


def move_addresses(apps, schema_editor):
    ConsentRecord = apps.get_model("newsletter", "ConsentRecord")
    found = ConsentRecord.objects.filter(
        method="import", source__startswith="Mailchimp: ", source__contains=" from "
    )
    if not found.exists():
        return
    put_back = lift_trigger(schema_editor)
    for record in found.select_related("subscriber").iterator(chunk_size=2000):
        move_one(apps, record)
    put_back()


def move_one(apps, record):
    ConsentOrigin = apps.get_model("newsletter", "ConsentOrigin")
    origin = ConsentOrigin(record=record)
    for act in record.source.removeprefix("Mailchimp: ").split(", "):
        if address := FROM.search(act):
            confirmed = act.startswith("confirmed")
            setattr(origin, "confirm_ip" if confirmed else "optin_ip", address.group(1))
    if record.subscriber.status != "erased":
        origin.save()
    record.source = FROM.sub("", record.source)
    record.save(update_fields=["source"])


def lift_trigger(schema_editor):
    """Let the log be changed, for this once; return what forbids it again."""
    with schema_editor.connection.cursor() as cursor:
        if schema_editor.connection.vendor == "postgresql":
            name = f"{TABLE}_no_update"
            cursor.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER {name}")
            again = f"ALTER TABLE {TABLE} ENABLE TRIGGER {name}"
        else:
            cursor.execute(
                "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = %s",
                [f"{TABLE}_no_update"],
            )
            [again] = cursor.fetchone()
            cursor.execute(f"DROP TRIGGER {TABLE}_no_update")
    return lambda: schema_editor.execute(again)


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0010_imports_of_subscribers")]

    operations = [
        migrations.RunPython(move_addresses, migrations.RunPython.noop, elidable=True)
    ]
