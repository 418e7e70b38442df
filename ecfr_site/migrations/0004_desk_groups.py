"""What the groups may do with what the desk has learnt since."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUPS = {
    "Contributors": ["articles.add_comment"],
    "Editors": [
        "articles.add_comment",
        "articles.add_previewlink",
        "articles.change_previewlink",
    ],
    "Publishers": [
        "articles.add_comment",
        "articles.add_previewlink",
        "articles.change_previewlink",
    ],
    "Managers": ["ecfr_site.view_auditentry", "ecfr_site.export_auditentry"],
}


def widen_groups(apps, schema_editor):
    # Permissions are made after all migrations; the groups need them now.
    for config in installed.get_app_configs():
        create_permissions(config, verbosity=0, using=schema_editor.connection.alias)
    group_model = apps.get_model("auth", "Group")
    permission_model = apps.get_model("auth", "Permission")
    for name, wanted in GROUPS.items():
        group, _ = group_model.objects.get_or_create(name=name)
        for permission in wanted:
            app_label, codename = permission.split(".")
            group.permissions.add(
                permission_model.objects.get(
                    content_type__app_label=app_label, codename=codename
                )
            )


class Migration(migrations.Migration):
    dependencies = [
        ("ecfr_site", "0003_desk_settings_and_audit"),
        ("articles", "0002_editorial_desk"),
    ]

    operations = [migrations.RunPython(widen_groups, migrations.RunPython.noop)]
