from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

# Whoever composes an edition sees which segments there are.
GROUPS = {
    "Newsletter managers": ["add", "change", "delete", "view"],
    "Newsletter editors": ["view"],
    "Publishers": ["view"],
}


def let_them_keep_segments(apps, schema_editor):
    create_permissions(
        installed.get_app_config("newsletter"),
        verbosity=0,
        using=schema_editor.connection.alias,
    )
    permissions = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="newsletter"
    )
    # An institution may have renamed or removed a group.
    for group in apps.get_model("auth", "Group").objects.filter(name__in=GROUPS):
        names = [f"{act}_segment" for act in GROUPS[group.name]]
        group.permissions.add(*permissions.filter(codename__in=names))


class Migration(migrations.Migration):
    dependencies = [
        ("newsletter", "0008_segments_and_press_lists"),
        # It made the groups.
        ("ecfr_site", "0001_squashed_0_9"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RunPython(
            let_them_keep_segments, migrations.RunPython.noop, elidable=False
        )
    ]
