from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

WRITE = ["add", "change", "delete", "view"]
# Who may send editions may also turn a welcome mail on.
GROUPS = ["Newsletter editors", "Newsletter managers", "Publishers"]


def let_them_write(apps, schema_editor):
    create_permissions(
        installed.get_app_config("newsletter"),
        verbosity=0,
        using=schema_editor.connection.alias,
    )
    permissions = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="newsletter",
        codename__in=[f"{act}_welcomemail" for act in WRITE],
    )
    # An institution may have renamed or removed a group.
    for group in apps.get_model("auth", "Group").objects.filter(name__in=GROUPS):
        group.permissions.add(*permissions)


class Migration(migrations.Migration):
    dependencies = [
        ("newsletter", "0005_welcome_mails"),
        # It made the groups.
        ("ecfr_site", "0001_squashed_0_9"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RunPython(let_them_write, migrations.RunPython.noop, elidable=False)
    ]
