from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUP = "Managers"
NAMES = [
    "add_webhookendpoint",
    "change_webhookendpoint",
    "delete_webhookendpoint",
    "view_webhookendpoint",
    "view_webhookdelivery",
]


def let_them_keep_webhooks(apps, schema_editor):
    create_permissions(
        installed.get_app_config("ecfr_site"),
        verbosity=0,
        using=schema_editor.connection.alias,
    )
    permissions = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="ecfr_site", codename__in=NAMES
    )
    # An institution may have renamed or removed a group.
    for group in apps.get_model("auth", "Group").objects.filter(name=GROUP):
        group.permissions.add(*permissions)


class Migration(migrations.Migration):
    dependencies = [
        ("ecfr_site", "0007_webhooks"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RunPython(
            let_them_keep_webhooks, migrations.RunPython.noop, elidable=False
        )
    ]
