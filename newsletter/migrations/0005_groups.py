"""Who composes, who approves and who sends are different permissions."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

COMPOSE = [
    "newsletter.add_edition",
    "newsletter.change_edition",
    "newsletter.delete_edition",
    "newsletter.view_edition",
    "newsletter.add_editionitem",
    "newsletter.change_editionitem",
    "newsletter.delete_editionitem",
    "newsletter.view_editionitem",
    "newsletter.view_newsletter",
    "newsletter.view_delivery",
    "articles.view_article",
]
GROUPS = {
    # Put editions together and test them.
    "Newsletter editors": COMPOSE,
    # That, and approve what a colleague composed.
    "Publishers": [*COMPOSE, "newsletter.approve_edition"],
    # That, and send; newsletters, wordings, subscribers.
    "Newsletter managers": [
        *COMPOSE,
        "newsletter.approve_edition",
        "newsletter.send_edition",
        "newsletter.add_newsletter",
        "newsletter.add_wording",
        "newsletter.view_wording",
        "newsletter.add_subscriber",
        "newsletter.change_subscriber",
        "newsletter.view_subscriber",
        "newsletter.export_subscriber",
        "newsletter.view_consentrecord",
        "newsletter.change_delivery",
        "newsletter.add_suppression",
        "newsletter.change_suppression",
        "newsletter.delete_suppression",
        "newsletter.view_suppression",
    ],
}


def create_groups(apps, schema_editor):
    # Permissions are made after all migrations; the groups need them now.
    for label in ("newsletter", "articles"):
        create_permissions(
            installed.get_app_config(label),
            verbosity=0,
            using=schema_editor.connection.alias,
        )
    groups = apps.get_model("auth", "Group").objects
    permissions = apps.get_model("auth", "Permission").objects
    for name, wanted in GROUPS.items():
        group, _ = groups.get_or_create(name=name)
        for permission in wanted:
            app_label, codename = permission.split(".")
            group.permissions.add(
                permissions.get(content_type__app_label=app_label, codename=codename)
            )


class Migration(migrations.Migration):
    dependencies = [
        ("newsletter", "0004_consent_is_kept"),
        ("ecfr_site", "0002_groups"),
    ]

    operations = [migrations.RunPython(create_groups, migrations.RunPython.noop)]
